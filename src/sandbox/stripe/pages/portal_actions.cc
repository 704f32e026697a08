#include "sandbox/stripe/pages/portal_actions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/coupons/typed_code.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/pages/portal_flow.h"
#include "sandbox/stripe/pages/scheduled_changes.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Refusal plain_refusal(std::string why) {
    StripeError error;
    error.message = std::move(why);
    return Refusal(std::move(error));
}

/// A person cannot do anything with a PaymentIntent.
StripeError in_plain_words(StripeError error) {
    if (error.code == "subscription_payment_intent_requires_action")
        error.message =
            "Your bank asks for a confirmation that this page cannot give. Nothing has been "
            "changed; use another card.";
    return error;
}

/// A subscription of the session's customer that is not over.
std::optional<Json> own_subscription(Context& ctx, const Json& session, const std::string& id) {
    auto subscription = ctx.find("subscription", id);
    if (!subscription || is_ended(*subscription)) return std::nullopt;
    if (text_of(*subscription, "customer") != text_of(session, "customer")) return std::nullopt;
    return subscription;
}

/// Runs POST /v1/subscriptions/{id}.
Outcome<Json> update(Context& ctx, const std::string& id, const Json& form) {
    Operation operation{.ctx = ctx, .params = Params(form), .path_values = {{"subscription", id}}};
    return update_subscription(operation);
}

bool is_enabled(Context& ctx, const Json& session, const char* feature) {
    return is_offered(portal_features(ctx, session), feature);
}

/// Detaches what `chosen` stands in for: the former default and copies of the same card.
void drop_replaced(Context& ctx, const Json& chosen, const std::string& former) {
    const std::string print = text_of(part_of(chosen, "card"), "fingerprint");
    for (Json& method : ctx.list("payment_method", {.customer = text_of(chosen, "customer")})) {
        const std::string id = text_of(method, "id");
        if (id == text_of(chosen, "id")) continue;
        if (id == former || text_of(part_of(method, "card"), "fingerprint") == print)
            detach_payment_method(ctx, std::move(method));
    }
}

/// The entry of the configuration's products with this price; null if there is none.
const Json* listed_product(const Json& features, const std::string& price) {
    for (const Json& product : part_of(part_of(features, "subscription_update"), "_products")) {
        const Json& prices = product.at("prices");
        if (std::ranges::find(prices, Json(price)) != prices.end()) return &product;
    }
    return nullptr;
}

/// Without a list the portal offers whatever is sold.
bool is_listed(const Json& features, const std::string& price) {
    return part_of(part_of(features, "subscription_update"), "_products").empty() ||
           listed_product(features, price) != nullptr;
}

/// items[0] of the change; the first complaint of what may not be chosen.
Outcome<Json> chosen_item(Context& ctx, const Json& features, const Json& subscription,
                          const PlanChoice& choice) {
    const Json& item = subscription.at("items").at("data").at(0);
    const std::string present = text_of(item, "price");
    const std::string price = choice.price.empty() ? present : choice.price;
    Json chosen{{"id", item.at("id")}};
    if (price != present) {
        const auto offered = prices_for(offered_prices(ctx, features), subscription);
        const bool known = std::ranges::any_of(
            offered, [&](const Json& offer) { return text_of(offer, "id") == price; });
        if (!known || !may_change(features, "price")) return not_offered();
        chosen["price"] = price;
    }
    if (!choice.quantity || *choice.quantity == integer_of(item, "quantity")) return chosen;
    const auto range = quantity_range(features, price);
    if (!range) return not_offered();
    if (*choice.quantity < range->minimum)
        return plain_refusal("The quantity must be at least " + std::to_string(range->minimum) +
                             ".");
    if (range->maximum && *choice.quantity > *range->maximum)
        return plain_refusal("The quantity must be at most " + std::to_string(*range->maximum) +
                             ".");
    chosen["quantity"] = std::to_string(*choice.quantity);
    return chosen;
}

/// What the only item of the plan becomes by this form of a change.
NextItem next_item(Context& ctx, const Json& subscription, const Json& form) {
    const Json& present = subscription.at("items").at("data").at(0);
    const Json& wanted = form.at("items").at("0");
    NextItem next{present.at("price"), integer_of(present, "quantity")};
    if (const auto price = ctx.find("price", text_of(wanted, "price")))
        next.price = price_of_subscription(subscription, *price);
    if (const auto quantity = Params(wanted).integer("quantity")) next.quantity = *quantity;
    return next;
}

