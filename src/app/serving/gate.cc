#include "app/serving/gate.h"

#include <algorithm>
#include <chrono>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "access/authenticator.h"
#include "access/idempotency_key.h"
#include "access/keyed_request.h"
#include "access/policy.h"
#include "access/rate_limit.h"
#include "access/rate_limit_wire.h"
#include "app/serving/app.h"
#include "app/serving/routes.h"
#include "base/check.h"
#include "http/client_address.h"
#include "http/router.h"
#include "sql/sql.h"

namespace turnpike {
namespace {

std::vector<http::Router::Entry> router_entries() {
    std::vector<http::Router::Entry> entries;
    for (const auto& route : all_routes()) entries.push_back({route.method, route.pattern});
    return entries;
}

std::vector<const Policy*> route_policies(const Config& config) {
    std::vector<const Policy*> policies;
    for (const auto& route : all_routes()) {
        const auto* policy = policy_of(http::to_text(route.method), route.pattern);
        check(policy != nullptr, "every route has a policy");
        const bool is_checkout = policy->pattern == kKeyedCheckout.pattern;
        policies.push_back(is_checkout && config.checkout_needs_key ? &kKeyedCheckout : policy);
    }
    return policies;
}

/// Whether each route is of an interface that is served.
std::vector<bool> served_routes(const Config& config) {
    std::vector<bool> served;
    for (const Policy* policy : route_policies(config))
        served.push_back(policy->preset.empty() ||
                         std::ranges::find(config.presets, policy->preset) != config.presets.end());
    return served;
}

std::vector<bool> critical_routes(const Config& config) {
    std::vector<bool> critical;
    for (const Policy* policy : route_policies(config)) critical.push_back(is_critical(*policy));
    return critical;
}

/// A browser sends its cookie by itself, an outlived one too: where nobody need be known, only a
/// header says who asks.
bool reads_credential(const Policy& policy, const http::Request& request) {
    if (policy.who != Who::OptionalCredential) return policy.who != Who::Public;
    return request.header("Authorization") != nullptr || request.header("X-API-Key") != nullptr;
}

/// Pages that say nothing else themselves run no script and load nothing from elsewhere.
void protect_page(http::Response& response) {
    const auto* type = http::find_header(response.headers, "Content-Type");
    if (type == nullptr || !type->starts_with("text/html")) return;
    if (http::find_header(response.headers, "Content-Security-Policy") != nullptr) return;
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' "
                                  "data:; form-action 'self'; base-uri 'none'; "
                                  "frame-ancestors 'none'");
}

std::vector<std::string_view> route_patterns() {
    std::vector<std::string_view> patterns;
    for (const auto& route : all_routes()) patterns.push_back(route.pattern);
    return patterns;
}

http::Response no_route(const http::Router::Match& match, const http::Request& request) {
    if (match.found || match.miss == http::Router::Miss::NoSuchPath)
        return http::problem(
            Error{ErrorCode::NotFound, "http.no_route", "there is nothing at this path"}, request);
    auto response = http::plain_problem(405, "http.method_not_allowed",
                                        "the path exists, but not with this method", request);
    std::string allowed;
    for (const auto method : match.allowed)
        allowed += (allowed.empty() ? "" : ", ") + std::string(http::to_text(method));
    response.headers.emplace_back("Allow", std::move(allowed));
    return response;
}

Error ledger_failed(const sql::Failure& failure, const http::Request& request) {
    spdlog::error("event=ledger.failed request_id={} message=\"{}\"", request.request_id,
                  failure.what());
    Error error{failure.outcome_unknown() ? ErrorCode::OutcomeUnknown : ErrorCode::Unavailable,
                "ledger.unavailable", "the ledger does not answer; try again shortly"};
    error.retry_after_s = 5;
    return error;
}

}  // namespace

