#include "sandbox/stripe/wire/stripe_error.h"

#include <algorithm>
#include <utility>

namespace turnpike::twin {
namespace {

// What Stripe adds for objects that platforms often look for in the wrong account.
constexpr std::string_view kConnectHint =
    "; It's possible this PaymentMethod exists on one of your connected accounts, in which case "
    "you should retry this request on that connected account. Learn more at "
    "https://stripe.com/docs/connect/authentication";

StripeError missing_object(int status, const std::string& what, const std::string& id,
                           const std::string& param) {
    StripeError error;
    error.http_status = status;
    error.code = "resource_missing";
    error.message = "No such " + what + ": '" + id + "'";
    if (what == "PaymentMethod") error.message += kConnectHint;
    error.param = param;
    return error;
}

}  // namespace

Refusal no_such_object(const std::string& what, const std::string& id) {
    return Refusal(missing_object(404, what, id, "id"));
}

Refusal no_such_param(const std::string& what, const std::string& id, const std::string& param) {
    return Refusal(missing_object(400, what, id, param));
}

Refusal missing_param(const std::string& param) {
    StripeError error;
    error.code = "parameter_missing";
    error.message = "Missing required param: " + param + ".";
    error.param = param;
    return Refusal(std::move(error));
}

Refusal bad_param(const std::string& param, const std::string& code, const std::string& message) {
    StripeError error;
    error.code = code;
    error.message = message;
    error.param = param;
    return Refusal(std::move(error));
}

Refusal card_error(const std::string& code, const std::string& decline_code,
                   const std::string& message) {
    StripeError error;
    error.http_status = 402;
    error.type = "card_error";
    error.code = code;
    error.message = message;
    error.decline_code = decline_code;
    return Refusal(std::move(error));
}

std::string doc_url_of(std::string code) {
    std::ranges::replace(code, '_', '-');
    return "https://stripe.com/docs/error-codes/" + code;
}

}  // namespace turnpike::twin
