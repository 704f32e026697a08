#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/razorpay/calendar.h"
#include "sandbox/razorpay/customers.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/proration.h"
#include "sandbox/razorpay/scheduled_changes.h"
#include "sandbox/razorpay/subscriptions.h"

namespace turnpike::twin::razorpay {
namespace {

/// The least difference that an immediate change can be worth.
constexpr std::int64_t kDifferenceMin = 50;

Terms terms_of(Context& ctx, const Json& subscription) {
    const Json plan = plan_of(ctx, subscription);
    return {.amount = unit_amount_of(plan) * integer_of(subscription, "quantity"),
            .interval = interval_of_plan(plan)};
}

/// Reads what an update can set.
Json read_changes(Context& ctx, Params& params, const Json& subscription) {
    Json changes = Json::object();
    if (const auto plan_id = params.text("plan_id")) {
        const auto plan = ctx.find("plan", *plan_id);
        if (!plan)
            params.complain(no_such_id());
        else if (currency_of(*plan) != currency_of(plan_of(ctx, subscription)))
            params.complain(bad_request("The currency must be that of the plan", "plan_id"));
        changes["plan_id"] = *plan_id;
    }
    if (const auto quantity = params.integer("quantity", 1, kQuantityMax))
        changes["quantity"] = *quantity;
    if (const auto count = params.integer("remaining_count", 1, kCyclesMax))
        changes["remaining_count"] = *count;
    if (const auto notifies = params.flag("customer_notify"))
        changes["customer_notify"] = *notifies;
    if (params.text("offer_id")) params.complain(bad_request("Offer Not Found", "offer_id"));
    params.lacks({"total_count", "expire_by", "addons", "notes"});
    Json after = subscription;
    apply_changes(after, changes);
    const auto plan = ctx.find("plan", text_of(after, "plan_id"));
    if (plan && integer_of(after, "total_count") > cycles_in_a_century(*plan))
        params.complain(too_many_cycles(
            *plan, changes.contains("remaining_count") ? "remaining_count" : "plan_id"));
    return changes;
}

/// Gives `amount` back out of what was paid for the subscription, newest first.
void give_back(Context& ctx, const Json& subscription, std::int64_t amount) {
    const auto invoices =
        ctx.list("invoice", {.parent = text_of(subscription, "id"), .status = "paid"}, {});
    for (const Json& invoice : invoices) {
        const auto payment = ctx.find("payment", text_of(invoice, "payment_id"));
        const auto part = std::min(amount, refundable(*payment));
        if (part > 0) refund_payment(ctx, *payment, {.amount = part});
        amount -= part;
        if (amount == 0) return;
    }
}

/// Charges the difference on an invoice of its own; false when the bank declines.
bool charge_difference(Context& ctx, const Json& subscription, std::int64_t amount) {
    const Json plan = plan_of(ctx, subscription);
    Json invoice = issue_invoice(
        ctx, {.subscription_id = text_of(subscription, "id"),
              .currency = currency_of(plan),
              .lines = {{.name = text_of(plan.at("item"), "name"), .unit_amount = amount}},
              .notes = subscription.at("notes")});
    set_billing_period(invoice, {ctx.now(), current_cycle(subscription).end});
    const Json payment =
        charge_invoice(ctx, invoice, instrument_of(subscription),
                       *ctx.find("customer", text_of(subscription, "customer_id")));
    return flag_of(payment, "captured");
}

/// Another interval begins a new cycle at once.
void restart_cycle(Context& ctx, Json& subscription, const Terms& terms) {
    subscription["_anchor"] = ctx.now_seconds();
    subscription["_index"] = 0;
    subscription["current_start"] = ctx.now_seconds();
    subscription["current_end"] = unix_seconds(cycle_end(ctx.now(), terms.interval, 0));
    subscription["charge_at"] = subscription.at("current_end");
}

Answer update_running(Context& ctx, const Json& before, Json subscription) {
    const Terms from = terms_of(ctx, before);
    const Terms to = terms_of(ctx, subscription);
    const auto difference = price_of_change(from, to, current_cycle(before), ctx.now());
    if (difference != 0 && std::abs(difference) < kDifferenceMin)
        return bad_request(
            "The prorated amount difference between the plans should be at least 50 currency "
            "subunits");
    if (from.interval != to.interval) restart_cycle(ctx, subscription, to);
    if (difference > 0 && !charge_difference(ctx, subscription, difference))
        return bad_request("The charge for the difference failed. The subscription is not updated");
    if (difference < 0) give_back(ctx, before, -difference);
    return subscription;
}

Answer update_now(Context& ctx, const Json& before, const Json& changes) {
    Json subscription = before;
    apply_changes(subscription, changes);
    if (state_of(before) == State::Active) {
        auto updated = update_running(ctx, before, std::move(subscription));
        if (!updated) return updated;
        subscription = *std::move(updated);
    } else if (changes.contains("start_at")) {
        subscription["start_at"] = changes.at("start_at");
    }
    set_outlook(subscription, plan_of(ctx, subscription));
    save_subscription(ctx, subscription);
    ctx.emit("subscription.updated", {&subscription});
    return subscription;
}

Answer update_at_cycle_end(Context& ctx, Json subscription, const Json& changes) {
    if (state_of(subscription) != State::Active)
        return bad_request(
            "Subscription cannot be updated at cycle end since no billing cycle is going on");
    subscription["_scheduled"] = changes;
    subscription["has_scheduled_changes"] = true;
    subscription["change_scheduled_at"] = subscription.at("current_end");
    save_subscription(ctx, subscription);
    return subscription;
}

void read_new_start(Context& ctx, Params& params, const Json& subscription, Json& changes) {
    const auto start = params.timestamp("start_at");
    if (!start) return;
    if (*start <= ctx.now())
        params.complain(
            bad_request("start_at cannot be lesser than the current time.", "start_at"));
    if (state_of(subscription) != State::Authenticated)
        params.complain(
            bad_request("start_at can only be updated before the subscription starts", "start_at"));
    changes["start_at"] = unix_seconds(*start);
}

Answer update_subscription(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    Json changes = read_changes(ctx, params, *subscription);
    read_new_start(ctx, params, *subscription, changes);
    const auto when = params.one_of("schedule_change_at", {"now", "cycle_end"}).value_or("now");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const auto state = state_of(*subscription);
    if (state != State::Authenticated && state != State::Active)
        return bad_request(
            "Can't update subscription when subscription is not in Authenticated or Active state");
    if (instrument_of(*subscription).method != "card")
        return bad_request(
            "subscriptions cannot be updated when payment mode is " +
            std::string(instrument_of(*subscription).method == "upi" ? "UPI" : "Emandate"));
    if (changes.empty()) return bad_request("There is nothing to update");
    return when == "now" ? update_now(ctx, *subscription, changes)
                         : update_at_cycle_end(ctx, *subscription, changes);
}

/// The subscription as it will be.
Answer scheduled_changes(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    if (!flag_of(*subscription, "has_scheduled_changes"))
        return bad_request("No scheduled changes found for the subscription");
    apply_changes(*subscription, subscription->at("_scheduled"));
    set_outlook(*subscription, plan_of(operation.ctx, *subscription));
    return subscription;
}

Answer cancel_scheduled_changes(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    if (!flag_of(*subscription, "has_scheduled_changes"))
        return bad_request("No scheduled changes found for the subscription");
    (*subscription)["has_scheduled_changes"] = false;
    (*subscription)["change_scheduled_at"] = nullptr;
    (*subscription)["_scheduled"] = nullptr;
    save_subscription(operation.ctx, *subscription);
    return subscription;
}

bool has_running_cycle(const Json& subscription) {
    const auto state = state_of(subscription);
    return state == State::Active || state == State::Pending || state == State::Halted;
}

Answer cancel(Operation& operation) {
    auto& ctx = operation.ctx;
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    const bool at_end = operation.params.flag("cancel_at_cycle_end").value_or(false);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (!next_state(state_of(*subscription), Trigger::Cancel))
        return bad_request(
            "Subscription is not cancellable in " + text_of(*subscription, "status") + " status.",
            "status");
    if (!at_end) {
        end_subscription(ctx, *subscription, Trigger::Cancel);
        return subscription;
    }
    if (!has_running_cycle(*subscription))
        return bad_request("Subscription cannot be cancelled since no billing cycle is going on");
    (*subscription)["_cancels"] = true;
    save_subscription(ctx, *subscription);
    return subscription;
}

Answer not_possible(const char* what, const Json& subscription) {
    return bad_request("Subscription cannot be " + std::string(what) + " in " +
                           text_of(subscription, "status") + " status.",
                       "status");
}

Answer pause(Operation& operation) {
    auto& ctx = operation.ctx;
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    operation.params.one_of("pause_at", {"now"});
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto next = next_state(state_of(*subscription), Trigger::Pause);
    if (!next) return not_possible("paused", *subscription);
    if (*next == State::Cancelled) {
        end_subscription(ctx, *subscription, Trigger::Cancel);
        return subscription;
    }
    move_to_next_state(*subscription, Trigger::Pause);
    (*subscription)["charge_at"] = nullptr;
    (*subscription)["paused_at"] = ctx.now_seconds();
    (*subscription)["pause_initiated_by"] = "self";
    save_subscription(ctx, *subscription);
    ctx.emit("subscription.paused", {&*subscription});
    return subscription;
}

/// Cycles that went by meanwhile are neither charged nor counted: the next charge is at the end of
/// the one that `now` lies in.
void skip_missed_cycles(Context& ctx, Json& subscription) {
    const auto interval = interval_of_plan(plan_of(ctx, subscription));
    const auto anchor = *instant_of(subscription, "_anchor");
    auto index = integer_of(subscription, "_index");
    while (current_cycle(subscription).end <= ctx.now()) {
        subscription["current_start"] = subscription.at("current_end");
        subscription["current_end"] = unix_seconds(cycle_end(anchor, interval, ++index));
    }
    subscription["_index"] = index;
}

Answer resume(Operation& operation) {
    auto& ctx = operation.ctx;
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    operation.params.one_of("resume_at", {"now"});
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (!next_state(state_of(*subscription), Trigger::Resume))
        return not_possible("resumed", *subscription);
    move_to_next_state(*subscription, Trigger::Resume);
    skip_missed_cycles(ctx, *subscription);
    set_outlook(*subscription, plan_of(ctx, *subscription));
    (*subscription)["charge_at"] = subscription->at("current_end");
    (*subscription)["pause_initiated_by"] = nullptr;  // paused_at stays, as documented
    save_subscription(ctx, *subscription);
    ctx.emit("subscription.resumed", {&*subscription});
    return subscription;
}

constexpr auto kSubscriptionChangeRoutes = std::to_array<Route>({
    {"PATCH", "/v1/subscriptions/{id}", update_subscription},
    {"GET", "/v1/subscriptions/{id}/retrieve_scheduled_changes", scheduled_changes},
    {"POST", "/v1/subscriptions/{id}/cancel_scheduled_changes", cancel_scheduled_changes},
    {"POST", "/v1/subscriptions/{id}/cancel", cancel},
    {"POST", "/v1/subscriptions/{id}/pause", pause},
    {"POST", "/v1/subscriptions/{id}/resume", resume},
});

}  // namespace

std::span<const Route> subscription_change_routes() { return kSubscriptionChangeRoutes; }

}  // namespace turnpike::twin::razorpay
