#pragma once

#include <optional>
#include <string_view>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/coupons/redeem.h"

/// The discount of a customer: the member `discount` of its document. It comes off every invoice of
/// the customer that has no discounts of its own.
namespace turnpike::twin {

/// Reads `coupon` and `promotion_code` of a customer, both retired. nullopt leaves the discount as
/// it is; an id of "" removes it.
std::optional<DiscountRequest> read_discount_request(Params& params);

/// A change that has been made to the document and is to be announced.
struct DiscountChange {
    std::string_view event;  ///< "customer.discount.created"
    Json discount;
    Json previous{};  ///< what another discount before it was; null otherwise
};
/// Sets, replaces or removes customer["discount"], and counts the redemption. The caller stores the
/// customer and then announces the change; nullopt when there is none.
/// Errors: 400 when there is no such coupon or promotion code, or it cannot be redeemed by this
/// customer.
Outcome<std::optional<DiscountChange>> change_discount(
    Context& ctx, Json& customer, const std::optional<DiscountRequest>& request);
/// Raises the change's event, and tells the engine when the stored customer's discount ends.
void announce_discount(Context& ctx, const Json& customer, const DiscountChange& change);

const Feature& discount_feature();

}  // namespace turnpike::twin
