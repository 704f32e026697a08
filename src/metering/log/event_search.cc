#include "metering/log/event_search.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <utility>

#include "metering/log/segment/segment_visit.h"

namespace turnpike {
namespace {

class Lookup {
public:
    Lookup(std::span<const CustomerEventName> wanted, const LogNames& names)
        : wanted_(wanted), names_(names), found_(wanted.size()), missing_(wanted.size()) {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            by_id_.emplace(wanted[i].id, i);
            std::ranges::copy(names.counters_of(std::string(wanted[i].customer)),
                              std::back_inserter(counters_));
        }
        std::ranges::sort(counters_);
    }

    [[nodiscard]] bool is_done() const { return missing_ == 0; }
    [[nodiscard]] bool wants(const SealedBlockPlace& block) const {
        return may_hold_any(block, counters_);
    }
    void show(const SealedEvent& event) {
        const auto [first, last] = by_id_.equal_range(event.record.id);
        for (const auto& [id, i] : std::ranges::subrange(first, last)) {
            if (found_[i] || !is(event, wanted_[i])) continue;
            FoundEvent found{event.place,
                             event.record.time,
                             event.record.source,
                             {},
                             std::string(event.record.properties)};
            EventCounts counts(event.record);
            while (const auto count = counts.next()) found.counts.push_back(*count);
            found_[i] = std::move(found);
            --missing_;
        }
    }
    std::vector<std::optional<FoundEvent>> take() { return std::move(found_); }

private:
    [[nodiscard]] bool is(const SealedEvent& event, const CustomerEventName& name) const {
        return names_.source(event.record.source) == name.source &&
               names_.counted_by(event.record.counter).customer == name.customer;
    }

    std::span<const CustomerEventName> wanted_;
    const LogNames& names_;
    std::vector<std::optional<FoundEvent>> found_;
    std::size_t missing_;
    std::multimap<std::string_view, std::size_t> by_id_;
    std::vector<std::uint32_t> counters_;  ///< of their customers, in rising order
};

}  // namespace

Result<std::vector<std::optional<FoundEvent>>> find_events(
    const std::string& segments, std::uint64_t last_sequence,
    std::span<const CustomerEventName> wanted, const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    Lookup lookup(wanted, names);
    const SegmentVisitor visitor{
        .wants = [&](const SealedBlockPlace& block) { return lookup.wants(block); },
        .event = [&](const SealedEvent& event) { lookup.show(event); },
        .correction = [](const CorrectionRecord&) {}};
    for (const SegmentPlace& segment : std::views::reverse(*places)) {
        if (lookup.is_done()) break;
        const auto visited = visit_segment(segment, last_sequence, visitor);
        if (!visited) return failure(visited);
    }
    return lookup.take();
}

}  // namespace turnpike
