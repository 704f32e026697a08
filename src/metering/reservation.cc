#include "metering/reservation.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::array<std::string_view, 4> kStates{"open", "committed", "released", "expired"};

}  // namespace

std::string_view to_text(ReservationState state) {
    return kStates.at(static_cast<std::size_t>(state));
}

std::optional<ReservationState> parse_reservation_state(std::string_view text) {
    const auto* const found = std::ranges::find(kStates, text);
    if (found == kStates.end()) return std::nullopt;
    return static_cast<ReservationState>(found - kStates.begin());
}

bool is_due(Instant expires_at, Instant now) { return expires_at <= now; }

bool is_forgotten(Instant ended_at, Instant now) { return ended_at + kReservationMemory <= now; }

Reservation as_of(Reservation reservation, Instant now) {
    if (reservation.state != ReservationState::Open || !is_due(reservation.expires_at, now))
        return reservation;
    reservation.state = ReservationState::Expired;
    reservation.ended_at = reservation.expires_at;
    return reservation;
}

bool can_be_reserved(Meter::Aggregation aggregation) {
    return aggregation == Meter::Aggregation::Sum || aggregation == Meter::Aggregation::Count;
}

EndVerdict commit_verdict(ReservationState state, std::optional<Quantity> committed,
                          Quantity quantity) {
    switch (state) {
        case ReservationState::Open: return EndVerdict::Ended;
        case ReservationState::Committed:
            return committed == quantity ? EndVerdict::Unchanged : EndVerdict::AlreadyCommitted;
        case ReservationState::Released: return EndVerdict::Released;
        case ReservationState::Expired: return EndVerdict::Expired;
    }
    check(false, "every state has an answer");
    return EndVerdict::Unknown;
}

EndVerdict release_verdict(ReservationState state) {
    switch (state) {
        case ReservationState::Open: return EndVerdict::Ended;
        case ReservationState::Committed: return EndVerdict::AlreadyCommitted;
        case ReservationState::Released:
        case ReservationState::Expired: return EndVerdict::Unchanged;
    }
    check(false, "every state has an answer");
    return EndVerdict::Unknown;
}

Quantity committed_value(Meter::Aggregation aggregation, Quantity quantity) {
    return aggregation == Meter::Aggregation::Count ? Quantity::whole(1) : quantity;
}

bool hold_in(Counter& counter, Quantity value, Instant time) {
    const Quantity before =
        used_at(rule_of(counter), counter.used, counter.trail, time) + counter.held;
    if (!is_within(before, before + value, counter.hard_limit)) return false;
    counter.held = counter.held + value;
    return true;
}

bool commit_held(Counter& counter, Quantity held, Quantity value, Instant time) {
    check(held <= counter.held, "what is held is the sum of its holds");
    const CountRule rule = rule_of(counter);
    const Quantity before = used_at(rule, counter.used, counter.trail, time);
    const Quantity after = used_after(rule, counter.used, counter.trail, value, time);
    const Quantity others = counter.held - held;
    if (!is_within(before + counter.held, after + others, counter.hard_limit)) return false;
    counter.held = others;
    counter.used = count_value(rule, counter.used, counter.trail, value, time);
    settle_limit(counter);
    return true;
}

Quantity commit_max(const Counter& counter, Quantity held, Instant time) {
    const CountRule rule = rule_of(counter);
    if (rule.aggregation == Meter::Aggregation::Count) return kMaxQuantity;
    const Quantity before = used_at(rule, counter.used, counter.trail, time);
    const Quantity one = Quantity::whole(1);
    // What has left a rolling window counts nowhere in it.
    if (used_after(rule, counter.used, counter.trail, one, time) != before + one)
        return kMaxQuantity;
    const Quantity limit = counter.hard_limit.value_or(kMaxQuantity);
    return std::max(limit, before + counter.held) - before - (counter.held - held);
}

void release_held(Counter& counter, Quantity held) {
    check(held <= counter.held, "what is held is the sum of its holds");
    counter.held = counter.held - held;
    settle_limit(counter);
}

}  // namespace turnpike
