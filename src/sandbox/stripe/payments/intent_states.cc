#include "sandbox/stripe/payments/intent_states.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/rendering.h"

namespace turnpike::twin {
namespace {

Refusal unexpected_state(const Json& intent, std::string message) {
    StripeError error;
    error.code = "payment_intent_unexpected_state";
    error.message = std::move(message);
    return with_intent(std::move(error), intent);
}

std::string because(const Json& intent) {
    return " because it has a status of " + text_of(intent, "status") + ".";
}

}  // namespace

bool is_unconfirmed(const Json& intent) {
    const std::string status = text_of(intent, "status");
    return status == "requires_payment_method" || status == "requires_confirmation" ||
           status == "requires_action";
}

Refusal cannot_confirm(const Json& intent) {
    const std::string status = text_of(intent, "status");
    if (status == "succeeded")
        return unexpected_state(intent,
                                "You cannot confirm this PaymentIntent because it has already "
                                "succeeded after being previously confirmed.");
    return unexpected_state(intent, "You cannot confirm this PaymentIntent" + because(intent) +
                                        " Only a PaymentIntent with one of the following statuses "
                                        "may be confirmed: requires_confirmation, "
                                        "requires_payment_method, requires_action.");
}

Refusal lacks_payment_method(const Json& intent) {
    const std::string customer = text_of(intent, "customer");
    if (!customer.empty())
        return unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. To "
            "confirm the PaymentIntent with " +
                customer +
                ", specify a payment method attached to this customer along with the customer ID.");
    return unexpected_state(
        intent,
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
        "either update the PaymentIntent with a payment method and then confirm it again, or "
        "confirm it again directly with a payment method or ConfirmationToken.");
}

Refusal cannot_capture(const Json& intent) {
    const bool was_captured =
        text_of(intent, "status") == "succeeded" && text_of(intent, "capture_method") == "manual";
    if (was_captured && integer_of(intent, "amount_received") < integer_of(intent, "amount"))
        return unexpected_state(intent,
                                "The remaining amount on this PaymentIntent could not be captured "
                                "because the remainder of the authorized amount has been "
                                "released.");
    if (was_captured)
        return unexpected_state(intent,
                                "This PaymentIntent could not be captured because it has already "
                                "been captured.");
    return unexpected_state(intent, "This PaymentIntent could not be captured" + because(intent) +
                                        " Only a PaymentIntent with one of the following statuses "
                                        "may be captured: requires_capture.");
}

Refusal cannot_cancel(const Json& intent) {
    // In Stripe's own list processing stands too, which a debit on its way to the bank belies.
    const bool is_on_its_way = text_of(intent, "status") == "processing";
    return unexpected_state(
        intent, "You cannot cancel this PaymentIntent" + because(intent) +
                    " Only a PaymentIntent with one of the following statuses may be canceled: "
                    "requires_payment_method, requires_capture, requires_confirmation, "
                    "requires_action" +
                    (is_on_its_way ? "." : ", processing."));
}

Refusal belongs_to_invoice(const Json& intent) {
    return unexpected_state(intent,
                            "You cannot cancel PaymentIntents created by invoices. Try voiding "
                            "the invoice instead.");
}

Refusal cannot_update(const Json& intent, std::string_view param) {
    const std::string name(param);
    auto refusal = unexpected_state(
        intent, "This PaymentIntent's " + name + " could not be updated" + because(intent) +
                    " You may only update the " + name +
                    " of a PaymentIntent with one of the following statuses: "
                    "requires_payment_method, requires_confirmation, requires_action.");
    refusal.error().param = name;
    return refusal;
}

Refusal with_intent(StripeError error, const Json& intent) {
    if (!error.extra.is_object()) error.extra = Json::object();
    error.extra["payment_intent"] = visible(intent);
    return Refusal(std::move(error));
}

}  // namespace turnpike::twin
