#include "sandbox/stripe/invoices/attached_payments.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json new_invoice_payment(Context& ctx, const Json& invoice, const Json& intent) {
    Json payment;
    payment["id"] = ctx.new_id("inpay");
    payment["object"] = "invoice_payment";
    payment["amount_paid"] = nullptr;
    payment["amount_requested"] = intent.at("amount");
    payment["created"] = unix_seconds(second_of(ctx, text_of(invoice, "customer")));
    payment["currency"] = invoice.at("currency");
    payment["invoice"] = invoice.at("id");
    payment["is_default"] = false;
    payment["livemode"] = false;
    payment["payment"] = {{"payment_intent", intent.at("id")}, {"type", "payment_intent"}};
    payment["status"] = "open";
    payment["status_transitions"] = {{"canceled_at", nullptr}, {"paid_at", nullptr}};
    return payment;
}

/// The invoice's own PaymentIntent is not needed any more; this one stands in its place.
Json pay_with(Context& ctx, Json invoice, const Json& intent) {
    const auto own = ctx.find("payment_intent", text_of(invoice, "_payment_intent"));
    auto own_payment = ctx.find("invoice_payment", text_of(invoice, "_invoice_payment"));
    invoice["_payment_intent"] = intent.at("id");
    invoice["_invoice_payment"] = intent.at("_invoice_payment");
    if (own) cancel_payment_intent(ctx, *own, "");
    if (own_payment) {
        (*own_payment)["status"] = "canceled";
        (*own_payment)["status_transitions"]["canceled_at"] =
            unix_seconds(second_of(ctx, text_of(invoice, "customer")));
        ctx.put(*own_payment);
    }
    return pay_out_of_band(ctx, std::move(invoice));
}

std::optional<StripeError> check_intent(const Json& invoice, const Json& intent) {
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
    if (integer_of(intent, "amount") != integer_of(invoice, "amount_remaining"))
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
    if (auto error = check_intent(*invoice, *intent)) return Refusal(*std::move(error));

    const Json payment = new_invoice_payment(ctx, *invoice, *intent);
    ctx.put(payment);
    (*intent)["_attached_to"] = invoice_id;
    (*intent)["_invoice_payment"] = payment.at("id");
    ctx.put(*intent);
    if (text_of(*intent, "status") != "succeeded") return *std::move(invoice);
    return pay_with(ctx, *std::move(invoice), *intent);
}

void intent_has_succeeded(Context& ctx, std::string_view, const Json& intent) {
    auto invoice = ctx.find("invoice", text_of(intent, "_attached_to"));
    if (invoice && text_of(*invoice, "status") == "open")
        pay_with(ctx, *std::move(invoice), intent);
}

void intent_was_canceled(Context& ctx, std::string_view, const Json& intent) {
    auto payment = ctx.find("invoice_payment", text_of(intent, "_invoice_payment"));
    if (!payment || text_of(*payment, "status") != "open") return;
    (*payment)["status"] = "canceled";
    (*payment)["status_transitions"]["canceled_at"] =
        unix_seconds(second_of(ctx, text_of(intent, "customer")));
    ctx.put(*payment);
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
