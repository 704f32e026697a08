#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "metering/log/records/usage_record.h"
#include "metering/recount.h"

namespace turnpike {

/// One count of one event, as it is corrected so far.
struct CountedFact {
    LogPlace place;
    Instant time;
    std::size_t segment = 0;  ///< of the counter
    EventCount count;
};

/// What events of one counter come to, in whatever order they are told.
class CounterTally {
public:
    /// \param unique  of a counter of different values: the one that is asked for
    explicit CounterTally(std::optional<std::uint64_t> unique = {}) : unique_(unique) {}
    void add(const CountedFact& fact);
    void add(const CounterTally& more);
    /// \param place  of the event that is corrected, and is not among them
    [[nodiscard]] OtherEvents beside(const LogPlace& place) const;

private:
    struct Latest {
        Instant time;
        LogPlace place;
        Quantity value;
    };
    void take_most(std::size_t segment, Quantity value);
    void take_latest(const Latest& latest);

    std::optional<std::uint64_t> unique_;
    std::vector<Quantity> most_;
    std::optional<Quantity> least_;
    std::optional<Latest> latest_;
    std::optional<std::size_t> same_value_in_;
};

/// A counter whose events are to be told anew.
struct RecountedCounter {
    std::uint32_t counter = 0;
    std::vector<LogPlace> segments;  ///< where each begins; none of its events stands before them
    std::optional<std::uint64_t> unique;  ///< as CounterTally says
};
/// All of one customer; of the events up to an arrival, and but for one of them.
struct RecountJob {
    std::string customer;  ///< id
    LogPlace original;     ///< the one that is corrected
    std::uint64_t last_arrival = 0;
    std::vector<RecountedCounter> counters;
    /// Where in `counters` it stands; nullopt: it is none of them.
    [[nodiscard]] std::optional<std::size_t> position_of(std::uint32_t counter) const;
};

}  // namespace turnpike
