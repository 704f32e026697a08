#include "sandbox/stripe/subscriptions/subscription_discounts.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/one_invoice.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

Bought bought_item(const Json& item) { return {item.at("price"), integer_of(item, "quantity")}; }

std::optional<StripeError> set_redeemed(Context& ctx, Json& owner, const DiscountTarget& target,
                                        const std::vector<DiscountRequest>& requests,
                                        std::vector<Redeemed>& redeemed) {
    auto found = redeem(ctx, target, requests, redeemed);
    if (!found) return found.error();
    auto terms = terms_of(*found);
    keep_held(owner, terms);
    set_discounts(owner, terms);
    for (Redeemed& each : *found) redeemed.push_back(std::move(each));
    return std::nullopt;
}

/// Ids of the subscription's and its items' discounts, in their order.
std::vector<std::string> ids_of(const Json& subscription) {
    std::vector<std::string> ids;
    const auto add = [&](const Json& owner) {
        for (const Json& id : part_of(owner, "discounts")) ids.push_back(id.get<std::string>());
    };
    add(subscription);
    for (const Json& item : part_of(part_of(subscription, "items"), "data")) add(item);
    return ids;
}

/// Of `ids`, the discounts that are this subscription's own (not its customer's) and not in
/// `others`.
std::vector<Json> own_without(Context& ctx, const std::string& subscription,
                              const std::vector<std::string>& ids,
                              const std::vector<std::string>& others) {
    std::vector<Json> found;
    for (const auto& id : ids) {
        if (std::ranges::find(others, id) != others.end()) continue;
        auto discount = ctx.find("discount", id);
        if (discount && text_of(*discount, "_parent") == subscription)
            found.push_back(*std::move(discount));
    }
    return found;
}

void drop_discounts(Json& owner, const std::function<bool(const Json&)>& drops) {
    std::vector<Json> kept;
    for (const Json& terms : part_of(owner, "_discounts"))
        if (!drops(terms)) kept.push_back(terms);
    set_discounts(owner, kept);
}

void drop_everywhere(Context& ctx, Json subscription,
                     const std::function<bool(const Json&)>& drops) {
    drop_discounts(subscription, drops);
    for (Json& item : subscription["items"]["data"]) drop_discounts(item, drops);
    if (subscription.contains("_pending"))  // What a pending update will make of it.
        for (Json& item : subscription["_pending"]["items"]["data"]) drop_discounts(item, drops);
    update_subscription_document(ctx, subscription);
}

}  // namespace

std::int64_t amount_bought(const Json& subscription, const std::vector<ItemRequest>& changes,
                           const std::vector<AddedCharge>& charges) {
    std::vector<Bought> all;
    for (const Json& item : subscription.at("items").at("data")) {
        const auto change = std::ranges::find(changes, text_of(item, "id"), &ItemRequest::id);
        if (change == changes.end())
            all.push_back(bought_item(item));
        else if (!change->deleted)
            all.push_back(bought_item(changed_item(subscription, item, *change)));
    }
    for (const ItemRequest& change : changes)
        if (change.id.empty() && change.price)
            all.push_back({price_of_subscription(subscription, *change.price),
                           is_metered(*change.price) ? 0 : change.quantity.value_or(1)});
    for (const AddedCharge& charge : charges)
        all.push_back({price_of_subscription(subscription, charge.price), charge.quantity});
    return purchase_amount(all);
}

std::optional<StripeError> set_subscription_discounts(Context& ctx, Json& subscription,
                                                      const std::vector<DiscountRequest>& requests,
                                                      std::int64_t bought,
                                                      std::vector<Redeemed>& redeemed) {
    const DiscountTarget target{.customer = text_of(subscription, "customer"),
                                .owner = "subscription",
                                .owner_id = text_of(subscription, "id"),
                                .currency = text_of(subscription, "currency"),
                                .amount = bought};
    return set_redeemed(ctx, subscription, target, requests, redeemed);
}

