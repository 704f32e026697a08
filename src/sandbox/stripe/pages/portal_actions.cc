#include "sandbox/stripe/pages/portal_actions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Refusal not_offered() {
    StripeError error;
    error.message = "This portal does not offer that.";
    return Refusal(std::move(error));
}

Refusal already_on_it() {
    StripeError error;
    error.message = "You are on this plan already.";
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
    return flag_of(part_of(portal_features(ctx, session), feature), "enabled");
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

/// Without a list the portal offers whatever is sold.
bool is_listed(const Json& update, const std::string& price) {
    const Json& products = part_of(update, "_products");
    if (products.empty()) return true;
    return std::ranges::any_of(products, [&](const Json& product) {
        const Json& prices = product.at("prices");
        return std::ranges::find(prices, Json(price)) != prices.end();
    });
}

}  // namespace

Json portal_features(Context& ctx, const Json& session) {
    const auto configuration =
        ctx.find("billing_portal.configuration", text_of(session, "configuration"));
    return configuration ? part_of(*configuration, "features") : Json::object();
}

Outcome<std::string> change_plan(Context& ctx, const Json& session, const std::string& id,
                                 const std::string& price) {
    if (!is_enabled(ctx, session, "subscription_update")) return not_offered();
    const auto subscription = own_subscription(ctx, session, id);
    if (!subscription || subscription->at("items").at("data").size() != 1) return not_offered();
    const auto offered = offered_prices(ctx, session, *subscription);
    const bool known = std::ranges::any_of(
        offered, [&](const Json& offer) { return text_of(offer, "id") == price; });
    if (!known) return not_offered();
    const Json& item = subscription->at("items").at("data").at(0);
    if (text_of(item, "price") == price) return already_on_it();
    Json form;
    form["items"]["0"]["id"] = item.at("id");
    form["items"]["0"]["price"] = price;
    form["payment_behavior"] = "error_if_incomplete";
    form["proration_behavior"] = text_of(
        part_of(portal_features(ctx, session), "subscription_update"), "proration_behavior");
    auto updated = update(ctx, id, form);
    if (!updated) return Refusal(in_plain_words(std::move(updated.error())));
    return std::string("Your plan has been changed.");
}

Outcome<std::string> cancel_plan(Context& ctx, const Json& session, const std::string& id) {
    if (!is_enabled(ctx, session, "subscription_cancel")) return not_offered();
    const auto subscription = own_subscription(ctx, session, id);
    if (!subscription) return not_offered();
    if (text_of(part_of(portal_features(ctx, session), "subscription_cancel"), "mode") ==
        "immediately") {
        const auto canceled = cancel_subscription_now(ctx, *subscription, {});
        if (!canceled) return Refusal(canceled.error());
        return std::string("Your plan has ended.");
    }
    // In flexible billing the portal names the date instead of setting cancel_at_period_end.
    Json form;
    form["cancel_at"] = "max_period_end";
    const auto updated = update(ctx, id, form);
    if (!updated) return Refusal(updated.error());
    return std::string("Your plan will end with the current period.");
}

Outcome<std::string> keep_plan(Context& ctx, const Json& session, const std::string& id) {
    if (!own_subscription(ctx, session, id)) return not_offered();
    Json form;
    form["cancel_at"] = "";
    const auto updated = update(ctx, id, form);
    if (!updated) return Refusal(updated.error());
    return std::string("Your plan goes on.");
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
    if (pays) {
        StripeError error;
        error.message = "Your plan is charged to this card. Replace it instead.";
        return Refusal(std::move(error));
    }
    const std::string last4 = text_of(part_of(*method, "card"), "last4");
    detach_payment_method(ctx, *method);
    return "Your card ending in " + last4 + " has been removed.";
}

std::vector<Json> live_subscriptions(Context& ctx, const std::string& customer) {
    auto subscriptions = ctx.list("subscription", {.customer = customer});
    std::erase_if(subscriptions, is_ended);
    return subscriptions;
}

std::vector<Json> offered_prices(Context& ctx, const Json& session, const Json& subscription) {
    const Json update = part_of(portal_features(ctx, session), "subscription_update");
    std::vector<Json> prices = ctx.list("price", {});
    std::erase_if(prices, [&](const Json& price) {
        if (flag_of(price, "_inline") || !is_listed(update, text_of(price, "id"))) return true;
        const Json& recurring = part_of(price, "recurring");
        const auto product = ctx.find("product", text_of(price, "product"));
        return !flag_of(price, "active") || recurring.empty() || !product ||
               !flag_of(*product, "active") || text_of(recurring, "usage_type") == "metered" ||
               text_of(price, "billing_scheme") == "tiered" ||
               text_of(price, "currency") != text_of(subscription, "currency");
    });
    std::ranges::sort(prices, {}, [](const Json& price) {
        return std::pair(total_of(price, 1), text_of(price, "id"));
    });
    return prices;
}

}  // namespace turnpike::twin
