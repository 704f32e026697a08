#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"
#include "sql/sql.h"

/// What a browser or a phone may ask, with a publishable key ("pk_test_") and an intent's
/// client_secret: to see the intent, and to confirm it.
namespace turnpike::twin {

/// The intent that such a request is about.
struct BrowserIntent {
    std::string kind;  ///< "payment_intent", "setup_intent"
    std::string id;
    bool confirms = false;
    std::string client_secret{};
};

/// nullopt: this is no such request. The secret is among its parameters, and not read yet.
std::optional<BrowserIntent> intent_of_browser(const http::Request& request);

/// Takes the secret out of the parameters. Errors: 400 without one, for what browsers may not
/// expand, and for how the money is collected, which is the seller's to say.
Outcome<std::string> take_client_secret(Json& parameters, const std::vector<std::string>& expand);

/// The account that the intent is in. A publishable key is of every account: who knows the secret
/// knows the seller.
/// Errors: 404 when there is no such intent, 400 when its secret is another one, or when it is to
/// be confirmed though only a secret key may (`confirmation_method`).
Outcome<std::string> account_of_intent(sql::Transaction& tx, const BrowserIntent& intent);

/// What browsers are shown of an answer: of an intent the members that were recorded, and neither
/// metadata, nor a card's fingerprint, nor whose a payment method is anywhere.
Json shown_to_browsers(Json answer);

}  // namespace turnpike::twin
