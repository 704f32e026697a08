#include <algorithm>
#include <initializer_list>
#include <utility>

#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/pages/portal_actions.h"
#include "sandbox/stripe/pages/portal_flow.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kMessageCharactersMax = 500;
constexpr const char* kNotPaidYet = "its first payment has not gone through yet.";

/// What flow_data is read for.
struct FlowOwner {
    Context& ctx;
    const std::string& customer;
    const Json& features;  ///< of the configuration
};

bool offers(const FlowOwner& owner, const char* feature) {
    return is_offered(owner.features, feature);
}

Refusal cannot_update(const std::string& why) {
    return bad_param("", "", "This subscription cannot be updated because " + why);
}

/// The subscription that the flow is about, which is the customer's and goes on.
Outcome<Json> subscription_of_flow(const FlowOwner& owner, Params& part) {
    const std::string id = part.required_text("subscription");
    if (auto complaint = part.complaint()) return Refusal(*std::move(complaint));
    auto subscription = owner.ctx.find("subscription", id);
    if (!subscription || text_of(*subscription, "customer") != owner.customer)
        return no_such_param("subscription", id, part.name_of("subscription"));
    if (is_ended(*subscription))
        return bad_param(part.name_of("subscription"), "",
                         "The subscription " + id + " has ended: its status is `" +
                             text_of(*subscription, "status") + "`.");
    return *std::move(subscription);
}

std::optional<Refusal> check_updatable(const FlowOwner& owner, const Json& subscription) {
    if (!offers(owner, "subscription_update"))
        return cannot_update(
            "the subscription update feature in the portal configuration is disabled.");
    if (subscription.at("items").at("data").size() != 1)
        return cannot_update("it has multiple subscription items.");
    if (!takes_changes(subscription)) return cannot_update(kNotPaidYet);
    return std::nullopt;
}

/// retention: {"coupon_offer": {"coupon"}, "type"}; null when nothing is offered.
Json read_retention(Params& part) {
    auto given = part.object("retention");
    if (!given) return Json();
    const auto type = given->one_of("type", {"coupon_offer"});
    if (!type) given->complain(missing_param(given->name_of("type")));
    Json retention{{"coupon_offer", nullptr}, {"type", type.value_or("")}};
    if (auto offer = given->object("coupon_offer")) {
        retention["coupon_offer"]["coupon"] = offer->required_text("coupon");
        given->absorb(*offer);
    } else {
        given->complain(missing_param(given->name_of("coupon_offer")));
    }
    part.absorb(*given);
    return retention;
}

/// nullopt when the subscription could have the discount that is offered.
std::optional<StripeError> check_offer(const FlowOwner& owner, const Json& retention,
                                       const Json& subscription) {
    DiscountTarget target;
    target.customer = owner.customer;
    target.currency = text_of(subscription, "currency");
    const DiscountRequest request{
        DiscountRequest::Kind::Coupon, text_of(retention.at("coupon_offer"), "coupon"),
        "flow_data[subscription_cancel][retention][coupon_offer][coupon]"};
    const auto redeemable = redeem(owner.ctx, target, {request});
    return redeemable ? std::nullopt : std::optional(redeemable.error());
}

Outcome<Json> read_cancel(const FlowOwner& owner, Params& part) {
    Json retention = read_retention(part);
    const auto subscription = subscription_of_flow(owner, part);
    if (!subscription) return subscription;
    const std::string id = text_of(*subscription, "id");
    if (!offers(owner, "subscription_cancel"))
        return bad_param("", "",
                         "This subscription cannot be canceled because the subscription cancel "
                         "feature in the portal configuration is disabled.");
    if (!takes_cancellation(owner.features, *subscription))
        return bad_param(
            "", "", std::string("This subscription cannot be canceled because ") + kNotPaidYet);
    if (instant_of(*subscription, "cancel_at"))
        return bad_param(
            "", "", "The subscription " + id + " is already set to be canceled at period end.");
    if (retention.is_object())
        if (auto error = check_offer(owner, retention, *subscription))
            return Refusal(*std::move(error));
    return Json{{"retention", std::move(retention)}, {"subscription", id}};
}

