#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

/// What payment and setup intents both read of how they may be paid.
namespace turnpike::twin {

/// The intent that asks, and the types that it can be made for here.
struct IntentMethods {
    std::string_view noun;  ///< "PaymentIntent"
    std::span<const std::string_view> types;
};
/// payment_method_types[]. Complains about a type that Stripe does not have in its words, and about
/// one that this sandbox does not have by name. nullopt when absent.
std::optional<std::vector<std::string>> read_method_types(Params& params,
                                                          const IntentMethods& intent);

/// automatic_payment_methods of a new intent; what it is when neither this nor
/// payment_method_types is given. Null when types are listed.
Json read_automatic_methods(Params& params);

/// payment_method_options.card.request_three_d_secure. No test card is asked only on request.
std::optional<std::string> read_three_d_secure(Params& params);
void set_three_d_secure(Json& intent, const std::optional<std::string>& request);

}  // namespace turnpike::twin
