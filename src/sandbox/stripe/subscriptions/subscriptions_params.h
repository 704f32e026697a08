#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/subscriptions/anchor.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

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
inline EndRequest end_request_of(const SubscriptionSettings& settings) {
    return {settings.cancel_at, settings.cancel_at_period_end};
}
SubscriptionSettings read_settings(Params& params);
/// All but the end, which needs the periods (end_requests.h).
/// Errors: 400 for payment methods that do not exist or belong to somebody else.
std::optional<StripeError> apply_settings(Context& ctx, Json& subscription,
                                          const SubscriptionSettings& settings);

/// What starts a subscription: POST /v1/subscriptions, or a schedule.
struct NewSubscription {
    std::string customer;
    std::string currency;  ///< "": that of the first item's price
    std::vector<ItemRequest> items;
    std::vector<AddedCharge> charges;
    Payment payment;
    ProrationBehavior proration = ProrationBehavior::CreateProrations;
    std::optional<Instant> trial_end, anchor;
    std::optional<AnchorDay> anchor_day;  ///< what `anchor` was worked out from
    std::optional<Instant> start;         ///< before now: backdated
    std::optional<std::vector<DiscountRequest>> discounts;
    Json billing_mode = default_billing_mode();
    SubscriptionSettings settings;
    /// The subscription schedule that starts it; "": a request. A scheduled one is active at once,
    /// and its first invoice stays a draft for an hour, like a renewal's.
    std::string schedule;
};
/// Creates the subscription and its first invoice, and collects that.
/// Errors: 400 for settings and sums that cannot be; 402 with error_if_incomplete.
Outcome<Json> begin_subscription(Context& ctx, const NewSubscription& request);

/// Why a subscription is canceled, where its customer says so.
inline constexpr std::array<std::string_view, 8> kFeedbacks{
    "customer_service", "low_quality", "missing_features", "other",
    "switched_service", "too_complex", "too_expensive",    "unused"};
/// cancellation_details[feedback]; "" takes it back.
std::optional<std::string> read_feedback(Params& details);
/// trial_period_days; complains about trials of no day, and of more than two years.
std::optional<std::int64_t> read_trial_days(Params& params);
/// Reads trial_from_plan; complains where a trial is asked for besides.
void check_trial_from_plan(Params& params);
/// Complains about a trial_end more than two years ahead.
void check_trial_length(Params& params, std::optional<Instant> trial_end, Instant now);
/// Complains unless a given trial_end lies in the future, and at most two years ahead.
void check_trial_end(Params& params, std::optional<Instant> trial_end, Instant now);
inline constexpr std::int64_t kTrialDaysMax = 730;

inline constexpr std::size_t kItemsMax = 20;
/// No price twice, not too many, and no more than an invoice holds. nullopt when all is well.
enum class ItemsOf : std::uint8_t { NewSubscription, Subscription, Phase };
std::optional<StripeError> check_item_prices(const Json& subscription, ItemsOf whose);

Answer create_subscription(Operation& operation);
/// The same for what Checkout has sold, whose prices need not be active (any more).
Answer create_sold_subscription(Context& ctx, const Json& form);
Answer update_subscription(Operation& operation);
Answer list_subscription_items(Operation& operation);
Answer get_subscription_item(Operation& operation);
Answer create_subscription_item(Operation& operation);
Answer update_subscription_item(Operation& operation);
Answer delete_subscription_item(Operation& operation);

}  // namespace turnpike::twin
