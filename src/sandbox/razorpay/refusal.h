#pragma once

#include <expected>
#include <string>

#include "json/value.h"

namespace turnpike::twin::razorpay {

/// An error body as Razorpay writes it.
struct RazorpayError {
    int http_status = 400;
    std::string code = "BAD_REQUEST_ERROR";
    std::string description{};
    std::string field{};  ///< left out when empty
    std::string source = "business";
    std::string step = "payment_initiation";
    std::string reason = "input_validation_failed";
    Json metadata = Json::object();  ///< of a payment: see about_payment()
};

template <class T>
class [[nodiscard]] Outcome : public std::expected<T, RazorpayError> {
public:
    using std::expected<T, RazorpayError>::expected;
};
using Answer = Outcome<Json>;
using Refusal = std::unexpected<RazorpayError>;

/// 400 BAD_REQUEST_ERROR, about a parameter when `field` names one.
Refusal bad_request(const std::string& description, const std::string& field = "");
/// 400 "The id provided does not exist": an id of nothing, or of another account's.
Refusal no_such_id();
/// 401 with `description`.
Refusal unauthorized(const std::string& description);
/// {"payment_id", "order_id"}: which payment an error is about.
Json metadata_of(const Json& payment);
Refusal about_payment(Refusal refusal, const Json& payment);
/// What Razorpay says of a path or method that it does not have (400, too).
Refusal no_such_url();

/// {"error": {...}}
Json error_body(const RazorpayError& error);

}  // namespace turnpike::twin::razorpay
