#include "metering/log/counter_scan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "metering/log/records/usage_record.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_visit.h"

namespace turnpike {
namespace {

struct PlacedEntry {
    LogPlace place;
    CounterEntry entry;
};

/// The entries of one counter in one segment, shown in any order, and perhaps twice.
class SegmentEntries {
public:
    SegmentEntries(const PlacedCounter& counter, const LogNames& names)
        : counter_(counter), names_(names) {}

    void show(const SealedEvent& event) {
        if (event.place.arrival > counter_.last_arrival) return;
        EventCounts counts(event.record);
        while (const auto count = counts.next()) {
            if (count->counter != counter_.number) continue;
            found_.push_back({event.place,
                              {.id = id_at(event.place),
                               .source = names_.source(event.record.source),
                               .event_id = std::string(event.record.id),
                               .time = event.record.time,
                               .received_at = event.received_at,
                               .segment = segment_at(event.place),
                               .value = count->value,
                               .unique = count->unique}});
        }
    }
    void show(const CorrectionRecord& record) {
        if (record.place.arrival > counter_.last_arrival) return;
        const auto changes = read_changes(record.changes).value();
        for (const LoggedChange& change : changes) {
            if (change.counter != counter_.number) continue;
            const auto kind = record.quantity ? Correction::Kind::Amend : Correction::Kind::Void;
            found_.push_back({record.place,
                              {.id = id_at(record.place),
                               .source = names_.source(record.source),
                               .event_id = std::string(record.id),
                               .time = record.time,
                               .received_at = record.received_at,
                               .segment = change.segment,
                               .value = change.change,
                               .corrects = Correction{kind, names_.source(record.original_source),
                                                      std::string(record.original_id),
                                                      record.quantity.value_or(Quantity{})}}});
        }
    }
    /// In their order, each once.
    std::vector<PlacedEntry> take() {
        std::ranges::sort(found_, {}, &PlacedEntry::place);
        const auto again = std::ranges::unique(found_, {}, &PlacedEntry::place);
        found_.erase(again.begin(), again.end());
        return std::exchange(found_, {});
    }

private:
    /// The last one that begins at or before it.
    [[nodiscard]] std::size_t segment_at(const LogPlace& place) const {
        const auto behind = std::ranges::upper_bound(counter_.segments, place);
        return static_cast<std::size_t>(
            std::max<std::ptrdiff_t>(behind - counter_.segments.begin() - 1, 0));
    }

    const PlacedCounter& counter_;
    const LogNames& names_;
    std::vector<PlacedEntry> found_;
};

}  // namespace

Result<std::uint64_t> scan_counter(const DurableFrames& frames, const PlacedCounter& counter,
                                   const EntryRange& range, const LogNames& names,
                                   const SeeEntry& see) {
    const auto places = list_segments(frames.segments);
    if (!places) return failure(places);
    const auto counters = names.counters_of(counter.customer);
    SegmentEntries entries(counter, names);
    const SegmentVisitor visitor{
        .wants =
            [&](const SealedBlockPlace& block) {
                return block.arrival_first <= counter.last_arrival && may_hold_any(block, counters);
            },
        .event = [&](const SealedEvent& event) { entries.show(event); },
        .correction = [&](const CorrectionRecord& record) { entries.show(record); }};
    std::uint64_t number = 0;
    for (const SegmentPlace& segment : *places) {
        if (range.last && number >= *range.last) break;
        const auto visited = visit_segment(segment, frames.last_sequence, visitor);
        if (!visited) return failure(visited);
        for (PlacedEntry& placed : entries.take()) {
            if (range.last && number >= *range.last) break;
            placed.entry.number = ++number;
            if (number > range.after) see(placed.entry);
        }
    }
    return number;
}

}  // namespace turnpike
