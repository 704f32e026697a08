#include "analytics/net_price.h"

#include <algorithm>

namespace turnpike {
namespace {

/// A percentage of four digits divides a minor unit into so many parts.
constexpr Int128 kParts = 1'000'000;
static_assert(kParts == Int128{100} * DiscountPercent::kOne);

}  // namespace

Fraction net_price(Int128 gross_minor, Currency currency, const std::vector<Discount>& discounts) {
    Int128 parts = gross_minor * kParts;
    for (const Discount& discount : discounts) {
        if (discount.percent) {
            const Int128 left = kParts - discount.percent->scaled();
            parts = divide_rounded(parts * left, kParts, Rounding::HalfEven);
        } else if (discount.amount && discount.amount->currency() == currency) {
            parts -= std::min(parts, kParts * discount.amount->minor());
        }
    }
    return {parts, kParts};
}

}  // namespace turnpike