struct Gate::State {
    App& app;
    std::vector<http::Router::Entry> entries = router_entries();
    std::vector<const Policy*> policies = route_policies(app.config);
    std::vector<bool> served = served_routes(app.config);
    std::vector<bool> critical = critical_routes(app.config);
    http::Router router{entries};
    http::RequestMetrics requests{app.metrics, route_patterns()};

    /// From here on the peer is who asks, not the proxy that he asks through.
    void find_caller(http::Request& request) const {
        const auto& proxies = app.config.trusted_proxies;
        if (proxies.empty()) return;
        request.peer = http::client_address(proxies, request.peer, request.headers);
    }

    /// Refused credentials are counted per peer, so that guessing gets slow.
    http::Response refused(const Error& error, const http::Request& request) {
        const auto verdict = app.rate_limiter.take(
            RateClass::AuthFailure, http::limited_peer(request.peer), app.clock.now());
        if (verdict.allowed) return http::problem(error, request);
        return write_rate_limited(*rate_rule(RateClass::AuthFailure), verdict, request);
    }

    /// Who asks, when he may; otherwise what he is answered, whatever his body holds.
    using Admission = std::variant<Principal, http::Response>;
    Admission admission_of(const Policy& policy, Result<Principal> principal,
                           const http::Request& request) {
        if (!principal) return refused(principal.error(), request);
        const auto allowed = authorize(policy, *principal);
        if (!allowed) return http::problem(allowed.error(), request);
        return *std::move(principal);
    }
    /// nullopt: the ledger must be asked. Most requests need no coroutine of their own for this.
    std::optional<Admission> admit_at_once(const Policy& policy, const http::Request& request) {
        if (!reads_credential(policy, request)) return admission_of(policy, Principal{}, request);
        auto known = app.authenticator.authenticate_at_once(request);
        if (!known) return std::nullopt;
        return admission_of(policy, *std::move(known), request);
    }
    asio::awaitable<Admission> admit(const Policy& policy, const http::Request& request) {
        Result<Principal> principal;
        try {
            principal = co_await app.authenticator.authenticate(request);
        } catch (const sql::Failure& failure) {
            co_return http::problem(ledger_failed(failure, request), request);
        }
        co_return admission_of(policy, std::move(principal), request);
    }

    /// Answers of what is not critical, when there is too much of it.
    http::Response turned_away(const RequestLimits::Verdict& verdict,
                               const http::Request& request) const {
        app.metrics.counter(http::kHttpShed, {{"reason", std::string(to_text(verdict.shed))}})
            .add();
        if (verdict.shed == Shed::Rate)
            return write_rate_limited(app.request_limits.rule(), verdict.rate, request);
        const bool own = verdict.shed == Shed::Caller;
        Error error = own ? Error{ErrorCode::LimitExceeded, "access.too_many_in_flight",
                                  "too many requests of this caller are being handled"}
                          : Error{ErrorCode::Unavailable, "http.overloaded",
                                  "the server is busy with what cannot wait"};
        error.retry_after_s = own ? 1 : 2;
        return http::problem(error, request);
    }

    /// The handler, unless this request was answered before. Errors come out as an answer when they
    /// are to be told again.
    asio::awaitable<Result<http::Response>> handle_once(std::size_t index,
                                                        const Principal& principal,
                                                        http::Request& request) {
        const auto& route = all_routes()[index];
        const auto* header = request.header("Idempotency-Key");
        if (header == nullptr && policies[index]->repeats == Repeats::KeyRequired)
            co_return invalid_argument("idempotency.key_required",
                                       "send an Idempotency-Key with this request");
        if (header == nullptr) co_return co_await route.handler(app, principal, request);
        const auto key = read_idempotency_key(*header);
        if (!key) co_return failure(key);
        auto begun = co_await app.keyed_requests.begin(principal.name, request, *key);
        if (!begun) co_return failure(begun);
        if (begun->answer) co_return *std::move(begun->answer);

        const KeyedRun& run = *begun->run;
        Principal asking = principal;
        asking.keyed = &run;
        Result<http::Response> response;
        std::exception_ptr broken;
        try {
            response = co_await route.handler(app, asking, request);
        } catch (...) {
            broken = std::current_exception();
        }
        if (broken) {
            co_await app.keyed_requests.suspend(run);
            std::rethrow_exception(broken);
        }
        auto answer = response ? *std::move(response) : http::problem(response.error(), request);
        if (co_await app.keyed_requests.end(run, answer)) co_return answer;
        co_return fail(ErrorCode::OutcomeUnknown, "idempotency.taken_over",
                       "this request took so long that a repetition took over; ask again");
    }

