#include "sandbox/stripe/catalog/price_schemes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sandbox/documents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kDecimalPlacesMax = 12;

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

/// A parameter of whole minor units, and its twin with places.
struct AmountParams {
    std::string_view whole;
    std::string_view decimal;
};

/// The canonical decimal of the one that is given; nullopt without any.
std::optional<std::string> read_amount(Params& params, AmountParams names,
                                       const std::string& currency) {
    const auto whole = params.integer(names.whole);
    const auto decimal = params.text(names.decimal);
    if (!whole && !decimal) return std::nullopt;
    if (whole && decimal) params.complain(only_one_of(params, names.whole, names.decimal));
    if (whole && *whole < 0)
        params.complain(bad_param(params.name_of(names.whole), "parameter_invalid_integer",
                                  "Invalid non-negative integer"));
    const auto exact = whole ? std::to_string(std::max<std::int64_t>(*whole, 0))
                             : canonical_decimal(*decimal).value_or("");
    if (exact.empty())
        params.complain(
            bad_param(params.name_of(names.decimal), "", "Invalid decimal: " + *decimal));
    if (!exact.empty() && !is_unit_amount(exact))
        params.complain(
            amount_too_large(params.name_of(whole ? names.whole : names.decimal), currency));
    return exact.empty() ? "0" : exact;
}

/// object["flat_amount"] and object["flat_amount_decimal"], or the same of a unit.
void write_amount(Json& object, const std::string& name,
                  const std::optional<std::string>& decimal) {
    const bool is_whole = decimal && decimal->find('.') == std::string::npos;
    object[name] = is_whole ? Json(std::stoll(*decimal)) : Json();
    object[name + "_decimal"] = decimal ? Json(*decimal) : Json();
}

/// Where a tier ends; null for "inf".
Json read_up_to(Params& params) {
    const auto text = params.text("up_to");
    if (!text) params.complain(missing_param(params.name_of("up_to")));
    if (!text || *text == "inf") return {};
    const auto end = params.integer("up_to");
    if (end && *end < 1)
        params.complain(bad_param(params.name_of("up_to"), "parameter_invalid_integer",
                                  "This value must be greater than or equal to 1."));
    return end ? Json(*end) : Json();
}

Json read_tier(Params& params, const std::string& currency) {
    const auto flat = read_amount(params, {"flat_amount", "flat_amount_decimal"}, currency);
    const auto unit = read_amount(params, {"unit_amount", "unit_amount_decimal"}, currency);
    if (!flat && !unit) params.complain(missing_param(params.name_of("unit_amount")));
    Json tier;
    write_amount(tier, "flat_amount", flat);
    write_amount(tier, "unit_amount", unit);
    tier["up_to"] = read_up_to(params);
    return tier;
}

/// Ends rise, and the last tier has none.
bool ends_are_right(const Json& tiers) {
    for (std::size_t i = 0; i + 1 < tiers.size(); ++i) {
        const Json& end = tiers[i].at("up_to");
        const Json& next = tiers[i + 1].at("up_to");
        if (end.is_null() || (!next.is_null() && next <= end)) return false;
    }
    return !tiers.empty() && tiers.back().at("up_to").is_null();
}

Json read_tiers(Params& params, const std::string& currency) {
    Json tiers = Json::array();
    for (auto& given : params.objects("tiers")) {
        tiers.push_back(read_tier(given, currency));
        params.absorb(given);
    }
    if (tiers.empty()) {
        params.complain(missing_param(params.name_of("tiers")));
    } else if (!ends_are_right(tiers)) {
        params.complain(bad_param(params.name_of("tiers"), "",
                                  "The `up_to` of each tier must be greater than that of the tier "
                                  "before it, and that of the last tier must be `inf`."));
    }
    return tiers;
}

void read_transform(Params& params, Json& price, std::string_view name) {
    auto given = params.object(name);
    if (!given) return;
    const auto divide_by = given->integer("divide_by");
    const auto round = given->one_of("round", {"down", "up"});
    if (!divide_by) given->complain(missing_param(given->name_of("divide_by")));
    if (divide_by && *divide_by < 1)
        given->complain(bad_param(given->name_of("divide_by"), "parameter_invalid_integer",
                                  "This value must be greater than or equal to 1."));
    if (!round) given->complain(missing_param(given->name_of("round")));
    price["transform_quantity"] = {{"divide_by", divide_by.value_or(1)},
                                   {"round", round.value_or("")}};
    params.absorb(*given);
}

