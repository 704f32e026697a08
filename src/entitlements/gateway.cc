#include "entitlements/gateway.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "entitlements/caller.h"
#include "entitlements/wire.h"
#include "json/value.h"
#include "sql/patience.h"

namespace turnpike {

/// What is asked, once route and cost are known.
struct GatewayQuestion {
    enum class Mode : bool { Consume, Check };

    Mode mode = Mode::Consume;
    std::string customer;  ///< as load_standing takes it
    std::string meter_key;
    Quantity units;
    std::shared_ptr<const Catalog> catalog;
    const std::string& upgrade_url;
};

namespace {

using Mode = GatewayQuestion::Mode;

constexpr const char* kGatewaySource = "turnpike.gateway";
constexpr int kRetryAfterSeconds = 5;
/// A gateway waits 200 ms (Envoy's default), the way there and back included.
constexpr std::chrono::milliseconds kPatience{150};

Error ledger_down() {
    Error error{ErrorCode::Unavailable, "gateway.ledger_down",
                "usage cannot be checked at the moment"};
    error.retry_after_s = kRetryAfterSeconds;
    return error;
}

Result<Mode> read_mode(const http::Request& request) {
    const std::string* text = request.query_value("mode");
    if (text == nullptr || *text == "consume") return Mode::Consume;
    if (*text == "check") return Mode::Check;
    return invalid_argument("gateway.bad_mode", "mode is consume or check");
}

http::Response allow(const std::string& units) {
    http::Response response;
    response.status = 200;
    response.headers.reserve(5);
    response.headers.emplace_back("X-Turnpike-Units", units);
    return response;
}

/// Any refusal in the one status that every gateway understands.
http::Response refuse(http::Response problem, int meaning) {
    problem.status = 403;
    problem.headers.emplace_back("X-Turnpike-Status", std::to_string(meaning));
    return problem;
}

http::Response refuse(const Error& error, const http::Request& request) {
    return refuse(http::problem(error, request), http::status_of(error.code));
}

/// 402 while a better plan exists, 429 where only time helps.
int meaning_of(const Decision& decision) { return decision.upgrade ? 402 : 429; }

ConsumeRequest use_of(const GatewayQuestion& question, std::string id) {
    return {.customer = question.customer,
            .meter_key = question.meter_key,
            .quantity = question.units,
            .source = kGatewaySource,
            .id = std::move(id),
            .latency_us = std::nullopt,
            .time = std::nullopt};
}

http::Response write_decision(const Decision& decision, const Standing& standing,
                              const GatewayQuestion& question, const http::Request& request) {
    http::Response response = decision.allowed
                                  ? allow(question.units.text())
                                  : refuse(write_denial(decision, question.meter_key, request,
                                                        standing.now, question.upgrade_url),
                                           meaning_of(decision));
    if (!decision.allowed) response.headers.emplace_back("X-Turnpike-Units", "0");
    response.headers.emplace_back("X-Turnpike-Customer", standing.customer.text());
    response.headers.emplace_back("X-Turnpike-Plan", standing.plan->key);
    add_rate_headers(response.headers, decision, question.meter_key, standing);
    return response;
}

}  // namespace

/// A decision, an error, or neither: the ledger failed.
struct GatewayApi::Attempt {
    std::optional<Standing> standing;
    std::optional<Decision> decision;
    std::optional<Error> error;
};

asio::awaitable<GatewayApi::Attempt> GatewayApi::try_consume(Principal caller, ConsumeRequest use) {
    Attempt attempt;
    try {
        const auto outcome = co_await entitlements.consume_now(caller, use);
        if (!outcome) {
            attempt.error = outcome.error();
            co_return attempt;
        }
        attempt.standing = outcome->standing;
        attempt.decision = decision_of(*outcome, use, *entitlements.catalog.get());
        // decision_of() shows what is left afterwards, which may be nothing.
        attempt.decision->allowed = outcome->usage.verdict != Verdict::Rejected;
    } catch (const sql::Failure&) {
        attempt = Attempt{};
    }
    co_return attempt;
}

asio::awaitable<GatewayApi::Attempt> GatewayApi::try_check(Principal caller,
                                                           GatewayQuestion question) {
    Attempt attempt;
    try {
        const auto snapshot = co_await entitlements.snapshot_of(caller, question.customer);
        if (!snapshot) {
            attempt.error = snapshot.error();
            co_return attempt;
        }
        attempt.standing = (*snapshot)->standing;
        attempt.decision =
            decide(**snapshot, question.meter_key, *question.catalog, question.units);
    } catch (const sql::Failure&) {
        attempt = Attempt{};
    }
    co_return attempt;
}

http::Response GatewayApi::degraded(const http::Request& request, const GatewayQuestion& question,
                                    std::optional<ConsumeRequest> use) {
    const Instant now = entitlements.clock.now();
    const auto known = entitlements.standings.find(question.customer, now, StandingCache::Age::Any);
    const Allowance* allowance =
        known ? known->standing.plan->allowance(question.meter_key) : nullptr;
    const bool closed =
        known && (allowance == nullptr || allowance->overage == OveragePolicy::Block);
    if (closed) return refuse(ledger_down(), request);
    http::Response response = allow(question.units.text());
    response.headers.emplace_back("X-Turnpike-Degraded", "1");
    if (known) {
        response.headers.emplace_back("X-Turnpike-Customer", known->standing.customer.text());
        response.headers.emplace_back("X-Turnpike-Plan", known->standing.plan->key);
    }
    if (use) {
        const bool frozen = known && known->standing.time == Standing::Time::Frozen;
        use->time = frozen ? known->standing.now : now;
        recovery.remember(*std::move(use));
    }
    return response;
}

Result<std::optional<GatewayQuestion>> GatewayApi::read_question(const Principal& caller,
                                                                 const http::Request& request) {
    const auto mode = read_mode(request);
    if (!mode) return failure(mode);
    const auto route = read_gateway_route(request);
    if (!route) return failure(route);
    std::optional<std::string> named;
    if (const std::string* customer = request.query_value("customer")) named = *customer;
    auto customer = customer_meant(caller, named);
    if (!customer) return failure(customer);

    auto catalog = entitlements.catalog.get();
    const RouteCost* cost = catalog->route_cost(route->method, route->path);
    if (cost == nullptr || cost->units == 0) return std::optional<GatewayQuestion>();
    return GatewayQuestion{*mode,
                           *std::move(customer),
                           cost->meter_key,
                           Quantity::whole(cost->units),
                           std::move(catalog),
                           entitlements.upgrade_url};
}

asio::awaitable<Result<http::Response>> GatewayApi::authorize(const Principal& caller,
                                                              const http::Request& request) {
    if (caller.kind == PrincipalKind::Anonymous)
        co_return fail(ErrorCode::Unauthenticated, "gateway.unauthenticated",
                       "a customer's key or token is needed");
    const auto asked = read_question(caller, request);
    if (!asked) co_return refuse(asked.error(), request);
    if (!*asked) co_return allow("0");
    const GatewayQuestion& question = **asked;

    std::optional<Attempt> attempt;
    std::optional<ConsumeRequest> use;
    if (question.mode == Mode::Check) {
        const Instant now = entitlements.clock.now();
        if (const auto known = entitlements.standings.find(question.customer, now))
            co_return write_decision(
                decide(*known, question.meter_key, *question.catalog, question.units),
                known->standing, question, request);
        attempt = co_await sql::wait_at_most(kPatience, try_check(caller, question));
    } else {
        use = use_of(question, entitlements.ids.body(entitlements.clock.now()));
        attempt = co_await sql::wait_at_most(kPatience, try_consume(caller, *use));
    }
    if (attempt && attempt->error) co_return refuse(*attempt->error, request);
    if (!attempt || !attempt->decision) co_return degraded(request, question, std::move(use));
    co_return write_decision(*attempt->decision, *attempt->standing, question, request);
}

}  // namespace turnpike
