#include "entitlements/gateway.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "catalog/qualified_name.h"
#include "entitlements/caller.h"
#include "entitlements/feature_use.h"
#include "entitlements/gateway_source.h"
#include "entitlements/wire.h"
#include "json/value.h"
#include "sql/patience.h"

namespace turnpike {

/// What is asked, once route and cost are known.
struct GatewayQuestion {
    GatewayTerms::Mode mode = GatewayTerms::Mode::Consume;
    Refusals refusals = Refusals::Forbidden;
    std::string customer;     ///< as load_standing takes it
    const RouteCost* cost;    ///< the catalog's; nullptr: nothing is counted
    const RouteGuard* guard;  ///< nullptr: none; one of the two is there
    Quantity units;
    std::shared_ptr<const Catalog> catalog;
    std::shared_ptr<const Guards> guards;
    const std::string& upgrade_url;
    Instant system_now;
};

namespace {

constexpr int kRetryAfterSeconds = 5;
/// A gateway waits 200 ms (Envoy's default), the way there and back included. An embedded ledger
/// cannot be away; a disk that is only busy is not worth a refusal.
std::chrono::milliseconds patience_with(const sql::Database& db) {
    return std::chrono::milliseconds(db.engine() == "postgres" ? 150 : 1'000);
}

Error ledger_down() {
    Error error{ErrorCode::Unavailable, "gateway.ledger_down",
                "usage cannot be checked at the moment"};
    error.retry_after_s = kRetryAfterSeconds;
    return error;
}

http::Response allow(const std::string& units) {
    http::Response response;
    response.status = 200;
    response.headers.reserve(5);
    response.headers.emplace_back("X-Turnpike-Units", units);
    return response;
}

http::Response refuse(const Error& error, const http::Request& request, Refusals refusals) {
    return refuse(http::problem(error, request), refusals);
}

/// 402 while a better plan exists, 429 where only time helps, and 403 where nothing does.
ErrorCode meaning_of(const Decision& decision) {
    if (decision.upgrade) return ErrorCode::PaymentRequired;
    const bool time_helps = decision.reason != DecisionReason::NotInPlan;
    return time_helps ? ErrorCode::LimitExceeded : ErrorCode::Forbidden;
}

http::Response deny(const Decision& decision, const Standing& standing,
                    const GatewayQuestion& question, const http::Request& request) {
    Error error =
        denial(decision, question.cost->meter_key, customer_now(standing, question.system_now));
    error.code = meaning_of(decision);
    auto response =
        refuse(write_denial(error, decision, request, question.upgrade_url), question.refusals);
    response.headers.emplace_back("X-Turnpike-Units", "0");
    return response;
}

Question question_of(const GatewayQuestion& question) {
    return {question.cost->meter_key, question.units, question.system_now};
}

ConsumeRequest use_of(const GatewayQuestion& question, std::string id) {
    return {.customer = question.customer,
            .meter_key = question.cost->meter_key,
            .quantity = question.units,
            .source = gateway_source(*question.cost),
            .id = std::move(id),
            .latency_us = std::nullopt,
            .time = std::nullopt};
}

void add_customer(http::Response& response, const Standing& standing) {
    response.headers.emplace_back("X-Turnpike-Customer", standing.customer.text());
    response.headers.emplace_back("X-Turnpike-Plan", standing.plan->key);
}

http::Response write_decision(const Decision& decision, const Standing& standing,
                              const GatewayQuestion& question, const http::Request& request) {
    http::Response response = decision.allowed ? allow(question.units.text())
                                               : deny(decision, standing, question, request);
    add_customer(response, standing);
    add_rate_headers(response.headers, decision, question.cost->meter_key,
                     customer_now(standing, question.system_now));
    return response;
}

/// A user is a customer of each catalog; he means the one that says something of the route.
std::optional<std::string> own_name(const Principal& caller, const Catalog& catalog,
                                    const std::string& of) {
    if (caller.kind != PrincipalKind::Customer || caller.customer) return std::nullopt;
    const bool is_primary = of.empty() || of == catalog.primary();
    return QualifiedName{is_primary ? "" : of, caller.external_id}.text();
}

/// A meter that counts uses counts one, whatever the route says.
Quantity units_of(const RouteCost* cost, const Catalog& catalog) {
    if (cost == nullptr) return {};
    const Meter* meter = catalog.meter(cost->meter_key);
    const bool counts_uses = meter != nullptr && meter->aggregation == Meter::Aggregation::Count;
    return Quantity::whole(counts_uses ? 1 : cost->units);
}

/// What a route is called in the count of requests that passed although the ledger failed.
RouteCost passed_route(const GatewayQuestion& question) {
    if (question.cost != nullptr) return *question.cost;
    return {.method = question.guard->method, .pattern = question.guard->pattern, .meter_key = ""};
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
            // Usage that cannot be recorded now is what on_failure is for.
            if (outcome.error().code != ErrorCode::Unavailable) attempt.error = outcome.error();
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
        attempt.decision = decide(**snapshot, *question.catalog, question_of(question));
    } catch (const sql::Failure&) {
        attempt = Attempt{};
    }
    co_return attempt;
}

asio::awaitable<GatewayApi::Attempt> GatewayApi::try_standing(Principal caller,
                                                              std::string customer) {
    Attempt attempt;
    try {
        const auto snapshot = co_await entitlements.snapshot_of(caller, std::move(customer));
        if (snapshot)
            attempt.standing = (*snapshot)->standing;
        else
            attempt.error = snapshot.error();
    } catch (const sql::Failure&) {
        attempt = Attempt{};
    }
    co_return attempt;
}

asio::awaitable<std::optional<http::Response>> GatewayApi::guard(const Principal& caller,
                                                                 const GatewayQuestion& question,
                                                                 const http::Request& request) {
    if (question.guard == nullptr) co_return std::nullopt;
    auto known = entitlements.standings.find(question.customer, question.system_now);
    std::optional<Standing> standing;
    if (known) standing = known->standing;
    if (!standing) {
        auto attempt = co_await sql::wait_at_most(patience_with(entitlements.db),
                                                  try_standing(caller, question.customer));
        if (attempt && attempt->error)
            co_return refuse(*attempt->error, request, question.refusals);
        if (attempt) standing = std::move(attempt->standing);
        if (!standing)
            known = entitlements.standings.find(question.customer, question.system_now,
                                                StandingCache::Age::Any);
        if (!standing && known) standing = known->standing;
    }
    const bool is_use = question.mode == GatewayTerms::Mode::Consume;
    if (!standing) {
        std::optional<ConsumeRequest> use;
        if (is_use && question.cost != nullptr)
            use = use_of(question, entitlements.ids.body(question.system_now));
        co_return degraded(request, question, std::move(use));
    }
    const UseWorld world{*question.catalog, entitlements.guards, question.upgrade_url,
                         question.system_now, is_use};
    auto refused = refuse_route(world, *standing, *question.guard, request);
    if (!refused && question.cost != nullptr) co_return std::nullopt;
    auto response = allow("0");
    if (refused) {
        response = refuse(*std::move(refused), question.refusals);
        response.headers.emplace_back("X-Turnpike-Units", "0");
    }
    add_customer(response, *standing);
    co_return response;
}

http::Response GatewayApi::degraded(const http::Request& request, const GatewayQuestion& question,
                                    std::optional<ConsumeRequest> use) {
    const Instant now = entitlements.clock.now();
    const auto known = entitlements.standings.find(question.customer, now, StandingCache::Age::Any);
    // What is only guarded comes here when nothing is known of the customer.
    const auto reason =
        question.cost != nullptr
            ? fail_open(*question.cost, known ? known->standing.plan.get() : nullptr)
            : FailOpen::UnknownCustomer;
    if (!reason) return refuse(ledger_down(), request, question.refusals);
    passed(passed_route(question), *reason);
    http::Response response = allow(question.units.text());
    response.headers.emplace_back("X-Turnpike-Degraded", "1");
    if (known) add_customer(response, known->standing);
    if (use) {
        const bool frozen = known && known->standing.time == Standing::Time::Frozen;
        use->time = frozen ? known->standing.now : now;
        recovery.remember(*std::move(use));
    }
    return response;
}

Result<std::optional<GatewayQuestion>> GatewayApi::read_question(
    const Principal& caller, const Result<GatewayTerms>& terms, const Result<GatewayRoute>& route) {
    if (!terms) return failure(terms);
    if (!route) return failure(route);
    auto catalog = entitlements.catalog.get();
    auto guards = entitlements.guards.get();
    const RouteCost* cost = catalog->route_cost(route->method, route->path);
    if (cost != nullptr && cost->units == 0) cost = nullptr;
    const RouteGuard* guard = guards->route(route->method, route->path);

    auto named = terms->customer;
    if (!named && guard != nullptr) named = own_name(caller, *catalog, guard->catalog);
    if (!named && cost != nullptr) named = own_name(caller, *catalog, cost->catalog);
    auto customer = customer_meant(caller, named);
    if (!customer) return failure(customer);
    if (cost == nullptr && guard == nullptr) return std::optional<GatewayQuestion>();
    const Quantity units = units_of(cost, *catalog);
    return GatewayQuestion{terms->mode,
                           terms->refusals,
                           *std::move(customer),
                           cost,
                           guard,
                           units,
                           std::move(catalog),
                           std::move(guards),
                           entitlements.upgrade_url,
                           entitlements.clock.now()};
}

asio::awaitable<Result<http::Response>> GatewayApi::authorize(const Principal& caller,
                                                              const http::Request& request) {
    return answer(caller, request, read_gateway_terms(request), read_gateway_route(request));
}

asio::awaitable<Result<http::Response>> GatewayApi::authorize_envoy(const Principal& caller,
                                                                    const http::Request& request) {
    const GatewayTerms terms{GatewayTerms::Mode::Consume, Refusals::ExactBelow500, std::nullopt};
    return answer(caller, request, terms, read_envoy_route(request));
}

asio::awaitable<Result<http::Response>> GatewayApi::answer(const Principal& caller,
                                                           const http::Request& request,
                                                           Result<GatewayTerms> terms,
                                                           Result<GatewayRoute> route) {
    if (caller.kind == PrincipalKind::Anonymous)
        co_return fail(ErrorCode::Unauthenticated, "gateway.unauthenticated",
                       "a customer's key or token is needed");
    const auto asked = read_question(caller, terms, route);
    if (!asked)
        co_return refuse(asked.error(), request, terms ? terms->refusals : Refusals::Forbidden);
    if (!*asked) co_return allow("0");
    const GatewayQuestion& question = **asked;
    if (auto decided = co_await guard(caller, question, request)) co_return *std::move(decided);

    const auto patience = patience_with(entitlements.db);
    std::optional<Attempt> attempt;
    std::optional<ConsumeRequest> use;
    if (question.mode == GatewayTerms::Mode::Check) {
        if (const auto known = entitlements.standings.find(question.customer, question.system_now))
            co_return write_decision(decide(*known, *question.catalog, question_of(question)),
                                     known->standing, question, request);
        attempt = co_await sql::wait_at_most(patience, try_check(caller, question));
    } else {
        use = use_of(question, entitlements.ids.body(entitlements.clock.now()));
        attempt = co_await sql::wait_at_most(patience, try_consume(caller, *use));
    }
    if (attempt && attempt->error) co_return refuse(*attempt->error, request, question.refusals);
    if (!attempt || !attempt->decision) co_return degraded(request, question, std::move(use));
    co_return write_decision(*attempt->decision, *attempt->standing, question, request);
}

}  // namespace turnpike
