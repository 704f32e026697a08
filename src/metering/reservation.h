#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/counter.h"
#include "metering/usage_event.h"

namespace turnpike {

using ReservationId = Id<"rsv">;

/// A reservation holds a part of an allowance for work whose cost is known only afterwards. It is
/// open until it ends, once and for good, in one of the three other ways.
enum class ReservationState : std::uint8_t {
    Open,
    Committed,  ///< its actual usage was recorded
    Released,   ///< nothing was used
    Expired,    ///< nobody ended it in time
};
std::string_view to_text(ReservationState state);  ///< "open"
std::optional<ReservationState> parse_reservation_state(std::string_view text);

/// How long an ended reservation is remembered, so that who repeats its end is answered alike. Its
/// name stays taken for ever.
inline constexpr Duration kReservationMemory = std::chrono::hours(24);

struct Reservation {
    ReservationId id;
    ReservationState state = ReservationState::Open;
    CustomerId customer;
    std::string meter_key;
    std::string source, event_id;        ///< of the event that a commit records
    Quantity reserved;                   ///< as it was asked for
    Instant time;                        ///< the customer's when it was opened: that of the event
    Instant expires_at;                  ///< of the system's time: from then on it is expired
    std::optional<Quantity> quantity{};  ///< the actual one; set exactly when it was committed
    std::optional<Instant> ended_at{};   ///< set exactly when it has ended
};

/// At `expires_at` it is over.
bool is_due(Instant expires_at, Instant now);
/// Whether it ended so long ago that it is forgotten.
bool is_forgotten(Instant ended_at, Instant now);

/// What it shows at `now`: one that is due is expired, even before anything has ended it.
Reservation as_of(Reservation reservation, Instant now);

/// Sums and counts: of others a part cannot be set aside.
bool can_be_reserved(Meter::Aggregation aggregation);

/// What became of an attempt to reserve.
enum class ReserveVerdict : std::uint8_t {
    Opened,
    Same,           ///< it was opened before, by the same request
    Conflict,       ///< its source and id name something else; that stays
    LimitExceeded,  ///< it does not fit; nothing changed
    Unsupported,    ///< one of its counters counts what cannot be reserved; nothing changed
};

/// What became of an attempt to end one.
enum class EndVerdict : std::uint8_t {
    Ended,
    Unchanged,         ///< it had ended so before
    Expired,           ///< too late to commit it
    AlreadyCommitted,  ///< with another quantity, or it was to be released
    Released,          ///< nothing is held any more that could be committed
    Exceeds,           ///< the surplus does not fit; it stays open
    Unknown,           ///< there is none of this id, or it is forgotten
};
/// What committing `quantity` comes to before any counter is asked: Ended, or why not.
/// \param committed  what was, when it was
EndVerdict commit_verdict(ReservationState state, std::optional<Quantity> committed,
                          Quantity quantity);
/// The same for a release. One that expired is as good as released.
EndVerdict release_verdict(ReservationState state);

/// What a commit counts in one counter: an event of a count is one, whatever its quantity.
Quantity committed_value(Meter::Aggregation aggregation, Quantity quantity);

/// Holds `value` in the counter as well. False: the hard limit does not let it in, and nothing
/// changed.
bool hold_in(Counter& counter, Quantity value, Instant time);
/// Counts `value` in the place of what is held. What is not more than that always fits; a surplus
/// must. False: it does not, and nothing changed.
bool commit_held(Counter& counter, Quantity held, Quantity value, Instant time);
/// The greatest quantity that a commit may have by this counter alone, up to kMaxQuantity.
Quantity commit_max(const Counter& counter, Quantity held, Instant time);
/// Gives back what is held.
void release_held(Counter& counter, Quantity held);

}  // namespace turnpike
