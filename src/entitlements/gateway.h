#pragma once

#include <functional>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "entitlements/api.h"
#include "entitlements/fail_open.h"
#include "entitlements/gateway_route.h"
#include "entitlements/gateway_terms.h"
#include "entitlements/usage_recovery.h"
#include "http/message.h"

namespace turnpike {

struct GatewayQuestion;

/// The usage middleware: a gateway asks before it serves. 200 lets the request pass, 401 asks for a
/// credential, and everything else refuses it (gateway_terms.h says with which status). What guards
/// the route (feature_use.h) is asked first, and by the customer's standing as it was last known
/// while the ledger fails.
///
/// When the ledger fails, the route's on_failure decides, and else the customer's plan
/// (fail_open.h). What passes then carries X-Turnpike-Degraded: 1, is reported to `passed`, and is
/// recorded later under its own identity. A ledger that is silent for 150 ms (the embedded one: a
/// second) has failed; what it says later about that use counts once, with the later record.
struct GatewayApi {
    EntitlementsApi& entitlements;
    UsageRecovery& recovery;
    /// Called for each request that passes although the ledger fails, checks included.
    std::function<void(const RouteCost& route, FailOpen reason)> passed;

    /// GET|POST /v1/gateway/authorize?mode=&refusals=&customer=
    asio::awaitable<Result<http::Response>> authorize(const Principal& caller,
                                                      const http::Request& request);
    /// /v1/gateway/envoy/**, with the method and, below the prefix, the target of the request that
    /// Envoy asks about. The query is its client's and asks nothing of us.
    asio::awaitable<Result<http::Response>> authorize_envoy(const Principal& caller,
                                                            const http::Request& request);

private:
    struct Attempt;
    asio::awaitable<Result<http::Response>> answer(const Principal& caller,
                                                   const http::Request& request,
                                                   Result<GatewayTerms> terms,
                                                   Result<GatewayRoute> route);
    /// nullopt: the route costs nothing, and nothing guards it.
    Result<std::optional<GatewayQuestion>> read_question(const Principal& caller,
                                                         const Result<GatewayTerms>& terms,
                                                         const Result<GatewayRoute>& route);
    // These own what they use, and may go on when the answer is given.
    asio::awaitable<Attempt> try_consume(Principal caller, ConsumeRequest use);
    asio::awaitable<Attempt> try_check(Principal caller, GatewayQuestion question);
    asio::awaitable<Attempt> try_standing(Principal caller, std::string customer);
    /// The whole answer, unless usage is to be counted still.
    asio::awaitable<std::optional<http::Response>> guard(const Principal& caller,
                                                         const GatewayQuestion& question,
                                                         const http::Request& request);
    http::Response degraded(const http::Request& request, const GatewayQuestion& question,
                            std::optional<ConsumeRequest> use);
};

}  // namespace turnpike