    asio::awaitable<Result<http::Response>> serve(std::size_t index, http::Request& request) {
        const Policy& policy = *policies[index];
        auto admission = admit_at_once(policy, request);
        if (!admission) admission = co_await admit(policy, request);
        if (auto* refusal = std::get_if<http::Response>(&*admission)) co_return std::move(*refusal);
        auto& principal = std::get<Principal>(*admission);
        principal.needed_role = policy.role;

        const std::string peer = principal.name.empty() ? http::limited_peer(request.peer) : "";
        const std::string& who = principal.name.empty() ? peer : principal.name;
        const auto verdict = app.rate_limiter.take(policy.rate, who, app.clock.now());
        if (!verdict.allowed)
            co_return write_rate_limited(*rate_rule(policy.rate), verdict, request);
        std::optional<RequestLimits::Verdict> place;
        if (!critical[index]) {
            place.emplace(app.request_limits.enter(who, app.clock.now(), app.db->backlog()));
            if (place->shed != Shed::No) co_return turned_away(*place, request);
        }

        request.caller = principal.name;
        auto response = takes_key(policy)
                            ? co_await handle_once(index, principal, request)
                            : co_await all_routes()[index].handler(app, principal, request);
        if (!response) co_return failure(response);
        for (auto& header : rate_headers(policy.rate, verdict))
            response->headers.push_back(std::move(header));
        if (place)
            for (auto& header : rate_headers(app.request_limits.rule(), place->rate))
                response->headers.push_back(std::move(header));
        co_return response;
    }
};

Gate::Gate(App& app) : state_(new State{.app = app}) {}
Gate::~Gate() = default;

asio::awaitable<http::Response> Gate::answer(http::Request& request) {
    const auto began = std::chrono::steady_clock::now();
    state_->find_caller(request);
    const auto match = state_->router.match(request);
    if (!match.found || !state_->served[match.index]) {
        auto refused = no_route(match, request);
        state_->requests.record(state_->requests.unmatched(), refused.status,
                                std::chrono::steady_clock::now() - began);
        co_return refused;
    }
    std::optional<Error> error;
    http::Response response;
    try {
        auto served = co_await state_->serve(match.index, request);
        if (served)
            response = *std::move(served);
        else
            error = std::move(served.error());
    } catch (const sql::Failure& failure) {
        error = ledger_failed(failure, request);
    }
    if (error) response = http::problem(*error, request);
    protect_page(response);
    state_->requests.record(match.index, response.status, std::chrono::steady_clock::now() - began);
    co_return response;
}

asio::awaitable<std::optional<http::Response>> Gate::refusal_of_large_body(http::Request& head) {
    const auto began = std::chrono::steady_clock::now();
    state_->find_caller(head);
    const auto match = state_->router.match(head);
    check(match.found, "large bodies are for routes that are there");
    const Policy& policy = *state_->policies[match.index];
    auto admission = state_->admit_at_once(policy, head);
    if (!admission) admission = co_await state_->admit(policy, head);
    auto* refusal = std::get_if<http::Response>(&*admission);
    if (refusal == nullptr) co_return std::nullopt;
    state_->requests.record(match.index, refusal->status, std::chrono::steady_clock::now() - began);
    co_return std::move(*refusal);
}

}  // namespace turnpike
