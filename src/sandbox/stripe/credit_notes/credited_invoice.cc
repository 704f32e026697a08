#include "sandbox/stripe/credit_notes/credited_invoice.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/invoices/invoice_payments.h"
#include "sandbox/stripe/invoices/invoices.h"

namespace turnpike::twin {
namespace {

void add_to(Json& invoice, const char* member, std::int64_t amount) {
    invoice[member] = integer_of(invoice, member) + amount;
}

/// `amount` more is asked for; less, when it is negative.
void ask_for_more(Json& invoice, std::int64_t amount) {
    add_to(invoice, "amount_due", amount);
    add_to(invoice, "amount_remaining", amount);
    add_to(invoice, "pre_payment_credit_notes_amount", -amount);
}

/// The invoice's own payment follows; others were made for another amount.
void follow_amount_due(Context& ctx, const Json& invoice) {
    end_open_payments(ctx, invoice, {.kept = text_of(invoice, "_invoice_payment"), .reason = ""});
    if (auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent"))) {
        (*intent)["amount"] = invoice.at("amount_due");
        ctx.put(*intent);
    }
    if (auto payment = ctx.find("invoice_payment", text_of(invoice, "_invoice_payment"))) {
        (*payment)["amount_requested"] = invoice.at("amount_due");
        ctx.put(*payment);
    }
}

}  // namespace

void reduce_invoice(Context& ctx, Json invoice, const CreditSplit& split) {
    ask_for_more(invoice, -split.pre_payment);
    add_to(invoice, "post_payment_credit_notes_amount", split.post_payment);
    ctx.update_and_emit("invoice.updated", invoice);
    if (split.pre_payment == 0) return;
    if (integer_of(invoice, "amount_remaining") > 0) {
        follow_amount_due(ctx, invoice);
        return;
    }
    pay_out_of_band(ctx, std::move(invoice));
}

void restore_invoice(Context& ctx, Json invoice, std::int64_t amount) {
    ask_for_more(invoice, amount);
    ctx.update_and_emit("invoice.updated", invoice);
    follow_amount_due(ctx, invoice);
}

}  // namespace turnpike::twin
