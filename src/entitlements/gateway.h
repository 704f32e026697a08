#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "entitlements/api.h"
#include "entitlements/gateway_route.h"
#include "entitlements/usage_recovery.h"
#include "http/message.h"

namespace turnpike {

struct GatewayQuestion;

/// The usage middleware: a gateway asks before it serves. nginx's auth_request understands 2xx, 401
/// and 403 only, so a denial is 403 and X-Turnpike-Status says what it means: 402 (a better plan
/// would help), 429 (wait for the next period), 503 (the ledger is down), 400 (a bad question).
///
/// When the ledger fails, customers whose plan bills overage are served and counted later
/// (X-Turnpike-Degraded: 1), and so is everybody whose plan is not known: a paying user is never
/// blocked. A plan that is known to stop at its allowance stays closed. A ledger that is silent for
/// 150 ms has failed; what it says later about that use counts once, with the later record.
struct GatewayApi {
    EntitlementsApi& entitlements;
    UsageRecovery& recovery;

    /// GET|POST /v1/gateway/authorize?mode=consume|check
    asio::awaitable<Result<http::Response>> authorize(const Principal& caller,
                                                      const http::Request& request);

private:
    struct Attempt;
    /// nullopt: the route costs nothing.
    Result<std::optional<GatewayQuestion>> read_question(const Principal& caller,
                                                         const http::Request& request);
    // These own what they use, and may go on when the answer is given.
    asio::awaitable<Attempt> try_consume(Principal caller, ConsumeRequest use);
    asio::awaitable<Attempt> try_check(Principal caller, GatewayQuestion question);
    http::Response degraded(const http::Request& request, const GatewayQuestion& question,
                            std::optional<ConsumeRequest> use);
};

}  // namespace turnpike
