#pragma once

#include <cstdint>

#include "base/money.h"

namespace turnpike {

/// How many minor units make one unit of the currency: 100 for USD, 1 for JPY, 1,000 for KWD.
inline std::int64_t minor_units(Currency currency) {
    std::int64_t units = 1;
    for (int digit = 0; digit < exponent_of(currency); ++digit) units *= 10;
    return units;
}

}  // namespace turnpike
