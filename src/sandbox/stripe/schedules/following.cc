#include "sandbox/stripe/schedules/following.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/schedules/phase_discounts.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// A phase's own setting, or the default one.
std::string setting_of(const Json& schedule, const Json& phase, const char* member) {
    const std::string own = text_of(phase, member);
    return own.empty() ? text_of(schedule.at("default_settings"), member) : own;
}

std::optional<std::int64_t> due_days(const Json& schedule, const Json& phase) {
    for (const Json* settings : {&phase, &schedule.at("default_settings")}) {
        const Json& invoice = part_of(*settings, "invoice_settings");
        if (!invoice.value("days_until_due", Json()).is_null())
            return integer_of(invoice, "days_until_due");
    }
    return std::nullopt;
}

SubscriptionSettings settings_of(Context& ctx, const Json& schedule, const Json& phase) {
    SubscriptionSettings settings;
    settings.metadata = phase.at("metadata");
    settings.collection_method = setting_of(schedule, phase, "collection_method");
    if (settings.collection_method == "send_invoice")
        settings.days_until_due = due_days(schedule, phase);
    // A card that was detached since cannot be charged; the subscription keeps what it has.
    const std::string method = setting_of(schedule, phase, "default_payment_method");
    const auto stored = ctx.find("payment_method", method);
    if (stored && text_of(*stored, "customer") == text_of(schedule, "customer"))
        settings.default_payment_method = method;
    const std::string description = setting_of(schedule, phase, "description");
    if (!description.empty()) settings.description = description;
    return settings;
}

bool is_last(const Json& schedule, const Json& phase) {
    return schedule.at("phases").back().at("start_date") == phase.at("start_date");
}

/// When the schedule cancels its subscription; known from the last phase on.
std::optional<Instant> end_of(const Json& schedule, const Json& phase) {
    if (text_of(schedule, "end_behavior") != "cancel" || !is_last(schedule, phase))
        return std::nullopt;
    return instant_of(phase, "end_date");
}

Refusal price_is_gone(const std::string& id) { return no_such_param("price", id, "phases"); }

/// A metered price has none.
std::optional<std::int64_t> quantity_of(const Json& item) {
    if (item.at("quantity").is_null()) return std::nullopt;
    return integer_of(item, "quantity");
}

Outcome<ItemRequest> wanted_item(Context& ctx, const Json& item) {
    const std::string id = text_of(item, "price");
    auto price = ctx.find("price", id);
    if (!price) return price_is_gone(id);
    ItemRequest request;
    request.price = *std::move(price);
    request.quantity = quantity_of(item);
    request.metadata = item.at("metadata");
    request.discounts = requests_at_start(ctx, item.at("discounts"));
    return request;
}

Outcome<std::vector<AddedCharge>> charges_of(Context& ctx, const Json& phase) {
    std::vector<AddedCharge> charges;
    for (const Json& added : phase.at("add_invoice_items")) {
        const std::string id = text_of(added, "price");
        auto price = ctx.find("price", id);
        if (!price) return price_is_gone(id);
        charges.push_back({*std::move(price), std::string(), integer_of(added, "quantity"),
                           requests_at_start(ctx, added.at("discounts"))});
    }
    return charges;
}

/// nullopt: the discounts of a subscription, or of its item, stay as they are. `before` and `after`
/// are the phase's, or its items'.
std::optional<std::vector<DiscountRequest>> discounts_to_set(Context& ctx, const Json& before,
                                                             const Json& after,
                                                             const Json& running) {
    const Json& wanted = after.at("discounts");
    if (!before.is_object()) return requests_at_start(ctx, wanted);
    if (before.at("discounts") == wanted) return std::nullopt;
    return requests_beside(ctx, requests_of(wanted), running);
}

/// An item whose price stays keeps its id; the others go, and new ones come.
Outcome<std::vector<ItemRequest>> item_changes(Context& ctx, const Json& subscription,
                                               const Json& phase, const Json& before) {
    std::vector<ItemRequest> requests;
    std::vector<Json> wanted = phase.at("items").get<std::vector<Json>>();
    for (const Json& item : subscription.at("items").at("data")) {
        ItemRequest request;
        request.id = text_of(item, "id");
        const auto found = std::ranges::find_if(wanted, [&](const Json& other) {
            return text_of(other, "price") == text_of(item, "price");
        });
        if (found == wanted.end()) {
            request.deleted = true;
        } else {
            request.quantity = quantity_of(*found);
            request.metadata = found->at("metadata");
            request.discounts = discounts_to_set(
                ctx, item_of_price(part_of(before, "items"), text_of(*found, "price")), *found,
                item);
            wanted.erase(found);
        }
        requests.push_back(std::move(request));
    }
    for (const Json& item : wanted) {
        auto request = wanted_item(ctx, item);
        if (!request) return Refusal(request.error());
        requests.push_back(*std::move(request));
    }
    return requests;
}

/// What the phase buys: a cycle of its items and, when it begins, what is charged once.
std::int64_t amount_bought_in(Context& ctx, const Json& phase, Following::Moment moment) {
    std::vector<Bought> all;
    const auto add = [&](const char* member) {
        for (const Json& item : phase.at(member))
            if (const auto price = ctx.look("price", text_of(item, "price")))
                all.push_back({price_of_subscription(phase, *price), integer_of(item, "quantity")});
    };
    add("items");
    if (moment != Following::Moment::Within) add("add_invoice_items");
    return purchase_amount(all);
}

bool is_trialing(const Json& subscription) { return text_of(subscription, "status") == "trialing"; }

