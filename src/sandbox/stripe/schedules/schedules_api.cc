#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/schedules/phase_params.h"
#include "sandbox/stripe/schedules/schedule_requests.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/paging.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kScheduleKind = "subscription_schedule";

Outcome<Json> require_schedule(Operation& operation) {
    const std::string& id = operation.path("schedule");
    auto schedule = operation.ctx.find(kScheduleKind, id);
    if (!schedule) return no_such_object(std::string(kScheduleKind), id);
    return *std::move(schedule);
}

/// Where in time a creation begins; "now" when it says nothing.
Instant read_start(Params& params, Instant now) {
    if (params.text("start_date").value_or("now") == "now") return now;
    return params.timestamp("start_date").value_or(now);
}

Answer create_for_customer(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string id = params.required_text("customer");
    if (!id.empty() && !ctx.find("customer", id)) return no_such_param("customer", id, "customer");
    const Instant now = second_of(ctx, id);
    auto created =
        make_schedule(ctx, params, {.customer = id, .now = now, .start = read_start(params, now)});
    if (created) ctx.emit("subscription_schedule.created", *created);
    return created;
}

Answer create_from_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string id = params.required_text("from_subscription");
    for (const char* other : {"billing_mode", "customer", "default_settings", "end_behavior",
                              "metadata", "phases", "start_date"})
        params.refuse(other,
                      "You cannot set `" + std::string(other) + "` if `from_subscription` is set.");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto subscription = ctx.find("subscription", id);
    if (!subscription) return no_such_param("subscription", id, "from_subscription");
    const std::string attached = text_of(*subscription, "schedule");
    if (!attached.empty())
        return bad_param("from_subscription", "",
                         "You cannot migrate a subscription that is already attached to a "
                         "schedule: " +
                             attached + ".");
    const std::string status = text_of(*subscription, "status");
    if (is_ended(*subscription) || status == "incomplete")
        return bad_param(
            "from_subscription", "",
            "You cannot migrate a subscription that is in the `" + status + "` status.");

    return schedule_subscription(ctx, *std::move(subscription));
}

Answer create_schedule(Operation& operation) {
    return operation.params.has("from_subscription") ? create_from_subscription(operation)
                                                     : create_for_customer(operation);
}

Answer update_schedule(Operation& operation) {
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    schedule->erase("_by_portal");  // The seller's from now on.
    return change_schedule(operation.ctx, operation.params, *std::move(schedule));
}

// --- ends ----------------------------------------------------------------------------------
Answer cancel_schedule(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    CancelRequest request;
    if (params.boolean("invoice_now").value_or(true)) request.invoice = CancelRequest::Invoice::Now;
    if (params.boolean("prorate").value_or(true)) request.prorate = CancelRequest::Prorate::Yes;
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    if (auto error = check_open(*schedule, "cancel", "canceled")) return Refusal(*std::move(error));
    auto subscription = ctx.find("subscription", text_of(*schedule, "subscription"));
    if (!subscription) return close_schedule(ctx, *std::move(schedule));
    // The end of its subscription closes the schedule: see subscription_has_ended().
    const auto canceled = cancel_subscription_now(ctx, *std::move(subscription), request);
    if (!canceled) return Refusal(canceled.error());
    return *ctx.find(kScheduleKind, text_of(*schedule, "id"));
}

Answer release_schedule(Operation& operation) {
    Detachment detachment{.status = "released"};
    if (operation.params.boolean("preserve_cancel_date").value_or(false))
        detachment.cancel_date = Detachment::CancelDate::Keep;
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    if (auto error = check_open(*schedule, "release", "released"))
        return Refusal(*std::move(error));
    return detach_schedule(operation.ctx, *std::move(schedule), detachment);
}

// --- reading -------------------------------------------------------------------------------
Answer get_schedule(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_schedule(operation);
}

bool lies_in(std::optional<Instant> moment, const TimeRange& range) {
    if (!range.from && !range.before) return true;
    return moment && (!range.from || *moment >= *range.from) &&
           (!range.before || *moment < *range.before);
}

Answer list_schedules(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    read_created(params, filter);
    const auto scheduled = params.boolean("scheduled");
    constexpr std::array<std::string_view, 3> kEnds{"canceled_at", "completed_at", "released_at"};
    std::array<TimeRange, kEnds.size()> ranges;
    for (std::size_t i = 0; i < kEnds.size(); ++i) ranges[i] = read_time_range(params, kEnds[i]);
    return list_objects(operation, kScheduleKind, filter, [&](const Json& schedule) {
        const bool waits = text_of(schedule, "status") == "not_started";
        if (scheduled.value_or(waits) != waits) return false;
        for (std::size_t i = 0; i < kEnds.size(); ++i)
            if (!lies_in(instant_of(schedule, kEnds[i]), ranges[i])) return false;
        return true;
    });
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"POST", "/v1/subscription_schedules", create_schedule},
    {"GET", "/v1/subscription_schedules", list_schedules},
    {"GET", "/v1/subscription_schedules/{schedule}", get_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}", update_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}/cancel", cancel_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}/release", release_schedule},
});

constexpr auto kExpandables = std::to_array<Expandable>({
    {"subscription_schedule", "application", "application"},
    {"subscription_schedule", "customer", "customer"},
    {"subscription_schedule", "default_settings.default_payment_method", "payment_method"},
    {"subscription_schedule", "default_settings.on_behalf_of", "account"},
    {"subscription_schedule", "phases.add_invoice_items.discounts.coupon", "coupon"},
    {"subscription_schedule", "phases.add_invoice_items.discounts.discount", "discount"},
    {"subscription_schedule", "phases.add_invoice_items.discounts.promotion_code",
     "promotion_code"},
    {"subscription_schedule", "phases.add_invoice_items.price", "price"},
    {"subscription_schedule", "phases.default_payment_method", "payment_method"},
    {"subscription_schedule", "phases.discounts.coupon", "coupon"},
    {"subscription_schedule", "phases.discounts.discount", "discount"},
    {"subscription_schedule", "phases.discounts.promotion_code", "promotion_code"},
    {"subscription_schedule", "phases.items.discounts.coupon", "coupon"},
    {"subscription_schedule", "phases.items.discounts.discount", "discount"},
    {"subscription_schedule", "phases.items.discounts.promotion_code", "promotion_code"},
    {"subscription_schedule", "phases.items.plan", "plan"},
    {"subscription_schedule", "phases.items.price", "price"},
    {"subscription_schedule", "phases.on_behalf_of", "account"},
    {"subscription_schedule", "subscription", "subscription"},
    {"subscription_schedule", "test_clock", "test_helpers.test_clock"},
});

constexpr auto kSteps =
    std::to_array<EngineStep>({{"subscription_schedule", sure_step<step_schedule>}});

constexpr auto kListeners = std::to_array<EventListener>({
    {"customer.subscription.deleted", subscription_has_ended},
    {"customer.subscription.updated", subscription_was_changed},
    {kDiscountsSet, discounts_were_set},
});

}  // namespace

const Feature& schedule_feature() {
    static constexpr Feature kFeature{.operations = kOperations,
                                      .expandables = kExpandables,
                                      .steps = kSteps,
                                      .listeners = kListeners,
                                      .end_customer = end_schedules};
    return kFeature;
}

}  // namespace turnpike::twin
