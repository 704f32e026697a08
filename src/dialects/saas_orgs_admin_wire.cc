#include "dialects/saas_orgs_admin_wire.h"

#include <algorithm>
#include <map>

#include "json/write.h"
#include "monitoring/wire.h"
#include "people/wire.h"

namespace turnpike {
namespace {

constexpr int kRateDigits = 4;

Json write_head_count(const HeadCount& count) {
    return Json{{"total", count.total},
                {"active", count.active},
                {"inactive", count.inactive()},
                {"new_7_days", count.added}};
}

Json write_subscription_counts(const std::vector<RevenueGroup>& groups) {
    std::int64_t total = 0, active = 0, trialing = 0;
    std::map<std::string, std::int64_t> by_status;
    for (const RevenueGroup& group : groups) {
        by_status[group.status] += group.subscriptions;
        total += group.subscriptions;
        if (group.status == to_text(SubscriptionStatus::Active)) active += group.subscriptions;
        if (group.status == to_text(SubscriptionStatus::Trialing)) trialing += group.subscriptions;
    }
    return Json{
        {"total", total}, {"active", active}, {"trialing", trialing}, {"by_status", by_status}};
}

Json rounded_or_null(const std::optional<Fraction>& amount) {
    return amount ? Json(amount->rounded()) : Json();
}

Json write_org_revenue(const RecurringRevenue& revenue) {
    return Json{{"currency", to_text(revenue.currency)},
                {"mrr", revenue.mrr.rounded()},
                {"arr", revenue.arr().rounded()},
                {"arpc", rounded_or_null(revenue.arpc())},
                {"paying_customers", revenue.paying_customers}};
}

/// That of the currency in which most customers pay; dollars while nobody does.
RevenueGrowth leading(const std::vector<RevenueGrowth>& growth) {
    const auto most = std::ranges::max_element(
        growth, {}, [](const RevenueGrowth& one) { return one.now.paying_customers; });
    return most == growth.end() ? RevenueGrowth{} : *most;
}

Json write_holding(const std::optional<OrgHolding>& holding) {
    if (!holding) return Json{{"subscription_status", "none"}, {"plan", nullptr}};
    return Json{{"subscription_status", to_text(holding->status)}, {"plan", holding->plan}};
}

void add_organization(Json& json, const std::optional<Organization>& organization) {
    json["organization_id"] = organization ? Json(organization->id.text()) : Json();
    json["organization_name"] = organization ? Json(organization->name) : Json();
}

void add_watched(Json& json, const WatchedSubscription& watched) {
    json["subscription_id"] = watched.id.text();
    json["price_amount"] = watched.amount.minor();
    json["currency"] = to_text(watched.amount.currency());
}

}  // namespace

Json write_org_dashboard(const OrgDashboard& dashboard) {
    const RevenueGrowth growth = leading(dashboard.growth);
    const Fraction change = growth.now.mrr - growth.before.mrr;
    const auto rate = growth.rate();
    Json json = write_org_revenue(growth.now);
    json["object"] = "dashboard";
    json["as_of"] = format_rfc3339(dashboard.now);
    json["users"] = write_head_count(dashboard.users);
    json["organizations"] = write_head_count(dashboard.organizations);
    json["subscriptions"] = write_subscription_counts(dashboard.groups);
    json["growth_7_days"] = {{"mrr_before", growth.before.mrr.rounded()},
                             {"mrr_change", change.rounded()},
                             {"mrr_rate", rate ? Json(rate->text(kRateDigits)) : Json()},
                             {"users", dashboard.users.added},
                             {"organizations", dashboard.organizations.added}};
    json["revenue"] = Json::array();
    for (const RevenueGrowth& one : dashboard.growth)
        json["revenue"].push_back(write_org_revenue(one.now));
    return json;
}

Json write_admin_organization(const AdminOrganization& row) {
    const Organization& organization = row.listed.organization;
    const Subscription* held = row.holding ? &row.holding->subscription : nullptr;
    Json json = write_holding(row.holding);
    json["id"] = organization.id.text();
    json["object"] = "organization";
    json["name"] = organization.name;
    json["slug"] = organization.slug;
    json["is_active"] = is_active(organization);
    json["members"] = row.listed.members;
    json["projects"] = row.listed.projects;
    json["mrr"] = row.revenue ? row.revenue->mrr.rounded() : 0;
    json["currency"] = row.revenue ? Json(to_text(row.revenue->currency)) : Json();
    json["created_at"] = format_rfc3339(organization.created_at);
    json["deactivated_at"] = write_instant(organization.deactivated_at);
    json["subscription_id"] = held != nullptr ? Json(held->id.text()) : Json();
    const auto when = [&](std::optional<Instant> Subscription::* moment) {
        return held != nullptr ? write_instant(held->*moment) : Json();
    };
    json["subscribed_at"] = when(&Subscription::started_at);
    json["trial_end"] = when(&Subscription::trial_end);
    json["current_period_end"] = held != nullptr ? Json(format_rfc3339(held->period.end)) : Json();
    json["cancel_at"] = when(&Subscription::cancel_at);
    json["canceled_at"] = when(&Subscription::canceled_at);
    json["ended_at"] = when(&Subscription::ended_at);
    return json;
}

Json write_user_details(const UserDetails& details) {
    Json json = write_user(details.user);
    json["organizations"] = Json::array();
    for (const auto& [affiliation, holding] : details.organizations) {
        const Organization& organization = affiliation.organization;
        Json one = write_holding(holding);
        one["id"] = organization.id.text();
        one["name"] = organization.name;
        one["slug"] = organization.slug;
        one["is_active"] = is_active(organization);
        one["role"] = to_text(affiliation.role);
        one["member_since"] = format_rfc3339(affiliation.since);
        json["organizations"].push_back(std::move(one));
    }
    return json;
}

Json write_org_expiring(const ExpiringSubscription& row,
                        const std::optional<Organization>& organization) {
    Json json = write_expiring(row);
    add_watched(json, row.subscription);
    add_organization(json, organization);
    // The word of this interface.
    if (row.reason == ExpiryReason::TrialEnd) json["reason"] = "trial_ending";
    return json;
}

Json write_org_failing(const FailingSubscription& row,
                       const std::optional<Organization>& organization) {
    Json json = write_failing(row);
    add_watched(json, row.subscription);
    add_organization(json, organization);
    return json;
}

}  // namespace turnpike
