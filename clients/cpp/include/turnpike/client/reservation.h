#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "turnpike/client/clock.h"
#include "turnpike/client/standing.h"

namespace turnpike::client {

struct ReserveRequest {
    std::string customer;
    std::string meter;           ///< one that sums or counts
    std::string quantity = "1";  ///< what the work costs at most, a decimal as Event::quantity
    std::optional<std::chrono::seconds> ttl = {};  ///< 1 s to a day; the server's default is 300 s
    /// Of the event that a commit records; empty: a new one. Give your own when you will call again
    /// after an error.
    std::string id = {};
    std::string source = {};                             ///< empty: ClientOptions::source
    std::map<std::string, std::string> properties = {};  ///< as Event has them
};

/// Open until it ends, once and for good, in one of the other ways.
enum class ReservationStatus : std::uint8_t { Open, Committed, Released, Expired };

/// A part of an allowance, which nobody else can use while it is open.
struct Reservation {
    std::string id;  ///< rsv_...
    ReservationStatus status = ReservationStatus::Open;
    std::string customer;          ///< cus_...
    std::string meter;             ///< its key
    std::string source, event_id;  ///< of the event that a commit records
    std::string reserved;          ///< a decimal, as it was asked for
    Instant expires_at;            ///< by the server's clock
    /// A decimal: what was used. Of a committed one.
    std::optional<std::string> quantity;
    std::optional<Instant> ended_at;  ///< absent while it is open
};

enum class ReserveOutcome : std::uint8_t {
    Held,           ///< it is open: do the work, then commit or release
    Ended,          ///< this request opened it before, and it has ended; its status says how
    LimitExceeded,  ///< it does not fit; nothing is held
    NotInPlan,      ///< the plan does not include the meter; nothing is held
};

struct ReserveAnswer {
    ReserveOutcome outcome = ReserveOutcome::LimitExceeded;
    std::optional<Reservation> reservation;  ///< of Held and Ended
    Standing standing;                       ///< with what is held
};

/// What became of a commit or a release.
enum class EndOutcome : std::uint8_t {
    Committed,     ///< of a commit: it is recorded, now or by the same call before
    Released,      ///< nothing is held; a commit recorded nothing: consume under another id
    Expired,       ///< likewise, since nobody ended it in time
    ExceedsLimit,  ///< of a commit: the surplus does not fit; nothing is recorded, it stays open
    AlreadyCommitted,  ///< with another quantity, or it was to be released; that stays
};

struct EndAnswer {
    EndOutcome outcome = EndOutcome::Expired;
    std::optional<Reservation> reservation;  ///< as it is now; absent when the server refused
    std::string detail;                      ///< for people; of a refusal
};

}  // namespace turnpike::client
