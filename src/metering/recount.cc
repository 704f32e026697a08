#include "metering/recount.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

using enum Meter::Aggregation;

Recounted as_it_is(const Counter& counter) {
    Recounted now{.ends = {}, .last_at = counter.trail.last_at};
    for (std::size_t i = 0; i < counter.segments.size(); ++i)
        now.ends.push_back(end_of_segment(counter, i));
    return now;
}

void recount_max(const Counter& counter, const Revaluation& event, const OtherEvents& others,
                 Recounted& next) {
    if (rests_on_others(counter, event)) {
        Quantity most;
        for (std::size_t i = 0; i < next.ends.size(); ++i) {
            if (i < others.most.size()) most = std::max(most, others.most[i]);
            next.ends[i] = most;
        }
    }
    const Quantity value = event.value.to.value_or(Quantity{});
    for (std::size_t i = event.segment; i < next.ends.size(); ++i)
        next.ends[i] = std::max(next.ends[i], value);
}

void recount_min(const Counter& counter, const Revaluation& event, const OtherEvents& others,
                 Recounted& next) {
    Quantity& used = next.ends.front();
    if (!rests_on_others(counter, event)) {
        used = std::min(used, event.value.to.value_or(used));
        return;
    }
    next.last_at.reset();
    if (others.latest) next.last_at = others.latest->time;
    used = others.least.value_or(Quantity{});
    if (!event.value.to) return;
    used = std::min(others.least.value_or(*event.value.to), *event.value.to);
    next.last_at = std::max(next.last_at.value_or(event.time), event.time);
}

void recount_last(const Counter& counter, const Revaluation& event, const OtherEvents& others,
                  Recounted& next) {
    if (!rests_on_others(counter, event)) return;
    const auto& latest = others.latest;
    const bool is_last =
        !latest || latest->time < event.time || (latest->time == event.time && !latest->came_later);
    next.last_at.reset();
    next.ends.front() = Quantity{};
    if (event.value.to && is_last) {
        next.ends.front() = *event.value.to;
        next.last_at = event.time;
    } else if (latest) {
        next.ends.front() = latest->value;
        next.last_at = latest->time;
    }
}

/// The value counts in the first segment that any event brought it to.
void recount_unique(const Counter& counter, const Revaluation& event, const OtherEvents& others,
                    Recounted& next) {
    if (!rests_on_others(counter, event)) return;
    const std::size_t first = others.same_value_in.value_or(next.ends.size());
    for (std::size_t i = event.segment; i < first; ++i)
        next.ends[i] = next.ends[i] - Quantity::whole(1);
    next.is_value_gone = !others.same_value_in;
}

}  // namespace

bool rests_on_others(const Counter& counter, const Revaluation& event) {
    const auto& [from, to] = event.value;
    if (to == from) return false;
    const bool is_latest = counter.trail.last_at && event.time >= *counter.trail.last_at;
    switch (counter.aggregation) {
        case Sum:
        case Count: return false;
        case Max:
            // Another one is greater, or was there before.
            return to.value_or(Quantity{}) < from &&
                   from > counter.segments.at(event.segment).from_used &&
                   from >= end_of_segment(counter, event.segment);
        case Min:
            return to ? *to > from && from <= counter.used : from <= counter.used || is_latest;
        case Last: return is_latest && from == counter.used;
        case Unique: return !to;
    }
    check(false, "every aggregation has a rule");
    return false;
}

std::optional<Recounted> recounted(const Counter& counter, const Revaluation& event,
                                   const OtherEvents& others) {
    const Recounted now = as_it_is(counter);
    Recounted next = now;
    switch (counter.aggregation) {
        case Sum:
        case Count: break;
        case Max: recount_max(counter, event, others, next); break;
        case Min: recount_min(counter, event, others, next); break;
        case Last: recount_last(counter, event, others, next); break;
        case Unique: recount_unique(counter, event, others, next); break;
    }
    if (next == now) return std::nullopt;
    return next;
}

std::optional<Counter> moved_to(Counter counter, const Recounted& recounted) {
    const auto& ends = recounted.ends;
    const CountRule rule = rule_of(counter);
    const bool fits = !adds_up(rule) && ends.size() == counter.segments.size() &&
                      std::ranges::is_sorted(ends) && ends.front() >= Quantity{} &&
                      ends.back() <= kMaxQuantity && (keeps_trail(rule) || !recounted.last_at) &&
                      (counter.aggregation == Unique || !recounted.is_value_gone);
    if (!fits) return std::nullopt;
    for (std::size_t i = 1; i < ends.size(); ++i) counter.segments[i].from_used = ends[i - 1];
    counter.used = ends.back();
    counter.trail.last_at = recounted.last_at;
    settle_limit(counter);
    return counter;
}

}  // namespace turnpike
