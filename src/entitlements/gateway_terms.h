#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "http/message.h"

namespace turnpike {

/// How a gateway is told no, by what it makes of a status. X-Turnpike-Status always says what is
/// meant: 402 (a better plan would help), 429 (wait for the next period), 403 (no plan has it),
/// 503 (the ledger fails), 400 or 404 (a bad question).
enum class Refusals : std::uint8_t {
    Forbidden,      ///< 403; the problem stands in X-Turnpike-Problem, because nginx drops the body
    Exact,          ///< the status that is meant; the gateway hands the whole answer to its client
    ExactBelow500,  ///< the same, but 403 for 5xx: Envoy may serve when it sees one of those
};

/// What the gateway's configuration asks for.
struct GatewayTerms {
    enum class Mode : bool { Consume, Check };

    Mode mode = Mode::Consume;
    Refusals refusals = Refusals::Forbidden;
    std::optional<std::string> customer;  ///< named by a gateway that calls with the seller's key
};

/// ?mode=consume|check&refusals=forbidden|exact&customer=
///
/// Errors: InvalidArgument "gateway.bad_mode", "gateway.bad_refusals".
Result<GatewayTerms> read_gateway_terms(const http::Request& request);

/// \param problem  with the status that is meant
http::Response refuse(http::Response problem, Refusals refusals);

}  // namespace turnpike
