#include "sandbox/stripe/cards/own_methods.h"

#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

std::optional<StripeError> check_own_method(Context& ctx, const std::string& customer,
                                            const std::string& method, const std::string& param) {
    const auto found = ctx.look("payment_method", method);
    if (!found && is_lacking(method)) return lacking_refusal(method, param).error();
    // The name of a test card is a method, though nobody's.
    const bool is_test_card = method.starts_with("pm_card_") && card_by_name(method) != nullptr;
    if (!found && !is_test_card) return no_such_param("PaymentMethod", method, param).error();
    if (found && text_of(*found, "customer") == customer) return std::nullopt;
    return bad_param(param, "resource_missing",
                     "The customer does not have a payment method with the ID " + method +
                         ". The payment method must be attached to the customer.")
        .error();
}

}  // namespace turnpike::twin
