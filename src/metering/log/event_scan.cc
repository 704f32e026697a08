#include "metering/log/event_scan.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <ranges>
#include <unordered_map>
#include <utility>
#include <variant>

#include "metering/log/segment_file.h"
#include "metering/log/usage_record.h"

namespace turnpike {
namespace {

/// The last matches of what it was shown.
class NewestMatches {
public:
    NewestMatches(const EventQuery& query, const LogNames& names) : query_(query), names_(names) {}

    void show(std::string_view payload) {
        RecordReader reader(payload);
        while (const auto record = reader.next()) {
            if (const auto* arrival = std::get_if<ArrivalRecord>(&*record)) {
                place_ = {arrival->number, 0};
                received_at_ = arrival->received_at;
            } else if (const auto* event = std::get_if<EventRecord>(&*record)) {
                show(*event);
                ++place_.position;
            }
        }
    }

    /// Oldest first; at most `count`.
    std::deque<LoggedEvent> take(std::size_t count) {
        while (found_.size() > count) found_.pop_front();
        return std::exchange(found_, {});
    }

private:
    void show(const EventRecord& record) {
        if (received_at_ < query_.since || received_at_ >= query_.until) return;
        if (query_.before && place_ >= *query_.before) return;
        const auto& counted = counted_by(record.counter);
        if (query_.customer && counted.customer != *query_.customer) return;
        if (query_.meter_key && counted.meter_key != *query_.meter_key) return;
        found_.push_back({.place = place_,
                          .event = {.source = names_.source(record.source),
                                    .id = std::string(record.id),
                                    .customer = CustomerId::trusted(counted.customer),
                                    .meter_key = counted.meter_key,
                                    .quantity = record.quantity,
                                    .time = record.time,
                                    .latency_us = record.latency_us},
                          .received_at = received_at_,
                          .period_start = counted.period_start});
        if (found_.size() > query_.count_max) found_.pop_front();
    }

    const UsageState::CountedBy& counted_by(std::uint32_t counter) {
        const auto known = counters_.find(counter);
        if (known != counters_.end()) return known->second;
        return counters_.emplace(counter, names_.counted_by(counter)).first->second;
    }

    const EventQuery& query_;
    const LogNames& names_;
    LogPlace place_;
    Instant received_at_;
    std::deque<LoggedEvent> found_;
    std::unordered_map<std::uint32_t, UsageState::CountedBy> counters_;
};

}  // namespace

Result<std::vector<LoggedEvent>> scan_newest(const std::string& segments,
                                             std::uint64_t last_sequence, const EventQuery& query,
                                             const LogNames& names) {
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    NewestMatches matches(query, names);
    const auto visit = [&](std::uint64_t, std::string_view payload) -> Result<std::monostate> {
        matches.show(payload);
        return std::monostate{};
    };
    std::vector<LoggedEvent> newest;
    for (const SegmentPlace& segment : std::views::reverse(*places)) {
        const auto scanned = read_segment(segment, last_sequence, visit);
        if (!scanned) return failure(scanned);
        auto found = matches.take(query.count_max - newest.size());
        std::ranges::move(std::views::reverse(found), std::back_inserter(newest));
        if (newest.size() >= query.count_max) break;
    }
    return newest;
}

}  // namespace turnpike
