#include "sandbox/stripe/prices.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/stripe/amounts.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/currencies.h"
#include "sandbox/stripe/fields.h"
#include "sandbox/stripe/products.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPriceKind = "price";
constexpr std::size_t kDecimalPlacesMax = 12;
constexpr std::size_t kLookupKeysMax = 10;

enum class LookupKey : bool { MustBeFree, TakeOver };

/// The longest cycle is three years.
std::int64_t interval_count_max(std::string_view interval) {
    if (interval == "day") return 1'095;
    if (interval == "week") return 156;
    return interval == "month" ? 36 : 3;
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "012.50" -> "12.5"; nullopt for what is no non-negative decimal of at most twelve places.
std::optional<std::string> canonical_decimal(std::string_view text) {
    const auto dot = text.find('.');
    std::string_view whole = text.substr(0, dot);
    std::string_view places = dot == std::string_view::npos ? "" : text.substr(dot + 1);
    const bool places_ok = dot == std::string_view::npos || is_digits(places);
    if (!is_digits(whole) || whole.size() > 12 || !places_ok || places.size() > kDecimalPlacesMax)
        return std::nullopt;
    while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
    while (places.ends_with('0')) places.remove_suffix(1);
    return std::string(whole) + (places.empty() ? "" : "." + std::string(places));
}

void set_amount(Params& params, const std::string& decimal, Json& price, AmountNames names) {
    write_unit_amount(price, decimal);
    if (!is_unit_amount(decimal))
        params.complain(
            amount_too_large(params.name_of(params.has(names.whole) ? names.whole : names.decimal),
                             text_of(price, "currency")));
}

/// Keys are unique in an account; a price may take one over from another.
std::optional<Refusal> claim_lookup_key(Context& ctx, const Json& price, LookupKey mode) {
    const auto key = text_of(price, "lookup_key");
    if (key.empty()) return std::nullopt;
    for (auto& other : ctx.list(kPriceKind, {})) {
        const bool same = text_of(other, "id") == text_of(price, "id");
        if (same || text_of(other, "lookup_key") != key) continue;
        if (mode == LookupKey::MustBeFree)
            return bad_param(
                "lookup_key", "",
                "A price (`" + text_of(other, "id") + "`) already uses that lookup key.");
        other["lookup_key"] = nullptr;
        ctx.update_and_emit("price.updated", other);
    }
    return std::nullopt;
}

LookupKey lookup_mode(Params& params) {
    return params.boolean("transfer_lookup_key").value_or(false) ? LookupKey::TakeOver
                                                                 : LookupKey::MustBeFree;
}

void read_editable(Params& params, Json& price) {
    set_boolean(params, "active", price);
    set_text(params, "lookup_key", price);
    set_text(params, "nickname", price);
    if (const auto behavior =
            params.one_of("tax_behavior", {"exclusive", "inclusive", "unspecified"}))
        price["tax_behavior"] = *behavior;
    merge_metadata(price, params.metadata());
}

/// Tiers, packages and amounts that the buyer chooses: real at Stripe, refused here by name rather
/// than silently priced wrong.
void refuse_other_schemes(Params& params) {
    for (const std::string_view name :
         {"tiers", "tiers_mode", "transform_quantity", "custom_unit_amount", "currency_options"})
        params.refuse(
            name, "This sandbox supports prices with one fixed unit amount; it does not know '" +
                      std::string(name) + "'.");
    params.one_of("billing_scheme", {"per_unit"});
}

Json read_new_price(Context& ctx, Params& params) {
    Json price = blank_price(ctx);
    price["currency"] = read_currency(params);
    read_unit_amount(params, price);
    refuse_other_schemes(params);
    read_editable(params, price);
    if (auto recurring = params.object("recurring")) {
        price["recurring"] = read_recurring(*recurring);
        price["type"] = "recurring";
        params.absorb(*recurring);
    }
    return price;
}

Answer store_new_price(Context& ctx, Json price, LookupKey mode) {
    if (const auto refusal = claim_lookup_key(ctx, price, mode)) return *refusal;
    ctx.put(price);
    ctx.emit("price.created", price);
    return price;
}

Answer create_price(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json price = read_new_price(ctx, params);
    const auto mode = lookup_mode(params);
    const auto product = params.text("product").value_or("");
    auto product_data = params.object("product_data");
    if (product.empty() == !product_data)
        params.complain(product_data
                            ? bad_param("", "parameters_exclusive",
                                        "You may only specify one of these parameters: product, "
                                        "product_data.")
                            : missing_param("product"));
    Json made;
    if (product_data) made = read_inline_product(ctx, *product_data);
    if (product_data) params.absorb(*product_data);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    if (product_data) {
        ctx.put(made);
        ctx.emit("product.created", made);
    } else if (!ctx.find("product", product)) {
        return no_such_param("product", product, "product");
    }
    price["product"] = product_data ? text_of(made, "id") : product;
    return store_new_price(ctx, std::move(price), mode);
}

Answer get_price(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto price = operation.ctx.find(kPriceKind, operation.path("price"));
    if (!price) {
        auto refusal = no_such_object("price", operation.path("price"));
        refusal.error().param = "price";
        return refusal;
    }
    return *std::move(price);
}

Answer update_price(Operation& operation) {
    auto& params = operation.params;
    auto price = operation.ctx.find(kPriceKind, operation.path("price"));
    if (!price) return no_such_object("price", operation.path("price"));
    read_editable(params, *price);
    const auto mode = lookup_mode(params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (const auto refusal = claim_lookup_key(operation.ctx, *price, mode)) return *refusal;
    operation.ctx.update_and_emit("price.updated", *price);
    return *std::move(price);
}

Answer list_prices(Operation& operation) {
    auto& params = operation.params;
    const auto active = params.boolean("active");
    const auto type = params.one_of("type", {"one_time", "recurring"});
    const auto currency = params.text("currency");
    const auto keys = params.texts("lookup_keys");
    if (keys.size() > kLookupKeysMax)
        params.complain(bad_param("lookup_keys", "", "You may only specify up to 10 lookup keys."));
    std::string interval;
    if (auto recurring = params.object("recurring")) {
        interval = recurring->one_of("interval", {"day", "month", "week", "year"}).value_or("");
        recurring->ignore("usage_type");
        recurring->ignore("meter");
        params.absorb(*recurring);
    }
    ListFilter filter{.parent = params.text("product").value_or("")};
    read_created(params, filter);
    return list_objects(operation, kPriceKind, filter, [&](const Json& price) {
        const auto key = text_of(price, "lookup_key");
        return !flag_of(price, "_inline") && (!active || flag_of(price, "active") == *active) &&
               (!type || text_of(price, "type") == *type) &&
               (!currency || text_of(price, "currency") == *currency) &&
               (keys.empty() || std::ranges::find(keys, key) != keys.end()) &&
               (interval.empty() || text_of(part_of(price, "recurring"), "interval") == interval);
    });
}

constexpr auto kPriceRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/prices", create_price},
    {"GET", "/v1/prices", list_prices},
    {"GET", "/v1/prices/{price}", get_price},
    {"POST", "/v1/prices/{price}", update_price},
});

}  // namespace

