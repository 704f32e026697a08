#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/cards/setup_attempts.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/pages.h"

/// SetupIntents for cards: a card is kept for later payments, and nothing is charged. The card
/// (test_cards.h) is the whole issuer.
namespace turnpike::twin {

inline constexpr std::string_view kSetupIntentKind = "setup_intent";

/// Not stored yet; status requires_payment_method, usage off_session. `customer` may be "".
Json new_setup_intent(Context& ctx, const std::string& customer);

/// The bank would ask the cardholder before it lets this method be kept, and has not done so yet.
bool waits_for_setup(const Json& method);

/// How a confirmation ended; `intent` is stored and its events are raised.
struct SetupConfirmation {
    Json intent;
    std::optional<StripeError> error;  ///< with the SetupIntent inside; 402 for a declined card
};
/// Sets up a stored payment method. Status becomes succeeded (the method then belongs to the
/// intent's customer), requires_action, or (declined) requires_payment_method. Gives up an attempt
/// that waits for the cardholder.
SetupConfirmation confirm_setup_intent(Context& ctx, Json intent, const Json& method);

/// Goes on with an intent in requires_action after next_action's page was answered. A card that
/// was authenticated here can be charged off-session afterwards.
SetupConfirmation answer_setup_intent(Context& ctx, Json intent, CardholderAnswer answer);

/// Gives up an attempt that waits for the cardholder; any other intent stays as it is. Not stored.
void abandon_setup_action(Context& ctx, Json& intent);

/// Any status that is not final -> canceled. `reason` may be "".
Json cancel_setup_intent(Context& ctx, Json intent, const std::string& reason);

const Feature& setup_intent_feature();
/// The bank's question (3-D Secure) at /p/setup/{id}.
const Feature& setup_page_feature();

}  // namespace turnpike::twin
