#include "metering/log/event_recount.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_visit.h"

namespace turnpike {
namespace {

/// The last one that begins at or before it.
std::size_t segment_of(const RecountedCounter& counter, const LogPlace& place) {
    const auto behind = std::ranges::upper_bound(counter.segments, place);
    return static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(std::ranges::distance(counter.segments.begin(), behind) - 1, 0));
}

/// Where the first of the counters was opened.
LogPlace beginning_of(const RecountJob& job) {
    LogPlace first = job.original;
    for (const RecountedCounter& counter : job.counters)
        first = std::min(first, counter.segments.front());
    return first;
}

}  // namespace

EventRecount::EventRecount(const RecountJob& job, StatusOf status_of)
    : job_(job), status_of_(std::move(status_of)) {
    for (const RecountedCounter& counter : job.counters) tallies_.emplace_back(counter.unique);
}

void EventRecount::show(const SealedEvent& event) {
    if (event.place == job_.original || event.place.arrival > job_.last_arrival) return;
    EventCounts counts(event.record);
    while (auto count = counts.next()) {
        const auto at = job_.position_of(count->counter);
        if (!at) continue;
        const EventStatus status = status_of_(event.place);
        if (status.is_voided) return;
        count->value = status.amended.value_or(count->value);
        const std::size_t segment = segment_of(job_.counters[*at], event.place);
        tallies_[*at].add({event.place, event.record.time, segment, *count});
    }
}

Result<std::vector<CounterTally>> recount_events(const std::string& segments,
                                                 std::uint64_t last_sequence, const RecountJob& job,
                                                 const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    const auto counters = names.counters_of(job.customer);
    const std::uint64_t first_arrival = beginning_of(job).arrival;
    bool is_behind = true;  // all that was seen is behind the beginning
    EventRecount recount(job, names.status_of);
    const auto wants = [&](const SealedBlockPlace& block) {
        is_behind = is_behind && block.arrival_first >= first_arrival;
        if (block.arrival_last < first_arrival || block.arrival_first > job.last_arrival)
            return false;
        return may_hold_any(block, counters);
    };
    const auto show = [&](const SealedEvent& event) {
        is_behind = is_behind && event.place.arrival >= first_arrival;
        recount.show(event);
    };
    const SegmentVisitor visitor{
        .wants = wants, .event = show, .correction = [](const CorrectionRecord&) {}};
    for (const SegmentPlace& segment : std::views::reverse(*places)) {
        if (!is_behind) break;
        const auto visited = visit_segment(segment, last_sequence, visitor);
        if (!visited) return failure(visited);
    }
    return recount.take();
}

}  // namespace turnpike
