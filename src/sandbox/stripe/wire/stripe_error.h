#pragma once

#include <expected>
#include <string>

#include "json/value.h"

namespace turnpike::twin {

/// An error body as Stripe writes it; `extra` holds further members of "error" (payment_intent,
/// network_decline_code, advice_code, ...).
struct StripeError {
    int http_status = 400;
    std::string type = "invalid_request_error";
    std::string code;  ///< left out of the body when empty
    std::string message;
    std::string param;  ///< left out when empty
    std::string decline_code;
    Json extra;
};

template <class T>
class [[nodiscard]] Outcome : public std::expected<T, StripeError> {
public:
    using std::expected<T, StripeError>::expected;
};
/// What a handler answers: the object's JSON, before expansion.
using Answer = Outcome<Json>;

using Refusal = std::unexpected<StripeError>;
/// 404 "No such customer: 'cus_X'" with param "id".
Refusal no_such_object(const std::string& what, const std::string& id);
/// The same for an id that came as a parameter: 400.
Refusal no_such_param(const std::string& what, const std::string& id, const std::string& param);
Refusal missing_param(const std::string& param);
Refusal bad_param(const std::string& param, const std::string& code, const std::string& message);
/// 402 card_error.
Refusal card_error(const std::string& code, const std::string& decline_code,
                   const std::string& message);

/// Where Stripe documents an error code: "card_declined" -> ".../error-codes/card-declined".
std::string doc_url_of(std::string code);

}  // namespace turnpike::twin
