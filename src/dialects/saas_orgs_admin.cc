#include "dialects/saas_orgs_admin.h"

#include <chrono>
#include <utility>
#include <vector>

#include "access/page.h"
#include "base/decimal.h"
#include "billing/provider/customer_time.h"
#include "catalog/service.h"
#include "dialects/saas_orgs_admin_wire.h"
#include "json/value.h"
#include "people/users.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr int kExpiringDays = 7;
constexpr int kExpiringDaysMax = 366;

Result<std::chrono::days> days_asked(const http::Request& request) {
    const std::string* named = request.query_value("days");
    if (named == nullptr) return std::chrono::days(kExpiringDays);
    const auto number = parse_scaled(*named, 0);
    if (number && *number >= 1 && *number <= kExpiringDaysMax) return std::chrono::days(*number);
    return invalid_argument("request.invalid_query",
                            "days is a whole number from 1 to " + std::to_string(kExpiringDaysMax));
}

/// A start that is under way is no subscription yet.
std::optional<Subscription> newest_of(sql::Transaction& tx, const CustomerId& customer) {
    auto live = find_live_subscription(tx, customer);
    if (live && live->status != SubscriptionStatus::Creating) return live;
    PageQuery first;
    first.limit = 1;
    auto all = list_subscriptions(tx, customer, first);
    if (all.empty()) return std::nullopt;
    return std::move(all.front());
}

Result<std::optional<OrgHolding>> holding_of(sql::Transaction& tx, const CustomerId& customer,
                                             Instant now) {
    auto subscription = newest_of(tx, customer);
    if (!subscription) return std::optional<OrgHolding>();
    const auto plan = load_plan_version(tx, subscription->plan_version);
    if (!plan) return failure(plan);
    const auto status = status_at(access_terms(*subscription), customer_time(tx, customer, now));
    return std::optional(OrgHolding{*std::move(subscription), plan->key, status});
}

Result<std::vector<AdminOrganization>> load_organizations(sql::Transaction& tx,
                                                          const std::string& catalog,
                                                          const PageQuery& page, Instant now) {
    std::vector<AdminOrganization> rows;
    for (auto& listed : list_directory(tx, catalog, page)) {
        const CustomerId customer = listed.organization.customer;
        auto holding = holding_of(tx, customer, now);
        if (!holding) return failure(holding);
        rows.push_back(
            {std::move(listed), *std::move(holding), load_customer_revenue(tx, customer, now)});
    }
    return rows;
}

Result<UserDetails> load_user_details(sql::Transaction& tx, std::string_view ref, Instant now) {
    auto user = find_user(tx, ref);
    if (!user) return failure(user);
    UserDetails details{*std::move(user), {}};
    for (auto& affiliation : affiliations_of(tx, details.user.id)) {
        auto holding = holding_of(tx, affiliation.organization.customer, now);
        if (!holding) return failure(holding);
        details.organizations.push_back({std::move(affiliation), *std::move(holding)});
    }
    return details;
}

/// A row of a watch list, and whose it is.
template <class Row>
struct OrgRow {
    Row row;
    std::optional<Organization> organization;
};
template <class Row>
std::vector<OrgRow<Row>> with_organizations(sql::Transaction& tx, std::vector<Row> rows) {
    std::vector<OrgRow<Row>> found;
    for (Row& row : rows) {
        auto organization = organization_of(tx, row.subscription.customer);
        found.push_back({std::move(row), std::move(organization)});
    }
    return found;
}

template <class Row>
http::Response answer_rows(std::vector<OrgRow<Row>> fetched, const PageQuery& query,
                           Json (*write)(const Row&, const std::optional<Organization>&),
                           const CursorCodec& cursors, std::string_view listing) {
    const auto page = cut_page(std::move(fetched), query);
    Json data = Json::array();
    for (const auto& [row, organization] : page.items) data.push_back(write(row, organization));
    std::optional<PageMark> last;
    if (page.has_more) last = mark_of(page.items.back().row);
    return list_response(std::move(data), cursors, listing, last);
}

}  // namespace

SaasOrgsAdmin::Answer SaasOrgsAdmin::get_dashboard(const Principal&, const http::Request&) {
    const FigureScope scope{catalog, clock.now()};
    auto work = [&](sql::Transaction& tx) {
        const Instant since = scope.now - kGrowthDays;
        return OrgDashboard{.now = scope.now,
                            .users = count_users(tx, since),
                            .organizations = count_organizations(tx, catalog, since),
                            .groups = load_groups(tx, scope),
                            .growth = load_growth(tx, scope)};
    };
    const auto dashboard = co_await db.read(work);
    co_return http::ok(write_org_dashboard(dashboard));
}

SaasOrgsAdmin::Answer SaasOrgsAdmin::get_organizations(const Principal&,
                                                       const http::Request& request) {
    constexpr std::string_view kListing = "admin_organizations";
    const auto query = read_page(request, cursors, kListing);
    if (!query) co_return failure(query);
    const Instant now = clock.now();
    auto fetched = co_await db.read(
        [&](sql::Transaction& tx) { return load_organizations(tx, catalog, *query, now); });
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& row : page.items) data.push_back(write_admin_organization(row));
    std::optional<PageMark> last;
    if (page.has_more) {
        const Organization& oldest = page.items.back().listed.organization;
        last = {oldest.created_at, oldest.id.text()};
    }
    co_return list_response(std::move(data), cursors, kListing, last);
}

SaasOrgsAdmin::Answer SaasOrgsAdmin::get_user_details(const Principal&,
                                                      const http::Request& request) {
    const Instant now = clock.now();
    const auto details = co_await db.read([&](sql::Transaction& tx) {
        return load_user_details(tx, request.path_value("user_id"), now);
    });
    if (!details) co_return failure(details);
    co_return http::ok(write_user_details(*details));
}

SaasOrgsAdmin::Answer SaasOrgsAdmin::get_expiring(const Principal&, const http::Request& request) {
    constexpr std::string_view kListing = "admin_expiring";
    const auto days = days_asked(request);
    if (!days) co_return failure(days);
    const auto page = read_page(request, cursors, kListing, {"days"});
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = catalog, .now = clock.now(), .page = *page};
    auto rows = co_await db.read([&](sql::Transaction& tx) {
        return with_organizations(tx, list_expiring(tx, query, *days));
    });
    co_return answer_rows(std::move(rows), *page, write_org_expiring, cursors, kListing);
}

SaasOrgsAdmin::Answer SaasOrgsAdmin::get_failed_payments(const Principal&,
                                                         const http::Request& request) {
    constexpr std::string_view kListing = "admin_failed_payments";
    const auto page = read_page(request, cursors, kListing);
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = catalog, .now = clock.now(), .page = *page};
    auto rows = co_await db.read(
        [&](sql::Transaction& tx) { return with_organizations(tx, list_failing(tx, query)); });
    co_return answer_rows(std::move(rows), *page, write_org_failing, cursors, kListing);
}

}  // namespace turnpike
