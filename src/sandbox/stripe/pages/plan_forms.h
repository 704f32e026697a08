#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// The portal's forms about one plan, as HTML.
namespace turnpike::twin {

/// "<p><strong>2 × Pro: $99.00 per month</strong></p>" of each item.
std::string plan_lines(Context& ctx, const Json& subscription);

/// What a portal session's configuration offers; read once for a page.
struct PortalOffer {
    Json features;
    std::vector<Json> prices;  ///< as offered_prices(); none where no plan can be changed
};
PortalOffer portal_offer(Context& ctx, const Json& session);

/// What else the plan could be; "" if nothing. `field` begins the ids of its elements;
/// `about` (HTML) ends the button's name.
std::string plan_choice(Context& ctx, const PortalOffer& offer, const Json& subscription,
                        const std::string& field, const std::string& about = "");

/// With the reasons that the configuration lists. `field` is the id of their element.
std::string cancel_form(const Json& features, const Json& subscription, const std::string& field,
                        const std::string& about = "");

}  // namespace turnpike::twin
