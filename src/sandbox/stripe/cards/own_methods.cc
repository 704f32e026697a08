#include "sandbox/stripe/cards/own_methods.h"

#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

std::optional<StripeError> check_own_method(Context& ctx, const std::string& customer,
                                            const std::string& method, const std::string& param) {
    const auto found = ctx.look("payment_method", method);
    // The name of a test card is a method, though nobody's.
    if (!found && !method.starts_with("pm_card_"))
        return no_such_param("PaymentMethod", method, param).error();
    if (found && text_of(*found, "customer") == customer) return std::nullopt;
    return bad_param(param, "resource_missing",
                     "The customer does not have a payment method with the ID " + method +
                         ". The payment method must be attached to the customer.")
        .error();
}

}  // namespace turnpike::twin
