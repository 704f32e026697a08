#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "metering/reservation.h"
#include "metering/service.h"

namespace turnpike {

/// What is to be reserved: a job with one subject and one event, whose counts are held.
struct ReserveJob {
    AppendJob usage;
    Quantity reserved;  ///< as it was asked for
    Instant expires_at;
};
struct ReserveReport {
    /// Set: the event could not be placed, and the rest says nothing.
    std::optional<EventComplaint> complaint{};
    ReserveVerdict verdict = ReserveVerdict::Opened;
    std::optional<Reservation> reservation{};  ///< when it was opened, now or before
    std::vector<Counter> counters{};           ///< as it left or found them; not for Conflict
};

struct CommitJob {
    ReservationId id;
    Quantity quantity;                      ///< what was used
    std::optional<std::string> properties;  ///< as UsageEvent has them; absent: the reservation's
    Instant system_now;
};
struct EndReport {
    EndVerdict verdict;
    std::optional<Reservation> reservation;  ///< absent exactly when it is unknown
    std::optional<Quantity> commit_max{};    ///< of Exceeds: the most that a commit may have now
};

/// Reservations, in the same store as usage (UsageStore): sql_reservations.h beside sql_usage.h,
/// log_reservations.h beside log_usage.h. What is held and what is used share one hard limit.
///
/// Time is the system's, at arrival: a reservation expires when a request that arrives at or after
/// its `expires_at` meets it, or by expire(). Thread-safe. Answers when what they tell is durable.
/// Errors of all calls: Unavailable, with a time to come back; trying again is safe.
class ReservationStore {
public:
    ReservationStore() = default;
    ReservationStore(const ReservationStore&) = delete;
    ReservationStore& operator=(const ReservationStore&) = delete;
    virtual ~ReservationStore() = default;

    /// Holds the event's counts in all of their counters, or in none. (source, id) is taken for
    /// ever by this, as by an event; the same content again is the same reservation.
    virtual asio::awaitable<Result<ReserveReport>> reserve(ReserveJob job) = 0;
    /// Records the event and ends the hold, at once. It counts in the windows that were reserved,
    /// under the allowance that is in force in their counters. What is not more than was reserved
    /// always fits.
    virtual asio::awaitable<Result<EndReport>> commit(CommitJob job) = 0;
    virtual asio::awaitable<Result<EndReport>> release(ReservationId id, Instant system_now) = 0;
    /// nullopt: there is none, or it ended kReservationMemory ago.
    virtual asio::awaitable<Result<std::optional<Reservation>>> find(ReservationId id,
                                                                     Instant system_now) = 0;
    /// Ends what has expired. \return customers whose counters moved by expiry since the last call
    virtual asio::awaitable<Result<std::vector<CustomerId>>> expire(Instant system_now) = 0;
};

}  // namespace turnpike
