#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "json/value.h"
#include "sandbox/stripe/context.h"
#include "sandbox/stripe/subscriptions.h"

namespace turnpike::twin {

/// Parameters that creating and updating a subscription share and that charge nothing.
struct SubscriptionSettings {
    std::optional<Json> metadata;
    std::optional<std::string> description, collection_method, default_payment_method,
        default_source, save_default_payment_method, missing_payment_method;
    std::optional<std::string> cancel_at;  ///< a timestamp, "min_period_end", ..., or "" to unset
    std::optional<std::int64_t> days_until_due;
    std::optional<bool> cancel_at_period_end;
    std::optional<std::string> comment, feedback;  ///< cancellation_details
};
SubscriptionSettings read_settings(Params& params);
/// Errors: 400 for payment methods that do not exist or belong to somebody else, and for ends in
/// the past.
std::optional<StripeError> apply_settings(Context& ctx, Json& subscription,
                                          const SubscriptionSettings& settings);

/// Complains unless a given trial_end lies in the future, and at most two years ahead.
void check_trial_end(Params& params, std::optional<Instant> trial_end, Instant now);
inline constexpr std::int64_t kTrialDaysMax = 730;

/// No price twice, and no more than an invoice holds. nullopt when all is well.
std::optional<StripeError> check_item_prices(const Json& subscription);

Answer create_subscription(Operation& operation);
Answer update_subscription(Operation& operation);
Answer list_subscription_items(Operation& operation);
Answer get_subscription_item(Operation& operation);
Answer create_subscription_item(Operation& operation);
Answer update_subscription_item(Operation& operation);
Answer delete_subscription_item(Operation& operation);

}  // namespace turnpike::twin
