#include "analytics/usage/log_tally.h"

#include <chrono>

#include <boost/container_hash/hash.hpp>

#include "entitlements/gateway_source.h"

namespace turnpike {

std::size_t LogTally::KeyHash::operator()(const Key& key) const {
    std::size_t seed = 0;
    boost::hash_combine(seed, key.counter);
    boost::hash_combine(seed, key.source);
    boost::hash_combine(seed, key.hour);
    return seed;
}

void LogTally::count(const EventRecord& event) {
    const auto hour = std::chrono::floor<std::chrono::hours>(event.time);
    UsageFigures& sum = sums_[{event.counter, event.source, hour.time_since_epoch().count()}];
    ++sum.events;
    sum.quantity = sum.quantity + event.quantity;
    if (event.latency_us) sum.latency.add(Duration(*event.latency_us));
    ++events_;
}

UsageRollups LogTally::rollups() const {
    UsageRollups rollups;
    for (const auto& [key, figures] : sums_) {
        auto counted = names_.counted_by(key.counter);
        const std::string source = names_.source(key.source);
        RollupKey rollup{.customer = std::move(counted.customer),
                         .meter_key = std::move(counted.meter_key),
                         .route = std::string(route_of_source(source)),
                         .hour = Instant(std::chrono::hours(key.hour))};
        rollups[std::move(rollup)].add(figures);
    }
    return rollups;
}

}  // namespace turnpike
