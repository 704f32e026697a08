#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/value.h"

namespace turnpike::twin {

struct SumRow {
    std::string label;
    std::int64_t amount = 0;
    enum class Kind : bool { Part, Result } kind = Kind::Part;  ///< what is due is the result
};
/// What follows the lines of a finalized invoice: discounts, total, what the customer's balance
/// took or gave, what credit notes took before the payment, and what that left to pay. They add up.
std::vector<SumRow> sums_of(const Json& invoice);

}  // namespace turnpike::twin
