#include "subscriptions/proration.h"

namespace turnpike {

Result<Money> prorate(Money price_total, Period period, Instant at, Rounding rounding) {
    if (period.start >= period.end || at < period.start || at > period.end)
        return invalid_argument("proration.outside_period",
                                "the moment of the change is outside the billing period");
    return scale(price_total, (period.end - at).count(), (period.end - period.start).count(),
                 rounding);
}

}  // namespace turnpike
