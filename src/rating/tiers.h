#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/decimal.h"

/// How a quantity divides over the tiers and packages of a price. Quantities are integers in any
/// unit the caller likes (whole units, or a scaled decimal), the same in all arguments of a call.
namespace turnpike {

/// Where a tier ends: the last quantity that belongs to it; nullopt has no end. Ends rise, and only
/// the last one is nullopt.
using TierEnd = std::optional<Int128>;

/// What falls into one tier.
struct TierShare {
    std::size_t tier = 0;  ///< index of its end
    Int128 quantity = 0;
    friend bool operator==(const TierShare&, const TierShare&) = default;
};

/// Graduated tiers: each unit belongs to the tier that it falls into. The tiers that `quantity`
/// (not negative) reaches, in order, always the first one; the shares add up to `quantity`.
std::vector<TierShare> graduated_shares(std::span<const TierEnd> ends, Int128 quantity);

/// Volume tiers: all of `quantity` (not negative) belongs to the one tier that it ends in.
TierShare volume_share(std::span<const TierEnd> ends, Int128 quantity);

/// A package that is begun counts as a whole one, or not at all.
enum class PackageRounding : bool { Down, Up };
/// How many packages of `size` (positive) make up `quantity` (not negative).
Int128 packages_in(Int128 quantity, Int128 size, PackageRounding rounding);

}  // namespace turnpike
