#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/pending_updates.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// pause_collection: an object sets it, "" takes it back; absent leaves it.
std::optional<Json> read_pause(Params& params, Instant now) {
    if (!params.has("pause_collection")) return std::nullopt;
    auto pause = params.object_or_null("pause_collection");
    if (!pause) return Json();
    Json value;
    if (!pause->has("behavior")) params.complain(missing_param("pause_collection[behavior]"));
    value["behavior"] = pause->one_of("behavior", {"keep_as_draft", "mark_uncollectible", "void"})
                            .value_or("keep_as_draft");
    const auto resumes_at = pause->timestamp("resumes_at");
    if (resumes_at && *resumes_at <= now)
        params.complain(bad_param("pause_collection[resumes_at]", "",
                                  "Invalid timestamp: must be an integer Unix timestamp in the "
                                  "future"));
    value["resumes_at"] = seconds_or_null(resumes_at);
    params.absorb(*pause);
    return value;
}

Outcome<PlanChange> read_change(Context& ctx, Params& params, Instant now) {
    PlanChange change;
    auto items = read_items(ctx, params);
    if (!items) return Refusal(items.error());
    change.items = *std::move(items);
    auto charges = read_added_charges(ctx, params);
    if (!charges) return Refusal(charges.error());
    change.added_charges = *std::move(charges);
    change.proration = read_proration_behavior(params);
    change.proration_date = params.timestamp("proration_date");
    change.payment = read_payment(params);
    if (params.one_of("billing_cycle_anchor", {"now", "unchanged"}) == "now")
        change.anchor = PlanChange::Anchor::Now;
    check_trial_from_plan(params);
    if (params.text("trial_end").value_or("") == "now") {
        change.trial_end = now;
    } else {
        change.trial_end = params.timestamp("trial_end");
        check_trial_end(params, change.trial_end, now);
    }
    return change;
}

/// Whether it concerns more than what a subscription of any status shows: when it ends, what it
/// bills, and how.
bool changes_billing(const PlanChange& change, const SubscriptionSettings& settings) {
    return !change.items.empty() || change.anchor == PlanChange::Anchor::Now ||
           !change.added_charges.empty() || change.trial_end || settings.collection_method ||
           settings.days_until_due || settings.missing_payment_method || settings.cancel_at ||
           settings.cancel_at_period_end;
}

Refusal not_updatable(const Json& subscription) {
    StripeError error;
    if (is_ended(subscription)) {
        error.code = "invalid_canceled_subscription_fields";
        error.message =
            "A canceled subscription can only update its cancellation_details and metadata.";
        return Refusal(std::move(error));
    }
    error.message =
        "You cannot update a subscription in `incomplete` status in a way that results in a new "
        "invoice or invoice items. Only minor attributes, like `metadata` or "
        "`default_payment_method`, can be updated on such subscriptions.";
    return Refusal(std::move(error));
}

/// A schedule says itself when its subscription ends.
std::optional<StripeError> check_unmanaged(const Json& subscription,
                                           const SubscriptionSettings& settings) {
    const std::string schedule = text_of(subscription, "schedule");
    if (schedule.empty() || (!settings.cancel_at && !settings.cancel_at_period_end))
        return std::nullopt;
    StripeError error;
    error.message = "The subscription is managed by the subscription schedule `" + schedule +
                    "`, and updating any cancelation behavior directly is not allowed. Please "
                    "update the schedule instead.";
    return error;
}

/// A canceled subscription takes only metadata and cancellation details.
bool changes_nothing_but_notes(const PlanChange& change, const SubscriptionSettings& settings) {
    return !changes_billing(change, settings) && !settings.default_payment_method &&
           !settings.default_source && !settings.description &&
           !settings.save_default_payment_method;
}

bool is_plan_change(const PlanChange& change, const Json& subscription, Instant now) {
    // trial_end=now says nothing to a subscription that is not on trial [recorded].
    const bool trialing = text_of(subscription, "status") == "trialing";
    const bool trial_moves = change.trial_end && (trialing || *change.trial_end > now);
    return !change.items.empty() || change.anchor == PlanChange::Anchor::Now || trial_moves ||
           !change.added_charges.empty();
}

bool ends_trial(const PlanChange& change, const Json& subscription, Instant now) {
    return text_of(subscription, "status") == "trialing" && change.trial_end &&
           *change.trial_end <= now;
}

bool sets_item_discounts(const PlanChange& change) {
    return std::ranges::any_of(change.items,
                               [](const ItemRequest& item) { return item.discounts.has_value(); });
}