/// What of the subscription's trial is left, and what the phase wants to be left.
std::optional<Instant> trial_ahead(std::optional<Instant> end, Instant now) {
    return end && *end > now ? end : std::nullopt;
}

/// What makes the subscription end then, or with nullopt live on.
EndRequest change_of_end(const Json& subscription, std::optional<Instant> end) {
    EndRequest request;
    if (instant_of(subscription, "cancel_at") != end)
        request.cancel_at = end ? std::to_string(unix_seconds(*end)) : std::string();
    return request;
}

Outcome<PlanChange> change_to(Context& ctx, const Json& subscription, const Json& schedule,
                              const Json& phase, const Following& how) {
    const Instant now = second_of(ctx, text_of(schedule, "customer"));
    PlanChange change;
    auto items = item_changes(ctx, subscription, phase, how.before);
    if (!items) return Refusal(items.error());
    change.items = *std::move(items);
    change.proration = how.proration;
    change.payment.session = PaymentSession::Recurring;
    const bool trialing = is_trialing(subscription);
    const auto wanted = trial_ahead(instant_of(phase, "trial_end"), now);
    const auto running =
        trialing ? trial_ahead(instant_of(subscription, "trial_end"), now) : std::nullopt;
    if (wanted != running) change.trial_end = wanted.value_or(now);
    change.end = change_of_end(subscription, end_of(schedule, phase));
    if (how.moment == Following::Moment::Within) return change;

    auto charges = charges_of(ctx, phase);
    if (!charges) return Refusal(charges.error());
    change.added_charges = *std::move(charges);
    if (setting_of(schedule, phase, "billing_cycle_anchor") != "phase_start" || wanted)
        return change;
    change.anchor = PlanChange::Anchor::Now;
    if (trialing) change.trial_end = now;
    return change;
}

std::vector<std::pair<std::string, std::int64_t>> contents(const Json& items) {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const Json& item : items)
        found.emplace_back(text_of(item, "price"), integer_of(item, "quantity"));
    std::ranges::sort(found);
    return found;
}

}  // namespace

Outcome<Json> start_following(Context& ctx, const Json& schedule, const Json& phase) {
    NewSubscription request;
    request.customer = text_of(schedule, "customer");
    request.currency = text_of(phase, "currency");
    request.schedule = text_of(schedule, "id");
    request.billing_mode = schedule.at("billing_mode");
    request.discounts = requests_at_start(ctx, phase.at("discounts"));
    for (const Json& item : phase.at("items")) {
        auto wanted = wanted_item(ctx, item);
        if (!wanted) return Refusal(wanted.error());
        request.items.push_back(*std::move(wanted));
    }
    auto charges = charges_of(ctx, phase);
    if (!charges) return Refusal(charges.error());
    request.charges = *std::move(charges);
    request.proration = proration_of(text_of(phase, "proration_behavior"));
    request.settings = settings_of(ctx, schedule, phase);
    const Instant now = second_of(ctx, request.customer);
    const Instant start = *instant_of(phase, "start_date");
    if (start < now) request.start = start;
    request.trial_end = trial_ahead(instant_of(phase, "trial_end"), now);
    if (const auto end = end_of(schedule, phase))
        request.settings.cancel_at = std::to_string(unix_seconds(*end));
    return begin_subscription(ctx, request);
}

namespace {

/// A refusal may leave half of it done.
Outcome<std::monostate> try_to_follow(Context& ctx, const Json& schedule, const Json& phase,
                                      const Following& how) {
    auto subscription = ctx.find("subscription", text_of(schedule, "subscription"));
    check(subscription.has_value(), "a subscription is never removed");
    // First, for prorations are made with them.
    std::vector<Redeemed> redeemed;
    if (const auto requests = discounts_to_set(ctx, how.before, phase, *subscription)) {
        auto found =
            discount_phase(ctx, *subscription, *requests, amount_bought_in(ctx, phase, how.moment));
        if (!found) return Refusal(found.error());
        redeemed = *std::move(found);
    }
    auto change = change_to(ctx, *subscription, schedule, phase, how);
    if (!change) return Refusal(change.error());
    change->redeemed = std::move(redeemed);
    auto planned = plan_change(ctx, *subscription, *change);
    if (!planned) return Refusal(planned.error());
    Json& after = planned->subscription;
    if (auto error = apply_settings(ctx, after, settings_of(ctx, schedule, phase)))
        return Refusal(*std::move(error));
    const auto changed = apply_change(ctx, *std::move(planned), *change);
    if (!changed) return Refusal(changed.error());
    return std::monostate{};
}

}  // namespace

Outcome<std::monostate> follow_phase(Context& ctx, const Json& schedule, const Json& phase,
                                     const Following& how) {
    Retreat before(ctx);
    auto followed = try_to_follow(ctx, schedule, phase, how);
    if (!followed) before.undo();
    before.close();
    return followed;
}

ProrationBehavior proration_of(const std::string& text) {
    if (text == "always_invoice") return ProrationBehavior::AlwaysInvoice;
    return text == "none" ? ProrationBehavior::None : ProrationBehavior::CreateProrations;
}

bool mirrors(const Json& phase, const Json& subscription, Instant now) {
    if (contents(phase.at("items")) != contents(subscription.at("items").at("data"))) return false;
    const auto running = is_trialing(subscription)
                             ? trial_ahead(instant_of(subscription, "trial_end"), now)
                             : std::nullopt;
    return running == trial_ahead(instant_of(phase, "trial_end"), now);
}

}  // namespace turnpike::twin
