#include "subscriptions/billing_period.h"

#include "base/check.h"

namespace turnpike {
namespace {

namespace chrono = std::chrono;

/// Months are the only unit of varying length; everything else is a fixed number of days.
bool is_calendar(BillingInterval::Unit unit) {
    return unit == BillingInterval::Unit::Month || unit == BillingInterval::Unit::Year;
}

std::int64_t months_of(BillingInterval interval) {
    return interval.unit == BillingInterval::Unit::Year ? std::int64_t{12} * interval.count
                                                        : interval.count;
}

chrono::days days_of(BillingInterval interval) {
    return chrono::days(interval.unit == BillingInterval::Unit::Week ? 7 * interval.count
                                                                     : interval.count);
}

Instant add_months(Instant anchor, std::int64_t months) {
    const auto day = chrono::floor<chrono::days>(anchor);
    const chrono::year_month_day date{day};
    const auto target = chrono::year_month{date.year(), date.month()} + chrono::months(months);
    const auto last = chrono::year_month_day_last{target.year() / target.month() / chrono::last};
    const auto clamped = std::min(date.day(), last.day());
    return chrono::sys_days{target / clamped} + (anchor - day);
}

std::int64_t month_index(Instant moment) {
    const chrono::year_month_day date{chrono::floor<chrono::days>(moment)};
    return std::int64_t{12} * static_cast<int>(date.year()) + static_cast<unsigned>(date.month());
}

std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) {
    const std::int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

}  // namespace

Instant add_intervals(Instant anchor, BillingInterval interval, std::int64_t n) {
    check(interval.count >= 1, "an interval has at least one unit");
    if (is_calendar(interval.unit)) return add_months(anchor, months_of(interval) * n);
    return anchor + days_of(interval) * n;
}

Period period_number(Instant anchor, BillingInterval interval, std::int64_t n) {
    return {add_intervals(anchor, interval, n), add_intervals(anchor, interval, n + 1)};
}

Period period_containing(Instant anchor, BillingInterval interval, Instant moment) {
    check(interval.count >= 1, "an interval has at least one unit");
    if (!is_calendar(interval.unit)) {
        const Duration length = days_of(interval);
        return period_number(anchor, interval,
                             floor_divide((moment - anchor).count(), length.count()));
    }
    // By months alone the guess is right or one too far: the day within the month decides.
    const auto guess = floor_divide(month_index(moment) - month_index(anchor), months_of(interval));
    const Period period = period_number(anchor, interval, guess);
    return moment < period.start ? period_number(anchor, interval, guess - 1) : period;
}

}  // namespace turnpike
