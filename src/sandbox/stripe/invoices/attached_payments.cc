#include "sandbox/stripe/invoices/attached_payments.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/invoices/invoice_payments.h"
#include "sandbox/stripe/invoices/invoices.h"

namespace turnpike::twin {
namespace {

/// It stands in the place of the invoice's own PaymentIntent, which is not needed any more.
Json pay_with(Context& ctx, Json invoice, const Json& intent) {
    invoice["_payment_intent"] = intent.at("id");
    invoice["_invoice_payment"] = intent.at("_invoice_payment");
    return pay_by_intent(ctx, std::move(invoice));
}

/// In minor units: what it will have charged, or has charged and not given back. What a capture
/// left of an authorization was given back.
std::int64_t amount_of(Context& ctx, const Json& intent) {
    const auto charge = ctx.look("charge", text_of(intent, "latest_charge"));
    if (text_of(intent, "status") != "succeeded" || !charge) return integer_of(intent, "amount");
    return integer_of(*charge, "amount") - integer_of(*charge, "amount_refunded");
}

std::optional<StripeError> check_intent(Context& ctx, const Json& invoice, const Json& intent) {
    const auto wrong_intent = [](const std::string& why) {
        return bad_param("payment_intent", "", why).error();
    };
    if (text_of(intent, "customer") != text_of(invoice, "customer"))
        return wrong_intent("The PaymentIntent must be of the invoice's customer.");
    if (text_of(intent, "currency") != text_of(invoice, "currency"))
        return wrong_intent("The PaymentIntent must be in the invoice's currency.");
    if (text_of(intent, "status") == "canceled")
        return wrong_intent("A canceled PaymentIntent cannot be attached to an invoice.");
    if (!text_of(intent, "_invoice").empty() || !text_of(intent, "_attached_to").empty())
        return wrong_intent("The PaymentIntent is attached to an invoice already.");
    if (!text_of(intent, "_checkout").empty() && text_of(intent, "status") != "succeeded")
        return wrong_intent(
            "A PaymentIntent of Checkout can be attached to an invoice once it has succeeded.");
    const auto charge = ctx.look("charge", text_of(intent, "latest_charge"));
    if (charge && charged_back(ctx, *charge))
        return wrong_intent("The PaymentIntent's charge has been charged back.");
    if (amount_of(ctx, intent) != integer_of(invoice, "amount_remaining"))
        return wrong_intent(
            "This sandbox attaches PaymentIntents for the whole amount_remaining only.");
    return std::nullopt;
}

Answer attach_payment(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string id = params.text("payment_intent").value_or("");
    params.refuse("payment_record", "This sandbox has no payment records.");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (id.empty()) return missing_param("payment_intent");
    const std::string& invoice_id = operation.path("invoice");
    auto invoice = ctx.find("invoice", invoice_id);
    if (!invoice) return no_such_object("invoice", invoice_id);
    auto intent = ctx.find("payment_intent", id);
    if (!intent) return no_such_param("payment_intent", id, "payment_intent");
    if (text_of(*invoice, "status") != "open")
        return bad_param(
            "", "", "Payments can only be attached to open invoices. This invoice isn't open.");
    if (awaits_bank(ctx, *invoice)) return payment_processing();
    if (auto error = check_intent(ctx, *invoice, *intent)) return Refusal(*std::move(error));

    const Json payment = new_invoice_payment(ctx, *invoice, *intent, PaymentOrigin::Attached);
    ctx.put(payment);
    (*intent)["_attached_to"] = invoice_id;
    (*intent)["_invoice_payment"] = payment.at("id");
    ctx.put(*intent);
    (*invoice)["_has_attached"] = true;
    ctx.put(*invoice);
    if (text_of(*intent, "status") != "succeeded") return *std::move(invoice);
    return pay_with(ctx, *std::move(invoice), *intent);
}

void intent_has_succeeded(Context& ctx, std::string_view, const Json& intent) {
    auto invoice = ctx.find("invoice", text_of(intent, "_attached_to"));
    if (invoice && is_owed(*invoice)) pay_with(ctx, *std::move(invoice), intent);
}

void intent_was_canceled(Context& ctx, std::string_view, const Json& intent) {
    auto payment = ctx.find("invoice_payment", text_of(intent, "_invoice_payment"));
    if (payment) cancel_invoice_payment(ctx, *std::move(payment));
}

constexpr auto kOperations = std::to_array<OperationRoute>(
    {{"POST", "/v1/invoices/{invoice}/attach_payment", attach_payment}});

constexpr auto kListeners = std::to_array<EventListener>({
    {"payment_intent.canceled", intent_was_canceled},
    {"payment_intent.succeeded", intent_has_succeeded},
});

}  // namespace

const Feature& attached_payment_feature() {
    static constexpr Feature kFeature{.operations = kOperations, .listeners = kListeners};
    return kFeature;
}

}  // namespace turnpike::twin
