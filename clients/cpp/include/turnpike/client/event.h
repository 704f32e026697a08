#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "turnpike/client/clock.h"
#include "turnpike/client/error.h"

namespace turnpike::client {

/// One use of a meter by a customer. (source, id) names it for ever: whatever is sent twice under
/// one name counts once. All texts are UTF-8 of 1 to 255 bytes without control characters.
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
};

/// 128 bits of the operating system's randomness, as 32 hex digits.
std::string new_event_id();

enum class VerdictKind : std::uint8_t {
    Accepted,     ///< counted
    Duplicate,    ///< counted before; after a retry this is how success looks
    Conflict,     ///< (source, id) names an event with another content, which stays
    Rejected,     ///< not counted; `code` says why (docs/api/event_codes.md)
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

    /// It counts, now or since an earlier attempt.
    [[nodiscard]] bool is_counted() const {
        return kind == VerdictKind::Accepted || kind == VerdictKind::Duplicate;
    }
};

}  // namespace turnpike::client
