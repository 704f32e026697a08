#include "dialects/saas_orgs.h"

#include <algorithm>
#include <string>

#include "entitlements/standing.h"
#include "json/value.h"
#include "people/organization_wire.h"
#include "people/organizations.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

struct OrgSummary {
    std::optional<Subscription> subscription{};
    std::string status = "none";  ///< by the customer's clock
    bool gives_plan = false;
    std::shared_ptr<const PlanVersion> plan;
    CapacityState users, projects;
};

Result<OrgSummary> load_summary(sql::Transaction& tx, CatalogCache& catalog,
                                const Organization& organization, Instant now) {
    const auto standing = load_standing(tx, catalog, organization.customer.text(), now);
    if (!standing) return failure(standing);
    const auto users = look_at_seats(tx, catalog, organization, Seats::Users, now);
    if (!users) return failure(users);
    const auto projects = look_at_seats(tx, catalog, organization, Seats::Projects, now);
    if (!projects) return failure(projects);
    OrgSummary summary{.plan = standing->plan, .users = *users, .projects = *projects};
    // A start that is still under way is no subscription yet.
    if (!standing->status || standing->status == SubscriptionStatus::Creating) return summary;
    summary.subscription = find_live_subscription(tx, organization.customer);
    summary.status = to_text(*standing->status);
    summary.gives_plan = standing->subscription.has_value();
    return summary;
}

/// This interface writes UTC without saying so: "2025-02-01T00:00:00".
std::string time_without_zone(Instant moment) {
    auto text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(moment));
    text.pop_back();
    return text;
}

/// The price that is paid; of a plan without a subscription, the first.
const Price* price_shown(const OrgSummary& summary) {
    const auto& prices = summary.plan->prices;
    const auto paid = std::ranges::find_if(prices, [&](const Price& price) {
        return summary.subscription && price.id == summary.subscription->price;
    });
    if (paid != prices.end()) return &*paid;
    return prices.empty() ? nullptr : &prices.front();
}

Json write_shown_plan(const OrgSummary& summary) {
    const auto* price = price_shown(summary);
    Json json;
    json["name"] = summary.plan->name;
    json["price"] = price == nullptr ? Json() : Json(price->amount.minor());
    json["currency"] = price == nullptr ? Json() : Json(to_text(price->amount.currency()));
    json["interval"] = price == nullptr ? Json() : Json(to_text(price->recurrence.interval));
    return json;
}

Json write_summary(const OrgSummary& summary) {
    const auto& subscription = summary.subscription;
    Json json;
    json["subscription"] = {
        {"active", summary.gives_plan},
        {"status", summary.status},
        {"current_period_end",
         subscription ? Json(time_without_zone(subscription->period.end)) : Json()},
    };
    json["plan"] = write_shown_plan(summary);
    json["usage"] = {{"users", write_capacity(summary.users)},
                     {"projects", write_capacity(summary.projects)}};
    return json;
}

}  // namespace

SaasOrgs::Answer SaasOrgs::get_summary(const Principal& caller, const http::Request& request) {
    auto work = [&](sql::Transaction& tx) -> Result<OrgSummary> {
        const auto access = member_of(tx, caller, request.path_value("org_id"));
        if (!access) return failure(access);
        return load_summary(tx, catalog, access->organization, clock.now());
    };
    const auto summary = co_await db.read(work);
    if (!summary) co_return failure(summary);
    co_return http::ok(write_summary(*summary));
}

SaasOrgs::Answer SaasOrgs::limit_of(const Principal& caller, const http::Request& request,
                                    Seats seats) {
    auto work = [&](sql::Transaction& tx) -> Result<CapacityState> {
        const auto access = member_of(tx, caller, request.path_value("org_id"));
        if (!access) return failure(access);
        return look_at_seats(tx, catalog, access->organization, seats, clock.now());
    };
    const auto state = co_await db.read(work);
    if (!state) co_return failure(state);
    co_return http::ok(write_capacity(*state));
}

SaasOrgs::Answer SaasOrgs::get_users_limit(const Principal& caller, const http::Request& request) {
    return limit_of(caller, request, Seats::Users);
}

SaasOrgs::Answer SaasOrgs::get_projects_limit(const Principal& caller,
                                              const http::Request& request) {
    return limit_of(caller, request, Seats::Projects);
}

}  // namespace turnpike
