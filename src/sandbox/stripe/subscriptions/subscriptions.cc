#include "sandbox/stripe/subscriptions/subscriptions.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/subscriptions/cycles.h"
#include "sandbox/stripe/subscriptions/invoice_outcomes.h"
#include "sandbox/stripe/subscriptions/pending_updates.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/upcoming.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

constexpr std::chrono::minutes kBankAskedAgain{1};

Json& items_of(Json& subscription) { return subscription["items"]["data"]; }

Instant now_of(Context& ctx, const Json& subscription) {
    return second_of(ctx, text_of(subscription, "customer"));
}

/// The earliest of what time will do to this subscription.
std::optional<Instant> next_step(const Json& subscription) {
    const std::string status = text_of(subscription, "status");
    if (is_ended(subscription)) return std::nullopt;
    if (status == "incomplete") return *instant_of(subscription, "created") + kIncompleteLifetime;
    std::optional<Instant> next;
    const auto consider = [&](std::optional<Instant> when) {
        if (when && (!next || *when < *next)) next = when;
    };
    consider(instant_of(subscription, "cancel_at"));
    consider(instant_of(part_of(subscription, "pause_collection"), "resumes_at"));
    consider(pending_update_end(subscription));
    if (status == "paused") {
        consider(instant_of(subscription, "_resumption_ends"));
        return next;
    }
    for (const Json& item : part_of(part_of(subscription, "items"), "data"))
        consider(period_of_item(item).end);
    if (status == "trialing" && !flag_of(subscription, "_trial_warned"))
        consider(*instant_of(subscription, "trial_end") - kTrialWarning);
    consider(upcoming_notice_at(subscription));
    return next;
}

void forget_deleted_items(Context& ctx, const Json& before, const Json& after) {
    const Json& kept = after.at("items").at("data");
    for (const Json& item : before.at("items").at("data")) {
        const bool found = std::ranges::any_of(
            kept, [&](const Json& other) { return other.at("id") == item.at("id"); });
        if (!found) ctx.remove("subscription_item", text_of(item, "id"));
    }
}

/// Unpaid invoices of an ended subscription are no longer collected automatically.
void stop_collection(Context& ctx, const Json& subscription) {
    for (Json& invoice : ctx.list("invoice", {.parent = text_of(subscription, "id")})) {
        const std::string status = text_of(invoice, "status");
        if (status == "open" || status == "draft") stop_collecting(ctx, std::move(invoice));
    }
}

std::vector<Json> pending_items(Context& ctx, const Json& subscription) {
    auto items =
        ctx.list("invoiceitem", {.parent = pending_parent(text_of(subscription, "customer"))});
    std::erase_if(items, [&](const Json& item) {
        const Json& parent = part_of(part_of(item, "parent"), "subscription_details");
        return text_of(parent, "subscription") != text_of(subscription, "id");
    });
    return items;
}

/// That somebody ended it, and why.
void note_cancellation(Json& subscription, const CancelRequest& request, Instant now) {
    subscription["cancel_at"] = nullptr;
    subscription["cancel_at_period_end"] = false;
    if (subscription["canceled_at"].is_null()) subscription["canceled_at"] = unix_seconds(now);
    Json& details = subscription["cancellation_details"];
    details["reason"] = request.reason;
    if (request.comment) details["comment"] = text_or_null(*request.comment);
    if (request.feedback) details["feedback"] = text_or_null(*request.feedback);
}

/// What a subscription that reached its end still has to bill or credit.
void invoice_leftovers(Context& ctx, const Json& subscription, Period period,
                       std::vector<Json> used) {
    if (pending_items(ctx, subscription).empty() && used.empty()) return;
    Json draft = draft_subscription_invoice(
        ctx, subscription, {"subscription_cycle", period, std::move(used)}, Payment{});
    publish_draft(ctx, draft);
}

/// Time voids nothing that a bank may still pay: puts the step off until it has answered. False
/// where there is nothing to wait for.
bool waits_for_bank(Context& ctx, const Json& subscription, const std::string& invoice) {
    const auto unpaid = ctx.look("invoice", invoice);
    if (!unpaid || !awaits_bank(ctx, *unpaid)) return false;
    ctx.put_due(subscription, now_of(ctx, subscription) + kBankAskedAgain,
                text_of(subscription, "test_clock"));
    return true;
}

bool needs_trial_warning(const Json& subscription, Instant now) {
    return text_of(subscription, "status") == "trialing" &&
           !flag_of(subscription, "_trial_warned") &&
           *instant_of(subscription, "trial_end") - kTrialWarning <= now;
}

}  // namespace

void save_subscription(Context& ctx, const Json& subscription) {
    ctx.put(subscription);
    for (const Json& item : part_of(part_of(subscription, "items"), "data")) ctx.put(item);
    auto next = next_step(subscription);
    // What is overdue happens now; an engine never goes back in time.
    if (next) next = std::max(*next, now_of(ctx, subscription));
    ctx.put_due(subscription, next, text_of(subscription, "test_clock"));
}