/// trial_end=now where nothing can be billed: the trial's period ends with it.
Outcome<Json> end_trial_now(Context& ctx, PlannedChange planned, const PlanChange& change,
                            Instant now) {
    Json subscription = std::move(planned.subscription);
    store_subscription_discounts(ctx, subscription, planned.redeemed);
    subscription["trial_end"] = unix_seconds(now);
    subscription["billing_cycle_anchor"] = unix_seconds(now);
    for (Json& item : subscription["items"]["data"])
        set_item_period(item, {period_of_item(item).start, now});
    if (auto error = add_charges(ctx, subscription, change.added_charges))
        return Refusal(*std::move(error));
    return end_trial_unbilled(ctx, std::move(subscription));
}

}  // namespace

Answer update_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string& id = operation.path("subscription");
    auto subscription = ctx.find("subscription", id);
    if (!subscription) return no_such_object("subscription", id);
    const Instant now = second_of(ctx, text_of(*subscription, "customer"));
    auto change = read_change(ctx, params, now);
    if (!change) return Refusal(change.error());
    const SubscriptionSettings settings = read_settings(params);
    change->end = end_request_of(settings);
    const auto pause = read_pause(params, now);
    const auto discounts = read_discounts(params);
    if (change->payment.behavior == PaymentBehavior::PendingIfIncomplete)
        check_pendable(params, change->items);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const bool more = discounts || pause;
    if (is_ended(*subscription) && (more || !changes_nothing_but_notes(*change, settings)))
        return not_updatable(*subscription);
    if (text_of(*subscription, "status") == "incomplete" &&
        (more || changes_billing(*change, settings)))
        return not_updatable(*subscription);
    if (auto error = check_unmanaged(*subscription, settings)) return Refusal(*std::move(error));
    if (is_plan_change(*change, *subscription, now)) {
        auto replaced = replace_pending_update(ctx, *std::move(subscription));
        if (!replaced) return replaced;
        subscription = *std::move(replaced);
    }

    PlannedChange planned;
    planned.subscription = *subscription;
    // First, for prorations are made with them.
    if (discounts)
        if (auto error = set_subscription_discounts(
                ctx, planned.subscription, *discounts,
                amount_bought(*subscription, change->items, change->added_charges),
                change->redeemed))
            return Refusal(*std::move(error));
    planned.redeemed = change->redeemed;
    if (auto error = apply_settings(ctx, planned.subscription, settings))
        return Refusal(*std::move(error));
    const bool unbilled =
        ends_trial(*change, *subscription, now) && trial_ends_unbilled(ctx, planned.subscription);
    if (ends_trial(*change, *subscription, now) &&
        change->payment.behavior != PaymentBehavior::DefaultIncomplete)
        change->source = PlanChange::Source::Needed;
    if (unbilled) {
        // Items change as they do within a trial: at no charge.
        change->trial_end = std::nullopt;
        change->anchor = PlanChange::Anchor::Unchanged;
    }
    if (is_plan_change(*change, *subscription, now) || change->end.asks()) {
        auto result = plan_change(ctx, planned.subscription, *change);
        if (!result) return Refusal(result.error());
        planned = *std::move(result);
    }
    if (pause) planned.subscription["pause_collection"] = *pause;
    if (unbilled) return end_trial_now(ctx, std::move(planned), *change, now);
    const bool warns =
        ends_trial(*change, *subscription, now) && !flag_of(*subscription, "_trial_warned");
    auto updated = apply_change(ctx, std::move(planned), *change);
    if (!updated) return updated;
    if (discounts || sets_item_discounts(*change)) tell_listeners(ctx, kDiscountsSet, *updated);
    if (warns) ctx.emit("customer.subscription.trial_will_end", *updated);
    return warn_of_trial_end(ctx, *std::move(updated));
}

