#include "sandbox/chaos/chaos.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/status.h"
#include "json/value.h"
#include "sandbox/chaos/plan.h"
#include "sandbox/chaos/store.h"
#include "sandbox/inspector/guard.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kControlPath = "/_sandbox/chaos";
constexpr std::int64_t kShownMax = 100;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;

asio::awaitable<void> wait_on_timer(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

bool is_call(const http::Request& request) {
    const auto& path = request.path;
    return path.size() > 2 && path.starts_with("/v") && path[2] >= '0' && path[2] <= '9';
}

Occasion occasion_of(const http::Request& request) {
    const auto method = std::string(http::to_text(request.method));
    return {.traffic = Traffic::Calls,
            .about = method + " " + request.path,
            .place = place_of_call(method, request.path)};
}

Json to_json(const Happened& happened) {
    return Json{{"at", format_rfc3339(happened.at)},
                {"rule", happened.rule ? Json(*happened.rule) : Json()},
                {"do", std::string(name_of(happened.misfortune))},
                {"about", happened.about}};
}

Json load_overview(sql::Transaction& tx, const ChaosPlan& plan) {
    auto overview = to_json(plan);
    const auto strikes = load_strikes(tx, plan.rules.size());
    for (std::size_t i = 0; i < strikes.size(); ++i) overview["rules"][i]["strikes"] = strikes[i];
    overview["happened"] = Json::array();
    for (const auto& happened : load_happened(tx, kShownMax))
        overview["happened"].push_back(to_json(happened));
    return overview;
}

void replace_plan(sql::Transaction& tx, const ChaosPlan& plan, Instant now) {
    clear_chaos(tx, now);
    save_plan(tx, plan);
}

bool concerns(const ChaosPlan& plan, const Occasion& occasion) {
    return std::ranges::any_of(plan.rules,
                               [&](const ChaosRule& rule) { return is_about(rule, occasion); });
}

Error no_versions() {
    return {ErrorCode::InvalidArgument, "chaos.no_versions",
            "This provider's webhooks have no versions: old_version cannot happen to them."};
}

http::Response method_not_allowed(const http::Request& request) {
    auto response = http::plain_problem(405, "http.method_not_allowed",
                                        "GET, PUT, POST and DELETE are known here.", request);
    response.headers.emplace_back("Allow", "GET, PUT, POST, DELETE");
    return response;
}

}  // namespace

Chaos::Chaos(ProviderTwin& twin) : Chaos(twin, wait_on_timer) {}

Chaos::Chaos(ProviderTwin& twin, Wait wait) : twin_(twin), wait_(std::move(wait)) {
    publish({.plan = twin_.database().read_blocking(load_plan)});
}

void Chaos::publish(Change change) {
    std::shared_ptr<const ChaosPlan> plan;
    if (change.plan) plan = std::make_shared<const ChaosPlan>(*std::move(change.plan));
    const std::scoped_lock lock(mutex_);
    if (change.number < published_) return;
    published_ = change.number;
    plan_ = std::move(plan);
}

std::shared_ptr<const ChaosPlan> Chaos::plan() const {
    const std::scoped_lock lock(mutex_);
    return plan_;
}

bool Chaos::knows(Misfortune misfortune) const {
    return misfortune != Misfortune::OldVersion || twin_.has_versions();
}

ChaosPlan Chaos::possible(ChaosPlan plan) const {
    std::erase_if(plan.rules, [this](const ChaosRule& rule) { return !knows(rule.misfortune); });
    return plan;
}

/// What somebody has asked for by name; the random plan of a body without rules names nothing.
std::optional<Error> Chaos::unknown_rule_in(const Json& body, const ChaosPlan& plan) const {
    const auto unknown = [this](const ChaosRule& rule) { return !knows(rule.misfortune); };
    if (!body.contains("rules") || std::ranges::none_of(plan.rules, unknown)) return std::nullopt;
    return no_versions();
}

void Chaos::set_at_start(const ChaosPlan& wanted) {
    const auto known = this->plan();
    const auto plan = possible(wanted);
    if (known && *known == plan) return;
    publish(twin_.database().write_blocking([&](sql::Transaction& tx) {
        replace_plan(tx, plan, twin_.clock().now());
        return Change{++changes_, plan};
    }));
}

asio::awaitable<void> Chaos::set(ChaosPlan wanted) {
    auto plan = possible(std::move(wanted));
    auto replace = [&](sql::Transaction& tx) {
        replace_plan(tx, plan, twin_.clock().now());
        return Change{++changes_, plan};
    };
    publish(co_await twin_.database().write(replace));
}

asio::awaitable<Result<std::monostate>> Chaos::add(ChaosRule rule) {
    if (!knows(rule.misfortune)) co_return std::unexpected(no_versions());
    auto append = [&](sql::Transaction& tx) -> std::optional<Change> {
        auto plan = load_plan(tx).value_or(ChaosPlan{});
        if (plan.rules.size() >= kChaosRulesMax) return std::nullopt;
        plan.rules.push_back(rule);
        save_plan(tx, plan);
        return Change{++changes_, std::move(plan)};
    };
    auto change = co_await twin_.database().write(append);
    if (!change)
        co_return fail(ErrorCode::LimitExceeded, "chaos.too_many_rules",
                       "A plan has up to " + std::to_string(kChaosRulesMax) + " rules.");
    publish(*std::move(change));
    co_return std::monostate{};
}

asio::awaitable<bool> Chaos::remove(std::size_t place, ChaosRule seen) {
    auto take_out = [&](sql::Transaction& tx) -> std::optional<Change> {
        auto plan = load_plan(tx).value_or(ChaosPlan{});
        if (place >= plan.rules.size() || plan.rules[place] != seen) return std::nullopt;
        plan.rules.erase(plan.rules.begin() + static_cast<std::ptrdiff_t>(place));
        forget_rule(tx, place, twin_.clock().now());
        save_plan(tx, plan);
        return Change{++changes_, std::move(plan)};
    };
    auto change = co_await twin_.database().write(take_out);
    if (!change) co_return false;
    publish(*std::move(change));
    co_return true;
}

