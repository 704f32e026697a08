#include "sandbox/razorpay/refusal.h"

#include "json/value.h"

namespace turnpike::twin::razorpay {
namespace {

/// Errors from before Razorpay looks at what is asked know no source.
Refusal unlocated(int http_status, const std::string& description) {
    RazorpayError error;
    error.http_status = http_status;
    error.description = description;
    error.source = error.step = error.reason = "NA";
    return Refusal(error);
}

}  // namespace

Refusal bad_request(const std::string& description, const std::string& field) {
    RazorpayError error;
    error.description = description;
    error.field = field;
    return Refusal(error);
}

Refusal no_such_id() { return bad_request("The id provided does not exist"); }

Refusal unauthorized(const std::string& description) { return unlocated(401, description); }

Refusal no_such_url() { return unlocated(400, "The requested URL was not found on the server."); }

Json metadata_of(const Json& payment) {
    return Json{{"payment_id", payment.at("id")}, {"order_id", payment.at("order_id")}};
}

Refusal about_payment(Refusal refusal, const Json& payment) {
    refusal.error().metadata = metadata_of(payment);
    return refusal;
}

Json error_body(const RazorpayError& error) {
    Json body{{"code", error.code},     {"description", error.description},
              {"source", error.source}, {"step", error.step},
              {"reason", error.reason}, {"metadata", error.metadata}};
    if (!error.field.empty()) body["field"] = error.field;
    return Json{{"error", std::move(body)}};
}

}  // namespace turnpike::twin::razorpay