namespace {

/// Recorded: without code and param.
Refusal no_such_item(const std::string& id) {
    StripeError error;
    error.http_status = 404;
    error.message = "Invalid subscription_item id: " + id;
    return Refusal(std::move(error));
}

/// The subscription of an item, or 404 for the item.
Outcome<Json> owner_of_item(Context& ctx, const std::string& id) {
    const auto item = ctx.find("subscription_item", id);
    if (!item) return no_such_item(id);
    auto subscription = ctx.find("subscription", text_of(*item, "subscription"));
    if (!subscription) return no_such_item(id);
    return *std::move(subscription);
}

/// Runs a change of one item and returns the subscription as it then is.
Outcome<Json> change_item(Context& ctx, Json subscription, const PlanChange& change) {
    if (is_ended(subscription) || text_of(subscription, "status") == "incomplete")
        return not_updatable(subscription);
    auto replaced = replace_pending_update(ctx, std::move(subscription));
    if (!replaced) return replaced;
    auto planned = plan_change(ctx, *replaced, change);
    if (!planned) return Refusal(planned.error());
    auto changed = apply_change(ctx, *std::move(planned), change);
    if (changed && sets_item_discounts(change)) tell_listeners(ctx, kDiscountsSet, *changed);
    return changed;
}

Outcome<PlanChange> read_item_change(Context& ctx, Params& params, const PricesInUse& in_use = {}) {
    PlanChange change;
    auto item = read_item(ctx, params, in_use);
    if (!item) return Refusal(item.error());
    change.items.push_back(*std::move(item));
    change.proration = read_proration_behavior(params);
    change.proration_date = params.timestamp("proration_date");
    change.payment = read_payment(params);
    if (change.payment.behavior == PaymentBehavior::PendingIfIncomplete)
        check_pendable(params, change.items);
    return change;
}

/// The item that was added last, be it that the addition still pends.
Json added_item(const Json& subscription) {
    const Json& pending = part_of(part_of(subscription, "pending_update"), "subscription_items");
    return pending.empty() ? subscription.at("items").at("data").back() : pending.back();
}

}  // namespace

Answer get_subscription_item(Operation& operation) {
    const std::string& id = operation.path("item");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto item = operation.ctx.find("subscription_item", id);
    if (!item) return no_such_item(id);
    return *std::move(item);
}

Answer list_subscription_items(Operation& operation) {
    const std::string id = operation.params.required_text("subscription");
    const auto subscription = operation.ctx.find("subscription", id);
    if (!subscription && !id.empty()) return no_such_param("subscription", id, "subscription");
    const Json items = subscription ? subscription->at("items").at("data") : Json::array();
    return list_page(operation, "/v1/subscription_items", items.get<std::vector<Json>>());
}

Answer create_subscription_item(Operation& operation) {
    Context& ctx = operation.ctx;
    const std::string id = operation.params.required_text("subscription");
    auto change = read_item_change(ctx, operation.params);
    if (!change) return Refusal(change.error());
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto subscription = ctx.find("subscription", id);
    if (!subscription) return no_such_param("subscription", id, "subscription");
    auto changed = change_item(ctx, *subscription, *change);
    if (!changed) return Refusal(changed.error());
    return added_item(*changed);
}

Answer update_subscription_item(Operation& operation) {
    Context& ctx = operation.ctx;
    const std::string& id = operation.path("item");
    const auto subscription = owner_of_item(ctx, id);
    if (!subscription) return Refusal(subscription.error());
    PricesInUse in_use;
    if (const auto present = ctx.look("subscription_item", id))
        in_use.push_back(text_of(*present, "price"));
    auto change = read_item_change(ctx, operation.params, in_use);
    if (!change) return Refusal(change.error());
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    ItemRequest& item = change->items.front();
    item.id = id;
    if (item.quantity && !item.price)
        if (auto error = check_kept_quantity(ctx, id, "quantity"))
            return Refusal(*std::move(error));
    const auto changed = change_item(ctx, *subscription, *change);
    if (!changed) return Refusal(changed.error());
    return *ctx.find("subscription_item", id);
}

Answer delete_subscription_item(Operation& operation) {
    Context& ctx = operation.ctx;
    const std::string& id = operation.path("item");
    const auto subscription = owner_of_item(ctx, id);
    if (!subscription) return Refusal(subscription.error());
    PlanChange change;
    ItemRequest deletion;
    deletion.id = id;
    deletion.deleted = true;
    change.items.push_back(std::move(deletion));
    change.proration = read_proration_behavior(operation.params);
    change.proration_date = operation.params.timestamp("proration_date");
    change.payment = read_payment(operation.params);
    if (change.payment.behavior == PaymentBehavior::PendingIfIncomplete)
        check_pendable(operation.params, change.items);
    operation.params.ignore("clear_usage");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto changed = change_item(ctx, *subscription, change);
    if (!changed) return Refusal(changed.error());
    Json deleted;
    deleted["id"] = id;
    deleted["object"] = "subscription_item";
    deleted["deleted"] = true;
    return deleted;
}

}  // namespace turnpike::twin
