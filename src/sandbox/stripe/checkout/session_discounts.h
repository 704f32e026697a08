#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/redeem.h"

/// A checkout session's one discount: what the shop gives, or the code that the payer types. Until
/// somebody pays it is only shown and counted with; what is made then redeems it.
namespace turnpike::twin {

/// discounts[] and allow_promotion_codes, which exclude each other.
std::vector<DiscountRequest> read_session_discounts(Params& params, Json& session);

/// Takes the requested discount (none: nothing) off the session's lines and sums.
/// Errors: 400 for what cannot be redeemed, or leaves less than can be charged.
std::optional<StripeError> discount_session(Context& ctx, Json& session,
                                            const std::vector<DiscountRequest>& requests);

/// The promotion code that a payer types; "" takes the present one away.
/// Errors: as above, and for a code that is not one.
std::optional<StripeError> apply_typed_code(Context& ctx, Json& session, const std::string& code);

/// Takes the present discount off lines that have changed. Errors: as above.
std::optional<StripeError> discount_again(Context& ctx, Json& session);

/// Whether the discount can still be redeemed. Errors: 400 as above.
std::optional<StripeError> check_session_discount(Context& ctx, const Json& session);
/// Counts the redemption by which a payment without an invoice was made smaller.
void redeem_session_discount(Context& ctx, const Json& session);
/// Makes it the discount of the payment's invoice and returns its terms (coupons/applied.h);
/// nullopt when it cannot be redeemed any more.
std::optional<std::vector<Json>> redeem_on_invoice(Context& ctx, const Json& session,
                                                   const std::string& invoice);

}  // namespace turnpike::twin
