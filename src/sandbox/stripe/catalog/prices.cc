#include "sandbox/stripe/catalog/prices.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/catalog/price_data.h"
#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/metering/meters.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPriceKind = "price";
constexpr std::size_t kLookupKeysMax = 10;

enum class LookupKey : bool { MustBeFree, TakeOver };

/// The longest cycle is three years.
std::int64_t interval_count_max(std::string_view interval) {
    if (interval == "day") return 1'095;
    if (interval == "week") return 156;
    return interval == "month" ? 36 : 3;
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

/// The meter that adds the usage up; metered prices, and no others, have one.
void read_meter(Context& ctx, Params& params, Json& recurring) {
    const bool metered = text_of(recurring, "usage_type") == "metered";
    const auto id = params.text("meter").value_or("");
    if (metered && id.empty())
        params.complain(bad_param("", "",
                                  "Starting with Stripe version `2025-03-31.basil`, metered prices "
                                  "must be backed by meters."));
    if (id.empty()) return;
    const auto meter = ctx.find(kMeterKind, id);
    if (!meter) {
        params.complain(no_such_param("meter", id, params.name_of("meter")));
    } else if (!metered) {
        params.complain(bad_param(params.name_of("meter"), "",
                                  "A meter can only be set with `usage_type=metered`."));
    } else if (!is_active_meter(*meter)) {
        params.complain(bad_param(params.name_of("meter"), "",
                                  "The meter " + id +
                                      " is inactive. You can't attach a "
                                      "deactivated meter to a price."));
    }
    recurring["meter"] = id;
}

Json read_new_price(Context& ctx, Params& params) {
    Json price = blank_price(ctx);
    price["currency"] = read_currency(params);
    if (params.has("custom_unit_amount"))
        read_custom_amount(params, price);
    else
        read_scheme(params, price);
    read_currency_options(params, price);
    read_editable(params, price);
    if (auto recurring = params.object("recurring")) {
        price["recurring"] = read_recurring(ctx, *recurring);
        price["type"] = "recurring";
        params.absorb(*recurring);
    } else if (text_of(price, "billing_scheme") == "tiered") {
        params.complain(bad_param(
            "interval", "", "Prices with `type=one_time` are not supported with tiered billing."));
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
    if (!params.has("product") && !params.has("product_data"))
        params.complain(bad_param(
            "", "", "You must specify either `product` or `product_data` when creating a price."));
    const auto product = read_product_of_price(ctx, params);
    if (!product) return Refusal(product.error());
    price["product"] = *product;
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
    read_currency_options(params, *price);
    const auto mode = lookup_mode(params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (const auto refusal = claim_lookup_key(operation.ctx, *price, mode)) return *refusal;
    operation.ctx.update_and_emit("price.updated", *price);
    return *std::move(price);
}

bool is_or_any(const Json& object, const char* member, const std::string& wanted) {
    return wanted.empty() || text_of(object, member) == wanted;
}

Answer list_prices(Operation& operation) {
    auto& params = operation.params;
    const auto active = params.boolean("active");
    const auto type = params.one_of("type", {"one_time", "recurring"});
    const auto currency = params.text("currency");
    const auto keys = params.texts("lookup_keys");
    if (keys.size() > kLookupKeysMax)
        params.complain(bad_param("lookup_keys", "", "You may only specify up to 10 lookup keys."));
    std::string interval, usage_type, meter;
    if (auto recurring = params.object("recurring")) {
        interval = recurring->one_of("interval", {"day", "month", "week", "year"}).value_or("");
        usage_type = recurring->one_of("usage_type", {"licensed", "metered"}).value_or("");
        meter = recurring->text("meter").value_or("");
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
               is_or_any(part_of(price, "recurring"), "interval", interval) &&
               is_or_any(part_of(price, "recurring"), "usage_type", usage_type) &&
               is_or_any(part_of(price, "recurring"), "meter", meter);
    });
}

constexpr auto kPriceRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/prices", create_price},
    {"GET", "/v1/prices", list_prices},
    {"GET", "/v1/prices/{price}", get_price},
    {"POST", "/v1/prices/{price}", update_price},
});

constexpr auto kPriceExpandables = std::to_array<Expandable>({
    {"price", "product", "product"},
});

constexpr auto kPriceIncludables = std::to_array<Includable>({
    {"price", "currency_options", all_currency_options},
    {"price", "tiers", stored_member<"tiers">},
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

Json read_recurring(Context& ctx, Params& params) {
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
    const bool metered = params.one_of("usage_type", {"licensed", "metered"}) == "metered";
    if (metered) recurring["usage_type"] = "metered";
    read_meter(ctx, params, recurring);
    return recurring;
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
    if (price_in(price, expected)) return std::nullopt;
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
    if (auto error = custom_amount_problem(*price, param)) return Refusal(*std::move(error));
    return *std::move(price);
}

const Feature& price_feature() {
    static constexpr Feature kFeature{.operations = kPriceRoutes,
                                      .expandables = kPriceExpandables,
                                      .includables = kPriceIncludables};
    return kFeature;
}

}  // namespace turnpike::twin
