#pragma once

#include <cstdint>

#include "base/time.h"

namespace turnpike {

/// "Every `count` `unit`s". `count` is at least 1.
struct BillingInterval {
    enum class Unit : std::uint8_t { Day, Week, Month, Year };
    Unit unit = Unit::Month;
    int count = 1;
    friend bool operator==(const BillingInterval&, const BillingInterval&) = default;
};

/// The anchor moved by `n` intervals (negative: back), always computed from the anchor itself and
/// in UTC, with the anchor's time of day. A day that the target month lacks becomes its last day,
/// and comes back in longer months: 31 Jan -> 28/29 Feb -> 31 Mar -> 30 Apr (Stripe's rule).
///
/// The result must stay within the years 0-9999.
Instant add_intervals(Instant anchor, BillingInterval interval, std::int64_t n);

/// The n-th billing period, counted from 0 at the anchor; negative before it. Neighbours share an
/// instant, so the periods tile the time line without a hole or an overlap.
Period period_number(Instant anchor, BillingInterval interval, std::int64_t n);

/// The only period that contains `moment`.
Period period_containing(Instant anchor, BillingInterval interval, Instant moment);

}  // namespace turnpike
