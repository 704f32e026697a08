#include "sandbox/stripe/invoices/invoice_payments.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/payment_intents.h"

namespace turnpike::twin {

Json new_invoice_payment(Context& ctx, const Json& invoice, const Json& intent,
                         PaymentOrigin origin) {
    Json payment = roomy_object(16);
    payment["id"] = ctx.new_id("inpay");
    payment["object"] = "invoice_payment";
    payment["amount_paid"] = nullptr;
    payment["amount_requested"] = invoice.at("amount_remaining");
    payment["created"] = unix_seconds(second_of(ctx, text_of(invoice, "customer")));
    payment["currency"] = invoice.at("currency");
    payment["invoice"] = invoice.at("id");
    payment["is_default"] = origin == PaymentOrigin::OwnOfInvoice;
    payment["livemode"] = false;
    payment["payment"] = {{"payment_intent", intent.at("id")}, {"type", "payment_intent"}};
    payment["status"] = "open";
    payment["status_transitions"] = {{"canceled_at", nullptr}, {"paid_at", nullptr}};
    return payment;
}

void close_invoice_payment(Context& ctx, const Json& invoice) {
    auto payment = ctx.find("invoice_payment", text_of(invoice, "_invoice_payment"));
    if (!payment || text_of(*payment, "status") != "open") return;
    (*payment)["status"] = "paid";
    (*payment)["amount_paid"] = invoice.at("amount_paid");
    (*payment)["status_transitions"]["paid_at"] =
        unix_seconds(second_of(ctx, text_of(invoice, "customer")));
    ctx.put(*payment);
    ctx.emit("invoice_payment.paid", *payment);
}

void cancel_invoice_payment(Context& ctx, Json payment) {
    if (text_of(payment, "status") != "open") return;
    const auto invoice = ctx.look("invoice", text_of(payment, "invoice"));
    payment["status"] = "canceled";
    payment["status_transitions"]["canceled_at"] =
        unix_seconds(second_of(ctx, invoice ? text_of(*invoice, "customer") : ""));
    ctx.put(payment);
}

void end_open_payments(Context& ctx, const Json& invoice, const PaymentsEnd& end) {
    for (Json& payment : ctx.list("invoice_payment", {.parent = text_of(invoice, "id")})) {
        if (text_of(payment, "status") != "open" || text_of(payment, "id") == end.kept) continue;
        auto intent = ctx.find("payment_intent", text_of(payment.at("payment"), "payment_intent"));
        cancel_invoice_payment(ctx, std::move(payment));
        if (intent) cancel_payment_intent(ctx, *std::move(intent), end.reason);
    }
}

}  // namespace turnpike::twin
