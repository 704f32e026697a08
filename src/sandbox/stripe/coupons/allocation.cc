#include "sandbox/stripe/coupons/allocation.h"

#include <algorithm>
#include <numeric>

#include "base/decimal.h"

namespace turnpike::twin {
namespace {

std::int64_t share(std::int64_t whole, std::int64_t part, std::int64_t of, Rounding rounding) {
    return static_cast<std::int64_t>(divide_rounded(Int128{whole} * part, of, rounding));
}

}  // namespace

std::vector<std::int64_t> percent_parts(std::span<const std::int64_t> amounts,
                                        std::int64_t percent) {
    std::vector<std::int64_t> parts;
    parts.reserve(amounts.size());
    for (const std::int64_t amount : amounts)
        parts.push_back(share(amount, percent, kWholePercent, Rounding::HalfUp));
    return parts;
}

std::vector<std::int64_t> amount_parts(std::span<const std::int64_t> amounts, std::int64_t off) {
    std::int64_t amounts_left = std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
    std::int64_t off_left = std::min(off, amounts_left);
    std::vector<std::int64_t> parts;
    parts.reserve(amounts.size());
    for (const std::int64_t amount : amounts) {
        const std::int64_t part =
            amounts_left == 0 ? 0 : share(off_left, amount, amounts_left, Rounding::Down);
        parts.push_back(part);
        amounts_left -= amount;
        off_left -= part;
    }
    return parts;
}

}  // namespace turnpike::twin
