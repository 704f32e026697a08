#include "sandbox/stripe/subscriptions/invoice_outcomes.h"

#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/subscriptions/delinquency.h"
#include "sandbox/stripe/subscriptions/pending_updates.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

std::optional<Json> subscription_of(Context& ctx, const Json& invoice) {
    return ctx.find("subscription", subscription_of_invoice(invoice));
}

/// The latest but for one that an update waits for.
bool is_latest(const Json& subscription, const Json& invoice) {
    return decisive_invoice_of(subscription) == text_of(invoice, "id");
}

/// A pending update of it waits for this invoice to be paid.
bool waits_for(const Json& subscription, const Json& invoice) {
    return pending_invoice_of(subscription) == text_of(invoice, "id");
}

/// payment_settings.save_default_payment_method = on_subscription
void keep_payment_method(Context& ctx, Json& subscription, const Json& invoice) {
    const Json& settings = part_of(subscription, "payment_settings");
    if (text_of(settings, "save_default_payment_method") != "on_subscription") return;
    const auto intent = ctx.look("payment_intent", text_of(invoice, "_payment_intent"));
    if (intent && !text_of(*intent, "payment_method").empty())
        subscription["default_payment_method"] = intent->at("payment_method");
}

/// What an invoice that is owed no longer makes of its subscription.
const char* status_when_settled(const Json& subscription) {
    const bool began_with_trial = text_of(subscription, "status") == "incomplete" &&
                                  instant_of(subscription, "trial_end").has_value();
    return began_with_trial ? "trialing" : "active";
}

/// A paused one is waiting for its invoice to be paid.
bool is_resuming(const Json& subscription) {
    return instant_of(subscription, "_resumption_ends").has_value();
}

void settle(Context& ctx, Json subscription) {
    const bool resumed = text_of(subscription, "status") == "paused";
    subscription["status"] = status_when_settled(subscription);
    if (resumed) subscription["_resumption_ends"] = nullptr;
    update_subscription_document(ctx, subscription);
    if (resumed) ctx.emit("customer.subscription.resumed", subscription);
    warn_of_trial_end(ctx, std::move(subscription));
}

void give_up_collection(Context& ctx, Json subscription) {
    switch (after_last_retry(ctx)) {
        case AfterLastRetry::Cancel: {
            CancelRequest request;
            request.reason = "payment_failed";
            const auto canceled = cancel_subscription_now(ctx, std::move(subscription), request);
            check(canceled.has_value(), "a subscription without a final invoice can be canceled");
            return;
        }
        case AfterLastRetry::Unpaid:
            subscription["status"] = "unpaid";
            update_subscription_document(ctx, subscription);
            return;
        case AfterLastRetry::PastDue: return;
    }
}

}  // namespace

void invoice_was_paid(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    auto subscription = subscription_of(ctx, invoice);
    if (!subscription || is_ended(*subscription)) return;
    keep_payment_method(ctx, *subscription, invoice);
    if (waits_for(*subscription, invoice))
        return apply_pending_update(ctx, *std::move(subscription));
    const std::string status = text_of(*subscription, "status");
    const bool is_owed = status == "paused" ? is_resuming(*subscription)
                                            : status != "active" && status != "trialing";
    if (is_owed && is_latest(*subscription, invoice)) return settle(ctx, *std::move(subscription));
    update_subscription_document(ctx, *subscription);
}

void invoice_is_processing(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    auto subscription = subscription_of(ctx, invoice);
    if (!subscription || !is_latest(*subscription, invoice)) return;
    if (text_of(*subscription, "status") == "incomplete") settle(ctx, *std::move(subscription));
}

void invoice_was_not_paid(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    auto subscription = subscription_of(ctx, invoice);
    if (!subscription || is_ended(*subscription)) return;
    if (waits_for(*subscription, invoice)) return;
    const std::string status = text_of(*subscription, "status");
    if (retries_exhausted(invoice)) {
        give_up_collection(ctx, *std::move(subscription));
    } else if (status == "active" && is_latest(*subscription, invoice)) {
        (*subscription)["status"] = "past_due";
        update_subscription_document(ctx, *subscription);
    }
}

void invoice_is_past_due(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    auto subscription = subscription_of(ctx, invoice);
    if (!subscription || text_of(*subscription, "status") != "active") return;
    (*subscription)["status"] = "past_due";
    update_subscription_document(ctx, *subscription);
}

void invoice_was_closed(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    auto subscription = subscription_of(ctx, invoice);
    if (!subscription) return;
    if (waits_for(*subscription, invoice)) {
        drop_pending_update(*subscription);
        update_subscription_document(ctx, *subscription);
        return;
    }
    if (!is_latest(*subscription, invoice)) return;
    const bool voided = text_of(invoice, "status") == "void";
    const std::string status = text_of(*subscription, "status");
    if (status == "incomplete" && voided) {
        expire_incomplete(ctx, *std::move(subscription));
    } else if (status == "past_due" || status == "unpaid" ||
               (status == "paused" && !voided && is_resuming(*subscription))) {
        settle(ctx, *std::move(subscription));
    }
}

Json expire_incomplete(Context& ctx, Json subscription) {
    const Instant now = second_of(ctx, text_of(subscription, "customer"));
    subscription["status"] = "incomplete_expired";
    subscription["ended_at"] = unix_seconds(now);
    update_subscription_document(ctx, subscription);
    give_up_invoice(ctx, text_of(subscription, "latest_invoice"));
    return subscription;
}

std::optional<Json> open_resumption(Context& ctx, const Json& subscription) {
    if (!is_resuming(subscription)) return std::nullopt;
    auto invoice = ctx.find("invoice", text_of(subscription, "latest_invoice"));
    const std::string status = invoice ? text_of(*invoice, "status") : "";
    if (status != "open" && status != "draft") return std::nullopt;
    return invoice;
}

void end_resumption(Context& ctx, Json subscription) {
    subscription["_resumption_ends"] = nullptr;
    update_subscription_document(ctx, subscription);
    give_up_invoice(ctx, text_of(subscription, "latest_invoice"));
}

}  // namespace turnpike::twin
