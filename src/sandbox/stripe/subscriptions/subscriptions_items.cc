#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/catalog/plans.h"
#include "sandbox/stripe/catalog/price_data.h"
#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_recurring(Json price, const std::string& param) {
    if (!part_of(price, "recurring").is_object() || part_of(price, "recurring").empty())
        return bad_param(param, "",
                         "The price specified is set to `type=one_time` but this field only "
                         "accepts prices with `type=recurring`.");
    return price;
}

Outcome<Json> require_active(Json price, const std::string& param) {
    if (!flag_of(price, "active") && price.contains("active"))
        return bad_param(param, "resource_missing",
                         "The price specified is inactive. This field only accepts active prices.");
    return price;
}

/// Stripe's refusal of a price of an archived product.
Outcome<Json> require_active_product(Context& ctx, Json price, const std::string& param) {
    const std::string id = text_of(price, "product");
    const auto product = ctx.look("product", id);
    if (product == nullptr || flag_of(*product, "active")) return price;
    return bad_param(param, "",
                     "The product " + id +
                         " is marked as inactive, and thus no new subscriptions can be created to "
                         "any plans of this product. You provided the plan " +
                         text_of(price, "id") + ".");
}

struct GivenPrice {
    std::optional<Json> price;
    std::string param;
};

Outcome<GivenPrice> read_price(Context& ctx, Params& params, const PricesInUse& in_use) {
    for (const std::string_view name : {"price", "plan"}) {
        const auto id = params.text(name);
        if (!id || id->empty()) continue;
        auto price = ctx.find("price", *id);
        if (!price) return no_such_param(std::string(name), *id, params.name_of(name));
        auto usable = require_recurring(*std::move(price), params.name_of(name));
        const bool is_new = std::ranges::find(in_use, *id) == in_use.end();
        if (usable && is_new) usable = require_active(*std::move(usable), params.name_of(name));
        if (usable && is_new)
            usable = require_active_product(ctx, *std::move(usable), params.name_of(name));
        if (!usable) return Refusal(usable.error());
        return GivenPrice{*std::move(usable), params.name_of(name)};
    }
    auto data = params.object("price_data");
    if (!data) return GivenPrice{};
    auto price = read_price_data(ctx, *data, PriceDataTakes::Recurring);
    if (!price) return Refusal(price.error());
    auto usable = require_recurring(*std::move(price), params.name_of("price_data"));
    if (usable)
        usable = require_active_product(ctx, *std::move(usable), params.name_of("price_data"));
    if (!usable) return Refusal(usable.error());
    return GivenPrice{*std::move(usable), params.name_of("price_data")};
}

}  // namespace

Outcome<ItemRequest> read_item(Context& ctx, Params& params, const PricesInUse& in_use) {
    ItemRequest request;
    request.quantity = params.integer("quantity");
    request.metadata = params.metadata();
    request.discounts = read_discounts(params);
    params.refuse("billing_thresholds", "This sandbox does not bill by thresholds.");
    params.refuse("tax_rates", "This sandbox does not compute taxes.");
    auto price = read_price(ctx, params, in_use);
    if (!price) return Refusal(price.error());
    request.price = std::move(price->price);
    request.price_param = std::move(price->param);
    if (request.quantity && *request.quantity < 0)
        return bad_param(params.name_of("quantity"), "parameter_invalid_integer",
                         "This value must be greater than or equal to 0.");
    if (request.price && is_metered(*request.price)) {
        if (request.quantity) return Refusal(quantity_of_metered(params.name_of("quantity")));
        return request;
    }
    if (request.price && !fits_amount(total_of(*request.price, request.quantity.value_or(1))))
        return amount_too_large(params.name_of("quantity"), text_of(*request.price, "currency"));
    return request;
}

Outcome<std::vector<ItemRequest>> read_items(Context& ctx, Params& params,
                                             const PricesInUse& in_use) {
    std::vector<ItemRequest> requests;
    for (Params& item : params.objects("items")) {
        const std::string id = item.text("id").value_or("");
        const bool deleted = item.boolean("deleted").value_or(false);
        item.ignore("clear_usage");
        PricesInUse kept = in_use;
        if (const auto present = ctx.look("subscription_item", id))
            kept.push_back(text_of(*present, "price"));
        auto request = read_item(ctx, item, kept);
        if (!request) return Refusal(request.error());
        if (auto complaint = item.complaint()) return Refusal(*std::move(complaint));
        request->id = id;
        if (request->quantity && !request->price)
            if (auto error = check_kept_quantity(ctx, id, item.name_of("quantity")))
                return Refusal(*std::move(error));
        request->deleted = deleted;
        requests.push_back(*std::move(request));
    }
    return requests;
}

