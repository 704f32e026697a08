#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/subscriptions/end_requests.h"

/// Stripe's subscriptions, in flexible and classic billing: the state machine, prorations to the
/// second, and what the clock does to them. Items live in subscription["items"]["data"]; a copy of
/// each is stored under its own id, so that it can be found alone.
namespace turnpike::twin {

/// Stores the subscription and the copies of its items, and plans its next engine step.
void save_subscription(Context& ctx, const Json& subscription);
/// save_subscription and customer.subscription.updated with previous_attributes.
void update_subscription_document(Context& ctx, const Json& subscription);

// --- items ---------------------------------------------------------------------------------
/// One entry of the items parameter, with its price found.
struct ItemRequest {
    std::string id;  ///< of the item to change; "" adds one
    std::optional<Json> price;
    std::string price_param;  ///< where `price` was given: "items[0][price]"
    std::optional<std::int64_t> quantity;
    bool deleted = false;
    std::optional<Json> metadata;
    std::optional<std::vector<DiscountRequest>> discounts;
};
/// Ids of prices that are in use or sold already: a request may name them although they, or their
/// products, are not active (any more), as inline ones never are.
using PricesInUse = std::vector<std::string>;
/// Reads items[] (price, plan, price_data, quantity, deleted, metadata, discounts).
/// Errors: 400 "No such price: 'x'" with param "items[0][price]"; prices that cannot recur;
/// those that are archived, and those of archived products.
Outcome<std::vector<ItemRequest>> read_items(Context& ctx, Params& params,
                                             const PricesInUse& in_use = {});
/// Reads the members of one item from a reader of its own (subscription items' operations).
Outcome<ItemRequest> read_item(Context& ctx, Params& params, const PricesInUse& in_use = {});
/// One entry of add_invoice_items, with its price found.
struct AddedCharge {
    Json price;
    std::string price_param;
    std::int64_t quantity = 1;
    std::vector<DiscountRequest> discounts;
};
/// Reads add_invoice_items[].
/// Errors: 400 for prices that do not exist or recur, and for quantities that nothing can hold.
Outcome<std::vector<AddedCharge>> read_added_charges(Context& ctx, Params& params);
/// A subscription is billed in one currency. nullopt when every price is in it.
std::optional<StripeError> check_currency(const std::vector<ItemRequest>& items,
                                          const std::vector<AddedCharge>& charges,
                                          const std::string& currency);
/// Makes the pending items of the charges, stored with their events.
/// Errors: as redeem().
std::optional<StripeError> add_charges(Context& ctx, const Json& subscription,
                                       const std::vector<AddedCharge>& charges);

/// The price with its amounts in the subscription's currency.
Json price_of_subscription(const Json& subscription, const Json& price);
/// A new item document of this subscription for `period`.
Json new_item(Context& ctx, const Json& subscription, const ItemRequest& request, Period period);
/// The item as the request makes it: its price, quantity and metadata.
Json changed_item(const Json& subscription, Json item, const ItemRequest& request);
/// Puts the price into an item (price and the legacy plan).
void set_item_price(Json& item, const Json& price);
/// The first item's plan and quantity, which Stripe repeats on a subscription with one item.
void repeat_single_item(Json& subscription);
Period period_of_item(const Json& item);
void set_item_period(Json& item, Period period);
/// The first of the items' periods to end.
Period first_period(const Json& subscription);
/// The latest end of the items' periods.
Instant last_period_end(const Json& subscription);

// --- changes -------------------------------------------------------------------------------
enum class ProrationBehavior : std::uint8_t { CreateProrations, AlwaysInvoice, None };
enum class PaymentBehavior : std::uint8_t {
    AllowIncomplete,
    DefaultIncomplete,
    ErrorIfIncomplete,
    PendingIfIncomplete,  ///< of updates only
};
struct Payment {
    PaymentBehavior behavior = PaymentBehavior::AllowIncomplete;
    PaymentSession session = PaymentSession::OnSession;
};
/// Reads payment_behavior and off_session.
Payment read_payment(Params& params);
ProrationBehavior read_proration_behavior(Params& params);

/// Whether the subscription, as given, or its customer has something that can be charged.
bool has_payment_source(Context& ctx, const Json& subscription);
/// Stripe's refusal where there is none.
Refusal no_payment_source();

/// A change of what is subscribed to.
struct PlanChange {
    std::vector<ItemRequest> items;
    /// What the request redeems besides, for the subscription itself, which has it already.
    std::vector<Redeemed> redeemed;
    ProrationBehavior proration = ProrationBehavior::CreateProrations;
    std::optional<Instant> proration_date;
    enum class Anchor : bool { Unchanged, Now } anchor = Anchor::Unchanged;
    /// Ends a trial now, or starts or moves one.
    std::optional<Instant> trial_end;
    Payment payment;
    std::vector<AddedCharge> added_charges;
    EndRequest end;
    /// A paused subscription goes on in the cycle that is running, or in one that begins now.
    enum class Resumption : bool { No, Yes } resumption = Resumption::No;
    /// Refused when something is to be charged and there is nothing to charge it to.
    enum class Source : bool { Whatever, Needed } source = Source::Whatever;
};
/// What a change does to the subscription and what it charges, before anything is stored.
struct PlannedChange {
    Json subscription;
    std::vector<Redeemed> redeemed;  ///< of the change and of its items; to be stored
    std::vector<Json> prorations;    ///< invoiceitem documents
    std::vector<Json> lines;         ///< regular lines of a cycle that starts now
    bool invoices_now = false;
    Period invoice_period;
};
/// Errors: 400 for items that do not exist, duplicate prices, dates outside the period.
Outcome<PlannedChange> plan_change(Context& ctx, const Json& subscription,
                                   const PlanChange& change);
/// Stores a planned change and its invoice, and collects it.
/// With pending_if_incomplete it is stored when its invoice is paid (pending_updates.h).
/// Errors: 402 with error_if_incomplete; the caller's transaction then leaves nothing.
Outcome<Json> apply_change(Context& ctx, PlannedChange planned, const PlanChange& change);

/// The invoice of this moment, stored as a draft: pending items first, then `lines`. The caller
/// makes it the subscription's latest_invoice, stores that, and then collects it.
struct ImmediateInvoice {
    std::string billing_reason;
    Period period;
    std::vector<Json> lines;
};
Json draft_subscription_invoice(Context& ctx, const Json& subscription, ImmediateInvoice invoice,
                                const Payment& payment);
/// Publishes that draft. What is charged automatically is finalized and collected as told; what is
/// sent stays a draft for an hour. Returns the subscription as it then is.
/// Errors: 402 with error_if_incomplete.
Outcome<Json> collect_subscription_invoice(Context& ctx, const std::string& subscription,
                                           Json draft, const Payment& payment);

// --- ends ----------------------------------------------------------------------------------
struct CancelRequest {
    enum class Invoice : bool { Leave, Now } invoice = Invoice::Leave;
    enum class Prorate : bool { No, Yes } prorate = Prorate::No;
    std::string reason = "cancellation_requested";
    std::optional<std::string> comment, feedback;
};
/// What was paid for time that is left now, or as of another moment of the period: prorations that
/// are not stored. None of a trial.
Outcome<std::vector<Json>> credits_of_unused_time(Context& ctx, const Json& subscription,
                                                  std::optional<Instant> as_of);
/// Ends the subscription now; raises customer.subscription.deleted. An incomplete one expires
/// (customer.subscription.updated), whatever the request says of invoices and credits.
Outcome<Json> cancel_subscription_now(Context& ctx, Json subscription,
                                      const CancelRequest& request);
/// A trial that ends now is not billed: there is no payment method, and
/// trial_settings[end_behavior] says to pause or to cancel then.
bool trial_ends_unbilled(Context& ctx, const Json& subscription);
/// pause_collection[behavior]; "" while what it bills is collected.
std::string pause_behavior(const Json& subscription);
/// What becomes of a draft that a paused subscription has made; drafts are kept by not advancing,
/// and so is one that cannot be finalized because too much was waiting for it.
void apply_pause(Context& ctx, const std::string& behavior, Json invoice);
/// Does what it says. The subscription is stored, its events are raised.
Outcome<Json> end_trial_unbilled(Context& ctx, Json subscription);
/// Ends every subscription of a customer who is being deleted.
Outcome<std::monostate> end_subscriptions_of(Context& ctx, const std::string& customer);

/// customer.subscription.trial_will_end, unless the trial goes on for three days or that was said.
/// Returns the subscription, stored.
Json warn_of_trial_end(Context& ctx, Json subscription);

/// One engine step of a subscription that is due at the engine's present time.
Outcome<std::monostate> step_subscription(Context& ctx, Json subscription);

/// The 23 hours to get a subscription's first invoice paid, or that of a resumption.
inline constexpr std::chrono::hours kIncompleteLifetime{23};
inline constexpr std::chrono::hours kTrialWarning{72};

const Feature& subscription_feature();

}  // namespace turnpike::twin
