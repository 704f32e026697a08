#include "sandbox/stripe/payments/authorizations.h"

#include <chrono>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

std::string clock_of_payer(Context& ctx, const Json& intent) {
    const auto customer = ctx.find("customer", text_of(intent, "customer"));
    return customer ? text_of(*customer, "test_clock") : "";
}

}  // namespace

void hold_authorization(Context& ctx, const Json& intent) {
    const Instant now = ctx.now_of(text_of(intent, "customer"));
    ctx.put_due(intent, now + kAuthorizationHold, clock_of_payer(ctx, intent));
}

void end_authorization(Context& ctx, const Json& intent) {
    ctx.put_due(intent, std::nullopt, clock_of_payer(ctx, intent));
}

void expire_authorization(Context& ctx, Json intent) {
    end_authorization(ctx, intent);
    release_charge(ctx, text_of(intent, "latest_charge"), "charge.expired");
    end_payment_intent(ctx, std::move(intent), "automatic");
}

Json end_payment_intent(Context& ctx, Json intent, const std::string& reason) {
    intent["canceled_at"] = unix_seconds(second_of(ctx, text_of(intent, "customer")));
    intent["cancellation_reason"] = text_or_null(reason);
    intent["amount_capturable"] = 0;
    intent["next_action"] = nullptr;
    intent["status"] = "canceled";
    ctx.put(intent);
    ctx.emit("payment_intent.canceled", intent);
    return intent;
}

}  // namespace turnpike::twin
