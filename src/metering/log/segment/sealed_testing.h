#pragma once

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "metering/log/segment/sealed_block.h"

namespace turnpike::testing {

inline bool same(const SealedEvent& a, const SealedEvent& b) {
    return a.place == b.place && a.received_at == b.received_at && a.record == b.record;
}
inline bool same(std::span<const SealedEvent> a, std::span<const SealedEvent> b) {
    return std::ranges::equal(a, b,
                              [](const auto& one, const auto& other) { return same(one, other); });
}

/// An id as senders make them.
inline std::string any_event_id() {
    const auto text = *rc::gen::string<std::string>();
    if (*rc::gen::inRange(0, 2) == 0) return text.substr(0, 255);
    static constexpr std::string_view kPattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    std::string uuid(kPattern);
    for (char& digit : uuid)
        if (digit == 'x') digit = "0123456789abcdef"[*rc::gen::inRange(0, 16)];
    return uuid;
}

inline CountRule any_rule() {
    CountRule rule;
    rule.aggregation = static_cast<Meter::Aggregation>(*rc::gen::inRange(0, 6));
    rule.reset.kind = static_cast<Reset::Kind>(*rc::gen::inRange(0, 6));
    if (rule.reset.kind == Reset::Kind::Rolling)
        rule.reset.hours = *rc::gen::inRange(1, kRollingDaysMax * 24 + 1);
    return rule;
}

/// What an event may say beside its first count; owns what is said.
class AnyRest {
public:
    explicit AnyRest(EventRecord& event) {
        if (*rc::gen::inRange(0, 3) == 0) return;  // an ordinary one
        if (*rc::gen::arbitrary<bool>()) event.unique = *rc::gen::arbitrary<std::uint64_t>();
        for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
            EventCount count{*rc::gen::arbitrary<std::uint32_t>(), event.quantity};
            if (*rc::gen::arbitrary<bool>())
                count.value = Quantity::from_scaled(*rc::gen::arbitrary<std::int64_t>());
            if (*rc::gen::arbitrary<bool>()) count.unique = *rc::gen::arbitrary<std::uint64_t>();
            counts_.push_back(count);
            put_count(more_, count, event.quantity);
        }
        properties_ = *rc::gen::string<std::string>();
        event.more = more_;
        event.properties = properties_;
    }
    AnyRest(const AnyRest&) = delete;
    AnyRest& operator=(const AnyRest&) = delete;
    ~AnyRest() = default;
    [[nodiscard]] const std::vector<EventCount>& counts() const { return counts_; }

private:
    std::vector<EventCount> counts_;
    std::string more_, properties_;
};

/// In the order that a block wants.
inline std::vector<SealedEvent> any_sealed_events(std::vector<std::string>& ids,
                                                  std::deque<AnyRest>& rests) {
    const auto count = static_cast<std::size_t>(*rc::gen::inRange(1, 60));
    for (std::size_t i = 0; i < count; ++i) ids.push_back(any_event_id());
    std::vector<SealedEvent> events;
    for (std::size_t i = 0; i < count; ++i) {
        const auto arrival = *rc::gen::inRange<std::uint64_t>(1, 20);
        const Instant received_at = from_unix_micros(static_cast<std::int64_t>(arrival) * 977);
        SealedEvent event{.place = {arrival, i}, .received_at = received_at, .record = {}};
        event.record.counter = *rc::gen::inRange<std::uint32_t>(0, 5);
        event.record.source = *rc::gen::arbitrary<std::uint32_t>();
        event.record.id = ids[i];
        event.record.quantity = Quantity::from_scaled(*rc::gen::arbitrary<std::int64_t>());
        event.record.time = from_unix_micros(*rc::gen::arbitrary<std::int64_t>());
        if (*rc::gen::inRange(0, 3) == 0)
            event.record.latency_us = *rc::gen::arbitrary<std::int64_t>();
        event.record.content = *rc::gen::arbitrary<std::uint32_t>();
        rests.emplace_back(event.record);
        events.push_back(event);
    }
    std::ranges::sort(events, {}, [](const SealedEvent& event) {
        return std::pair(event.record.counter, event.place);
    });
    return events;
}

}  // namespace turnpike::testing
