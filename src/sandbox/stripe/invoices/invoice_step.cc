#include <utility>

#include "json/value.h"
#include "sandbox/stripe/invoices/due_dates.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/invoices/webhook_wait.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The draft stays as it is and is not tried again, as at Stripe: its customer was deleted, or it
/// sums up to more than an amount holds.
void finalization_failed(Context& ctx, Json invoice, const StripeError& error) {
    Json& last = invoice["last_finalization_error"];
    last["code"] = text_or_null(error.code);
    last["message"] = error.message;
    last["type"] = error.type;
    invoice["automatically_finalizes_at"] = nullptr;
    ctx.put(invoice);
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    ctx.emit("invoice.finalization_failed", invoice);
}

void wait_until(Context& ctx, Json& draft, Instant when) {
    draft["automatically_finalizes_at"] = unix_seconds(when);
    if (is_automatic(draft)) draft["next_payment_attempt"] = unix_seconds(when);
    ctx.put(draft);
    ctx.put_due(draft, when, text_of(draft, "test_clock"));
}

}  // namespace

void step_invoice(Context& ctx, Json invoice) {
    const bool automatic = is_automatic(invoice);
    if (text_of(invoice, "status") == "open") {
        if (automatic) return retry_payment(ctx, std::move(invoice));
        return step_due_date(ctx, std::move(invoice));
    }
    if (const auto later = webhook_wait(ctx, invoice)) return wait_until(ctx, invoice, *later);
    auto finalized = finalize_invoice(ctx, invoice);
    if (!finalized) {
        finalization_failed(ctx, std::move(invoice), finalized.error());
        return;
    }
    if (text_of(*finalized, "status") != "open") return;
    if (automatic) {
        attempt_payment(ctx, *std::move(finalized), {});
    } else {
        ctx.emit("invoice.sent", *finalized);
    }
}

}  // namespace turnpike::twin
