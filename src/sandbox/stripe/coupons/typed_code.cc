#include "sandbox/stripe/coupons/typed_code.h"

#include <utility>

#include "base/letter_case.h"
#include "sandbox/stripe/coupons/promotion_codes.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

Outcome<Json> find_typed_code(Context& ctx, const std::string& word, const std::string& customer) {
    std::string why = "This code is invalid.";
    for (Json& code : ctx.list("promotion_code", {})) {
        if (!equal_ignoring_case(text_of(code, "code"), word)) continue;
        const std::string only = text_of(code, "customer");
        const auto coupon = ctx.find("coupon", coupon_of(code));
        // Somebody else may have a code of the same word.
        if (!only.empty() && only != customer)
            why = "This code is for another customer.";
        else if (coupon && is_redeemable(code, ctx.now()) && is_redeemable(*coupon, ctx.now()))
            return std::move(code);
        else
            why = "This code has expired.";
    }
    return bad_param("promotion_code", "", why);
}

}  // namespace turnpike::twin