Outcome<Json> read_update(const FlowOwner& owner, Params& part) {
    const auto subscription = subscription_of_flow(owner, part);
    if (!subscription) return subscription;
    if (const auto refusal = check_updatable(owner, *subscription)) return *refusal;
    return Json{{"subscription", subscription->at("id")}};
}

/// items[]: exactly one, of the subscription's only item.
Outcome<Json> read_confirmed_item(const FlowOwner& owner, Params& item, const Json& subscription) {
    const std::string id = item.required_text("id");
    const auto price = item.text("price");
    const auto quantity = item.integer("quantity");
    if (quantity && *quantity < 1)
        item.complain(bad_param(item.name_of("quantity"), "parameter_invalid_integer",
                                "This value must be greater than or equal to 1."));
    if (auto complaint = item.complaint()) return Refusal(*std::move(complaint));
    const Json& present = subscription.at("items").at("data").at(0);
    if (text_of(present, "id") != id)
        return no_such_param("subscription item", id, item.name_of("id"));
    const std::string wanted = price.value_or(text_of(present, "price"));
    const auto offered = prices_for(offered_prices(owner.ctx, owner.features), subscription);
    const bool listed = std::ranges::any_of(
        offered, [&](const Json& each) { return text_of(each, "id") == wanted; });
    if (wanted != text_of(present, "price") && !owner.ctx.find("price", wanted))
        return no_such_param("price", wanted, item.name_of("price"));
    if (wanted != text_of(present, "price") && !listed)
        return cannot_update("the price " + wanted +
                             " is not one that the portal configuration offers.");
    Json confirmed{{"id", id}, {"price", wanted}};
    if (quantity) confirmed["quantity"] = *quantity;
    return confirmed;
}

/// What is bought once the only item is the one that is to be confirmed.
std::int64_t bought_after(Context& ctx, const Json& subscription, const Json& confirmed) {
    ItemRequest change;
    change.id = text_of(confirmed, "id");
    change.price = ctx.find("price", text_of(confirmed, "price"));
    if (confirmed.contains("quantity")) change.quantity = integer_of(confirmed, "quantity");
    return amount_bought(subscription, {change}, {});
}

Outcome<Json> read_confirmed_discounts(const FlowOwner& owner, Params& part,
                                       const Json& subscription, const Json& confirmed) {
    const auto requests = read_discounts(part);
    if (auto complaint = part.complaint()) return Refusal(*std::move(complaint));
    if (!requests) return Json();
    if (requests->size() > 1)
        return bad_param(part.name_of("discounts"), "", "At most one discount can be confirmed.");
    DiscountTarget target;
    target.customer = owner.customer;
    target.currency = text_of(subscription, "currency");
    target.amount = bought_after(owner.ctx, subscription, confirmed);
    const auto redeemable = redeem(owner.ctx, target, *requests);
    if (!redeemable) return Refusal(redeemable.error());
    Json discounts = Json::array();
    for (const DiscountRequest& request : *requests) {
        const bool coupon = request.kind == DiscountRequest::Kind::Coupon;
        discounts.push_back({{"coupon", coupon ? Json(request.id) : Json()},
                             {"promotion_code", coupon ? Json() : Json(request.id)}});
    }
    return discounts;
}

