#include "sandbox/stripe/wire/price_amount.h"

#include <algorithm>
#include <optional>

#include "base/money.h"
#include "json/value.h"
#include "rating/tiers.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/wire/amounts.h"

namespace turnpike::twin {
namespace {

constexpr Int128 kMostMinor = Money::kMaxMinor;

/// quantity x rate in minor units.
std::int64_t cost_of(Int128 quantity, const std::string& rate) {
    const Int128 unit = scaled_unit_amount(rate).value_or(0);
    Int128 product = 0;
    if (__builtin_mul_overflow(unit, quantity, &product))
        return static_cast<std::int64_t>((unit < 0) == (quantity < 0) ? kMostMinor : -kMostMinor);
    const Int128 total = divide_rounded(product, kUnitAmountOne * kWholeUnit, Rounding::HalfUp);
    return static_cast<std::int64_t>(std::clamp(total, -kMostMinor, kMostMinor));
}

/// The decimal amount behind "unit_amount" or "flat_amount"; "" when there is none.
std::string decimal_of(const Json& object, const std::string& name) {
    const Json& whole = part_of(object, name);
    if (whole.is_number_integer()) return std::to_string(whole.get<std::int64_t>());
    return text_of(object, name + "_decimal");
}

PricePart units_at(std::size_t tier, Int128 quantity, const std::string& rate) {
    return {tier, PricePart::Kind::Units, quantity, rate, cost_of(quantity, rate)};
}

/// What falls into one tier: its units, and its fee.
void add_tier(std::vector<PricePart>& parts, const Json& tiers, const TierShare& share) {
    const Json& tier = tiers.at(share.tier);
    const auto unit = decimal_of(tier, "unit_amount");
    parts.push_back(units_at(share.tier + 1, share.quantity, unit.empty() ? "0" : unit));
    const auto fee = decimal_of(tier, "flat_amount");
    if (fee.empty()) return;
    parts.push_back({share.tier + 1, PricePart::Kind::FlatFee, 0, fee, cost_of(kWholeUnit, fee)});
}

std::vector<PricePart> tiered_parts(const Json& price, Int128 quantity) {
    const Json& tiers = part_of(price, "tiers");
    std::vector<TierEnd> ends;
    for (const Json& tier : tiers) {
        const bool open = part_of(tier, "up_to").empty();
        ends.push_back(open ? TierEnd() : TierEnd(integer_of(tier, "up_to") * kWholeUnit));
    }
    std::vector<PricePart> parts;
    if (text_of(price, "tiers_mode") == "volume") {
        add_tier(parts, tiers, volume_share(ends, quantity));
    } else {
        for (const auto& share : graduated_shares(ends, quantity)) add_tier(parts, tiers, share);
    }
    return parts;
}

/// The quantity that is multiplied: units, or packages of them.
Int128 charged_quantity(const Json& price, Int128 quantity) {
    const Json& transform = part_of(price, "transform_quantity");
    if (transform.empty()) return quantity;
    const auto rounding =
        text_of(transform, "round") == "up" ? PackageRounding::Up : PackageRounding::Down;
    return packages_in(quantity, integer_of(transform, "divide_by") * kWholeUnit, rounding) *
           kWholeUnit;
}

}  // namespace

bool is_tiered(const Json& price) { return text_of(price, "billing_scheme") == "tiered"; }

bool is_metered(const Json& price) {
    return text_of(part_of(price, "recurring"), "usage_type") == "metered";
}

std::vector<PricePart> price_parts(const Json& price, Int128 quantity) {
    if (is_tiered(price)) return tiered_parts(price, quantity);
    const auto rate = decimal_of(price, "unit_amount");
    PricePart part = units_at(0, charged_quantity(price, quantity), rate);
    part.quantity = quantity;
    return {part};
}

std::int64_t total_of(const Json& price, std::int64_t quantity) {
    std::int64_t total = 0;
    for (const auto& part : price_parts(price, static_cast<Int128>(quantity) * kWholeUnit))
        total += part.amount;
    return std::clamp<std::int64_t>(total, -Money::kMaxMinor, Money::kMaxMinor);
}

std::string format_rate(const std::string& decimal, const std::string& currency) {
    const auto dot = decimal.find('.');
    const auto whole = parse_scaled(decimal.substr(0, dot), 0).value_or(0);
    std::string text = format_amount(whole, currency);
    if (dot == std::string::npos) return text;
    // What has places of its own follows the smallest unit's.
    const std::string places = decimal.substr(dot + 1);
    const bool has_point = format_amount(0, currency).find('.') != std::string::npos;
    return text + (has_point ? "" : ".") + places;
}

}  // namespace turnpike::twin
