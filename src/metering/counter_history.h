#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/correction.h"
#include "metering/counter.h"

namespace turnpike {

/// One thing that happened to a counter: an event counted in it, or a correction changed what an
/// event counts there. A counter's history is its entries in the order in which they happened;
/// it only grows, so its first n entries are the same for ever.
struct CounterEntry {
    std::uint64_t number = 0;  ///< in the history, from 1
    UsageEventId id;
    std::string source, event_id;  ///< what its sender calls it
    Instant time;                  ///< when it was used; of a correction, when that was made
    Instant received_at;
    std::size_t segment = 0;  ///< of the counter: where the event was counted
    /// What the event counted; of a correction, how much more it counts since, below zero less.
    Quantity value;
    std::optional<std::uint64_t> unique{};  ///< of different values: the hash of the event's
    std::optional<Correction> corrects{};   ///< of a correction
};

/// The history of one billing period of a meter.
struct HistoryQuery {
    CustomerId customer;
    SubscriptionId subscription;
    std::string meter_key;
    Instant period_start;
    std::uint64_t after = 0;              ///< the first entry to be shown has the next number
    std::optional<std::uint64_t> last{};  ///< no later one is; absent: all of them
};
/// In order, on the thread that awaits or on another one meanwhile.
using SeeEntry = std::function<void(const CounterEntry& entry)>;

/// The counter that was read, as it is when `entries` have happened to it: all of them, unless the
/// query names the last one, which it may be behind.
struct CounterHistory {
    Counter counter;
    std::uint64_t entries = 0;  ///< up to the last one that was asked for
};

/// What a history comes to, counted anew from its entries alone: nothing that a counter remembers.
/// Where it adds up it takes no memory; of max, min, last and different values it keeps each event,
/// as one that was corrected can leave the figure to any other.
class HistoryTally {
public:
    explicit HistoryTally(Meter::Aggregation aggregation) : aggregation_(aggregation) {}
    /// In their order, from the first on.
    void add(const CounterEntry& entry);
    /// What is used in each of the counter's segments alone.
    [[nodiscard]] std::vector<Quantity> used(std::size_t segments) const;

private:
    struct Fact {
        Instant time;
        std::size_t segment;
        Quantity value;
        std::uint64_t unique;
        EventStatus status{};
    };
    [[nodiscard]] std::vector<Quantity> ends(std::size_t segments) const;
    [[nodiscard]] std::vector<Quantity> most(std::size_t segments) const;
    [[nodiscard]] Quantity least() const;
    [[nodiscard]] Quantity latest() const;
    [[nodiscard]] std::vector<Quantity> different(std::size_t segments) const;

    Meter::Aggregation aggregation_;
    std::vector<Quantity> sums_;
    std::vector<Fact> facts_;                               ///< in the order of the history
    std::unordered_map<std::string, std::size_t> by_name_;  ///< in facts_
};

/// What a counter shows by segment, to hold against HistoryTally::used().
std::vector<Quantity> used_by_segment(const Counter& counter);

}  // namespace turnpike
