#include "dialects/saas_orgs_plans.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/authority.h"
#include "billing/plans/plans.h"
#include "catalog/feature_list.h"
#include "catalog/price_links.h"
#include "catalog/service.h"
#include "dialects/saas_orgs_plan_wire.h"
#include "json/value.h"
#include "payments/stripe/known_product.h"
#include "payments/stripe/provider.h"

namespace turnpike {
namespace {

Json show_plan(sql::Transaction& tx, const PlanVersion& plan, std::vector<std::string> features) {
    ShownPlan shown{plan, std::move(features), stripe::known_product(tx, plan.id), std::nullopt};
    if (!plan.prices.empty())
        shown.stripe_price = find_provider_price(tx, plan.prices.front().id, stripe::kProviderName);
    return write_saas_plan(shown);
}

/// Of everything that is sold, so that as many queries are made for a hundred plans as for one.
struct SoldDetails {
    std::map<std::string, std::vector<std::string>> features;  ///< names, by version
    std::map<std::string, std::string> products, price_links;  ///< Stripe's; by version, by price

    [[nodiscard]] ShownPlan of(const PlanVersion& plan) const {
        ShownPlan shown{plan, {}, std::nullopt, std::nullopt};
        const auto known = features.find(plan.id.text());
        if (known != features.end()) shown.features = known->second;
        shown.stripe_product = entry(products, plan.id.text());
        if (!plan.prices.empty())
            shown.stripe_price = entry(price_links, plan.prices.front().id.text());
        return shown;
    }

private:
    static std::optional<std::string> entry(const std::map<std::string, std::string>& of,
                                            const std::string& key) {
        const auto found = of.find(key);
        return found == of.end() ? std::nullopt : std::optional(found->second);
    }
};

std::unexpected<Error> no_such_plan() {
    return not_found("catalog.no_such_plan", "there is no such plan");
}

}  // namespace

asio::awaitable<Result<PlanVersion>> SaasOrgsPlans::named_plan(const http::Request& request) {
    const auto id = PlanId::parse(request.path_value("plan_id"));
    if (!id) co_return no_such_plan();
    auto plan =
        co_await billing.db.read([&](sql::Transaction& tx) { return find_plan(tx, id->text()); });
    if (!plan || plan->catalog != catalog) co_return no_such_plan();
    co_return plan;
}

SaasOrgsPlans::Answer SaasOrgsPlans::answer_with(int status, const PlanVersion& plan) {
    const auto body = co_await billing.db.read(
        [&](sql::Transaction& tx) { return show_plan(tx, plan, feature_list(tx, plan.id)); });
    co_return http::json_response(status, body);
}

// GET /api/plans
SaasOrgsPlans::Answer SaasOrgsPlans::get_plans(const Principal&, const http::Request&) {
    const auto sold = billing.catalog.get();
    std::vector<PlanVersionId> versions;
    for (const PlanVersion& plan : sold->plans)
        if (plan.catalog == catalog) versions.push_back(plan.id);
    auto work = [&](sql::Transaction& tx) {
        return SoldDetails{sold_feature_lists(tx, catalog), stripe::known_products(tx, versions),
                           sold_price_links(tx, stripe::kProviderName, catalog)};
    };
    const auto details = co_await billing.db.read(work);
    Json data = Json::array();
    for (const PlanVersion& plan : sold->plans)
        if (plan.catalog == catalog) data.push_back(write_saas_plan(details.of(plan)));
    Json body;
    body["object"] = "list";
    body["data"] = std::move(data);
    body["has_more"] = false;
    body["next_cursor"] = nullptr;
    co_return http::ok(body);
}

// GET /api/plans/{plan_id}
SaasOrgsPlans::Answer SaasOrgsPlans::get_plan(const Principal&, const http::Request& request) {
    const auto plan = co_await named_plan(request);
    if (!plan) co_return failure(plan);
    if (plan->is_archived) co_return no_such_plan();
    co_return co_await answer_with(200, *plan);
}

// POST /api/plans
SaasOrgsPlans::Answer SaasOrgsPlans::post_plan(const Principal& caller,
                                               const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto wanted = read_saas_plan(*body);
    if (!wanted) co_return failure(wanted);
    wanted->catalog = catalog;
    Authority authority = authority_of(caller, request);
    const auto made = co_await sell_plan(billing, *std::move(wanted), std::move(authority));
    if (!made) co_return failure(made);
    co_return co_await answer_with(201, *made);
}

// PUT /api/plans/{plan_id}
SaasOrgsPlans::Answer SaasOrgsPlans::put_plan(const Principal& caller,
                                              const http::Request& request) {
    const auto plan = co_await named_plan(request);
    if (!plan) co_return failure(plan);
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto patch = read_saas_plan_patch(*body, *plan);
    if (!patch) co_return failure(patch);
    PlanChange change{plan->plan.text(), *std::move(patch), authority_of(caller, request)};
    const auto changed = co_await sell_changed_plan(billing, std::move(change));
    if (!changed) co_return failure(changed);
    co_return co_await answer_with(200, *changed);
}

// DELETE /api/plans/{plan_id}
SaasOrgsPlans::Answer SaasOrgsPlans::delete_plan(const Principal& caller,
                                                 const http::Request& request) {
    const auto plan = co_await named_plan(request);
    if (!plan) co_return failure(plan);
    Authority authority = authority_of(caller, request);
    const auto gone = co_await stop_selling_plan(billing, plan->plan.text(), std::move(authority));
    if (!gone) co_return failure(gone);
    co_return co_await answer_with(200, *gone);
}

}  // namespace turnpike
