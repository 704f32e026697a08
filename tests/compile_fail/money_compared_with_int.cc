#include "base/money.h"

using namespace turnpike;

bool caller(Money amount) {
#ifdef TURNPIKE_BAD_LINE
    return amount == 1999;
#else
    return amount == Money(1999, Currency::Usd);
#endif
}
