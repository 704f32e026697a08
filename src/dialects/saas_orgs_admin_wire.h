#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analytics/figures.h"
#include "base/time.h"
#include "json/json.h"
#include "monitoring/watch_list.h"
#include "people/directory.h"
#include "people/user.h"
#include "subscriptions/subscription.h"

namespace turnpike {

struct OrgDashboard {
    Instant now;
    HeadCount users, organizations;
    std::vector<RevenueGroup> groups;
    std::vector<RevenueGrowth> growth;
};
/// Money is of the currency in which most customers pay; all of them are in "revenue".
Json write_org_dashboard(const OrgDashboard& dashboard);

/// What an organization has, or had last.
struct OrgHolding {
    Subscription subscription;
    std::string plan;           ///< key
    SubscriptionStatus status;  ///< at the customer's time
};
struct AdminOrganization {
    ListedOrganization listed;
    std::optional<OrgHolding> holding;
    std::optional<CustomerRevenue> revenue;
};
Json write_admin_organization(const AdminOrganization& row);

struct UserDetails {
    struct Place {
        Affiliation affiliation;
        std::optional<OrgHolding> holding;
    };
    User user;
    std::vector<Place> organizations;
};
Json write_user_details(const UserDetails& details);

/// \param organization  whose subscription it is; absent for a customer who is no organization
Json write_org_expiring(const ExpiringSubscription& row,
                        const std::optional<Organization>& organization);
Json write_org_failing(const FailingSubscription& row,
                       const std::optional<Organization>& organization);

}  // namespace turnpike
