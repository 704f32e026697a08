#include "metering/log/event_scan.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <utility>

#include "metering/log/records/place_text.h"
#include "metering/log/records/usage_record.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_visit.h"

namespace turnpike {
namespace {

MovedCounter moved(const UsageState::CountedBy& by, Quantity value) {
    return {by.meter_key, by.aggregation, by.reset, by.period_start, value};
}

/// The newest matches of what it was shown, in whatever order.
class NewestMatches {
public:
    NewestMatches(const EventQuery& query, const LogNames& names)
        : query_(query), names_(names), naming_(names) {
        if (query.customer) counters_wanted_ = names.counters_of(*query.customer);
    }

    void show(const SealedEvent& event) {
        if (!is_asked_for(event.place, event.received_at)) return;
        if (counters_wanted_ &&
            !std::ranges::binary_search(*counters_wanted_, event.record.counter))
            return;
        // In this order: few events have the id that is looked for.
        if (query_.id && event.record.id != *query_.id) return;
        if (query_.source && names_.source(event.record.source) != *query_.source) return;
        if (query_.meter_key && !has_meter_asked_for(naming_.counts(event.record))) return;
        found_.push_back(naming_.event(event));
        if (found_.size() >= 2 * query_.count_max) keep_newest(query_.count_max);
    }
    void show(const CorrectionRecord& record) {
        if (!is_asked_for(record.place, record.received_at)) return;
        if (query_.id && record.id != *query_.id) return;
        if (query_.source && names_.source(record.source) != *query_.source) return;
        LoggedEvent correction = naming_.correction(record);
        if (query_.customer && correction.event.customer.text() != *query_.customer) return;
        if (query_.meter_key && !has_meter_asked_for(correction.counts)) return;
        found_.push_back(std::move(correction));
    }
    /// Whether any event of the block may match.
    [[nodiscard]] bool wants(const SealedBlockPlace& block) const {
        if (block.received_last < unix_micros(query_.since) ||
            block.received_first >= unix_micros(query_.until))
            return false;
        if (query_.before && block.arrival_first > query_.before->arrival) return false;
        return !counters_wanted_ || may_hold_any(block, *counters_wanted_);
    }

    /// Newest first. Everything that is shown later is older.
    std::vector<LoggedEvent> take(std::size_t count_max) {
        keep_newest(count_max);
        for (LoggedEvent& event : found_) event.status = names_.status_of(event.place);
        return std::exchange(found_, {});
    }

private:
    [[nodiscard]] bool is_asked_for(const LogPlace& place, Instant received_at) const {
        if (received_at < query_.since || received_at >= query_.until) return false;
        return !query_.before || place < *query_.before;
    }
    [[nodiscard]] bool has_meter_asked_for(std::span<const MovedCounter> counts) const {
        return std::ranges::find(counts, *query_.meter_key, &MovedCounter::meter_key) !=
               counts.end();
    }
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

}  // namespace

UsageEventId id_at(const LogPlace& place) {
    std::string text = std::string(UsageEventId::kPrefix) + "_";
    put_place(text, place.arrival);
    put_place(text, place.position);
    return UsageEventId::trusted(std::move(text));
}

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

LoggedEvent EventNaming::correction(const CorrectionRecord& record) {
    const auto changes = read_changes(record.changes).value();
    const auto& counted = counted_by(changes.front().counter);
    const auto kind = record.quantity ? Correction::Kind::Amend : Correction::Kind::Void;
    const Quantity quantity = record.quantity.value_or(Quantity{});
    LoggedEvent correction{.place = record.place,
                           .event = {.source = names_.source(record.source),
                                     .id = std::string(record.id),
                                     .customer = CustomerId::trusted(counted.customer),
                                     .meter_key = counted.meter_key,
                                     .quantity = quantity,
                                     .time = record.time,
                                     .latency_us = {}},
                           .received_at = record.received_at,
                           .subscription = counted.subscription,
                           .counts = {},
                           .status = {},
                           .corrects = Correction{kind, names_.source(record.original_source),
                                                  std::string(record.original_id), quantity}};
    for (const LoggedChange& change : changes)
        correction.counts.push_back(moved(counted_by(change.counter), change.change));
    return correction;
}

const UsageState::CountedBy& EventNaming::counted_by(std::uint32_t counter) {
    const auto known = counters_.find(counter);
    if (known != counters_.end()) return known->second;
    return counters_.emplace(counter, names_.counted_by(counter)).first->second;
}

std::vector<MovedCounter> EventNaming::counts(const EventRecord& event) {
    std::vector<MovedCounter> counted;
    EventCounts counts(event);
    while (const auto count = counts.next())
        counted.push_back(moved(counted_by(count->counter), count->value));
    return counted;
}

Result<std::vector<LoggedEvent>> scan_newest(const std::string& segments,
                                             std::uint64_t last_sequence, const EventQuery& query,
                                             const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    NewestMatches matches(query, names);
    const SegmentVisitor visitor{
        .wants = [&](const SealedBlockPlace& block) { return matches.wants(block); },
        .event = [&](const SealedEvent& event) { matches.show(event); },
        .correction = [&](const CorrectionRecord& record) { matches.show(record); }};
    std::vector<LoggedEvent> newest;
    for (const SegmentPlace& segment : std::views::reverse(*places)) {
        const auto shown = visit_segment(segment, last_sequence, visitor);
        if (!shown) return failure(shown);
        std::ranges::move(matches.take(query.count_max - newest.size()),
                          std::back_inserter(newest));
        if (newest.size() >= query.count_max) break;
    }
    return newest;
}

}  // namespace turnpike
