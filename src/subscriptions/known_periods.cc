#include "subscriptions/known_periods.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

Period billing_period_at(const KnownPeriods& known, std::optional<Instant> started_at,
                         BillingInterval interval, Instant moment) {
    if (known.last && contains(*known.last, moment)) return *known.last;
    check(known.last || known.next, "a subscription has a period");
    const Instant edge = known.next ? *known.next : known.last->end;
    // The start keeps the anchor day (31 Jan -> 28 Feb -> 31 Mar) unless the cycle was moved since.
    const bool keeps_anchor =
        started_at && period_containing(*started_at, interval, edge).start == edge;
    Period period = period_containing(keeps_anchor ? *started_at : edge, interval, moment);
    if (started_at && *started_at <= moment) period.start = std::max(period.start, *started_at);
    if (known.last) period.start = std::max(period.start, known.last->end);
    if (known.next) period.end = std::min(period.end, *known.next);
    return period;
}

}  // namespace turnpike