/// How the configuration wants changes to be charged.
void add_terms_of_change(const Json& features, const Json& subscription, Json& form) {
    const Json& update = part_of(features, "subscription_update");
    form["payment_behavior"] = "error_if_incomplete";
    form["proration_behavior"] = text_of(update, "proration_behavior");
    if (text_of(update, "billing_cycle_anchor") == "now") form["billing_cycle_anchor"] = "now";
    if (text_of(subscription, "status") == "trialing" &&
        text_of(update, "trial_update_behavior") == "end_trial")
        form["trial_end"] = "now";
}

Outcome<std::string> change_later(Context& ctx, const Json& features, const Json& subscription,
                                  const NextItem& next, const Json& form) {
    Params params(form);
    const auto discounts = read_discounts(params).value_or(std::vector<DiscountRequest>());
    // It is redeemed when the period is over, but who chooses it hears now that it is of no use.
    const auto redeemable = redeem(ctx,
                                   {.customer = text_of(subscription, "customer"),
                                    .currency = text_of(subscription, "currency"),
                                    .amount = purchase_amount({{next.price, next.quantity}})},
                                   discounts);
    if (!redeemable) return Refusal(redeemable.error());
    const auto scheduled = schedule_change(ctx, features, subscription, next, discounts);
    if (!scheduled) return plain_refusal("This plan cannot be changed here at the moment.");
    return "Your plan will change on " + day_text(scheduled->at("phases").back(), "start_date") +
           ".";
}

Outcome<std::string> make_change(Context& ctx, const Json& session, const Json& subscription,
                                 Json form) {
    const Json features = portal_features(ctx, session);
    if (subscription.at("items").at("data").size() == 1) {
        const NextItem next = next_item(ctx, subscription, form);
        if (waits_for_period_end(features, subscription, next))
            return change_later(ctx, features, subscription, next, form);
    }
    // What was chosen before is not wanted any more.
    drop_scheduled_change(ctx, subscription);
    add_terms_of_change(features, subscription, form);
    auto updated = update(ctx, text_of(subscription, "id"), form);
    if (!updated) return Refusal(in_plain_words(std::move(updated.error())));
    return std::string("Your plan has been changed.");
}

/// An ended plan is prorated and billed as the configuration says.
CancelRequest cancellation(const Json& cancel, const std::string& reason) {
    CancelRequest request;
    const std::string behavior = text_of(cancel, "proration_behavior");
    if (behavior != "none") request.prorate = CancelRequest::Prorate::Yes;
    if (behavior == "always_invoice") request.invoice = CancelRequest::Invoice::Now;
    if (!reason.empty()) request.feedback = reason;
    return request;
}

bool is_listed_reason(const Json& cancel, const std::string& reason) {
    const Json& asked = part_of(cancel, "cancellation_reason");
    const Json& options = part_of(asked, "options");
    return flag_of(asked, "enabled") && std::ranges::find(options, Json(reason)) != options.end();
}

}  // namespace

Refusal not_offered() { return plain_refusal("This portal does not offer that."); }

Json portal_features(Context& ctx, const Json& session) {
    const auto configuration =
        ctx.find("billing_portal.configuration", text_of(session, "configuration"));
    return configuration ? part_of(*configuration, "features") : Json::object();
}

bool is_offered(const Json& features, const char* feature) {
    return flag_of(part_of(features, feature), "enabled");
}

bool takes_changes(const Json& subscription) {
    return text_of(subscription, "status") != "incomplete";
}

bool takes_cancellation(const Json& features, const Json& subscription) {
    const Json& cancel = part_of(features, "subscription_cancel");
    return takes_changes(subscription) || text_of(cancel, "mode") == "immediately";
}

bool may_change(const Json& features, std::string_view what) {
    const Json& allowed =
        part_of(part_of(features, "subscription_update"), "default_allowed_updates");
    return std::ranges::find(allowed, Json(std::string(what))) != allowed.end();
}

std::optional<QuantityRange> quantity_range(const Json& features, const std::string& price) {
    static const Json kNotListed = Json::object();
    const Json* product = listed_product(features, price);
    const Json& own = part_of(product != nullptr ? *product : kNotListed, "adjustable_quantity");
    if (!flag_of(own, "enabled")) {
        if (may_change(features, "quantity")) return QuantityRange{};
        return std::nullopt;
    }
    QuantityRange range{.minimum = integer_of(own, "minimum")};
    if (const auto maximum = integer_of(own, "maximum")) range.maximum = maximum;
    return range;
}

