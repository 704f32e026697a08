#include "metering/window_calendar.h"

#include <chrono>

#include "base/check.h"

namespace turnpike {
namespace {

namespace chrono = std::chrono;

constexpr Instant kEndOfTime{chrono::seconds(253'402'300'799)};  // 9999-12-31T23:59:59Z

Period days_from(chrono::sys_days start, chrono::sys_days end) {
    return {Instant(start), Instant(end)};
}

Period month_of(chrono::sys_days day) {
    const chrono::year_month_day date(day);
    const auto first = date.year() / date.month() / chrono::day(1);
    return days_from(chrono::sys_days(first), chrono::sys_days(first + chrono::months(1)));
}

}  // namespace

Period endless_window() { return {Instant{}, kEndOfTime}; }

Period window_at(const Reset& reset, const Period& billing_period, Instant moment) {
    const auto day = chrono::floor<chrono::days>(moment);
    switch (reset.kind) {
        case Reset::Kind::BillingPeriod: return billing_period;
        case Reset::Kind::Day: return days_from(day, day + chrono::days(1));
        case Reset::Kind::Week: {
            const auto monday = day - (chrono::weekday(day) - chrono::Monday);
            return days_from(monday, monday + chrono::weeks(1));
        }
        case Reset::Kind::Month: return month_of(day);
        case Reset::Kind::Lifetime:
        case Reset::Kind::Rolling: return endless_window();
    }
    check(false, "every reset has windows");
    return {};
}

}  // namespace turnpike
