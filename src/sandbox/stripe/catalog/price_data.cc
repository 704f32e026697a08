#include "sandbox/stripe/catalog/price_data.h"

#include <optional>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/catalog/products.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

Outcome<std::string> existing_product(Context& ctx, Params& params) {
    std::string id = params.required_text("product");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!ctx.look("product", id)) return no_such_param("product", id, params.name_of("product"));
    return id;
}

}  // namespace

Json new_price(Context& ctx, const PriceRequest& request) {
    Json price;
    price["id"] = request.id.empty() ? ctx.new_id("price") : request.id;
    price["object"] = "price";
    price["active"] = false;
    price["billing_scheme"] = "per_unit";
    price["created"] = unix_seconds(ctx.now());
    price["currency"] = request.amount.at("currency");
    price["custom_unit_amount"] = nullptr;
    price["livemode"] = false;
    price["lookup_key"] = nullptr;
    price["metadata"] = Json::object();
    price["nickname"] = nullptr;
    price["product"] = request.product;
    price["recurring"] = request.recurring;
    price["tax_behavior"] = "unspecified";
    price["tiers_mode"] = nullptr;
    price["transform_quantity"] = nullptr;
    price["type"] = request.recurring.is_null() ? "one_time" : "recurring";
    price["unit_amount"] = request.amount.at("unit_amount");
    price["unit_amount_decimal"] = request.amount.at("unit_amount_decimal");
    price["_inline"] = true;
    ctx.put(price);
    return price;
}

Outcome<std::string> read_product_of_price(Context& ctx, Params& params) {
    auto described = params.object("product_data");
    if (!described) return existing_product(ctx, params);
    if (!params.text("product").value_or("").empty())
        params.complain(only_one_of(params, "product", "product_data"));
    const Json product = read_inline_product(ctx, *described);
    params.absorb(*described);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    ctx.put(product);
    ctx.emit("product.created", product);
    return text_of(product, "id");
}

Outcome<Json> read_price_data(Context& ctx, Params& data, PriceDataTakes takes) {
    PriceRequest request;
    request.amount["currency"] = read_currency(data);
    read_unit_amount(data, request.amount);
    data.ignore("tax_behavior");
    const bool recurs = takes != PriceDataTakes::AmountOnly;
    if (auto given = recurs ? data.object("recurring") : std::nullopt) {
        request.recurring = read_recurring(ctx, *given);
        data.absorb(*given);
    }
    auto product = takes == PriceDataTakes::RecurringAndProductData
                       ? read_product_of_price(ctx, data)
                       : existing_product(ctx, data);
    if (!product) return Refusal(product.error());
    request.product = *std::move(product);
    return new_price(ctx, request);
}

}  // namespace turnpike::twin
