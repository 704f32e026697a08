#include "metering/log/state/counter_tally.h"

#include <algorithm>
#include <tuple>

namespace turnpike {

void CounterTally::take_most(std::size_t segment, Quantity value) {
    if (most_.size() <= segment) most_.resize(segment + 1);
    most_[segment] = std::max(most_[segment], value);
}

void CounterTally::take_latest(const Latest& latest) {
    if (!latest_ || std::tie(latest.time, latest.place) > std::tie(latest_->time, latest_->place))
        latest_ = latest;
}

void CounterTally::add(const CountedFact& fact) {
    const Quantity value = fact.count.value;
    take_most(fact.segment, value);
    least_ = std::min(least_.value_or(value), value);
    take_latest({fact.time, fact.place, value});
    if (unique_ && fact.count.unique == unique_)
        same_value_in_ = std::min(same_value_in_.value_or(fact.segment), fact.segment);
}

void CounterTally::add(const CounterTally& more) {
    for (std::size_t i = 0; i < more.most_.size(); ++i) take_most(i, more.most_[i]);
    if (more.least_) least_ = std::min(least_.value_or(*more.least_), *more.least_);
    if (more.latest_) take_latest(*more.latest_);
    if (more.same_value_in_)
        same_value_in_ =
            std::min(same_value_in_.value_or(*more.same_value_in_), *more.same_value_in_);
}

OtherEvents CounterTally::beside(const LogPlace& place) const {
    OtherEvents others{.most = most_, .least = least_, .same_value_in = same_value_in_};
    if (latest_) others.latest = {latest_->time, latest_->value, latest_->place > place};
    return others;
}

std::optional<std::size_t> RecountJob::position_of(std::uint32_t counter) const {
    const auto at = std::ranges::find(counters, counter, &RecountedCounter::counter);
    if (at == counters.end()) return std::nullopt;
    return static_cast<std::size_t>(at - counters.begin());
}

}  // namespace turnpike
