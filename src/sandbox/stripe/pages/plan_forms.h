#pragma once

#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// The portal's forms about one plan, as HTML.
namespace turnpike::twin {

/// "<p><strong>2 × Pro: $99.00 per month</strong></p>" of each item.
std::string plan_lines(Context& ctx, const Json& subscription);

/// What else the plan could be; "" if nothing. `field` begins the ids of its elements; `about`
/// (HTML) ends the button's name.
std::string plan_choice(Context& ctx, const Json& session, const Json& subscription,
                        const std::string& field, const std::string& about = "");

/// With the reasons that the configuration lists. `field` is the id of their element.
std::string cancel_form(Context& ctx, const Json& session, const Json& subscription,
                        const std::string& field, const std::string& about = "");

}  // namespace turnpike::twin
