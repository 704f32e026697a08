#include "sandbox/stripe/catalog/custom_amounts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCustom = "custom_unit_amount";

std::optional<std::int64_t> read_limit(Params& given, std::string_view name,
                                       const std::string& currency) {
    const auto amount = given.integer(name);
    if (!amount) return std::nullopt;
    const std::string param = given.name_of(name);
    if (auto problem = charge_amount_problem(*amount, currency, param))
        given.complain(*std::move(problem));
    return amount;
}

void check_order(Params& given, std::string_view name, std::optional<std::int64_t> low,
                 std::optional<std::int64_t> high) {
    if (low && high && *low > *high)
        given.complain(bad_param(given.name_of(name), "",
                                 "`minimum`, `preset` and `maximum` of `custom_unit_amount` must "
                                 "not be smaller than the one before."));
}

/// What else would say what the price costs.
void refuse_other_amounts(Params& params) {
    for (const char* name : {"unit_amount", "unit_amount_decimal"})
        if (params.has(name)) params.complain(only_one_of(params, name, "custom_unit_amount"));
    for (const char* name :
         {"currency_options", "recurring", "tiers", "tiers_mode", "transform_quantity"})
        params.refuse(name, "You cannot use `" + std::string(name) +
                                "` with `custom_unit_amount`: the amount is chosen once, at "
                                "Checkout.");
    if (params.one_of("billing_scheme", {"per_unit", "tiered"}) == "tiered")
        params.complain(bad_param("billing_scheme", "",
                                  "You cannot use `custom_unit_amount` with `billing_scheme` set "
                                  "to `tiered`."));
    for (const char* name : {"unit_amount", "unit_amount_decimal"}) params.ignore(name);
}

}  // namespace

bool has_custom_amount(const Json& price) { return !part_of(price, kCustom).empty(); }

void read_custom_amount(Params& params, Json& price) {
    auto given = params.object(kCustom);
    if (!given) return;
    refuse_other_amounts(params);
    const std::string currency = text_of(price, "currency");
    const auto enabled = given->boolean("enabled");
    if (!enabled) given->complain(missing_param(given->name_of("enabled")));
    if (enabled && !*enabled)
        given->complain(bad_param(given->name_of("enabled"), "",
                                  "Pass in `true` to enable `custom_unit_amount`, otherwise omit "
                                  "`custom_unit_amount`."));
    const auto minimum = read_limit(*given, "minimum", currency);
    const auto preset = read_limit(*given, "preset", currency);
    const auto maximum = read_limit(*given, "maximum", currency);
    check_order(*given, "preset", minimum, preset);
    check_order(*given, "preset", preset, maximum);
    check_order(*given, "maximum", minimum, maximum);
    params.absorb(*given);
    Json& custom = price[std::string(kCustom)];
    custom["maximum"] = maximum ? Json(*maximum) : Json();
    custom["minimum"] = minimum ? Json(*minimum) : Json();
    custom["preset"] = preset ? Json(*preset) : Json();
    price["unit_amount"] = nullptr;
    price["unit_amount_decimal"] = nullptr;
}

AmountRange custom_range(const Json& price) {
    const Json& custom = part_of(price, kCustom);
    const std::int64_t least = minimum_charge(text_of(price, "currency"));
    const std::int64_t most = integer_of(custom, "maximum");
    return {std::max(least, integer_of(custom, "minimum")), most == 0 ? kAmountMax : most};
}

std::int64_t custom_preset(const Json& price) {
    return integer_of(part_of(price, kCustom), "preset");
}

std::optional<StripeError> custom_amount_problem(const Json& price, const std::string& param) {
    if (!has_custom_amount(price)) return std::nullopt;
    return bad_param(param, "",
                     "The price specified has `custom_unit_amount`: its amount is chosen by the "
                     "customer, in Checkout Sessions of `payment` mode only.")
        .error();
}

}  // namespace turnpike::twin
