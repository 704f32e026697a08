#include "entitlements/decision.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "entitlements/upgrade_hint.h"
#include "metering/aggregation.h"

namespace turnpike {
namespace {

bool has_overage(const Counter& counter) {
    return counter.segments.back().overage_unit_price.has_value();
}

DecisionReason beyond(const Counter& counter) {
    const bool is_free = *counter.segments.back().overage_unit_price == UnitPrice{};
    return is_free ? DecisionReason::SoftLimitPassed : DecisionReason::Overage;
}

/// What one window says to a request.
struct WindowAnswer {
    const Counter* counter;
    DecisionReason reason;
    Quantity limit, left;
    std::optional<Instant> resets_at;  ///< absent: never
    bool would_fit_alone = true;       ///< without what is reserved
};

bool denies(DecisionReason reason) {
    return reason == DecisionReason::LimitExceeded || reason == DecisionReason::CounterFull;
}
bool denies(const WindowAnswer& answer) { return denies(answer.reason); }

DecisionReason denial_by(const Counter& counter) {
    return bound_of(counter.hard_limit) == Bound::Range ? DecisionReason::CounterFull
                                                        : DecisionReason::LimitExceeded;
}

/// When usage leaves a rolling window, so that `requested` fits or, where it does, at all.
std::optional<Instant> rolling_reset(const Counter& counter, Quantity requested, Instant now) {
    const Duration length = std::chrono::hours(counter.reset.hours);
    const Duration width = bucket_width(counter.reset);
    const auto fits_beside = [&](Quantity used) {
        return is_within(used, used + counter.held + requested, counter.hard_limit);
    };
    const auto& buckets = counter.trail.buckets;
    if (buckets.empty() && fits_beside({})) return now + length;
    Quantity used = counter.used;
    for (const UsageBucket& bucket : buckets) {
        used = used - bucket.used;
        if (fits_beside(used)) return Instant((bucket.number + 1) * width) + length;
    }
    return std::nullopt;  // more than reservations leave of the whole allowance
}

std::optional<Instant> resets_at(const Counter& counter, Quantity requested, Instant now) {
    switch (counter.reset.kind) {
        case Reset::Kind::Lifetime: return std::nullopt;
        case Reset::Kind::Rolling: return rolling_reset(counter, requested, now);
        case Reset::Kind::BillingPeriod:
        case Reset::Kind::Day:
        case Reset::Kind::Week:
        case Reset::Kind::Month: break;
    }
    return counter.period.end;
}

std::optional<Duration> length_of(const Counter& counter) {
    if (counter.reset.kind == Reset::Kind::Lifetime) return std::nullopt;
    if (counter.reset.kind == Reset::Kind::Rolling) return std::chrono::hours(counter.reset.hours);
    return counter.period.end - counter.period.start;
}

/// The same with the numbers of where the window stops usage.
WindowAnswer as_stop(WindowAnswer answer) {
    const Counter& counter = *answer.counter;
    answer.limit = counter.hard_limit.value_or(kMaxQuantity);
    answer.left = std::max(Quantity{}, answer.limit - counter.used - counter.held);
    return answer;
}

bool stops(const WindowAnswer& answer) {
    return denies(answer) || answer.counter->hard_limit.has_value();
}

/// \param counter  as of `now`
WindowAnswer ask(const Counter& counter, Quantity requested, Instant now) {
    const Quantity after =
        used_after(rule_of(counter), counter.used, counter.trail, requested, now);
    const Quantity included = counter.segments.back().included;
    const Quantity remaining = remaining_of(counter);
    const bool is_allowed =
        is_within(counter.used + counter.held, after + counter.held, counter.hard_limit);
    const bool fits = std::max(after, counter.used) - counter.used <= remaining;
    WindowAnswer answer{&counter,  DecisionReason::WithinAllowance,    included,
                        remaining, resets_at(counter, requested, now), true};
    if (!is_allowed) {
        answer.reason = denial_by(counter);
        answer.would_fit_alone = is_within(counter.used, after, counter.hard_limit);
    } else if (!fits) {
        answer.reason = beyond(counter);
    }
    // A cap stops usage behind the allowance; until then the allowance is what is told.
    if (!is_allowed || (counter.hard_limit && !has_overage(counter))) return as_stop(answer);
    return answer;
}

bool is_tighter(const WindowAnswer& one, const WindowAnswer& other) {
    if (denies(one) != denies(other)) return denies(one);
    if (one.left != other.left) return one.left < other.left;
    if (!one.resets_at || !other.resets_at) return !one.resets_at && other.resets_at;
    return *one.resets_at > *other.resets_at;
}

Quota quota_of(const WindowAnswer& stop) {
    return {stop.limit, stop.left, stop.resets_at, length_of(*stop.counter)};
}

DecisionReason gravest(DecisionReason one, DecisionReason other) { return std::max(one, other); }

/// Whether a plan's allowances give more than `denied`, where that is not enough.
bool gives_more(std::span<const Allowance> offered, const Allowance* denied) {
    if (offered.empty() || denied == nullptr) return !offered.empty();
    const auto same = std::ranges::find(offered, denied->reset, &Allowance::reset);
    if (same == offered.end() || same->included > denied->included) return true;
    if (same->overage == OveragePolicy::Block) return false;
    if (denied->overage == OveragePolicy::Block || !same->overage_cap) return true;
    return denied->overage_cap && *same->overage_cap > *denied->overage_cap;
}

}  // namespace

std::string_view to_text(DecisionReason reason) {
    switch (reason) {
        case DecisionReason::WithinAllowance: return "within_allowance";
        case DecisionReason::SoftLimitPassed: return "soft_limit_passed";
        case DecisionReason::Overage: return "overage";
        case DecisionReason::LimitExceeded: return "limit_exceeded";
        case DecisionReason::CounterFull: return "counter_full";
        case DecisionReason::NotInPlan: return "not_in_plan";
    }
    check(false, "every reason has a text");
    return {};
}

std::optional<UpgradeHint> upgrade_from(const DecisionFacts& facts, const Allowance* denied) {
    for (const PlanVersion* next = facts.catalog.next_above(facts.plan); next != nullptr;
         next = facts.catalog.next_above(*next)) {
        if (!gives_more(next->allowances_of(facts.meter_key), denied)) continue;
        return hint_of(*next, facts.currency);
    }
    return std::nullopt;
}

Decision decide(const DecisionFacts& facts, Quantity requested) {
    check(requested >= Quantity{}, "a request is not negative");
    Decision decision;
    decision.plan = facts.plan.key;
    decision.requested = requested;
    if (facts.counters.empty()) {
        decision.resets_at = facts.billing_period.end;
        decision.quota = Quota{{},
                               {},
                               facts.billing_period.end,
                               facts.billing_period.end - facts.billing_period.start};
        decision.upgrade = upgrade_from(facts, nullptr);
        return decision;
    }
    std::deque<Counter> moved_on;  // of rolling windows, which are another one at each moment
    std::optional<WindowAnswer> tightest, first_stop;
    DecisionReason reason = DecisionReason::WithinAllowance;
    bool would_fit_alone = true;
    for (const Counter& counter : facts.counters) {
        const bool is_rolling = counter.reset.kind == Reset::Kind::Rolling;
        const WindowAnswer answer =
            ask(is_rolling ? moved_on.emplace_back(as_of(counter, facts.now)) : counter, requested,
                facts.now);
        reason = gravest(reason, answer.reason);
        would_fit_alone = would_fit_alone && answer.would_fit_alone;
        if (!tightest || is_tighter(answer, *tightest)) tightest = answer;
        if (!stops(answer)) continue;
        const WindowAnswer stop = as_stop(answer);
        if (!first_stop || is_tighter(stop, *first_stop)) first_stop = stop;
    }
    const Counter& shown = *tightest->counter;
    decision.allowed = !denies(*tightest);
    decision.reason = decision.allowed ? reason : tightest->reason;
    decision.aggregation = shown.aggregation;
    decision.limit = tightest->limit;
    decision.hard_limit = shown.hard_limit;
    decision.used = shown.used;
    decision.reserved = shown.held;
    decision.remaining = tightest->left;
    decision.overage = overage_of(shown);
    decision.overage_allowed = has_overage(shown) && decision.reason != DecisionReason::CounterFull;
    decision.reset = shown.reset;
    decision.resets_at = tightest->resets_at;
    decision.waits_for_reservations = !decision.allowed && would_fit_alone;
    if (first_stop) decision.quota = quota_of(*first_stop);
    if (decision.reason != DecisionReason::LimitExceeded) return decision;
    const auto allowances = facts.plan.allowances_of(facts.meter_key);
    const auto denied = std::ranges::find(allowances, shown.reset, &Allowance::reset);
    decision.upgrade = upgrade_from(facts, denied == allowances.end() ? nullptr : &*denied);
    return decision;
}

DecisionReason reason_of_use(std::span<const Counter> after, Quantity quantity, Instant now) {
    using enum Meter::Aggregation;
    DecisionReason reason = DecisionReason::WithinAllowance;
    for (const Counter& counter : after) {
        if (counter.aggregation == Sum || counter.aggregation == Count) {
            Counter before = counter;
            before.used = std::max(counter.segments.back().from_used, counter.used - quantity);
            const auto answer = ask(before, quantity, now).reason;
            if (!denies(answer)) reason = gravest(reason, answer);
        } else if (overage_of(counter) > Quantity{} && has_overage(counter)) {
            reason = gravest(reason, beyond(counter));
        }
    }
    return reason;
}

}  // namespace turnpike
