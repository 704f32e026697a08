#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/decimal.h"
#include "base/money.h"
#include "rating/overage.h"

namespace turnpike {

/// What a period's segment was charged for, all charges of it together.
struct ChargedOverage {
    std::size_t segment = 0;
    Quantity quantity;
    UnitPrice unit_price;
    Money amount{0, Currency::Usd};
};

/// The lines that lead from what was charged to what is owed: late usage adds to a period, a
/// correction takes away. By segment; a line that gives back has a negative quantity and amount. A
/// segment that owes what it was charged has none.
///
/// Amounts are differences of amounts, so that all charges of a segment together are its usage,
/// rated and rounded once:
///
///     amount = owed amount - charged amount
///
/// \param owed     what rate_overage() says now
/// \param charged  each segment once; in the currency of `owed`
std::vector<OverageLine> adjust_overage(std::span<const OverageLine> owed,
                                        std::span<const ChargedOverage> charged);

}  // namespace turnpike