void update_subscription_document(Context& ctx, const Json& subscription) {
    const auto before = ctx.look("subscription", text_of(subscription, "id"));
    save_subscription(ctx, subscription);
    if (!before) return;
    forget_deleted_items(ctx, *before, subscription);
    ctx.emit_change("customer.subscription.updated", *before, subscription);
    announce_subscription_discounts(ctx, *before, subscription);
}

Outcome<std::vector<Json>> credits_of_unused_time(Context& ctx, const Json& subscription,
                                                  std::optional<Instant> as_of) {
    if (text_of(subscription, "status") == "trialing") return std::vector<Json>();
    PlanChange change;
    change.proration_date = as_of;
    // Nothing is left of any item: only the credits of the plan are used.
    for (const Json& item : part_of(part_of(subscription, "items"), "data")) {
        if (is_metered(item.at("price"))) continue;
        ItemRequest request;
        request.id = text_of(item, "id");
        request.quantity = 0;
        change.items.push_back(std::move(request));
    }
    Json ending = subscription;
    ending["_ends_now"] = true;
    auto planned = plan_change(ctx, ending, change);
    if (!planned) return Refusal(planned.error());
    std::erase_if(planned->prorations,
                  [](const Json& proration) { return flag_of(proration, "_debit"); });
    return std::move(planned->prorations);
}

Outcome<Json> cancel_subscription_now(Context& ctx, Json subscription,
                                      const CancelRequest& request) {
    subscription = end_pending_update(ctx, std::move(subscription));
    const Instant now = now_of(ctx, subscription);
    if (text_of(subscription, "status") == "incomplete") {
        note_cancellation(subscription, request, now);
        return expire_incomplete(ctx, std::move(subscription));
    }
    const bool invoices = request.invoice == CancelRequest::Invoice::Now;
    const bool prorates = request.prorate == CancelRequest::Prorate::Yes;
    if (prorates) {
        const auto credits = credits_of_unused_time(ctx, subscription, std::nullopt);
        if (!credits) return Refusal(credits.error());
        for (const Json& credit : *credits) {
            ctx.put(credit);
            ctx.emit("invoiceitem.created", credit);
        }
    }
    const Period period = period_of_item(items_of(subscription).at(0));
    std::vector<Json> used;
    if (invoices) used = last_usage(ctx, subscription, now);
    subscription["status"] = "canceled";
    subscription["ended_at"] = unix_seconds(now);
    note_cancellation(subscription, request, now);

    // Before there is the draft that is to be collected.
    stop_collection(ctx, subscription);
    std::vector<Json> waiting = pending_items(ctx, subscription);
    std::optional<Json> draft;
    if (invoices && !(waiting.empty() && used.empty())) {
        draft = draft_subscription_invoice(
            ctx, subscription, {"subscription_cycle", {period.start, now}, std::move(used)},
            Payment{});
        subscription["latest_invoice"] = draft->at("id");
    } else if (!invoices && !prorates) {
        // Prorations that were waiting for a next invoice are dropped with it.
        for (const Json& item : waiting) {
            if (!flag_of(item, "proration")) continue;
            ctx.remove("invoiceitem", text_of(item, "id"));
            ctx.emit("invoiceitem.deleted", item);
        }
    }
    save_subscription(ctx, subscription);
    ctx.emit("customer.subscription.deleted", subscription);
    if (!draft) return subscription;
    if (integer_of(*draft, "total") < 0) {
        // Recorded: what gives back waits as a draft.
        publish_draft(ctx, *draft);
        return *ctx.find("subscription", text_of(subscription, "id"));
    }
    return collect_subscription_invoice(ctx, text_of(subscription, "id"), *std::move(draft),
                                        Payment{.session = PaymentSession::Recurring});
}

Outcome<std::monostate> end_subscriptions_of(Context& ctx, const std::string& customer) {
    for (Json& subscription : ctx.list("subscription", {.customer = customer})) {
        if (is_ended(subscription)) continue;
        const auto canceled = cancel_subscription_now(ctx, std::move(subscription), {});
        if (!canceled) return Refusal(canceled.error());
    }
    return std::monostate{};
}

