#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "turnpike/client/clock.h"
#include "turnpike/client/error.h"

namespace turnpike::client {

/// What an event is called.
struct EventName {
    std::string id;
    std::string source = {};  ///< empty: ClientOptions::source
};

/// Takes an event of the same customer back, or sets anew what it measured. The event was recorded
/// before, or stands before its correction in one batch or recorder (docs/metering.md,
/// "Corrections").
struct Correction {
    enum class Kind : std::uint8_t { Void, Amend } kind = Kind::Void;
    EventName corrects;
    std::string quantity = {};  ///< of Amend: what that event measures from now on
};

/// One use of a meter by a customer, or the correction of one: void_event(), amend_event().
/// (source, id) names it for ever: whatever is sent twice under one name counts once. All texts are
/// UTF-8 of 1 to 255 bytes without control characters.
struct Event {
    std::string customer;  ///< cus_..., ext:..., or your own id of the customer
    std::string meter;     ///< the meter's key
    /// A decimal from 0 to 1000000000000 with at most 6 fraction digits, no exponent.
    std::string quantity = "1";
    /// When it was used. A Recorder puts the moment of handing over here, Client::record() leaves
    /// it to the server, which takes the moment of arrival.
    std::optional<Instant> time = {};
    std::optional<std::chrono::milliseconds> latency = {};  ///< 0 to one day
    std::string id = {};      ///< empty: 128 random bits as 32 hex digits
    std::string source = {};  ///< empty: ClientOptions::source
    /// What a meter of different values counts, and what meters group by.
    std::map<std::string, std::string> properties = {};
    /// With it: no meter, latency or properties, and `quantity` means nothing.
    std::optional<Correction> correction = {};
};

/// An event that takes the other back, for good, from everything that it counted in.
Event void_event(std::string customer, EventName corrects);
/// An event that sets what the other added to sums. The newest such correction holds.
Event amend_event(std::string customer, EventName corrects, std::string quantity);

/// 128 bits of the operating system's randomness, as 32 hex digits.
std::string new_event_id();

enum class VerdictKind : std::uint8_t {
    Accepted,     ///< counted
    Duplicate,    ///< counted before; after a retry this is how success looks
    Conflict,     ///< (source, id) names an event with another content, which stays
    Rejected,     ///< not counted, or not corrected; `code` says why (docs/api/event_codes.md)
    Unconfirmed,  ///< only from a Recorder: nobody said that it was recorded; `error` says why
};

/// What became of one event.
struct Verdict {
    VerdictKind kind = VerdictKind::Unconfirmed;
    std::string code;    ///< of Conflict and Rejected
    std::string detail;  ///< of Conflict and Rejected, for people
    /// Of Unconfirmed: how its last attempt ended. With `attempts` > 0 it may be counted all the
    /// same: record it again under its id, never under a new one.
    std::optional<Error> error;
    int attempts = 0;  ///< how often it was sent

    /// It counts, or corrects, now or since an earlier attempt.
    [[nodiscard]] bool is_counted() const {
        return kind == VerdictKind::Accepted || kind == VerdictKind::Duplicate;
    }
};

}  // namespace turnpike::client
