#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/log/records/count_list.h"
#include "metering/reservation.h"

namespace turnpike {

/// A reservation as the log has it.
struct Hold {
    std::uint64_t number = 0;
    std::uint32_t source = 0;
    std::string id;
    std::uint32_t content = 0;
    std::vector<EventCount> counts;  ///< what it holds, at least one
    Quantity reserved;
    Instant time, expires_at;
    std::string properties;
    ReservationState state = ReservationState::Open;
    Quantity used;     ///< of a committed one
    Instant ended_at;  ///< of all that ended
};

/// The open reservations, and the ended ones that are still remembered. What they hold is in the
/// counters. Not thread-safe.
class HoldBook {
public:
    /// Ended ones beyond this number are forgotten before their time, the oldest first: at 300
    /// bytes each they take 300 MB.
    static constexpr std::size_t kEndedMax = 1'000'000;

    /// nullptr: there is none, or it is forgotten. Good until forget_until().
    [[nodiscard]] const Hold* find(std::uint64_t number) const;
    [[nodiscard]] const Hold* find_named(std::uint32_t source, std::string_view id) const;
    /// Whatever its state. \return false: its number or its name is there already
    bool add(Hold hold);
    /// One that is open.
    void end(std::uint64_t number, ReservationState state, Quantity used, Instant ended_at);
    /// Of those that ended, in the order in which they did.
    void forget_until(Instant now);

    /// The open one that expires first, if it has by `now`.
    [[nodiscard]] const Hold* due(Instant now) const;
    /// How many have expired by `now`, counted up to `most`.
    [[nodiscard]] std::size_t due_count(Instant now, std::size_t most) const;
    [[nodiscard]] std::size_t open_count() const { return expiries_.size(); }

    /// Ended ones in the order in which they ended, then open ones by number.
    void visit(const std::function<void(const Hold& hold)>& see) const;

private:
    using Name = std::pair<std::uint32_t, std::string>;
    struct NameHash {
        std::size_t operator()(const Name& name) const;
    };
    void forget_oldest();

    std::unordered_map<std::uint64_t, Hold> holds_;  // whose elements never move
    boost::unordered_flat_map<Name, std::uint64_t, NameHash> by_name_;
    std::set<std::pair<Instant, std::uint64_t>> expiries_;  ///< of the open ones
    std::deque<std::uint64_t> ended_;
};

}  // namespace turnpike
