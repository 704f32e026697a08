#include "payments/stripe/refusal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "json/value.h"
#include "payments/card_refusals.h"
#include "payments/redact.h"
#include "payments/reply_verdict.h"

namespace turnpike::stripe {
namespace {

struct StripeError {
    std::string type, code, decline_code, message, param;
};

StripeError read_error(const std::string& body) {
    const auto error = error_object_in(body);
    if (!error) return {};
    return {.type = text_member(*error, "type"),
            .code = text_member(*error, "code"),
            .decline_code = text_member(*error, "decline_code"),
            .message = text_member(*error, "message"),
            .param = text_member(*error, "param")};
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
    return std::ranges::find(list, text) != list.end();
}

constexpr std::array<std::string_view, 5> kAuthenticationCodes = {
    "authentication_required", "invoice_payment_intent_requires_action",
    "subscription_payment_intent_requires_action", "payment_intent_authentication_failure",
    "payment_intent_action_required"};

constexpr std::array<std::string_view, 3> kMethodParams = {
    "payment_method", "default_payment_method", "invoice_settings[default_payment_method]"};

/// The object exists, but its state does not allow it.
constexpr std::array<std::string_view, 6> kStateCodes = {
    "invoice_not_editable",       "status_transition_invalid", "resource_already_exists",
    "customer_max_subscriptions", "charge_already_refunded",   "payment_intent_unexpected_state"};

bool wants_authentication(const StripeError& error) {
    return is_one_of(error.code, kAuthenticationCodes) ||
           error.decline_code == "authentication_required";
}

/// Its own text is all that tells this refusal apart.
bool wants_any_method(const StripeError& error) {
    return error.code == "resource_missing" && error.param.empty() &&
           error.message.contains("no attached payment source or default payment method");
}

/// What follows the first sentence advises a caller of Stripe's, which ours is not: parameters,
/// connected accounts, pages of its documentation.
std::string_view first_sentence(std::string_view message) {
    const auto end = std::min(message.find(". "), message.find("; "));
    return end == std::string_view::npos ? message : message.substr(0, end);
}

bool is_about_method(const StripeError& error, RefusedSubject subject) {
    if (is_one_of(error.param, kMethodParams)) return true;
    return subject == RefusedSubject::PaymentMethod && error.param != "customer";
}

Error with(ErrorCode code, Reason reason, std::string message) {
    return {.code = code, .reason = reason, .message = std::move(message)};
}

Error base_error(int status, const StripeError& error, RefusedSubject subject) {
    const auto message = error.message.empty() ? "HTTP " + std::to_string(status) : error.message;
    if (wants_authentication(error))
        return with(ErrorCode::PaymentRequired, kAuthenticationRequired,
                    "the bank wants the cardholder to confirm the payment (3-D Secure); nothing "
                    "was charged or changed");
    // What a bank says is for the cardholder, every word of it.
    if (error.type == "card_error" || status == 402)
        return with(ErrorCode::PaymentRequired, "payment.declined",
                    "stripe refused: " + redact(message));
    if (wants_any_method(error))
        return with(ErrorCode::InvalidArgument, kMethodRequired,
                    "there is no card to charge; put one on file first");
    const std::string said = "stripe refused: " + redact(std::string(first_sentence(message)));
    if (is_about_method(error, subject))
        return with(ErrorCode::InvalidArgument, kUnknownMethod, said);
    ErrorCode code = ErrorCode::InvalidArgument;
    if (status == 404) code = ErrorCode::NotFound;
    if (status != 404 && is_one_of(error.code, kStateCodes)) code = ErrorCode::Conflict;
    return with(code, kRefused, said);
}

}  // namespace

Error read_refusal(int http_status, const std::string& body, RefusedSubject subject) {
    const auto stripe = read_error(body);
    auto error = base_error(http_status, stripe, subject);
    const auto tell = [&](const char* name, const std::string& value) {
        if (!value.empty()) error.details.emplace_back(name, redact(value));
    };
    tell("decline_code", stripe.decline_code);
    tell("provider_code", stripe.code);
    tell("provider_param", stripe.param);
    return error;
}

}  // namespace turnpike::stripe