Outcome<std::vector<AddedCharge>> read_added_charges(Context& ctx, Params& params) {
    std::vector<AddedCharge> charges;
    for (Params& item : params.objects("add_invoice_items")) {
        const std::string id = item.required_text("price");
        AddedCharge charge;
        charge.quantity = item.integer("quantity").value_or(1);
        charge.discounts = read_discounts(item).value_or(std::vector<DiscountRequest>());
        if (auto complaint = item.complaint()) return Refusal(*std::move(complaint));
        auto price = require_one_time_price(ctx, id, item.name_of("price"));
        if (!price) return Refusal(price.error());
        if (charge.quantity < 0)
            return bad_param(item.name_of("quantity"), "parameter_invalid_integer",
                             "This value must be greater than or equal to 0.");
        if (!fits_amount(total_of(*price, charge.quantity)))
            return amount_too_large(item.name_of("quantity"), text_of(*price, "currency"));
        charge.price = *std::move(price);
        charge.price_param = item.name_of("price");
        charges.push_back(std::move(charge));
    }
    return charges;
}

std::optional<StripeError> check_currency(const std::vector<ItemRequest>& items,
                                          const std::vector<AddedCharge>& charges,
                                          const std::string& currency) {
    for (const ItemRequest& item : items) {
        if (!item.price) continue;
        if (auto error = check_price_currency(*item.price, currency, item.price_param))
            return error;
    }
    for (const AddedCharge& charge : charges)
        if (auto error = check_price_currency(charge.price, currency, charge.price_param))
            return error;
    return std::nullopt;
}

std::optional<StripeError> add_charges(Context& ctx, const Json& subscription,
                                       const std::vector<AddedCharge>& charges) {
    for (const AddedCharge& charge : charges) {
        NewInvoiceItem request;
        request.customer = text_of(subscription, "customer");
        request.price = price_of_subscription(subscription, charge.price);
        request.currency = text_of(request.price, "currency");
        request.amount = total_of(request.price, charge.quantity);
        request.quantity = charge.quantity;
        const auto product = ctx.find("product", text_of(charge.price, "product"));
        if (product) request.description = text_of(*product, "name");
        request.period = {second_of(ctx, request.customer), last_period_end(subscription)};
        request.subscription = text_of(subscription, "id");
        Json item = new_invoice_item(ctx, request);
        if (auto error = discount_invoice_item(ctx, item, charge.discounts)) return error;
        ctx.put(item);
        ctx.emit("invoiceitem.created", item);
    }
    return std::nullopt;
}

Json price_of_subscription(const Json& subscription, const Json& price) {
    return price_in(price, text_of(subscription, "currency")).value_or(price);
}

Json new_item(Context& ctx, const Json& subscription, const ItemRequest& request, Period period) {
    Json item = roomy_object(32);
    item["id"] = ctx.new_id("si");
    item["object"] = "subscription_item";
    item["billing_thresholds"] = nullptr;
    item["created"] = unix_seconds(second_of(ctx, text_of(subscription, "customer")));
    set_item_period(item, period);
    item["discounts"] = Json::array();
    item["metadata"] = Json::object();
    merge_metadata(item, request.metadata);
    set_item_price(item, price_of_subscription(subscription, *request.price));
    if (!is_metered(*request.price)) item["quantity"] = request.quantity.value_or(1);
    item["subscription"] = subscription.at("id");
    item["tax_rates"] = Json::array();
    return item;
}

Json changed_item(const Json& subscription, Json item, const ItemRequest& request) {
    if (request.price) set_item_price(item, price_of_subscription(subscription, *request.price));
    if (request.quantity && !is_metered(item.at("price"))) item["quantity"] = *request.quantity;
    merge_metadata(item, request.metadata);
    return item;
}

void set_item_price(Json& item, const Json& price) {
    item["plan"] = plan_of(price);
    item["price"] = price;
    if (is_metered(price)) item.erase("quantity");
    if (!is_metered(price) && !item.contains("quantity")) item["quantity"] = 1;
}

void repeat_single_item(Json& subscription) {
    const Json& items = subscription["items"]["data"];
    const bool single = items.size() == 1;
    subscription["plan"] = single ? items[0].at("plan") : Json();
    subscription["quantity"] = single ? items[0].value("quantity", Json()) : Json();
    subscription["items"]["total_count"] = items.size();
}

Period period_of_item(const Json& item) {
    return {from_unix_seconds(integer_of(item, "current_period_start")),
            from_unix_seconds(integer_of(item, "current_period_end"))};
}

void set_item_period(Json& item, Period period) {
    item["current_period_end"] = unix_seconds(period.end);
    item["current_period_start"] = unix_seconds(period.start);
}

Period first_period(const Json& subscription) {
    const Json& items = subscription.at("items").at("data");
    Period first = period_of_item(items.at(0));
    for (const Json& item : items)
        if (const Period period = period_of_item(item); period.end < first.end) first = period;
    return first;
}

Instant last_period_end(const Json& subscription) {
    Instant last{};
    for (const Json& item : part_of(part_of(subscription, "items"), "data"))
        last = std::max(last, period_of_item(item).end);
    return last;
}

}  // namespace turnpike::twin
