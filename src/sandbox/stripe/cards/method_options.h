#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// What payment and setup intents both read of how they may be paid.
namespace turnpike::twin {

class Context;

/// The intent that asks, and the types that it can be made for here.
struct IntentMethods {
    std::string_view noun;  ///< "PaymentIntent"
    std::span<const std::string_view> types;
};
/// payment_method_types[]. Complains about a type that Stripe does not have in its words, and about
/// one that this sandbox does not have by name. nullopt when absent.
std::optional<std::vector<std::string>> read_method_types(Params& params,
                                                          const IntentMethods& intent);

/// Stripe's types, for "type" of a payment method: complains as read_method_types() does.
std::optional<std::string> read_method_type(Params& params, std::string_view name);

/// Why a payment method cannot be used for a customer ("" for none) by an intent: it is somebody
/// else's, or was detached or used up.
std::optional<StripeError> usability_problem(const Json& method, const std::string& customer,
                                             std::string_view noun);

/// Why an intent of other payment_method_types does not take this payment method.
std::optional<StripeError> type_mismatch(const Json& method, const Json& intent,
                                         std::string_view noun);

/// payment_method_data: a payment method that is made on the way, instead of `payment_method`; not
/// stored. nullopt when it is absent or complained about.
std::optional<Json> read_method_data(Context& ctx, Params& params);

/// automatic_payment_methods of a new intent; what it is when neither this nor
/// payment_method_types is given. Null when types are listed.
Json read_automatic_methods(Params& params);
/// A confirmation must say where the customer comes back to, if one of the automatic methods may
/// redirect: whatever the method is that is used.
std::optional<StripeError> return_problem(const Json& intent,
                                          const std::optional<std::string>& return_url,
                                          std::string_view noun);

/// The client_secret of a new intent.
std::string client_secret_of(Context& ctx, const std::string& intent);

/// payment_method_options.card.request_three_d_secure. No test card is asked only on request.
std::optional<std::string> read_three_d_secure(Params& params);
void set_three_d_secure(Json& intent, const std::optional<std::string>& request);

}  // namespace turnpike::twin
