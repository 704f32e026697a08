#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// What a person may ask of the portal's forms. Each runs the operation of the API that a seller
/// would call, so it obeys the same rules and raises the same events.
/// Returns what to tell the person; an error leaves nothing behind.
Outcome<std::string> change_plan(Context& ctx, const Json& session, const std::string& subscription,
                                 const std::string& price);
Outcome<std::string> cancel_plan(Context& ctx, const Json& session,
                                 const std::string& subscription);
Outcome<std::string> keep_plan(Context& ctx, const Json& session, const std::string& subscription);
/// Saves the test card with this number in place of the default one, for all that is billed. The
/// card that was the default is detached, and so is a second copy of the new one.
Outcome<std::string> replace_card(Context& ctx, const Json& session, const std::string& number);
/// Forgets a card. The default one stays while a plan is charged to it.
Outcome<std::string> remove_card(Context& ctx, const Json& session, const std::string& method);

/// The customer's subscriptions that are not over, newest first.
std::vector<Json> live_subscriptions(Context& ctx, const std::string& customer);
/// Active recurring prices that the subscription could move to, cheapest first, its own included:
/// of the products that the session's configuration lists, or of all when it lists none.
std::vector<Json> offered_prices(Context& ctx, const Json& session, const Json& subscription);
Json portal_features(Context& ctx, const Json& session);

}  // namespace turnpike::twin
