#include "analytics/revenue.h"

#include "base/check.h"

namespace turnpike {
namespace {

bool counts_as_recurring(std::string_view status) {
    return status == "active" || status == "past_due";
}

bool is_live(std::string_view status) {
    return status != "canceled" && status != "incomplete_expired";
}

/// Mean of the months that had customers; null without such a month.
std::optional<Fraction> mean_rate(const std::vector<ChurnWindow>& months, std::int64_t& counted) {
    Fraction sum;
    counted = 0;
    for (const auto& month : months) {
        const auto rate = month.rate();
        if (!rate) continue;
        sum = sum + *rate;
        ++counted;
    }
    if (counted == 0) return std::nullopt;
    return sum / Fraction(counted, 1);
}

}  // namespace

Fraction monthly_factor(std::string_view interval, std::int64_t interval_count) {
    check(interval_count > 0, "a price recurs every one or more intervals");
    if (interval == "month") return {1, interval_count};
    if (interval == "year") return {1, Int128{12} * interval_count};
    if (interval == "week") return {365, Int128{84} * interval_count};
    check(interval == "day", "the interval is day, week, month or year");
    return {365, Int128{12} * interval_count};
}

std::optional<Fraction> ChurnWindow::rate() const {
    if (customers_at_start == 0) return std::nullopt;
    return Fraction(customers_lost, customers_at_start);
}

RevenueStats revenue_stats(const RevenueFacts& facts) {
    RevenueStats stats;
    stats.currency = facts.currency;
    stats.paying_customers = facts.paying_customers;
    stats.churn_30_days = facts.churn_30_days;
    stats.overage_30_days_minor = facts.overage_30_days_minor;
    stats.overage_total_minor = facts.overage_total_minor;
    for (const auto& group : facts.groups) {
        stats.by_status[group.status] += group.subscriptions;
        if (is_live(group.status)) stats.by_plan[group.plan_key] += group.subscriptions;
        if (group.currency != facts.currency || !counts_as_recurring(group.status)) continue;
        stats.mrr = stats.mrr + Fraction(group.amount_minor, 1) *
                                    monthly_factor(group.interval, group.interval_count);
    }
    if (stats.paying_customers > 0) stats.arpc = stats.mrr / Fraction(stats.paying_customers, 1);
    stats.mean_churn_6_months = mean_rate(facts.closed_months, stats.churn_months_counted);
    const bool known = stats.arpc && stats.mean_churn_6_months;
    if (known && !stats.mean_churn_6_months->is_zero())
        stats.clv = *stats.arpc / *stats.mean_churn_6_months;
    return stats;
}

}  // namespace turnpike
