#include "base/money.h"

using namespace turnpike;

std::int64_t caller() {
    const auto kept = Money::bounded(1, Currency::Usd);
#ifdef TURNPIKE_BAD_LINE
    Money::bounded(1, Currency::Usd);
#endif
    return kept ? kept->minor() : 0;
}
