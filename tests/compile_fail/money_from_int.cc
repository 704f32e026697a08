#include "base/money.h"

using namespace turnpike;

void pay(Money);

void caller() {
    pay(Money(1999, Currency::Usd));
#ifdef TURNPIKE_BAD_LINE
    pay(1999);
#endif
}
