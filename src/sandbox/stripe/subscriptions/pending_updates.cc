#include "sandbox/stripe/subscriptions/pending_updates.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// Parameters of updates that Stripe does not list as supported by pending updates.
constexpr const char* kUnsupported[] = {
    "automatic_tax",        "billing_thresholds", "cancel_at",      "cancel_at_period_end",
    "cancellation_details", "collection_method",  "days_until_due", "default_payment_method",
    "default_source",       "description",        "discounts",      "metadata",
    "pause_collection",     "payment_settings",   "trial_settings"};

constexpr std::chrono::hours kPendingLifetime{23};

/// What a pending update sets when it is applied.
constexpr const char* kPlanned[] = {
    "billing_cycle_anchor", "items", "latest_invoice", "plan", "quantity", "trial_end",
    "trial_start"};

Refusal not_pendable(const std::string& param) {
    return bad_param(param, "",
                     "When payment_behavior is `pending_if_incomplete`, you can only pass "
                     "parameters that pending updates support. `" +
                         param + "` is not one of them.");
}

/// 23 hours, but not beyond the running period or trial.
Instant end_of_pending(const Json& subscription, Instant now) {
    return std::min(now + kPendingLifetime, first_period(subscription).end);
}

/// The public member pending_update.
Json shown_update(const Json& subscription, const Json& planned, Instant now) {
    const auto if_changed = [&](const char* name) {
        return subscription.at(name) == planned.at(name) ? Json() : planned.at(name);
    };
    Json update;
    update["billing_cycle_anchor"] = if_changed("billing_cycle_anchor");
    update["expires_at"] = unix_seconds(end_of_pending(subscription, now));
    update["subscription_items"] =
        subscription.at("items") == planned.at("items") ? Json() : planned.at("items").at("data");
    update["trial_end"] = if_changed("trial_end");
    update["trial_from_plan"] = nullptr;
    return update;
}

}  // namespace

void give_up_invoice(Context& ctx, const std::string& id) {
    auto invoice = ctx.find("invoice", id);
    const std::string status = invoice ? text_of(*invoice, "status") : "";
    if (status != "open" && status != "draft") return;
    if (status == "draft" || awaits_bank(ctx, *invoice))
        return stop_collecting(ctx, *std::move(invoice));
    const auto voided = void_invoice(ctx, *std::move(invoice));
    check(voided.has_value(), "an open invoice can be voided");
}

void check_pendable(Params& params, const std::vector<ItemRequest>& items) {
    for (const char* name : kUnsupported)
        if (params.has(name)) params.complain(not_pendable(name));
    for (const ItemRequest& item : items)
        if (item.deleted || item.metadata || item.discounts) params.complain(not_pendable("items"));
}

Outcome<Json> apply_when_paid(Context& ctx, const Json& subscription, Json planned,
                              DueInvoice due) {
    const std::string id = text_of(subscription, "id");
    if (text_of(subscription, "collection_method") != "charge_automatically")
        return bad_param("payment_behavior", "",
                         "`pending_if_incomplete` needs a subscription whose collection_method is "
                         "`charge_automatically`.");
    due.draft["_pending_update"] = true;
    planned["latest_invoice"] = due.draft.at("id");
    Json waiting = subscription;
    waiting["_pending"] = std::move(planned);
    waiting["_pending"]["_invoice_before"] = subscription.at("latest_invoice");
    ctx.put(waiting);
    auto now_is = collect_subscription_invoice(ctx, id, std::move(due.draft), due.payment);
    if (!now_is || pending_invoice_of(*now_is).empty()) return now_is;
    const Instant now = second_of(ctx, text_of(subscription, "customer"));
    (*now_is)["pending_update"] = shown_update(*now_is, now_is->at("_pending"), now);
    (*now_is)["latest_invoice"] = pending_invoice_of(*now_is);
    update_subscription_document(ctx, *now_is);
    return now_is;
}

std::string pending_invoice_of(const Json& subscription) {
    return text_of(part_of(subscription, "_pending"), "latest_invoice");
}

std::string decisive_invoice_of(const Json& subscription) {
    std::string latest = text_of(subscription, "latest_invoice");
    if (latest != pending_invoice_of(subscription)) return latest;
    return text_of(part_of(subscription, "_pending"), "_invoice_before");
}

void apply_pending_update(Context& ctx, Json subscription) {
    const Json planned = subscription.at("_pending");
    const bool was_shown = !subscription.at("pending_update").is_null();
    drop_pending_update(subscription);
    for (const char* name : kPlanned) subscription[name] = planned.at(name);
    if (flag_of(subscription, "cancel_at_period_end"))
        subscription["cancel_at"] = unix_seconds(first_period(subscription).end);
    const std::string status = text_of(subscription, "status");
    if (status == "trialing") subscription["status"] = planned.at("status");
    if (status == "past_due" || status == "unpaid") subscription["status"] = "active";
    update_subscription_document(ctx, subscription);
    if (was_shown) ctx.emit("customer.subscription.pending_update_applied", subscription);
}

void drop_pending_update(Json& subscription) {
    subscription["latest_invoice"] = text_or_null(decisive_invoice_of(subscription));
    subscription["pending_update"] = nullptr;
    subscription.erase("_pending");
}

Outcome<Json> replace_pending_update(Context& ctx, Json subscription) {
    const auto invoice = ctx.look("invoice", pending_invoice_of(subscription));
    if (invoice && awaits_bank(ctx, *invoice)) return payment_processing();
    return end_pending_update(ctx, std::move(subscription));
}

Json end_pending_update(Context& ctx, Json subscription) {
    const std::string invoice = pending_invoice_of(subscription);
    if (invoice.empty()) return subscription;
    give_up_invoice(ctx, invoice);
    auto now_is = ctx.find("subscription", text_of(subscription, "id"));
    check(now_is.has_value(), "a subscription is never removed");
    // A voided invoice has discarded its update.
    if (pending_invoice_of(*now_is).empty()) return *std::move(now_is);
    drop_pending_update(*now_is);
    update_subscription_document(ctx, *now_is);
    return *std::move(now_is);
}

void expire_pending_update(Context& ctx, Json subscription) {
    const std::string invoice = pending_invoice_of(subscription);
    drop_pending_update(subscription);
    update_subscription_document(ctx, subscription);
    ctx.emit("customer.subscription.pending_update_expired", subscription);
    give_up_invoice(ctx, invoice);
}

std::optional<Instant> pending_update_end(const Json& subscription) {
    return instant_of(part_of(subscription, "pending_update"), "expires_at");
}

}  // namespace turnpike::twin
