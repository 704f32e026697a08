#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// The discounts of subscriptions and of their items.
namespace turnpike::twin {

/// What is bought by a subscription whose items are about to be changed so: a cycle of all its
/// items then, and the charges.
std::int64_t amount_bought(const Json& subscription, const std::vector<ItemRequest>& changes,
                           const std::vector<AddedCharge>& charges);

/// Replaces the subscription's discounts by those that are asked for; `bought` is amount_bought().
/// Stores nothing: what must be stored is added to `redeemed`, what the request redeems so far.
/// Errors: as redeem().
std::optional<StripeError> set_subscription_discounts(Context& ctx, Json& subscription,
                                                      const std::vector<DiscountRequest>& requests,
                                                      std::int64_t bought,
                                                      std::vector<Redeemed>& redeemed);
/// The same for an item, whose price is set already.
std::optional<StripeError> set_item_discounts(Context& ctx, const Json& subscription, Json& item,
                                              const std::vector<DiscountRequest>& requests,
                                              std::vector<Redeemed>& redeemed);
/// Stores them, and tells the engine when they end.
void store_subscription_discounts(Context& ctx, const Json& subscription,
                                  const std::vector<Redeemed>& redeemed);

/// Raises customer.discount.created, updated and deleted for what differs. `before` is null for a
/// new subscription. What is no longer there has ended.
void announce_subscription_discounts(Context& ctx, const Json& before, const Json& after);

/// Terms of the discounts of an invoice at this moment: the subscription's own, or else the
/// customer's.
std::vector<Json> discounts_of_invoice(Context& ctx, const Json& subscription, Instant at);

/// The engine's step when the time of a repeating coupon is over.
void end_subscription_discount(Context& ctx, Json discount);
/// A discount for one invoice is over when that invoice is final, or is held until it is paid.
/// (Listens to invoice.finalized, kInvoicePaid and kInvoiceClosed.)
void follow_invoice_of_subscription_discounts(Context& ctx, std::string_view type,
                                              const Json& invoice);

/// DELETE /v1/subscriptions/{subscription}/discount.
Answer delete_subscription_discount(Operation& operation);

}  // namespace turnpike::twin
