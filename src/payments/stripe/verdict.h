#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "http/client.h"

namespace turnpike::stripe {

enum class Finality : std::uint8_t {
    Succeeded,  ///< 2xx with a JSON object
    Refused,    ///< an error object that asking again would only repeat
    Again,      ///< not final; ask again
    NotNow,     ///< not final, and asking again at once is useless
};

/// What one answer (or its absence) means. A pure function of the answer, so that the rules of
/// spec stripe-razorpay-wire 1.1 and 1.4 can be read and tested as a table.
struct Verdict {
    Finality finality = Finality::Again;
    bool may_have_happened = false;  ///< of Again and NotNow: the request may have been executed
    bool peer_is_failing = false;    ///< counts against the circuit breaker
    std::string note{};              ///< for people, redacted
    std::optional<std::chrono::milliseconds> retry_after{};
};
Verdict judge(const Result<http::Reply>& reply);

}  // namespace turnpike::stripe
