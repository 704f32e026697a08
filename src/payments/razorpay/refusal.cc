#include "payments/razorpay/refusal.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "payments/redact.h"
#include "payments/reply_verdict.h"

namespace turnpike::razorpay {
namespace {

struct RazorpayError {
    std::string code, description, field, source, reason;
};

RazorpayError read_error(const std::string& body) {
    const auto error = error_object_in(body);
    if (!error) return {};
    return {.code = text_member(*error, "code"),
            .description = text_member(*error, "description"),
            .field = text_member(*error, "field"),
            .source = text_member(*error, "source"),
            .reason = text_member(*error, "reason")};
}

template <std::size_t N>
bool contains_one_of(std::string_view text, const std::array<std::string_view, N>& parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return text.contains(part); });
}

constexpr std::array<std::string_view, 3> kUnknownIds = {
    "id provided does not exist", "is not a valid id", "No db records found"};

/// razorpay-node#409 has the second one: a card under a mandate of India's central bank.
constexpr std::array<std::string_view, 2> kFixedMandates = {
    "cannot be updated when payment mode is", "when card mandate is applicable"};

/// Who said no when money was to be taken: not Razorpay's validation.
constexpr std::array<std::string_view, 4> kPayers = {"customer", "bank", "issuer", "gateway"};

constexpr std::array<std::string_view, 4> kStates = {" state", " status", "already been",
                                                     "already exists"};

bool is_decline(const RazorpayError& error) {
    return std::ranges::any_of(
        kPayers, [&](std::string_view payer) { return error.source.starts_with(payer); });
}

Error with(ErrorCode code, Reason reason, std::string message) {
    return {.code = code, .reason = reason, .message = std::move(message)};
}

Error base_error(int status, const RazorpayError& error) {
    const auto description =
        error.description.empty() ? "HTTP " + std::to_string(status) : error.description;
    const std::string said = "razorpay refused: " + redact(description);
    if (contains_one_of(error.description, kFixedMandates)) return mandate_is_fixed();
    if (status == 404 || contains_one_of(error.description, kUnknownIds))
        return with(ErrorCode::NotFound, kRefused, said);
    if (is_decline(error)) return with(ErrorCode::PaymentRequired, "payment.declined", said);
    const bool about_state = error.field == "status" || contains_one_of(error.description, kStates);
    return with(about_state ? ErrorCode::Conflict : ErrorCode::InvalidArgument, kRefused, said);
}

Error unsupported(Reason reason, const char* what, const char* hint) {
    Error error =
        with(ErrorCode::Unprocessable, reason, "razorpay " + std::string(what) + "; " + hint);
    error.details.emplace_back("hint", hint);
    return error;
}

}  // namespace

Error read_refusal(int http_status, const std::string& body, RefusedSubject /*subject*/) {
    const auto razorpay = read_error(body);
    auto error = base_error(http_status, razorpay);
    const auto tell = [&](const char* name, const std::string& value) {
        if (!value.empty() && value != "NA") error.details.emplace_back(name, redact(value));
    };
    tell("provider_code", razorpay.code);
    tell("provider_param", razorpay.field);
    tell("provider_reason", razorpay.reason);
    return error;
}

Error method_needs_authorization() {
    return unsupported(
        "razorpay.method_needs_authorization", "takes no payment method from an API",
        "send the customer to the subscription's authorization_url: there they authorise "
        "a card, UPI or a bank account, and can choose another one later");
}

Error mandate_is_fixed() {
    return unsupported(
        "razorpay.mandate_is_fixed",
        "cannot change a subscription that was authorised by UPI, by a bank account, or "
        "by a card under a mandate",
        "cancel it at the period's end and start a new one, which the customer "
        "authorises");
}

Error cancellation_is_final() {
    return unsupported("razorpay.cancellation_is_final",
                       "does not take back a cancellation at the period's end",
                       "start a new subscription when this one has ended");
}

Error no_running_cycle() {
    return unsupported(
        "razorpay.no_running_cycle",
        "ends a subscription at the end of a billing cycle only while one is going on",
        "cancel it now");
}

Error interval_not_sold() {
    return unsupported("razorpay.interval_not_sold",
                       "has plans by the week, month and year, and of seven days at least",
                       "sell the plan by the week");
}

Error line_too_small() {
    return unsupported("razorpay.line_too_small", "bills no line below one unit of the currency",
                       "bill it together with more, or give money back as a refund of the payment");
}

Error no_pending_items() {
    return unsupported("razorpay.no_pending_items",
                       "keeps an amount for the next bill only with a subscription that goes on",
                       "make an invoice and add the amount to it");
}

Error no_portal() {
    return unsupported("razorpay.no_portal", "has no page where customers see to their plan",
                       "use this server's own pages and calls, and the subscription's "
                       "authorization_url for another card");
}

Error checkout_is_plain() {
    return unsupported("razorpay.checkout_is_plain",
                       "sells one unit without a trial on its page for a new subscription",
                       "leave out quantity and trial_days");
}

Error no_previews() {
    return unsupported("razorpay.no_previews", "does not say what a change would be billed as",
                       "change without a preview_token: the difference for the rest of the cycle "
                       "is charged or paid back at once");
}

Error no_test_clocks() {
    return unsupported("razorpay.no_test_clocks", "has no test clocks",
                       "move the clock of the whole account in the sandbox");
}

Error no_event_list() {
    return unsupported("razorpay.no_event_list", "lists no events",
                       "compare subscriptions and invoices, as reconciliation does");
}

Error no_dispute_list() {
    return unsupported("razorpay.no_dispute_list", "is not asked for a list of disputes",
                       "send its dispute webhooks here; known disputes are read by their ids");
}

Error trial_needs_authorization() {
    return unsupported("razorpay.trial_needs_authorization",
                       "has no trial without a card: what is not authorised when it ends expires",
                       "leave trial_end_behavior out, or send cancel");
}

Error trial_cannot_end_now() {
    return unsupported("razorpay.trial_cannot_end_now",
                       "begins to charge on a day that is to come, never at once",
                       "name another end of the trial");
}

Error no_dated_end() {
    return unsupported("razorpay.no_dated_end",
                       "ends a subscription now or at the end of its cycle",
                       "cancel it at the period's end, or on the day");
}

Error pause_makes_no_invoices() {
    return unsupported("razorpay.pause_makes_no_invoices",
                       "makes no invoices while a subscription is paused",
                       "send the behavior void");
}

Error no_dated_resumption() {
    return unsupported("razorpay.no_dated_resumption", "resumes a subscription when it is told to",
                       "leave resumes_at out, and resume it on the day");
}

}  // namespace turnpike::razorpay
