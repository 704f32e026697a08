#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// PaymentIntents. The card (test_cards.h) is the whole issuer, the account (sepa_debit.h) the
/// bank.
namespace turnpike::twin {

struct NewPaymentIntent {
    std::int64_t amount = 0;
    std::string currency;
    std::string customer;  ///< "" if none
    std::string description;
    std::string capture_method = "automatic_async";  ///< or "automatic", "manual"
    std::string invoice;  ///< that it pays: kept, and shown as payment_details.order_reference
    Json setup_future_usage;
};
/// Not stored yet; status requires_payment_method.
Json new_payment_intent(Context& ctx, const NewPaymentIntent& request);

/// How a confirmation ended; `intent` is stored and its events are raised.
struct Confirmation {
    Json intent;
    std::optional<StripeError> error;  ///< 402 with the PaymentIntent inside
};
enum class PaymentSession : std::uint8_t {
    OnSession,   ///< the cardholder is there and can authenticate
    OffSession,  ///< a charge that needs the cardholder is declined (authentication_required)
    Recurring,   ///< off-session for an invoice: it then waits for the cardholder
};
/// What a bank that wants to ask its customer gets.
enum class OnChallenge : bool { Ask, Decline };

/// Charges the intent's payment method. Status becomes succeeded, requires_capture,
/// requires_action, processing (a debit) or (declined) requires_payment_method.
Confirmation confirm_payment_intent(Context& ctx, Json intent, const std::string& payment_method,
                                    PaymentSession session,
                                    OnChallenge on_challenge = OnChallenge::Ask);

/// What the cardholder did at next_action's page.
enum class Authenticated : bool { No, Yes };
/// Goes on with an intent in requires_action: charges it, or declines it when the cardholder
/// failed. One with confirmation_method `manual` waits for its next confirmation instead. A card
/// that was authenticated once can be charged off-session afterwards.
Confirmation authenticate_payment_intent(Context& ctx, Json intent, Authenticated outcome);

/// A charge that failed, of which payment method, and why.
struct FailedCharge {
    const Json& method;
    const Json& charge;
    const Decline& decline;
};
/// What a failed charge makes of its intent, which is stored: status requires_payment_method.
Confirmation decline_payment_intent(Context& ctx, Json intent, const FailedCharge& failed);
/// What a charge that succeeded makes of its intent, which is stored and returned.
Json succeed_payment_intent(Context& ctx, Json intent, const Json& charge);
/// With setup_future_usage, the method that has paid becomes the customer's.
void keep_for_later(Context& ctx, const Json& intent, const Json& method);

/// Reads what an intent only keeps and shows: receipt_email, shipping, statement_descriptor, ...
void read_intent_notes(Params& params, Json& intent);
/// shipping alone, of an intent or a charge.
void read_shipping(Params& params, Json& document);

/// Why so much of what was authorized cannot be captured.
std::optional<Refusal> capture_problem(const Json& intent, std::int64_t amount,
                                       const std::string& param);
/// requires_capture -> succeeded, with `amount` of what was authorized.
Json capture_payment_intent(Context& ctx, Json intent, std::int64_t amount);

/// Any status that is not final, but for `processing`, -> canceled. What was authorized is
/// released.
Json cancel_payment_intent(Context& ctx, Json intent, const std::string& reason);

const Feature& payment_feature();

}  // namespace turnpike::twin
