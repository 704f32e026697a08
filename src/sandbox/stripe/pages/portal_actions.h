#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// What a person may ask of the portal's forms. Each runs the operation of the API that a seller
/// would call, so it obeys the same rules and raises the same events.
/// Returns what to tell the person; an error leaves nothing behind.
///
/// What is told of anything that the configuration does not let them do.
Refusal not_offered();

/// What a plan becomes; what is empty stays as it is.
struct PlanChoice {
    std::string price;
    std::optional<std::int64_t> quantity{};
    std::string promotion_code{};  ///< as it was typed
};
Outcome<std::string> change_plan(Context& ctx, const Json& session, const std::string& subscription,
                                 const PlanChoice& choice);
/// What the session's flow wants (subscription_update_confirm).
Outcome<std::string> confirm_update(Context& ctx, const Json& session);
/// `reason`: one of those that the configuration lists; "" for none.
Outcome<std::string> cancel_plan(Context& ctx, const Json& session, const std::string& subscription,
                                 const std::string& reason);
Outcome<std::string> keep_plan(Context& ctx, const Json& session, const std::string& subscription);
/// Gives the plan the discount that the session's flow offers in place of a cancellation, beside
/// those it has.
Outcome<std::string> accept_offer(Context& ctx, const Json& session,
                                  const std::string& subscription);
/// Takes back a change that was to come when the period is over.
Outcome<std::string> drop_change(Context& ctx, const Json& session,
                                 const std::string& subscription);
/// Saves the test card with this number in place of the default one, for all that is billed. The
/// card that was the default is detached, and so is a second copy of the new one.
Outcome<std::string> replace_card(Context& ctx, const Json& session, const std::string& number);
/// Changes what the configuration lets customers change of themselves.
Outcome<std::string> update_customer_details(Context& ctx, const Json& session, Params& form);
/// Forgets a card. The default one stays while a plan is charged to it.
Outcome<std::string> remove_card(Context& ctx, const Json& session, const std::string& method);

/// The customer's subscriptions that are not over, newest first.
std::vector<Json> live_subscriptions(Context& ctx, const std::string& customer);
/// Active recurring prices that a plan could be moved to, cheapest first: of the products that the
/// configuration lists, or of all when it lists none.
std::vector<Json> offered_prices(Context& ctx, const Json& features);
/// Those of them in the subscription's currency, its own price included.
std::vector<Json> prices_for(const std::vector<Json>& offered, const Json& subscription);
/// The features of the session's configuration.
Json portal_features(Context& ctx, const Json& session);
bool is_offered(const Json& features, const char* feature);
/// Nothing of a plan can be changed, not even when it ends, before its first payment has gone
/// through.
bool takes_changes(const Json& subscription);
/// Canceling at once works all the same.
bool takes_cancellation(const Json& features, const Json& subscription);
/// Whether customers may change this of their plans: "price", "quantity", "promotion_code".
bool may_change(const Json& features, std::string_view what);
/// How many of a price customers may have; nullopt: that is not theirs to change.
struct QuantityRange {
    std::int64_t minimum = 1;
    std::optional<std::int64_t> maximum{};
};
std::optional<QuantityRange> quantity_range(const Json& features, const std::string& price);

}  // namespace turnpike::twin
