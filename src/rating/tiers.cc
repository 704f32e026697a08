#include "rating/tiers.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

std::vector<TierShare> graduated_shares(std::span<const TierEnd> ends, Int128 quantity) {
    std::vector<TierShare> shares;
    Int128 counted = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const bool reached = i == 0 || quantity > counted;
        if (!reached) break;
        const Int128 until = ends[i] ? std::min(quantity, *ends[i]) : quantity;
        shares.push_back({i, until - counted});
        counted = until;
    }
    return shares;
}

TierShare volume_share(std::span<const TierEnd> ends, Int128 quantity) {
    const auto tier =
        std::ranges::find_if(ends, [&](const TierEnd& end) { return !end || quantity <= *end; });
    check(tier != ends.end(), "the last tier has no end");
    return {static_cast<std::size_t>(tier - ends.begin()), quantity};
}

Int128 packages_in(Int128 quantity, Int128 size, PackageRounding rounding) {
    const bool begun = quantity % size != 0;
    return quantity / size + (begun && rounding == PackageRounding::Up ? 1 : 0);
}

}  // namespace turnpike
