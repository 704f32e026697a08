#pragma once

#include <optional>
#include <span>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/context.h"
#include "sandbox/stripe/invoices.h"

/// PaymentIntents for cards. The card (test_cards.h) is the whole issuer.
namespace turnpike::twin {

struct NewPaymentIntent {
    std::int64_t amount = 0;
    std::string currency;
    std::string customer;  ///< "" if none
    std::string description;
    std::string capture_method = "automatic_async";  ///< or "automatic", "manual"
    std::string
        invoice;  ///< kept as payment_details.order_reference and for payment_intent_changed
    Json setup_future_usage;
};
/// Not stored yet; status requires_payment_method.
Json new_payment_intent(Context& ctx, const NewPaymentIntent& request);

/// How a confirmation ended; `intent` is stored and its events are raised.
struct Confirmation {
    Json intent;
    std::optional<StripeError> error;  ///< 402 with the PaymentIntent inside
};
/// Charges the intent's payment method. Status becomes succeeded, requires_capture,
/// requires_action or (declined) requires_payment_method.
Confirmation confirm_payment_intent(Context& ctx, Json intent, const std::string& payment_method,
                                    PaymentSession session);

/// What the cardholder did at next_action's page.
enum class Authenticated : bool { No, Yes };
/// Goes on with an intent in requires_action: charges it, or declines it when the cardholder
/// failed. A card that was authenticated once can be charged off-session afterwards.
Confirmation authenticate_payment_intent(Context& ctx, Json intent, Authenticated outcome);

/// Any status that is not final -> canceled.
Json cancel_payment_intent(Context& ctx, Json intent, const std::string& reason);

std::span<const OperationRoute> payment_routes();

}  // namespace turnpike::twin
