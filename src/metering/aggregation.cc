#include "metering/aggregation.h"

#include <algorithm>

#include "base/check.h"
#include "metering/usage_event.h"

namespace turnpike {
namespace {

using enum Meter::Aggregation;

bool is_rolling(const CountRule& rule) { return rule.reset.kind == Reset::Kind::Rolling; }

/// Where the window that `moment` sees begins.
Instant window_start(const Reset& reset, std::optional<Instant> last_at, Instant moment) {
    if (last_at) moment = std::max(moment, *last_at - kEventSkewMax);
    return moment - std::chrono::hours(reset.hours);
}

Instant end_of(const UsageBucket& bucket, Duration width) {
    return Instant((bucket.number + 1) * width);
}

std::int64_t bucket_number(Instant time, Duration width) { return time.time_since_epoch() / width; }

/// `used` without the buckets, at the front, that end before the window begins.
Quantity used_from(const std::vector<UsageBucket>& buckets, Duration width, Quantity used,
                   Instant start) {
    for (const UsageBucket& bucket : buckets) {
        if (end_of(bucket, width) > start) break;
        used = used - bucket.used;
    }
    return used;
}

/// The same, and forgets these.
Quantity drop_before(std::vector<UsageBucket>& buckets, Duration width, Quantity used,
                     Instant start) {
    used = used_from(buckets, width, used, start);
    const auto kept = std::ranges::find_if(
        buckets, [&](const UsageBucket& bucket) { return end_of(bucket, width) > start; });
    buckets.erase(buckets.begin(), kept);
    return used;
}

bool is_in_window(Instant start, Duration width, Instant time) {
    return end_of({bucket_number(time, width), {}}, width) > start;
}

Quantity count_rolling(const Reset& reset, Quantity used, UsageTrail& trail, Quantity value,
                       Instant time) {
    const Duration width = bucket_width(reset);
    trail.last_at = std::max(trail.last_at.value_or(time), time);
    auto& buckets = trail.buckets;
    const Instant start = window_start(reset, trail.last_at, Instant{});
    used = drop_before(buckets, width, used, start);
    if (!is_in_window(start, width, time) || value == Quantity{}) return used;
    const std::int64_t number = bucket_number(time, width);
    auto at = std::ranges::lower_bound(buckets, number, {}, &UsageBucket::number);
    if (at == buckets.end() || at->number != number) at = buckets.insert(at, {number, {}});
    at->used = at->used + value;
    return used + value;
}

}  // namespace

bool adds_up(const CountRule& rule) { return rule.aggregation == Sum || rule.aggregation == Count; }

bool can_fall(const CountRule& rule) {
    return rule.aggregation == Min || rule.aggregation == Last || is_rolling(rule);
}

bool keeps_trail(const CountRule& rule) { return can_fall(rule); }

Duration bucket_width(const Reset& reset) {
    constexpr std::int32_t kHoursInMinutesMax = 24;
    if (reset.hours <= kHoursInMinutesMax) return std::chrono::minutes(1);
    return std::chrono::hours(1);
}

Quantity used_at(const CountRule& rule, Quantity used, const UsageTrail& trail, Instant moment) {
    if (!is_rolling(rule)) return used;
    return used_from(trail.buckets, bucket_width(rule.reset), used,
                     window_start(rule.reset, trail.last_at, moment));
}

Quantity forget_until(const CountRule& rule, Quantity used, UsageTrail& trail, Instant moment) {
    if (!is_rolling(rule)) return used;
    return drop_before(trail.buckets, bucket_width(rule.reset), used,
                       window_start(rule.reset, trail.last_at, moment));
}

Quantity used_after(const CountRule& rule, Quantity used, const UsageTrail& trail, Quantity value,
                    Instant time) {
    if (is_rolling(rule)) {
        const Instant start = window_start(rule.reset, trail.last_at, time);
        used = used_at(rule, used, trail, time);
        return is_in_window(start, bucket_width(rule.reset), time) ? used + value : used;
    }
    switch (rule.aggregation) {
        case Sum:
        case Count:
        case Unique: return used + value;
        case Max: return std::max(used, value);
        case Min: return trail.last_at ? std::min(used, value) : value;
        case Last: return !trail.last_at || time >= *trail.last_at ? value : used;
    }
    check(false, "every aggregation has a rule");
    return used;
}

bool is_within(Quantity before, Quantity after, std::optional<Quantity> hard_limit) {
    return after <= before || after <= hard_limit.value_or(kMaxQuantity);
}

Bound bound_of(std::optional<Quantity> hard_limit) {
    return hard_limit && *hard_limit < kMaxQuantity ? Bound::Allowance : Bound::Range;
}

Quantity count_value(const CountRule& rule, Quantity used, UsageTrail& trail, Quantity value,
                     Instant time) {
    if (is_rolling(rule)) return count_rolling(rule.reset, used, trail, value, time);
    used = used_after(rule, used, trail, value, time);
    if (keeps_trail(rule)) trail.last_at = std::max(trail.last_at.value_or(time), time);
    return used;
}

}  // namespace turnpike
