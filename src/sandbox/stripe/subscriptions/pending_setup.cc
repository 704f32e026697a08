#include "sandbox/stripe/subscriptions/pending_setup.h"

#include <optional>
#include <string>
#include <utility>

#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The one that later invoices would be charged to; nullopt: none.
std::optional<Json> method_of(Context& ctx, const Json& subscription) {
    Json probe;
    probe["customer"] = subscription.at("customer");
    probe["parent"]["subscription_details"]["subscription"] = subscription.at("id");
    return ctx.find("payment_method", default_payment_method_of(ctx, probe));
}

}  // namespace

void begin_setup(Context& ctx, Json& subscription, PaymentBehavior behavior) {
    const auto method = method_of(ctx, subscription);
    if (method && !waits_for_setup(*method)) return;
    Json intent = new_setup_intent(ctx, text_of(subscription, "customer"));
    if (text_of(subscription, "currency") == "eur")
        intent["payment_method_types"].push_back("sepa_debit");
    intent["_subscription"] = subscription.at("id");
    if (method) {
        intent["payment_method"] = method->at("id");
        intent["status"] = "requires_confirmation";
    }
    ctx.put(intent);
    ctx.emit("setup_intent.created", intent);
    subscription["pending_setup_intent"] = intent.at("id");
    if (method && behavior != PaymentBehavior::DefaultIncomplete)
        confirm_setup_intent(ctx, std::move(intent), *method);
}

void hear_of_setup(Context& ctx, std::string_view /*type*/, const Json& intent) {
    auto subscription = ctx.find("subscription", text_of(intent, "_subscription"));
    if (!subscription || is_ended(*subscription)) return;
    (*subscription)["pending_setup_intent"] = nullptr;
    const Json& settings = part_of(*subscription, "payment_settings");
    if (text_of(intent, "status") == "succeeded" &&
        text_of(settings, "save_default_payment_method") == "on_subscription")
        (*subscription)["default_payment_method"] = intent.at("payment_method");
    update_subscription_document(ctx, *subscription);
}

}  // namespace turnpike::twin
