#include "analytics/usage/log_tally.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <boost/container_hash/hash.hpp>

#include "entitlements/gateway_source.h"

namespace turnpike {
namespace {

/// Since 1970.
std::int64_t day_of(Instant time) {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

}  // namespace

std::size_t LogTally::KeyHash::operator()(const Key& key) const {
    std::size_t seed = 0;
    boost::hash_combine(seed, key.counter);
    boost::hash_combine(seed, key.source);
    boost::hash_combine(seed, key.hour);
    return seed;
}

void LogTally::count(const EventRecord& event) {
    ++events_;
    if (event.more.empty()) return add(event, {event.counter, event.quantity});
    std::vector<std::string> meters;
    EventCounts counts(event);
    while (const auto counted = counts.next()) {
        further_.insert(counted->counter);
        const std::string& meter = meter_of(counted->counter);
        if (std::ranges::find(meters, meter) != meters.end()) continue;
        meters.push_back(meter);
        add(event, *counted);
    }
}

void LogTally::add(const EventRecord& event, const EventCount& counted) {
    const auto hour = std::chrono::floor<std::chrono::hours>(event.time);
    UsageFigures& sum = sums_[{counted.counter, event.source, hour.time_since_epoch().count()}];
    ++sum.events;
    sum.quantity = sum.quantity + counted.value;
    if (event.latency_us) sum.latency.add(Duration(*event.latency_us));
    if (event.properties.empty()) return;
    groups_[{counted.counter, day_of(event.time), std::string(event.properties)}].add(
        {1, counted.value});
}

void LogTally::count(const CorrectionRecord& correction) {
    ++events_;
    const auto hour = std::chrono::floor<std::chrono::hours>(correction.original_time);
    std::vector<std::string> meters;
    const auto changes = read_changes(correction.changes).value();
    for (const LoggedChange& change : changes) {
        further_.insert(change.counter);
        const std::string& meter = meter_of(change.counter);
        if (std::ranges::find(meters, meter) != meters.end()) continue;
        meters.push_back(meter);
        UsageFigures& sum =
            sums_[{change.counter, correction.original_source, hour.time_since_epoch().count()}];
        const std::int64_t events = correction.quantity ? 0 : -1;
        sum.events += events;
        sum.quantity = sum.quantity + change.change;
        if (correction.original_properties.empty()) continue;
        groups_[{change.counter, day_of(correction.original_time),
                 std::string(correction.original_properties)}]
            .add({events, change.change});
    }
}

const std::string& LogTally::meter_of(std::uint32_t counter) {
    const auto known = meters_.find(counter);
    if (known != meters_.end()) return known->second;
    return meters_.emplace(counter, names_.counted_by(counter).meter_key).first->second;
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

UsageGroups LogTally::groups() const {
    UsageGroups groups;
    for (const auto& [key, figures] : groups_) {
        const auto& [counter, day, properties] = key;
        auto counted = names_.counted_by(counter);
        groups[{std::move(counted.customer), std::move(counted.meter_key),
                Instant(std::chrono::days(day)), properties}]
            .add(figures);
    }
    return groups;
}

std::vector<std::uint32_t> LogTally::counters() const {
    boost::unordered_flat_set<std::uint32_t> all = further_;
    for (const auto& [key, figures] : sums_) all.insert(key.counter);
    return {all.begin(), all.end()};
}

}  // namespace turnpike
