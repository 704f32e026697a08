#include "analytics/usage/usage_figures.h"

namespace turnpike {
namespace {

constexpr int kPercentDigits = 2;
constexpr Int128 kWhole = 10'000;  // 100 % in hundredths of a percent

std::optional<std::string> percentage(Int128 part, Int128 whole) {
    if (whole <= 0) return std::nullopt;
    return format_scaled(divide_rounded(part * kWhole, whole, Rounding::HalfEven), kPercentDigits);
}

}  // namespace

void UsageFigures::add(const UsageFigures& other) {
    events += other.events;
    quantity = quantity + other.quantity;
    latency.merge(other.latency);
}

void RequestFigures::add(const RequestFigures& other) {
    requests += other.requests;
    client_errors += other.client_errors;
    server_errors += other.server_errors;
    latency.merge(other.latency);
}

std::optional<std::string> change_percentage(UsageSum now, UsageSum before) {
    return percentage(now.scaled() - before.scaled(), before.scaled());
}

std::optional<std::string> share_percentage(UsageSum part, UsageSum whole) {
    return percentage(part.scaled(), whole.scaled());
}

std::optional<UsageSum> linear_forecast(Quantity used, const Period& period, Instant now) {
    if (now <= period.start) return std::nullopt;
    if (now >= period.end) return used;
    const Int128 length = (period.end - period.start).count();
    const Int128 elapsed = (now - period.start).count();
    return UsageSum::from_scaled(divide_rounded(used.scaled() * length, elapsed, Rounding::HalfUp));
}

}  // namespace turnpike
