#include "subscriptions/proration.h"

#include "base/decimal.h"

namespace turnpike {

Result<Money> prorate(Money price_total, Period period, Instant at) {
    if (period.start >= period.end || at < period.start || at > period.end)
        return invalid_argument("proration.outside_period",
                                "the moment of the change is outside the billing period");
    const auto length = (period.end - period.start).count();
    if (price_total.minor() < 0)
        return scale(price_total, (period.end - at).count(), length, Rounding::HalfUp);
    // A half of what is used goes up, so that of what is left goes down.
    const auto used = scale(price_total, (at - period.start).count(), length, Rounding::HalfUp);
    if (!used) return used;
    return price_total - *used;
}

}  // namespace turnpike