Json blank_price(Context& ctx) {
    Json price;
    price["id"] = ctx.new_id("price");
    price["object"] = std::string(kPriceKind);
    price["active"] = true;
    price["billing_scheme"] = "per_unit";
    price["created"] = unix_seconds(ctx.now());
    price["livemode"] = false;
    price["metadata"] = Json::object();
    price["recurring"] = nullptr;
    price["tax_behavior"] = "unspecified";
    price["type"] = "one_time";
    for (const char* name : {"custom_unit_amount", "lookup_key", "nickname", "product",
                             "tiers_mode", "transform_quantity"})
        price[name] = nullptr;
    return price;
}

Json read_recurring(Params& params) {
    Json recurring{{"interval", nullptr},
                   {"interval_count", 1},
                   {"meter", nullptr},
                   {"trial_period_days", nullptr},
                   {"usage_type", "licensed"}};
    const auto interval = params.one_of("interval", {"day", "month", "week", "year"});
    if (interval) {
        recurring["interval"] = *interval;
    } else {
        params.complain(missing_param(params.name_of("interval")));
    }
    set_integer(params, "interval_count", recurring);
    const auto count = integer_of(recurring, "interval_count");
    if (count < 1 || count > interval_count_max(interval.value_or("")))
        params.complain(bad_param(params.name_of("interval_count"), "parameter_invalid_integer",
                                  "Recurring prices can be billed at most every three years."));
    set_integer(params, "trial_period_days", recurring);
    const auto usage = params.one_of("usage_type", {"licensed", "metered"});
    const auto meter = params.text("meter");
    if (meter) {
        params.complain(no_such_param("meter", *meter, params.name_of("meter")));
    } else if (usage == "metered") {
        params.complain(bad_param(params.name_of("meter"), "parameter_missing",
                                  "Prices with `usage_type=metered` must be backed by a meter."));
    }
    return recurring;
}

void read_unit_amount(Params& params, Json& price, AmountNames names) {
    const auto whole = params.integer(names.whole);
    const auto decimal = params.text(names.decimal);
    if (whole && decimal) {
        params.complain(
            bad_param("", "parameters_exclusive",
                      "You may only specify one of these parameters: " + std::string(names.whole) +
                          ", " + std::string(names.decimal) + "."));
    } else if (whole) {
        if (*whole < 0)
            params.complain(bad_param(params.name_of(names.whole), "parameter_invalid_integer",
                                      "Invalid non-negative integer"));
        set_amount(params, std::to_string(std::max<std::int64_t>(*whole, 0)), price, names);
    } else if (decimal) {
        const auto exact = canonical_decimal(*decimal);
        if (!exact)
            params.complain(
                bad_param(params.name_of(names.decimal), "", "Invalid decimal: " + *decimal));
        set_amount(params, exact.value_or("0"), price, names);
    } else {
        params.complain(missing_param(params.name_of(names.whole)));
    }
}

void write_unit_amount(Json& price, const std::string& decimal) {
    const bool is_whole = decimal.find('.') == std::string::npos;
    price["unit_amount"] = is_whole ? Json(std::stoll(decimal)) : Json();
    price["unit_amount_decimal"] = decimal;
}

Outcome<Json> create_price_of(Context& ctx, Params& params, const std::string& product) {
    Json price = read_new_price(ctx, params);
    price["product"] = product;
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return store_new_price(ctx, std::move(price), LookupKey::MustBeFree);
}

std::optional<StripeError> check_price_currency(const Json& price, const std::string& expected,
                                                const std::string& param) {
    const std::string own = text_of(price, "currency");
    if (own == expected) return std::nullopt;
    return bad_param(param, "",
                     "The price specified only supports `" + own +
                         "`. This doesn't match the expected currency: `" + expected + "`.")
        .error();
}

Outcome<Json> require_one_time_price(Context& ctx, const std::string& id,
                                     const std::string& param) {
    auto price = ctx.find(kPriceKind, id);
    if (!price) return no_such_param("price", id, param);
    if (text_of(*price, "type") == "recurring")
        return bad_param(param, "",
                         "The price specified is set to `type=recurring` but this field only "
                         "accepts prices with `type=one_time`.");
    return *std::move(price);
}

std::span<const OperationRoute> price_routes() { return kPriceRoutes; }

}  // namespace turnpike::twin