namespace {

/// The subscription reaches the end that was asked for earlier.
void end_as_scheduled(Context& ctx, Json subscription) {
    subscription = end_pending_update(ctx, std::move(subscription));
    const Instant now = now_of(ctx, subscription);
    const Period period = period_of_item(items_of(subscription).at(0));
    std::vector<Json> used = last_usage(ctx, subscription, now);
    subscription["status"] = "canceled";
    subscription["ended_at"] = unix_seconds(now);
    save_subscription(ctx, subscription);
    ctx.emit("customer.subscription.deleted", subscription);
    stop_collection(ctx, subscription);
    invoice_leftovers(ctx, subscription, {period.start, now}, std::move(used));
}

/// Moves every item whose period is over into its next one and opens the draft that bills it.
void renew(Context& ctx, Json subscription) {
    const Instant now = now_of(ctx, subscription);
    const bool unpaid = text_of(subscription, "status") == "unpaid";
    const std::string pause = pause_behavior(subscription);
    Renewal renewal = renew_items(ctx, subscription, now);
    Payment payment;
    if (!pause.empty() || unpaid) payment.behavior = PaymentBehavior::DefaultIncomplete;
    Json draft = draft_subscription_invoice(
        ctx, subscription, {"subscription_cycle", renewal.period, std::move(renewal.lines)},
        payment);
    subscription["latest_invoice"] = draft.at("id");
    publish_draft(ctx, draft);
    update_subscription_document(ctx, subscription);
    if (!pause.empty()) apply_pause(ctx, pause, std::move(draft));
}

std::string behavior_without_method(const Json& subscription) {
    return text_of(part_of(part_of(subscription, "trial_settings"), "end_behavior"),
                   "missing_payment_method");
}

void end_trial(Context& ctx, Json subscription) {
    if (!trial_ends_unbilled(ctx, subscription)) {
        renew(ctx, std::move(subscription));
        return;
    }
    const auto ended = end_trial_unbilled(ctx, std::move(subscription));
    check(ended.has_value(), "a trial can be paused or canceled");
}

}  // namespace

std::string pause_behavior(const Json& subscription) {
    return text_of(part_of(subscription, "pause_collection"), "behavior");
}

void apply_pause(Context& ctx, const std::string& behavior, Json invoice) {
    if (behavior == "keep_as_draft") return;
    auto finalized = finalize_invoice(ctx, std::move(invoice));
    if (!finalized || text_of(*finalized, "status") != "open") return;
    const auto closed = behavior == "void" ? void_invoice(ctx, *std::move(finalized))
                                           : mark_uncollectible(ctx, *std::move(finalized));
    check(closed.has_value(), "an open invoice can be closed");
}

bool trial_ends_unbilled(Context& ctx, const Json& subscription) {
    // A method that is being set in this request is not stored yet.
    const bool has_own = !text_of(subscription, "default_payment_method").empty();
    if (has_own || text_of(subscription, "collection_method") == "send_invoice" ||
        behavior_without_method(subscription) == "create_invoice")
        return false;
    Json probe;
    probe["customer"] = subscription.at("customer");
    probe["parent"]["subscription_details"]["subscription"] = subscription.at("id");
    return default_payment_method_of(ctx, probe).empty();
}

Outcome<Json> end_trial_unbilled(Context& ctx, Json subscription) {
    if (behavior_without_method(subscription) == "cancel")
        return cancel_subscription_now(ctx, std::move(subscription), {});
    subscription["status"] = "paused";
    update_subscription_document(ctx, subscription);
    ctx.emit("customer.subscription.paused", subscription);
    return subscription;
}

Json warn_of_trial_end(Context& ctx, Json subscription) {
    if (!needs_trial_warning(subscription, now_of(ctx, subscription))) return subscription;
    subscription["_trial_warned"] = true;
    save_subscription(ctx, subscription);
    ctx.emit("customer.subscription.trial_will_end", subscription);
    return subscription;
}

Outcome<std::monostate> step_subscription(Context& ctx, Json subscription) {
    const Instant now = now_of(ctx, subscription);
    const std::string status = text_of(subscription, "status");
    const auto due = [&](std::optional<Instant> when) { return when && *when <= now; };
    const auto resumes_at = instant_of(part_of(subscription, "pause_collection"), "resumes_at");
    if (status == "incomplete") {
        if (!waits_for_bank(ctx, subscription, text_of(subscription, "latest_invoice")))
            expire_incomplete(ctx, std::move(subscription));
    } else if (due(instant_of(subscription, "cancel_at"))) {
        end_as_scheduled(ctx, std::move(subscription));
    } else if (due(pending_update_end(subscription))) {
        if (!waits_for_bank(ctx, subscription, pending_invoice_of(subscription)))
            expire_pending_update(ctx, std::move(subscription));
    } else if (due(resumes_at)) {
        subscription["pause_collection"] = nullptr;
        update_subscription_document(ctx, subscription);
    } else if (status == "trialing" && due(instant_of(subscription, "trial_end"))) {
        end_trial(ctx, std::move(subscription));
    } else if (needs_trial_warning(subscription, now)) {
        warn_of_trial_end(ctx, std::move(subscription));
    } else if (status == "paused") {
        if (!waits_for_bank(ctx, subscription, text_of(subscription, "latest_invoice")))
            end_resumption(ctx, std::move(subscription));
    } else if (due(upcoming_notice_at(subscription))) {
        announce_upcoming(ctx, std::move(subscription));
    } else {
        renew(ctx, std::move(subscription));
    }
    return std::monostate{};
}

}  // namespace turnpike::twin