void read_tiered(Params& params, Json& price, SchemeNames names) {
    price["billing_scheme"] = "tiered";
    price["unit_amount"] = nullptr;
    price["unit_amount_decimal"] = nullptr;
    for (const auto name : {names.amount, names.decimal, names.transform})
        params.refuse(name, "You cannot use `" + std::string(name) +
                                "` with `billing_scheme` set "
                                "to `tiered`.");
    const auto mode = params.one_of("tiers_mode", {"graduated", "volume"});
    if (!mode) params.complain(missing_param(params.name_of("tiers_mode")));
    price["tiers_mode"] = mode.value_or("");
    price["tiers"] = read_tiers(params, text_of(price, "currency"));
}

Json read_option(Params& params, const Json& price, const std::string& currency) {
    Json option{{"custom_unit_amount", nullptr}, {"tax_behavior", "unspecified"}};
    params.refuse("custom_unit_amount",
                  "This sandbox lets the customer choose amounts in the price's own currency "
                  "only.");
    if (const auto behavior =
            params.one_of("tax_behavior", {"exclusive", "inclusive", "unspecified"}))
        option["tax_behavior"] = *behavior;
    const bool tiered = text_of(price, "billing_scheme") == "tiered";
    if (tiered) {
        option["tiers"] = read_tiers(params, currency);
        write_amount(option, "unit_amount", std::nullopt);
        return option;
    }
    const auto amount = read_amount(params, {"unit_amount", "unit_amount_decimal"}, currency);
    if (!amount) params.complain(missing_param(params.name_of("unit_amount")));
    write_amount(option, "unit_amount", amount);
    return option;
}

/// The members of a price that differ by currency, from `source` to `target`.
void copy_amounts(const Json& source, Json& target) {
    for (const char* name : {"tax_behavior", "tiers", "unit_amount", "unit_amount_decimal"})
        if (source.contains(name)) target[name] = source.at(name);
}

}  // namespace

void read_scheme(Params& params, Json& price, SchemeNames names) {
    const auto scheme = params.one_of("billing_scheme", {"per_unit", "tiered"});
    if (scheme == "tiered") {
        read_tiered(params, price, names);
        return;
    }
    for (const std::string_view name : {"tiers", "tiers_mode"})
        params.refuse(name, "You cannot use `" + std::string(name) +
                                "` unless `billing_scheme` is set to `tiered`.");
    if (names.amount == SchemeNames{}.amount && !params.has(names.amount) &&
        !params.has(names.decimal))
        params.complain(bad_param(
            "", "",
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."));
    read_unit_amount(params, price, names);
    read_transform(params, price, names.transform);
}

void read_unit_amount(Params& params, Json& price, SchemeNames names) {
    const auto amount =
        read_amount(params, {names.amount, names.decimal}, text_of(price, "currency"));
    if (!amount) params.complain(missing_param(params.name_of(names.amount)));
    if (amount) write_unit_amount(price, *amount);
}

void write_unit_amount(Json& price, const std::string& decimal) {
    write_amount(price, "unit_amount", decimal);
}

void read_currency_options(Params& params, Json& price) {
    for (auto& [currency, given] : params.keyed_objects("currency_options")) {
        Json option = read_option(given, price, currency);
        if (!is_stripe_currency(currency))
            given.complain(unknown_currency(params.name_of("currency_options"), currency));
        params.absorb(given);
        price["currency_options"][currency] = std::move(option);
    }
}

Json all_currency_options(Context& ctx, const Json& price) {
    const auto stored = ctx.find("price", text_of(price, "id"));
    if (!stored) return Json::object();
    Json options = part_of(*stored, "currency_options");
    Json own{{"custom_unit_amount", nullptr}};
    copy_amounts(*stored, own);
    options[text_of(*stored, "currency")] = std::move(own);
    return options;
}

std::optional<Json> price_in(const Json& price, const std::string& currency) {
    if (text_of(price, "currency") == currency) return price;
    const Json& option = part_of(part_of(price, "currency_options"), currency);
    if (option.empty()) return std::nullopt;
    Json other = price;
    other["currency"] = currency;
    copy_amounts(option, other);
    return other;
}

}  // namespace turnpike::twin
