#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/invoice_outcomes.h"
#include "sandbox/stripe/subscriptions/pending_setup.h"
#include "sandbox/stripe/subscriptions/resumption.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/paging.h"

namespace turnpike::twin {
namespace {

Answer get_subscription(Operation& operation) {
    const std::string& id = operation.path("subscription");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto subscription = operation.ctx.find("subscription", id);
    if (!subscription) return no_such_object("subscription", id);
    return *std::move(subscription);
}

bool has_price(const Json& subscription, const std::string& price) {
    for (const Json& item : subscription.at("items").at("data"))
        if (text_of(item, "price") == price) return true;
    return false;
}

/// current_period_start and _end of a list.
struct PeriodRanges {
    TimeRange start, end;
};

bool lies_within(Instant moment, const TimeRange& range) {
    return (!range.from || moment >= *range.from) && (!range.before || moment < *range.before);
}

/// Each item has a period of its own.
bool has_period_in(const Json& subscription, const PeriodRanges& ranges) {
    const Json& items = subscription.at("items").at("data");
    return std::ranges::any_of(items, [&](const Json& item) {
        const Period period = period_of_item(item);
        return lies_within(period.start, ranges.start) && lies_within(period.end, ranges.end);
    });
}

Answer list_subscriptions(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    const std::string status =
        params
            .one_of("status", {"active", "past_due", "unpaid", "canceled", "incomplete",
                               "incomplete_expired", "trialing", "paused", "all", "ended"})
            .value_or("");
    if (status != "all" && status != "ended") filter.status = status;
    const std::string price = params.text("price").value_or(params.text("plan").value_or(""));
    const std::string clock = params.text("test_clock").value_or("");
    const std::string collection = params.text("collection_method").value_or("");
    const PeriodRanges periods{read_time_range(params, "current_period_start"),
                               read_time_range(params, "current_period_end")};
    read_created(params, filter);
    return list_objects(operation, "subscription", filter, [&](const Json& subscription) {
        if (status.empty() && text_of(subscription, "status") == "canceled") return false;
        if (status == "ended" && !is_ended(subscription)) return false;
        if (!collection.empty() && text_of(subscription, "collection_method") != collection)
            return false;
        if (!clock.empty() && text_of(subscription, "test_clock") != clock) return false;
        if (!has_period_in(subscription, periods)) return false;
        return price.empty() || has_price(subscription, price);
    });
}

Answer cancel_subscription(Operation& operation) {
    Params& params = operation.params;
    const std::string& id = operation.path("subscription");
    CancelRequest request;
    if (params.boolean("invoice_now").value_or(false))
        request.invoice = CancelRequest::Invoice::Now;
    if (params.boolean("prorate").value_or(false)) request.prorate = CancelRequest::Prorate::Yes;
    if (auto details = params.object("cancellation_details")) {
        request.comment = details->text("comment");
        request.feedback = read_feedback(*details);
        params.absorb(*details);
    }
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto subscription = operation.ctx.find("subscription", id);
    // Stripe's DELETE does not find what has already ended.
    if (!subscription || is_ended(*subscription)) return no_such_object("subscription", id);
    return cancel_subscription_now(operation.ctx, *std::move(subscription), request);
}

constexpr auto kSubscriptionRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/subscriptions", create_subscription},
    {"GET", "/v1/subscriptions", list_subscriptions},
    {"GET", "/v1/subscriptions/{subscription}", get_subscription},
    {"POST", "/v1/subscriptions/{subscription}", update_subscription},
    {"DELETE", "/v1/subscriptions/{subscription}", cancel_subscription},
    {"POST", "/v1/subscriptions/{subscription}/resume", resume_subscription},
    {"DELETE", "/v1/subscriptions/{subscription}/discount", delete_subscription_discount},
    {"POST", "/v1/subscriptions/{subscription}/migrate", migrate_subscription},
    {"GET", "/v1/subscription_items", list_subscription_items},
    {"POST", "/v1/subscription_items", create_subscription_item},
    {"GET", "/v1/subscription_items/{item}", get_subscription_item},
    {"POST", "/v1/subscription_items/{item}", update_subscription_item},
    {"DELETE", "/v1/subscription_items/{item}", delete_subscription_item},
});

constexpr auto kSubscriptionExpandables = std::to_array<Expandable>({
    {"subscription", "customer", "customer"},
    {"subscription", "default_payment_method", "payment_method"},
    {"subscription", "default_source", "card"},
    {"subscription", "discounts", "discount"},
    {"subscription", "latest_invoice", "invoice"},
    {"subscription", "on_behalf_of", "account"},
    {"subscription", "pending_setup_intent", "setup_intent"},
    {"subscription", "schedule", "subscription_schedule"},
    {"subscription", "test_clock", "test_helpers.test_clock"},
    {"subscription_item", "discounts", "discount"},
});

constexpr auto kSubscriptionSteps = std::to_array<EngineStep>({
    {"subscription", step_subscription},
    {"discount", sure_step<end_subscription_discount>},
});

constexpr auto kSubscriptionListeners = std::to_array<EventListener>({
    {"invoice.finalized", follow_invoice_of_subscription_discounts},
    {kInvoicePaid, follow_invoice_of_subscription_discounts},
    {kInvoicePaid, invoice_was_paid},
    {kInvoiceProcessing, invoice_is_processing},
    {kInvoiceUnpaid, invoice_was_not_paid},
    {kInvoicePastDue, invoice_is_past_due},
    {kInvoiceClosed, follow_invoice_of_subscription_discounts},
    {kInvoiceClosed, invoice_was_closed},
    {"setup_intent.succeeded", hear_of_setup},
    {"setup_intent.canceled", hear_of_setup},
});

}  // namespace

const Feature& subscription_feature() {
    static constexpr Feature kFeature{.operations = kSubscriptionRoutes,
                                      .expandables = kSubscriptionExpandables,
                                      .steps = kSubscriptionSteps,
                                      .listeners = kSubscriptionListeners,
                                      .end_customer = end_subscriptions_of};
    return kFeature;
}

}  // namespace turnpike::twin
