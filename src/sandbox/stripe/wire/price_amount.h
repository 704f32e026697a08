#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "json/json.h"

/// What a quantity of a price costs: the one place that knows tiers and packages. Pure.
namespace turnpike::twin {

/// Quantities are exact: integers in 10^-kQuantityDigits of a unit.
inline constexpr int kQuantityDigits = 12;
inline constexpr Int128 kWholeUnit = 1'000'000'000'000;

/// A part of the cost, which Stripe shows as a line of its own and rounds for itself.
struct PricePart {
    std::size_t tier = 0;  ///< counted from 1; 0: the price has no tiers
    enum class Kind : bool { Units, FlatFee } kind = Kind::Units;
    Int128 quantity = 0;      ///< in 10^-12; 0 for a flat fee
    std::string rate;         ///< decimal minor units, for one unit (one package) or as a fee
    std::int64_t amount = 0;  ///< minor units, rounded half up
    friend bool operator==(const PricePart&, const PricePart&) = default;
};

/// The amount per unit in units of 1 / kUnitAmountOne of the smallest unit; nullopt for what
/// is_unit_amount() refuses.
std::optional<Int128> scaled_unit_amount(std::string_view text);
inline constexpr Int128 kUnitAmountOne = 1'000'000'000'000;

/// The parts of a price's document (unit_amount or unit_amount_decimal, transform_quantity; or
/// tiers and tiers_mode) for `quantity` in 10^-12 units. One part without tiers. With graduated
/// tiers the units of each tier that the quantity reaches, with volume tiers all units at the tier
/// that it ends in; each followed by the tier's flat fee, if it has one.
/// An amount that nothing can hold is cut off as total_of() says.
std::vector<PricePart> price_parts(const Json& price, Int128 quantity);

bool is_tiered(const Json& price);
bool is_metered(const Json& price);

/// "$0.036": format_amount() of a decimal amount, with as many places as it has.
std::string format_rate(const std::string& decimal, const std::string& currency);

}  // namespace turnpike::twin
