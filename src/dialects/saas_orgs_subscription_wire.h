#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/plans/plan_offer.h"
#include "billing/routes/subscription_bodies.h"
#include "catalog/catalog.h"
#include "catalog/service.h"
#include "http/message.h"
#include "json/json.h"
#include "people/organization.h"
#include "subscriptions/wire.h"

namespace turnpike {

/// Body of POST /api/subscriptions. Errors of all: InvalidArgument "request.invalid_body".
struct OrgSubscribeBody {
    std::string organization;  ///< id or slug
    PlanOffer offer;
    TrialBody trial;
    std::optional<std::string> payment_method;  ///< provider's id
    FirstPayment first_payment = FirstPayment::OrNothing;
};
Result<OrgSubscribeBody> read_org_subscribe(const http::Request& request);

/// Body of PUT /api/subscriptions/{subscription_id}: something is there.
struct OrgChangeBody {
    std::optional<PlanOffer> offer;
    std::optional<bool> cancel_at_period_end;
};
Result<OrgChangeBody> read_org_change(const http::Request& request);

/// Body of POST /api/subscriptions/{subscription_id}/cancel; none is a cancellation at period end.
Result<CancelWhen> read_org_cancel(const http::Request& request);

/// A subscription with what is not in it.
struct ShownOrgSubscription {
    ShownSubscription shown;
    OrganizationId organization;
    PlanVersion plan;
    PriceInPlan price;
    std::optional<std::string> stripe_customer;
    std::optional<std::string> payment_page;  ///< where what it waits for is paid
};
Json write_org_subscription(const ShownOrgSubscription& shown);

}  // namespace turnpike