Outcome<std::string> change_plan(Context& ctx, const Json& session, const std::string& id,
                                 const PlanChoice& choice) {
    const Json features = portal_features(ctx, session);
    if (!is_offered(features, "subscription_update")) return not_offered();
    const auto subscription = own_subscription(ctx, session, id);
    if (!subscription || subscription->at("items").at("data").size() != 1) return not_offered();
    auto item = chosen_item(ctx, features, *subscription, choice);
    if (!item) return Refusal(item.error());
    Json form;
    form["items"]["0"] = *std::move(item);
    if (!choice.promotion_code.empty()) {
        if (!may_change(features, "promotion_code")) return not_offered();
        const auto code = find_typed_code(ctx, choice.promotion_code, text_of(session, "customer"));
        if (!code) return Refusal(code.error());
        form["discounts"]["0"]["promotion_code"] = code->at("id");
    }
    if (form["items"]["0"].size() == 1 && !form.contains("discounts"))
        return plain_refusal("You are on this plan already.");
    return make_change(ctx, session, *subscription, std::move(form));
}

Outcome<std::string> confirm_update(Context& ctx, const Json& session) {
    const FlowAction flow = action_of_flow(session);
    const auto subscription = own_subscription(ctx, session, flow.subscription);
    if (!subscription || !is_enabled(ctx, session, "subscription_update")) return not_offered();
    return make_change(ctx, session, *subscription, confirmed_change(session));
}

Outcome<std::string> cancel_plan(Context& ctx, const Json& session, const std::string& id,
                                 const std::string& reason) {
    const Json features = portal_features(ctx, session);
    const Json& cancel = part_of(features, "subscription_cancel");
    if (!is_offered(features, "subscription_cancel")) return not_offered();
    if (!reason.empty() && !is_listed_reason(cancel, reason)) return not_offered();
    auto subscription = own_subscription(ctx, session, id);
    if (!subscription) return not_offered();
    if (drop_scheduled_change(ctx, *subscription)) subscription = ctx.find("subscription", id);
    if (text_of(cancel, "mode") == "immediately") {
        const auto canceled =
            cancel_subscription_now(ctx, *subscription, cancellation(cancel, reason));
        if (!canceled) return Refusal(canceled.error());
        return std::string("Your plan has ended.");
    }
    // In flexible billing the portal names the date instead of setting cancel_at_period_end.
    Json form;
    form["cancel_at"] = "max_period_end";
    if (!reason.empty()) form["cancellation_details"]["feedback"] = reason;
    const auto updated = update(ctx, id, form);
    if (!updated) return Refusal(updated.error());
    return std::string("Your plan will end with the current period.");
}

Outcome<std::string> keep_plan(Context& ctx, const Json& session, const std::string& id) {
    if (!is_enabled(ctx, session, "subscription_cancel")) return not_offered();
    if (!own_subscription(ctx, session, id)) return not_offered();
    Json form;
    form["cancel_at"] = "";
    const auto updated = update(ctx, id, form);
    if (!updated) return Refusal(updated.error());
    return std::string("Your plan goes on.");
}

Outcome<std::string> accept_offer(Context& ctx, const Json& session, const std::string& id) {
    const std::string coupon = offered_coupon(session);
    const auto subscription = own_subscription(ctx, session, id);
    if (coupon.empty() || !subscription) return not_offered();
    Json form;
    std::size_t index = 0;
    for (const Json& discount : subscription->at("discounts"))
        form["discounts"][std::to_string(index++)]["discount"] = discount;
    form["discounts"][std::to_string(index)]["coupon"] = coupon;
    const auto updated = update(ctx, id, form);
    if (!updated) return Refusal(updated.error());
    return std::string("Your plan goes on, with the discount.");
}

Outcome<std::string> drop_change(Context& ctx, const Json& session, const std::string& id) {
    if (!is_enabled(ctx, session, "subscription_update")) return not_offered();
    const auto subscription = own_subscription(ctx, session, id);
    if (!subscription || !drop_scheduled_change(ctx, *subscription)) return not_offered();
    return std::string("Your plan stays as it is.");
}

