#include "sandbox/stripe/payments/intent_owners.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/payments/intent_states.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kNoParts = "This sandbox has no payments for a part of an invoice: ";

bool is_of_checkout(const Json& intent) { return !text_of(intent, "_checkout").empty(); }
bool is_of_invoice(const Json& intent) { return !text_of(intent, "_invoice").empty(); }
bool is_attached(const Json& intent) { return !text_of(intent, "_attached_to").empty(); }

/// The parameters that were given of those which only the maker of the intent sets: "amount,
/// currency".
std::string makers_parameters(const Json& intent, const IntentSettings& settings) {
    const bool new_method = settings.payment_method || settings.new_method;
    const std::pair<std::string_view, bool> all[] = {
        {"amount", settings.amount.has_value()},
        {"currency", settings.currency.has_value()},
        {"customer", settings.customer.has_value()},
        {"capture_method", settings.capture_method.has_value()},
        {"payment_method", new_method && is_of_checkout(intent)},
        {"transfer_group", settings.notes.contains("transfer_group")},
    };
    std::string given;
    for (const auto& [name, is_given] : all)
        if (is_given) given.append(given.empty() ? "" : ", ").append(name);
    return given;
}

/// The first thing that the invoice relies on and the request would change; "" for none.
std::string_view changed_for_invoice(const Json& intent, const IntentSettings& settings) {
    const auto differs = [&](const char* member, const std::optional<std::string>& given) {
        return given && *given != text_of(intent, member);
    };
    if (settings.amount && *settings.amount != integer_of(intent, "amount")) return "amount";
    if (differs("currency", settings.currency)) return "currency";
    return differs("customer", settings.customer) ? "customer" : "";
}

}  // namespace

std::optional<StripeError> owner_problem(const Json& intent, const IntentSettings& settings) {
    if (is_of_invoice(intent) || is_of_checkout(intent)) {
        const auto given = makers_parameters(intent, settings);
        if (given.empty()) return std::nullopt;
        return bad_param("", "",
                         fmt::format("Some of the parameters you provided ({}) cannot be used when "
                                     "modifying a PaymentIntent that was created by {}. You can "
                                     "try again without those parameters.",
                                     given, is_of_invoice(intent) ? "an invoice" : "Checkout"))
            .error();
    }
    if (!is_attached(intent)) return std::nullopt;
    const std::string name(changed_for_invoice(intent, settings));
    if (name.empty()) return std::nullopt;
    return bad_param(name, "",
                     fmt::format("{}the {} of a PaymentIntent that is attached to one cannot be "
                                 "changed.",
                                 kNoParts, name))
        .error();
}

std::optional<Refusal> partial_capture_problem(const Json& intent, std::int64_t amount,
                                               const std::string& param) {
    if (!is_attached(intent) || amount == integer_of(intent, "amount_capturable"))
        return std::nullopt;
    return bad_param(
        param, "",
        fmt::format("{}a PaymentIntent that is attached to one is captured whole.", kNoParts));
}

bool awaits_another_payment(Context& ctx, const Json& intent) {
    const std::string invoice_id =
        text_of(intent, is_attached(intent) ? "_attached_to" : "_invoice");
    const auto invoice = ctx.look("invoice", invoice_id);
    if (!invoice || !flag_of(*invoice, "_has_attached")) return false;
    const auto payments = ctx.list("invoice_payment", {.parent = invoice_id});
    return std::ranges::any_of(payments, [&](const Json& payment) {
        const std::string id = text_of(part_of(payment, "payment"), "payment_intent");
        const auto other = ctx.look("payment_intent", id);
        return other && id != text_of(intent, "id") && text_of(*other, "status") == "processing";
    });
}

std::optional<Refusal> other_payment_problem(Context& ctx, const Json& intent) {
    if (!awaits_another_payment(ctx, intent)) return std::nullopt;
    return with_intent(bad_param("", "",
                                 "Another payment of this PaymentIntent's invoice is being "
                                 "processed by the bank. Wait until it has succeeded or failed.")
                           .error(),
                       intent);
}

std::optional<Refusal> checkout_problem(const Json& intent) {
    if (!is_of_checkout(intent) || !is_unconfirmed(intent)) return std::nullopt;
    return with_intent(bad_param("", "",
                                 "You cannot perform this action on PaymentIntents created by "
                                 "Checkout. Try expiring the Checkout Session instead.")
                           .error(),
                       intent);
}

std::optional<Refusal> invoice_problem(const Json& intent) {
    if (!is_of_invoice(intent)) return std::nullopt;
    return belongs_to_invoice(intent);
}

}  // namespace turnpike::twin
