#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "subscriptions/billing_period.h"

/// When Razorpay's billing cycles begin and end. Pure.
namespace turnpike::twin::razorpay {

/// "daily", "weekly", "monthly", "quarterly", "yearly" times `count`; nullopt for another word.
/// `count` is at least 1.
std::optional<BillingInterval> interval_of(std::string_view period, int count);

/// The end of the n-th cycle (from 0) of a subscription whose first one began at `anchor`: the
/// midnight in India (UTC+05:30, no daylight saving) that begins the anchor's day, n + 1 intervals
/// later. A day that the month lacks becomes its last day, and comes back in longer months. The
/// next cycle begins at that same instant, so that only the first one can begin within a day.
Instant cycle_end(Instant anchor, BillingInterval interval, std::int64_t n);

/// What Razorpay shows as end_at: the day of the last charge, midnight in India. `total_count` is
/// at least 1.
Instant last_charge_day(Instant anchor, BillingInterval interval, std::int64_t total_count);

/// Midnight in UTC of the day that it is in India: for the arithmetic of calendars and for people.
Instant indian_day(Instant moment);

/// Days in India from the day of `from` to the day of `to`; 0 when they are one day.
std::int64_t days_between(Instant from, Instant to);

}  // namespace turnpike::twin::razorpay
