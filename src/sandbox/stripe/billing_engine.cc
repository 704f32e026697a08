#include "sandbox/stripe/billing_engine.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/coupons/discounts.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/entitlements/active_entitlements.h"
#include "sandbox/stripe/invoices.h"
#include "sandbox/stripe/subscriptions.h"

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

Outcome<std::monostate> step_invoice(Context& ctx, Json invoice) {
    const bool automatic = text_of(invoice, "collection_method") == "charge_automatically";
    if (text_of(invoice, "status") == "open") {
        retry_payment(ctx, std::move(invoice));
        return std::monostate{};
    }
    auto finalized = finalize_invoice(ctx, invoice);
    if (!finalized) {
        finalization_failed(ctx, std::move(invoice), finalized.error());
        return std::monostate{};
    }
    if (automatic && text_of(*finalized, "status") == "open")
        attempt_payment(ctx, *std::move(finalized), {});
    return std::monostate{};
}

Outcome<std::monostate> step(Context& ctx, Json object) {
    const auto kind = text_of(object, "object");
    if (kind == "invoice") return step_invoice(ctx, std::move(object));
    if (kind == "coupon" || kind == "promotion_code") {
        settle_redemptions(ctx, std::move(object));
        return std::monostate{};
    }
    if (kind == "customer") {
        end_discount(ctx, std::move(object));
        return std::monostate{};
    }
    return step_subscription(ctx, std::move(object));
}

Outcome<Json> advance_clock(Context& ctx, const std::string& clock, Instant to) {
    const auto moved = run_engine(ctx, clock, to);
    if (!moved) return Refusal(moved.error());
    return Json();
}

}  // namespace

Outcome<std::monostate> run_engine(Context& ctx, const std::string& test_clock, Instant until) {
    while (auto due = ctx.next_due(until, test_clock)) {
        ctx.set_clock_time(test_clock, due->when);
        const auto done = step(ctx, std::move(due->object));
        if (!done) return done;
    }
    ctx.set_clock_time(test_clock, until);
    return std::monostate{};
}

BillingHooks billing_hooks() {
    return {.advance_clock = advance_clock,
            .end_customer = end_customer,
            .subscription_changed = update_entitlements};
}

}  // namespace turnpike::twin
