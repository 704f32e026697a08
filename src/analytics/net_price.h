#pragma once

#include <cstdint>
#include <vector>

#include "analytics/fraction.h"
#include "base/money.h"
#include "subscriptions/discount.h"

namespace turnpike {

/// What is left of a bill's amount, in minor units: each discount is taken off what those before it
/// have left, and never more than that. An amount in another currency takes nothing. Exact with
/// amounts and one percentage; what a further percentage leaves is rounded to a millionth of a
/// minor unit, ties to even.
Fraction net_price(Int128 gross_minor, Currency currency, const std::vector<Discount>& discounts);

}  // namespace turnpike