Outcome<std::string> update_customer_details(Context& ctx, const Json& session, Params& form) {
    const Json features = portal_features(ctx, session);
    if (!is_offered(features, "customer_update")) return not_offered();
    Json changes = Json::object();
    for (const Json& allowed : part_of(part_of(features, "customer_update"), "allowed_updates"))
        if (const auto typed = form.text(allowed.get<std::string>()))
            changes[allowed.get<std::string>()] = *typed;
    for (const char* name : {"email", "name", "phone"})
        if (form.has(name) && !changes.contains(name)) return not_offered();
    if (changes.empty()) return not_offered();
    const auto updated = change_customer(ctx, text_of(session, "customer"), changes);
    if (!updated) return Refusal(updated.error());
    return std::string("Your details have been changed.");
}

Outcome<std::string> replace_card(Context& ctx, const Json& session, const std::string& number) {
    if (!is_enabled(ctx, session, "payment_method_update")) return not_offered();
    const std::string customer_id = text_of(session, "customer");
    auto customer = ctx.find("customer", customer_id);
    if (!customer) return not_offered();
    const auto method = keep_typed_card(ctx, number, customer_id);
    if (!method) return Refusal(method.error());
    const std::string former =
        text_of(part_of(*customer, "invoice_settings"), "default_payment_method");
    (*customer)["invoice_settings"]["default_payment_method"] = method->at("id");
    ctx.update_and_emit("customer.updated", *customer);
    // A method that was set on a subscription itself would go before the new default.
    for (const Json& subscription : live_subscriptions(ctx, customer_id)) {
        if (text_of(subscription, "default_payment_method").empty()) continue;
        Json form;
        form["default_payment_method"] = method->at("id");
        const auto updated = update(ctx, text_of(subscription, "id"), form);
        if (!updated) return Refusal(updated.error());
    }
    drop_replaced(ctx, *method, former);
    return "Your card ending in " + text_of(part_of(*method, "card"), "last4") + " is in use now.";
}

Outcome<std::string> remove_card(Context& ctx, const Json& session, const std::string& id) {
    if (!is_enabled(ctx, session, "payment_method_update")) return not_offered();
    const std::string customer_id = text_of(session, "customer");
    const auto customer = ctx.find("customer", customer_id);
    const auto method = ctx.find("payment_method", id);
    if (!customer || !method || text_of(*method, "customer") != customer_id) return not_offered();
    const auto plans = live_subscriptions(ctx, customer_id);
    const bool chosen =
        text_of(part_of(*customer, "invoice_settings"), "default_payment_method") == id;
    const bool pays = std::ranges::any_of(plans, [&](const Json& plan) {
        const std::string own = text_of(plan, "default_payment_method");
        return own == id || (own.empty() && chosen);
    });
    const Json& debit = part_of(*method, "sepa_debit");
    const std::string what = debit.empty() ? "card" : "bank account";
    if (pays)
        return plain_refusal("Your plan is charged to this " + what + ". Replace it instead.");
    const std::string last4 = text_of(debit.empty() ? part_of(*method, "card") : debit, "last4");
    detach_payment_method(ctx, *method);
    return "Your " + what + " ending in " + last4 + " has been removed.";
}

std::vector<Json> live_subscriptions(Context& ctx, const std::string& customer) {
    auto subscriptions = ctx.list("subscription", {.customer = customer});
    std::erase_if(subscriptions, is_ended);
    return subscriptions;
}

std::vector<Json> offered_prices(Context& ctx, const Json& features) {
    std::vector<Json> prices = ctx.list("price", {});
    std::erase_if(prices, [&](const Json& price) {
        if (flag_of(price, "_inline") || !is_listed(features, text_of(price, "id"))) return true;
        const Json& recurring = part_of(price, "recurring");
        const auto product = ctx.find("product", text_of(price, "product"));
        return !flag_of(price, "active") || recurring.empty() || !product ||
               !flag_of(*product, "active") || text_of(recurring, "usage_type") == "metered" ||
               text_of(price, "billing_scheme") == "tiered";
    });
    std::ranges::sort(prices, {}, [](const Json& price) {
        return std::pair(total_of(price, 1), text_of(price, "id"));
    });
    return prices;
}

std::vector<Json> prices_for(const std::vector<Json>& offered, const Json& subscription) {
    std::vector<Json> prices = offered;
    std::erase_if(prices, [&](const Json& price) {
        return text_of(price, "currency") != text_of(subscription, "currency");
    });
    return prices;
}

}  // namespace turnpike::twin