Outcome<Json> read_confirmation(const FlowOwner& owner, Params& part) {
    std::vector<Params> items = part.objects("items");
    if (items.empty()) part.complain(missing_param(part.name_of("items")));
    if (items.size() > 1)
        part.complain(bad_param(part.name_of("items"), "",
                                "Only one subscription item can be updated through this flow."));
    part.ignore("discounts");  // read below
    const auto subscription = subscription_of_flow(owner, part);
    if (!subscription) return subscription;
    if (const auto refusal = check_updatable(owner, *subscription)) return *refusal;
    auto item = read_confirmed_item(owner, items.front(), *subscription);
    if (!item) return item;
    auto discounts = read_confirmed_discounts(owner, part, *subscription, *item);
    if (!discounts) return discounts;
    const Json& present = subscription->at("items").at("data").at(0);
    const bool same =
        text_of(*item, "price") == text_of(present, "price") &&
        item->value("quantity", integer_of(present, "quantity")) == integer_of(present, "quantity");
    if (same && discounts->is_null())
        return bad_param("", "",
                         "Cannot update the subscription because there are no changes to confirm.");
    return Json{{"discounts", *std::move(discounts)},
                {"items", Json::array({*std::move(item)})},
                {"subscription", subscription->at("id")}};
}

Json read_after_completion(Params& data) {
    Json after{
        {"hosted_confirmation", nullptr}, {"redirect", nullptr}, {"type", "portal_homepage"}};
    auto given = data.object("after_completion");
    if (!given) return after;
    const auto type = given->one_of("type", {"hosted_confirmation", "portal_homepage", "redirect"});
    if (!type) given->complain(missing_param(given->name_of("type")));
    after["type"] = type.value_or("portal_homepage");
    if (auto hosted = given->object("hosted_confirmation")) {
        const auto message = hosted->text("custom_message", kMessageCharactersMax);
        after["hosted_confirmation"]["custom_message"] = text_or_null(message.value_or(""));
        given->absorb(*hosted);
    }
    if (auto redirect = given->object("redirect")) {
        const auto address = read_web_address(*redirect, "return_url").value_or("");
        if (address.empty()) redirect->complain(missing_param(redirect->name_of("return_url")));
        after["redirect"]["return_url"] = address;
        given->absorb(*redirect);
    }
    if (type == "redirect" && after["redirect"].is_null())
        given->complain(missing_param(given->name_of("redirect")));
    data.absorb(*given);
    return after;
}

using Reader = Outcome<Json> (*)(const FlowOwner&, Params&);
constexpr std::pair<const char*, Reader> kFlowParts[] = {
    {"subscription_cancel", read_cancel},
    {"subscription_update", read_update},
    {"subscription_update_confirm", read_confirmation}};

}  // namespace

Outcome<Json> read_flow(Context& ctx, Params& params, const std::string& customer,
                        const Json& configuration) {
    auto data = params.object("flow_data");
    if (!data) return Json();
    const Json& features = configuration.at("features");
    const FlowOwner owner{ctx, customer, features};
    const auto type = data->one_of("type", {"payment_method_update", "subscription_cancel",
                                            "subscription_update", "subscription_update_confirm"});
    if (!type) data->complain(missing_param(data->name_of("type")));
    Json flow{{"after_completion", read_after_completion(*data)}, {"type", type.value_or("")}};
    for (const auto& [name, read] : kFlowParts) {
        flow[name] = nullptr;
        auto part = data->object(name);
        if (part && type != name)
            data->complain(
                bad_param(part->name_of("subscription"), "",
                          "`" + std::string(name) + "` does not go with the flow's type."));
        if (!part && type == name) data->complain(missing_param(data->name_of(name)));
    }
    if (auto complaint = data->complaint()) return Refusal(*std::move(complaint));
    if (type == "payment_method_update" && !offers(owner, "payment_method_update"))
        return bad_param("", "",
                         "This payment method cannot be updated because the payment method update "
                         "feature in the portal configuration is disabled.");
    for (const auto& [name, read] : kFlowParts) {
        if (type != name) continue;
        auto part = data->object(name);
        auto read_part = read(owner, *part);
        if (!read_part) return read_part;
        flow[name] = *std::move(read_part);
    }
    return flow;
}

}  // namespace turnpike::twin
