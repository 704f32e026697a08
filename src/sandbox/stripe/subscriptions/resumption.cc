#include "sandbox/stripe/subscriptions/resumption.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/subscriptions/invoice_outcomes.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// Where it makes no invoice, nothing is waited for.
Answer begin_resumption(Context& ctx, const Json& subscription, const PlanChange& change) {
    auto planned = plan_change(ctx, subscription, change);
    if (!planned) return Refusal(planned.error());
    Json& after = planned->subscription;
    const Instant now = second_of(ctx, text_of(subscription, "customer"));
    if (planned->invoices_now) {
        after["_resumption_ends"] = unix_seconds(now + kIncompleteLifetime);
        return apply_change(ctx, *std::move(planned), change);
    }
    after["status"] = "active";
    auto resumed = apply_change(ctx, *std::move(planned), change);
    if (resumed) ctx.emit("customer.subscription.resumed", *resumed);
    return resumed;
}

}  // namespace

PlanChange resumption(const ResumeRequest& request) {
    PlanChange change;
    change.resumption = PlanChange::Resumption::Yes;
    change.payment.session = PaymentSession::Recurring;
    if (request.anchor == ResumeRequest::Anchor::Now) {
        change.anchor = PlanChange::Anchor::Now;
        change.proration = ProrationBehavior::None;
        return change;
    }
    change.proration = request.proration;
    change.proration_date = request.proration_date;
    return change;
}

std::optional<StripeError> check_resumable(Context& ctx, const Json& subscription) {
    const std::string id = text_of(subscription, "id");
    StripeError error;
    if (text_of(subscription, "status") != "paused") {
        error.message = "You can only resume a subscription if it is `paused`.";
        return error;
    }
    const auto open = open_resumption(ctx, subscription);
    if (!open) return std::nullopt;
    error.message = "The subscription " + id +
                    " is being resumed: it becomes active when its invoice " +
                    text_of(*open, "id") + " is paid.";
    return error;
}

Answer resume_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string& id = operation.path("subscription");
    ResumeRequest request;
    if (params.one_of("billing_cycle_anchor", {"now", "unchanged"}) == "unchanged")
        request.anchor = ResumeRequest::Anchor::Unchanged;
    request.proration = read_proration_behavior(params);
    request.proration_date = params.timestamp("proration_date");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const auto subscription = ctx.find("subscription", id);
    if (!subscription || is_ended(*subscription)) return no_such_object("subscription", id);
    if (auto error = check_resumable(ctx, *subscription)) return Refusal(*std::move(error));
    return begin_resumption(ctx, *subscription, resumption(request));
}

}  // namespace turnpike::twin