std::optional<StripeError> set_item_discounts(Context& ctx, const Json& subscription, Json& item,
                                              const std::vector<DiscountRequest>& requests,
                                              std::vector<Redeemed>& redeemed) {
    const Json& price = item.at("price");
    const DiscountTarget target{.customer = text_of(subscription, "customer"),
                                .owner = "subscription_item",
                                .owner_id = text_of(item, "id"),
                                .currency = text_of(price, "currency"),
                                .amount = purchase_amount({bought_item(item)})};
    return set_redeemed(ctx, item, target, requests, redeemed);
}

void store_subscription_discounts(Context& ctx, const Json& subscription,
                                  const std::vector<Redeemed>& redeemed) {
    auto own = redeemed;
    for (auto& [discount, origin] : own)
        if (origin == Redeemed::Origin::New) discount["_parent"] = subscription.at("id");
    store_redeemed(ctx, own);
    for (const auto& [discount, origin] : own)
        if (origin == Redeemed::Origin::New)
            ctx.put_due(discount, instant_of(discount, "end"), text_of(subscription, "test_clock"));
}

void announce_subscription_discounts(Context& ctx, const Json& before, const Json& after) {
    const auto id = text_of(after, "id");
    const auto old_ids = ids_of(before);
    const auto new_ids = ids_of(after);
    const auto removed = own_without(ctx, id, old_ids, new_ids);
    const auto added = own_without(ctx, id, new_ids, old_ids);
    for (const Json& discount : removed) {
        ctx.put_due(discount, std::nullopt, text_of(after, "test_clock"));
        retire_discount(ctx, discount);
    }
    if (removed.size() == 1 && added.size() == 1) {
        ctx.emit("customer.discount.updated", added.front(),
                 previous_attributes(visible(removed.front()), visible(added.front())));
        return;
    }
    for (const Json& discount : removed) ctx.emit("customer.discount.deleted", discount);
    for (const Json& discount : added) ctx.emit("customer.discount.created", discount);
}

std::vector<Json> discounts_of_invoice(Context& ctx, const Json& subscription, Instant at) {
    auto own = discounts_at(subscription, at);
    if (!own.empty()) return own;
    const auto customer = ctx.look("customer", text_of(subscription, "customer"));
    return customer ? discounts_at(*customer, at) : std::vector<Json>();
}

void end_subscription_discount(Context& ctx, Json discount) {
    ctx.put_due(discount, std::nullopt, "");
    auto subscription = ctx.find("subscription", text_of(discount, "_parent"));
    if (!subscription || is_ended(*subscription)) return;
    drop_everywhere(ctx, *std::move(subscription),
                    [&](const Json& terms) { return terms.at("id") == discount.at("id"); });
}

void follow_invoice_of_subscription_discounts(Context& ctx, std::string_view type,
                                              const Json& invoice) {
    const OneInvoiceFate fate = fate_of_one_invoice(type, invoice);
    if (fate == OneInvoiceFate::Stays || discounts_used(invoice).empty()) return;
    auto subscription = ctx.find("subscription", subscription_of_invoice(invoice));
    if (!subscription) return;
    if (fate == OneInvoiceFate::Ends)
        return drop_everywhere(ctx, *std::move(subscription),
                               [&](const Json& terms) { return is_used_by(invoice, terms); });
    hold_discounts(*subscription, invoice, fate);
    for (Json& item : (*subscription)["items"]["data"]) hold_discounts(item, invoice, fate);
    ctx.put(*subscription);
}

Answer delete_subscription_discount(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("subscription");
    auto subscription = ctx.find("subscription", id);
    if (!subscription || is_ended(*subscription)) return no_such_object("subscription", id);
    const Json ids = subscription->at("discounts");
    if (ids.empty()) return no_active_discount("subscription", id);
    const auto last = ctx.find("discount", ids.back().get<std::string>());
    set_discounts(*subscription, {});
    update_subscription_document(ctx, *subscription);
    tell_listeners(ctx, kDiscountsSet, *subscription);
    return deleted_discount(last.value_or(Json::object()));
}

}  // namespace turnpike::twin