asio::awaitable<void> Chaos::clear() {
    auto clear = [&](sql::Transaction& tx) {
        clear_chaos(tx, twin_.clock().now());
        return Change{++changes_, std::nullopt};
    };
    publish(co_await twin_.database().write(clear));
}

asio::awaitable<Json> Chaos::overview() {
    auto look = [](sql::Transaction& tx) {
        return load_overview(tx, load_plan(tx).value_or(ChaosPlan{}));
    };
    co_return co_await twin_.database().read(look);
}

asio::awaitable<http::Response> Chaos::handle(http::Request& request) {
    if (request.path == kControlPath) {
        auto controlling = control(request);
        co_return co_await std::move(controlling);
    }
    auto striking = strike(request);
    const auto rule = co_await std::move(striking);
    auto answering = rule ? suffer(*rule, request) : forward(request);
    co_return co_await std::move(answering);
}

asio::awaitable<http::Response> Chaos::control(const http::Request& request) {
    using http::Method;
    if (const auto why = refusal_of_guard(request); !why.empty())
        co_return http::plain_problem(403, "chaos.refused", why, request);
    if (request.method == Method::Delete) {
        co_await clear();
    } else if (request.method == Method::Put || request.method == Method::Post) {
        auto changing = change_plan(request);
        co_return co_await std::move(changing);
    } else if (request.method != Method::Get && request.method != Method::Head) {
        co_return method_not_allowed(request);
    }
    co_return http::ok(co_await overview());
}

/// Only as JSON, which no page of another site can send without being asked.
asio::awaitable<http::Response> Chaos::change_plan(const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return http::problem(body.error(), request);
    if (request.method == http::Method::Put) {
        auto plan = read_plan(*body);
        if (!plan) co_return http::problem(plan.error(), request);
        if (const auto unknown = unknown_rule_in(*body, *plan))
            co_return http::problem(*unknown, request);
        auto setting = set(*std::move(plan));
        co_await std::move(setting);
    } else {
        auto rule = read_rule(*body);
        if (!rule) co_return http::problem(rule.error(), request);
        auto adding = add(*std::move(rule));
        const auto added = co_await std::move(adding);
        if (!added) co_return http::problem(added.error(), request);
    }
    co_return http::ok(co_await overview());
}

/// The rule that strikes this call; its count is committed.
asio::awaitable<std::optional<ChaosRule>> Chaos::strike(const http::Request& request) {
    const auto known = this->plan();
    if (!known || !is_call(request)) co_return std::nullopt;
    auto occasion = occasion_of(request);
    if (!concerns(*known, occasion)) co_return std::nullopt;
    auto choose = [&](sql::Transaction& tx) -> std::optional<ChaosRule> {
        const auto plan = load_plan(tx);
        if (!plan || !concerns(*plan, occasion)) return std::nullopt;
        occasion.nth = count_occasion(tx, occasion.place);
        const auto rule = choose_rule(*plan, load_strikes(tx, plan->rules.size()), occasion);
        if (!rule) return std::nullopt;
        const auto& chosen = plan->rules[*rule];
        add_strike(tx, *rule);
        record_happened(tx, {.at = twin_.clock().now(),
                             .rule = rule,
                             .misfortune = chosen.misfortune,
                             .about = occasion.about});
        return chosen;
    };
    co_return co_await twin_.database().write(choose);
}

asio::awaitable<http::Response> Chaos::suffer(const ChaosRule& rule, http::Request& request) {
    http::Response no_answer;
    no_answer.status = http::kNoAnswer;
    std::unique_ptr<CallHold> held;
    switch (rule.misfortune) {
        case Misfortune::RateLimit: co_return twin_.excuse(request, kTooManyRequests);
        case Misfortune::Error: co_return twin_.excuse(request, kServerError);
        case Misfortune::Timeout: {
            held = twin_.hold(request);
            co_await wait_(rule.wait);
            co_return no_answer;
        }
        case Misfortune::TimeoutAfterCommit: {
            co_await forward(request);
            co_await wait_(rule.wait);
            co_return no_answer;
        }
        case Misfortune::ErrorAfterCommit: {
            held = twin_.hold(request);  // its answer is not what it will be yet
            const auto given = co_await forward(request);
            co_return co_await keep_error(request, given);
        }
        case Misfortune::Truncate: {
            auto answer = co_await forward(request);
            answer.body.resize(answer.body.size() / 2);
            co_return answer;
        }
        case Misfortune::Delay: {
            held = twin_.hold(request);
            co_await wait_(rule.wait);
            break;
        }
        case Misfortune::Drop:
        case Misfortune::Duplicate:
        case Misfortune::Reorder:
        case Misfortune::Burst:
        case Misfortune::OldSecret:
        case Misfortune::WrongSignature:
        case Misfortune::OldVersion: break;  // of webhooks
    }
    co_return co_await forward(request);
}

asio::awaitable<http::Response> Chaos::forward(http::Request& request) {
    return twin_.handle(request);
}

/// A repeat of the request gets the error too, as at a provider that has stored it.
asio::awaitable<http::Response> Chaos::keep_error(const http::Request& request,
                                                  const http::Response& given) {
    auto error = twin_.excuse(request, kServerError);
    auto keep = [&](sql::Transaction& tx) {
        twin_.keep_answer(tx, request, given, error);
        return true;
    };
    co_await twin_.database().write(keep);
    co_return error;
}

}  // namespace turnpike::twin
