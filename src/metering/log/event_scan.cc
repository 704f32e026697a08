#include "metering/log/event_scan.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

#include "metering/log/durable_file.h"
#include "metering/log/frame_events.h"
#include "metering/log/sealed_segment.h"
#include "metering/log/segment_file.h"
#include "metering/log/usage_record.h"

namespace turnpike {
namespace {

/// The newest matches of what it was shown, in whatever order.
class NewestMatches {
public:
    NewestMatches(const EventQuery& query, const LogNames& names)
        : query_(query), names_(names), naming_(names) {
        if (query.customer) counters_wanted_ = names.counters_of(*query.customer);
    }

    void show(const SealedEvent& event) {
        if (event.received_at < query_.since || event.received_at >= query_.until) return;
        if (query_.before && event.place >= *query_.before) return;
        if (counters_wanted_ &&
            !std::ranges::binary_search(*counters_wanted_, event.record.counter))
            return;
        // In this order: few events have the id that is looked for.
        if (query_.id && event.record.id != *query_.id) return;
        if (query_.source && names_.source(event.record.source) != *query_.source) return;
        const auto has_meter = [&](const MovedCounter& count) {
            return count.meter_key == *query_.meter_key;
        };
        if (query_.meter_key && std::ranges::none_of(naming_.counts(event.record), has_meter))
            return;
        found_.push_back(naming_.event(event));
        if (found_.size() >= 2 * query_.count_max) keep_newest(query_.count_max);
    }
    /// Whether any event of the block may match.
    [[nodiscard]] bool wants(const SealedBlockPlace& block) const {
        if (block.received_last < unix_micros(query_.since) ||
            block.received_first >= unix_micros(query_.until))
            return false;
        if (query_.before && block.arrival_first > query_.before->arrival) return false;
        if (!counters_wanted_) return true;
        const auto at = std::ranges::lower_bound(*counters_wanted_, block.counter_first);
        return at != counters_wanted_->end() && *at <= block.counter_last;
    }

    /// Newest first. Everything that is shown later is older.
    std::vector<LoggedEvent> take(std::size_t count_max) {
        keep_newest(count_max);
        return std::exchange(found_, {});
    }

private:
    void keep_newest(std::size_t count_max) {
        std::ranges::sort(found_, std::greater(), &LoggedEvent::place);
        if (found_.size() > count_max)
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(count_max), found_.end());
    }

    const EventQuery& query_;
    const LogNames& names_;
    std::optional<std::vector<std::uint32_t>> counters_wanted_;  ///< nullopt: all
    EventNaming naming_;
    std::vector<LoggedEvent> found_;
};

Result<std::monostate> show_sealed(const std::string& path, NewestMatches& matches) {
    const auto segment = SealedSegment::open(path);
    if (!segment) return failure(segment);
    for (const SealedBlockPlace& place : segment->event_blocks()) {
        if (!matches.wants(place)) continue;
        const auto block = segment->read_events(place);
        if (!block) return failure(block);
        for (const SealedEvent& event : block->events()) matches.show(event);
    }
    return std::monostate{};
}

Result<std::monostate> show_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                                    NewestMatches& matches) {
    if (segment.form == SegmentForm::Sealed) return show_sealed(segment.path, matches);
    const auto visit = [&](std::uint64_t, std::string_view payload) -> Result<std::monostate> {
        const auto shown =
            show_events(payload, [&](const SealedEvent& event) { matches.show(event); });
        if (!shown) return failure(shown);
        return std::monostate{};
    };
    auto read = read_segment(segment, last_sequence, visit);
    // It may have been sealed since the names were read.
    if (!read && !exists(segment.path)) return show_sealed(sealed_path(segment), matches);
    return read;
}

}  // namespace

LoggedEvent EventNaming::event(const SealedEvent& event) {
    const auto& counted = counted_by(event.record.counter);
    return {.place = event.place,
            .event = {.source = names_.source(event.record.source),
                      .id = std::string(event.record.id),
                      .customer = CustomerId::trusted(counted.customer),
                      .meter_key = counted.meter_key,
                      .quantity = event.record.quantity,
                      .time = event.record.time,
                      .latency_us = event.record.latency_us,
                      .properties = std::string(event.record.properties)},
            .received_at = event.received_at,
            .subscription = counted.subscription,
            .counts = counts(event.record)};
}

const UsageState::CountedBy& EventNaming::counted_by(std::uint32_t counter) {
    const auto known = counters_.find(counter);
    if (known != counters_.end()) return known->second;
    return counters_.emplace(counter, names_.counted_by(counter)).first->second;
}

std::vector<MovedCounter> EventNaming::counts(const EventRecord& event) {
    std::vector<MovedCounter> moved;
    EventCounts counts(event);
    while (const auto count = counts.next()) {
        const auto& by = counted_by(count->counter);
        moved.push_back({by.meter_key, by.reset, by.period_start, count->value});
    }
    return moved;
}

Result<std::vector<LoggedEvent>> scan_newest(const std::string& segments,
                                             std::uint64_t last_sequence, const EventQuery& query,
                                             const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    NewestMatches matches(query, names);
    std::vector<LoggedEvent> newest;
    for (const SegmentPlace& segment : std::views::reverse(*places)) {
        const auto shown = show_segment(segment, last_sequence, matches);
        if (!shown) return failure(shown);
        std::ranges::move(matches.take(query.count_max - newest.size()),
                          std::back_inserter(newest));
        if (newest.size() >= query.count_max) break;
    }
    return newest;
}

}  // namespace turnpike
