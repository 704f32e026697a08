#include "sandbox/razorpay/calendar.h"

#include <chrono>

namespace turnpike::twin::razorpay {
namespace {

constexpr auto kIndia = std::chrono::hours(5) + std::chrono::minutes(30);

Instant moved(Instant anchor, BillingInterval interval, std::int64_t n) {
    return add_intervals(indian_day(anchor), interval, n) - kIndia;
}

}  // namespace

Instant indian_day(Instant moment) {
    return std::chrono::floor<std::chrono::days>(moment + kIndia);
}

std::optional<BillingInterval> interval_of(std::string_view period, int count) {
    using Unit = BillingInterval::Unit;
    if (period == "daily") return BillingInterval{Unit::Day, count};
    if (period == "weekly") return BillingInterval{Unit::Week, count};
    if (period == "monthly") return BillingInterval{Unit::Month, count};
    if (period == "quarterly") return BillingInterval{Unit::Month, 3 * count};
    if (period == "yearly") return BillingInterval{Unit::Year, count};
    return std::nullopt;
}

Instant cycle_end(Instant anchor, BillingInterval interval, std::int64_t n) {
    return moved(anchor, interval, n + 1);
}

Instant last_charge_day(Instant anchor, BillingInterval interval, std::int64_t total_count) {
    return moved(anchor, interval, total_count - 1);
}

std::int64_t days_between(Instant from, Instant to) {
    return std::chrono::floor<std::chrono::days>(indian_day(to) - indian_day(from)).count();
}

}  // namespace turnpike::twin::razorpay
