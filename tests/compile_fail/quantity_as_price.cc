#include "base/money.h"

using namespace turnpike;

Result<Money> caller(Quantity quantity, UnitPrice price) {
#ifdef TURNPIKE_BAD_LINE
    return extend(price, quantity, Currency::Usd, Rounding::HalfUp);
#else
    return extend(quantity, price, Currency::Usd, Rounding::HalfUp);
#endif
}
