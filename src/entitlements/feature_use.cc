#include "entitlements/feature_use.h"

#include <fmt/format.h>

#include "access/rate_limit_wire.h"
#include "entitlements/feature_answer.h"
#include "entitlements/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

http::Response not_in_plan(const UseWorld& world, const Standing& standing, std::string_view name,
                           const std::optional<UpgradeHint>& upgrade,
                           const http::Request& request) {
    const PlanVersion& plan = *standing.plan;
    Error error{upgrade ? ErrorCode::PaymentRequired : ErrorCode::Forbidden, "not_in_plan",
                fmt::format("the plan {} does not include {}{}", plan.name, name,
                            upgrade ? "; it needs " + upgrade->name : std::string())};
    error.details = {{"feature", std::string(name)}, {"plan", plan.key}};
    Json members = Json::object();
    if (upgrade) {
        members["upgrade"] = write_upgrade(*upgrade);
        if (!world.upgrade_url.empty()) members["upgrade_url"] = world.upgrade_url;
    }
    return http::problem(error, request, members);
}

std::optional<http::Response> refuse_often(const UseWorld& world, const Standing& standing,
                                           std::string_view what, const UseRate* rate,
                                           const http::Request& request) {
    if (rate == nullptr || !world.is_use) return std::nullopt;
    const auto verdict = world.guards.take(standing.customer, what, *rate, world.now);
    if (verdict.allowed) return std::nullopt;
    return write_rate_limited({what, rate->count, rate->window}, verdict, request);
}

}  // namespace

std::optional<http::Response> refuse_feature(const UseWorld& world, const Standing& standing,
                                             std::string_view feature_key,
                                             const http::Request& request) {
    const std::string& catalog = standing.plan->catalog;
    const Feature* feature = world.catalog.feature(catalog, feature_key);
    if (feature == nullptr) return not_in_plan(world, standing, feature_key, std::nullopt, request);
    const FeatureQuestion question{*feature, 1, 0, customer_now(standing, world.now)};
    const FeatureAnswer answer = answer_feature(standing, world.catalog, question);
    if (!answer.allowed) return not_in_plan(world, standing, feature->key, answer.upgrade, request);
    const auto guards = world.guards.get();
    return refuse_often(world, standing, feature->key, guards->rate(catalog, feature->key),
                        request);
}

std::optional<http::Response> refuse_route(const UseWorld& world, const Standing& standing,
                                           const RouteGuard& guard, const http::Request& request) {
    if (!guard.feature_key.empty() && guard.catalog != standing.plan->catalog)
        return not_in_plan(world, standing, guard.feature_key, std::nullopt, request);
    if (!guard.feature_key.empty())
        if (auto refused = refuse_feature(world, standing, guard.feature_key, request))
            return refused;
    const UseRate* rate = guard.rate_limit ? &*guard.rate_limit : nullptr;
    return refuse_often(world, standing, guard_name(guard), rate, request);
}

}  // namespace turnpike
