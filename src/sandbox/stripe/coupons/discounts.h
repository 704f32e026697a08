#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sandbox/stripe/context.h"

/// The discount of a customer: the member `discount` of its document.
namespace turnpike::twin {

/// What a request wants of it: nullopt leaves it as it is, "" removes it.
struct DiscountRequest {
    std::optional<std::string> coupon{};
    std::optional<std::string> promotion_code{};
};
/// Reads `coupon` and `promotion_code` of a customer, both retired.
DiscountRequest read_discount_request(Params& params);

/// A change that has been made to the document and is to be announced.
struct DiscountChange {
    std::string_view event;  ///< "customer.discount.created"
    Json discount;
    Json previous{};  ///< what another discount before it was; null otherwise
};
/// Sets, replaces or removes customer["discount"], and counts the redemption. The caller stores the
/// customer and then announces the change; nullopt when there is none.
/// Errors: 400 when there is no such coupon or promotion code, it cannot be redeemed by this
/// customer, or the customer has subscriptions (see refuse_discounted).
Outcome<std::optional<DiscountChange>> change_discount(Context& ctx, Json& customer,
                                                       const DiscountRequest& request);
/// Raises the change's event, and tells the engine when the stored customer's discount ends.
void announce_discount(Context& ctx, const Json& customer, const DiscountChange& change);

/// The engine's step when the time of a repeating coupon is over.
void end_discount(Context& ctx, Json customer);

/// This sandbox takes no discount off what it bills. Therefore it bills nobody who has one: the
/// customer's discount refuses invoices and subscriptions, and a subscription refuses a discount.
std::optional<StripeError> refuse_discounted(const Json& customer);

/// DELETE /v1/customers/{customer}/discount.
std::span<const OperationRoute> discount_routes();

}  // namespace turnpike::twin
