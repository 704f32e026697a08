#include "metering/log/event_lookup.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "metering/log/files/durable_file.h"
#include "metering/log/segment/frame_events.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_visit.h"

namespace turnpike {
namespace {

/// nullopt: no event is in it.
using Arrival = std::optional<std::uint64_t>;

Result<Arrival> first_arrival_sealed(const std::string& path) {
    const auto segment = SealedSegment::open(path);
    if (!segment) return failure(segment);
    Arrival first;
    for (const SealedBlockPlace& block : segment->event_blocks())
        first = std::min(first.value_or(block.arrival_first), block.arrival_first);
    const auto corrected = segment->visit_corrections(0, [&](const CorrectionRecord& record) {
        first = std::min(first.value_or(record.place.arrival), record.place.arrival);
    });
    if (!corrected) return failure(corrected);
    return first;
}

Result<Arrival> first_arrival(const SegmentPlace& segment, std::uint64_t last_sequence) {
    if (segment.form == SegmentForm::Sealed) return first_arrival_sealed(segment.path);
    Arrival first;
    const auto visit = [&](std::uint64_t, std::string_view payload) -> Result<std::monostate> {
        const auto take = [&](const auto& shown) {
            if (!first) first = shown.place.arrival;
        };
        const auto shown = show_events(payload, {take, take});
        if (!shown) return failure(shown);
        return std::monostate{};
    };
    const auto read = read_segment_from(segment, {segment.first_sequence, 0}, last_sequence, visit,
                                        [&] { return first.has_value(); });
    if (read) return first;
    // It may have been sealed since the names were read.
    if (!exists(segment.path)) return first_arrival_sealed(sealed_path(segment));
    return failure(read);
}

/// The last segment whose events begin at or before this arrival; nullptr: none does. The first
/// arrivals rise from segment to segment.
Result<const SegmentPlace*> segment_of(const std::vector<SegmentPlace>& segments,
                                       std::uint64_t last_sequence, std::uint64_t arrival) {
    const SegmentPlace* found = nullptr;
    std::size_t low = 0, high = segments.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        std::size_t at = middle;
        auto first = first_arrival(segments[at], last_sequence);
        while (first && !*first && at > low) first = first_arrival(segments[--at], last_sequence);
        if (!first) return failure(first);
        const bool is_behind = *first && **first > arrival;
        if (*first && !is_behind) found = &segments[at];
        if (is_behind)
            high = at;
        else
            low = middle + 1;
    }
    return found;
}

/// Takes the event or the correction at one place out of those that it is shown.
class Wanted {
public:
    Wanted(const LogPlace& place, const LogNames& names)
        : place_(place), names_(names), naming_(names) {}
    void show(const SealedEvent& event) {
        if (event.place == place_) found_ = naming_.event(event);
    }
    void show(const CorrectionRecord& record) {
        if (record.place == place_) found_ = naming_.correction(record);
    }
    [[nodiscard]] bool may_be_in(const SealedBlockPlace& block) const {
        return !found_ && block.arrival_first <= place_.arrival &&
               block.arrival_last >= place_.arrival;
    }
    std::optional<LoggedEvent> take() {
        if (found_) found_->status = names_.status_of(place_);
        return std::move(found_);
    }

private:
    LogPlace place_;
    const LogNames& names_;
    EventNaming naming_;
    std::optional<LoggedEvent> found_;
};

}  // namespace

Result<std::optional<LoggedEvent>> find_event(const std::string& segments,
                                              std::uint64_t last_sequence, const LogPlace& place,
                                              const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    const auto segment = segment_of(*places, last_sequence, place.arrival);
    if (!segment) return failure(segment);
    if (*segment == nullptr) return std::nullopt;
    Wanted wanted(place, names);
    const auto show = [&](const auto& shown) { wanted.show(shown); };
    const auto may_hold = [&](const SealedBlockPlace& block) { return wanted.may_be_in(block); };
    const auto shown = visit_segment(**segment, last_sequence,
                                     {.wants = may_hold, .event = show, .correction = show});
    if (!shown) return failure(shown);
    return wanted.take();
}

}  // namespace turnpike
