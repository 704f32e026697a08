#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/log/segment/sealed_block.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {

/// Counts the events of corrected counters anew. What a correction made of a counter is in its
/// record, and a replay believes it; these are the facts behind it. Rolling windows, and different
/// values that are forgotten, cannot be told any more and are left out.
///
/// Takes the memory of the different values of all corrected counters.
class FactCheck {
public:
    /// \param usage  all that the log says; outlives it
    explicit FactCheck(const UsageState& usage);
    [[nodiscard]] bool is_empty() const { return counters_.empty(); }
    /// False for a block of which no event need be shown.
    [[nodiscard]] bool wants(const SealedBlockPlace& block) const;
    /// Every event of the log, once, in any order.
    void show(const SealedEvent& event);
    /// Counters that show something else than their events.
    [[nodiscard]] std::vector<std::uint32_t> wrong() const;

private:
    struct Corrected {
        std::uint32_t number;
        Meter::Aggregation aggregation;
        std::optional<Quantity> shown{};                    ///< by the events so far; absent: none
        std::optional<std::pair<Instant, LogPlace>> at{};   ///< of Last
        boost::unordered_flat_set<std::uint64_t> values{};  ///< of Unique
    };
    static void add(Corrected& counter, const SealedEvent& event, const EventCount& count,
                    const EventStatus& status);

    const UsageState& usage_;
    std::vector<Corrected> counters_;  ///< by number
    /// Of the same customers: an event that moved one of counters_ may have moved any of these
    /// before it.
    std::vector<std::uint32_t> moved_first_;
};

}  // namespace turnpike
