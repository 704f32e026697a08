#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "analytics/usage/group_store.h"
#include "analytics/usage/rollup_store.h"
#include "metering/log/event_scan.h"

namespace turnpike {

/// Sums events of the usage log in memory, by the numbers that the log calls their names by, so
/// that a million events need few look-ups and few rows. Bounded by is_full().
class LogTally {
public:
    explicit LogTally(LogNames names) : names_(std::move(names)) {}

    /// The one place that knows what an event of the log says of usage. An event counts once for
    /// each of its meters, in however many of their windows it is.
    void count(const EventRecord& event);
    /// Likewise: what it changed, in the hour of the event that it corrects. A voided event is one
    /// event less; how long its request took stays known.
    void count(const CorrectionRecord& correction);
    /// Whether it should be stored before more is counted.
    [[nodiscard]] bool is_full() const {
        const std::size_t rows = sums_.size() + groups_.size() + further_.size();
        return rows >= kSumsMax || events_ >= kEventsMax;
    }
    [[nodiscard]] UsageRollups rollups() const;
    [[nodiscard]] UsageGroups groups() const;
    /// The numbers of all counters that the events moved, each once.
    [[nodiscard]] std::vector<std::uint32_t> counters() const;

private:
    // Each sum becomes four rows at most, in one transaction of the ledger.
    static constexpr std::size_t kSumsMax = 20'000;
    static constexpr std::size_t kEventsMax = 4'000'000;

    struct Key {
        std::uint32_t counter, source;
        std::int64_t hour;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };

    void add(const EventRecord& event, const EventCount& counted);
    const std::string& meter_of(std::uint32_t counter);

    LogNames names_;
    boost::unordered_flat_map<std::uint32_t, std::string> meters_;  ///< of counters met before
    boost::unordered_flat_map<Key, UsageFigures, KeyHash> sums_;
    /// By counter, day since 1970, and properties.
    std::map<std::tuple<std::uint32_t, std::int64_t, std::string>, GroupFigures> groups_;
    /// Counters of events that moved several, with those that are in `sums_` as well.
    boost::unordered_flat_set<std::uint32_t> further_;
    std::size_t events_ = 0;
};

}  // namespace turnpike
