#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// What a PaymentIntent is created with, and what an update or a confirmation changes of it.
namespace turnpike::twin {

/// nullopt: not given. "" unsets where Stripe lets it.
struct IntentSettings {
    std::optional<std::int64_t> amount{};
    std::optional<std::string> currency{}, customer{}, description{}, capture_method{};
    std::optional<std::string> setup_future_usage{}, three_d_secure{};
    std::optional<std::string> payment_method{};  ///< by id
    std::optional<Json> new_method{};             ///< of payment_method_data; not stored
    std::optional<std::vector<std::string>> method_types{};
    std::optional<Json> metadata{};
    Json notes = Json::object();  ///< members that are only kept and shown
};

/// Which of them a request takes.
enum class IntentRequest : std::uint8_t { Create, Update, Confirm };
IntentSettings read_intent_settings(Context& ctx, Params& params, IntentRequest request);

/// Puts them into an intent, which it does not store. Errors: 400 for what cannot go together, and
/// for what the intent's status does not let change.
std::optional<StripeError> apply_intent_settings(Context& ctx, Json& intent,
                                                 const IntentSettings& settings);

/// A method of another customer's, or of a type that the intent is not made for, cannot pay it.
std::optional<StripeError> check_method(const Json& intent, const Json& method);

}  // namespace turnpike::twin
