#include "analytics/revenue.h"

#include <string_view>
#include <utility>

#include "analytics/net_price.h"
#include "base/check.h"

namespace turnpike {
namespace {

bool counts_as_recurring(std::string_view status) {
    return status == "active" || status == "past_due";
}

bool is_live(std::string_view status) {
    return status != "canceled" && status != "incomplete_expired";
}

/// What recurs of it each month, net of its discounts, whatever its status.
Fraction monthly_of(const RevenueGroup& group) {
    const Int128 gross = Int128{group.amount_minor} * group.quantity;
    return net_price(gross, group.currency, group.discounts) *
           monthly_factor(group.interval, group.interval_count);
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

std::optional<Fraction> RecurringRevenue::arpc() const {
    if (paying_customers == 0) return std::nullopt;
    return mrr / Fraction(paying_customers, 1);
}

std::vector<RecurringRevenue> recurring_revenue(const std::vector<RevenueGroup>& groups) {
    std::map<std::string_view, RecurringRevenue> by_currency;
    for (const auto& group : groups) {
        if (!counts_as_recurring(group.status)) continue;
        const Fraction mrr = monthly_of(group);
        if (mrr.is_zero()) continue;
        RecurringRevenue& revenue = by_currency[to_text(group.currency)];
        revenue.currency = group.currency;
        revenue.mrr = revenue.mrr + mrr;
        // A customer has one subscription at a time.
        revenue.paying_customers += group.subscriptions;
        for (auto* part : {&revenue.by_catalog[group.catalog], &revenue.by_plan[group.plan_key]}) {
            part->mrr = part->mrr + mrr;
            part->paying_customers += group.subscriptions;
        }
    }
    std::vector<RecurringRevenue> all;
    for (auto& [code, revenue] : by_currency) all.push_back(std::move(revenue));
    return all;
}

RecurringRevenue revenue_in(const std::vector<RecurringRevenue>& all, Currency currency) {
    for (const auto& revenue : all)
        if (revenue.currency == currency) return revenue;
    RecurringRevenue nothing;
    nothing.currency = currency;
    return nothing;
}

RevenueStats revenue_stats(const RevenueFacts& facts) {
    const RecurringRevenue revenue = revenue_in(recurring_revenue(facts.groups), facts.currency);
    RevenueStats stats;
    stats.currency = facts.currency;
    stats.mrr = revenue.mrr;
    stats.paying_customers = revenue.paying_customers;
    stats.arpc = revenue.arpc();
    stats.churn_30_days = facts.churn_30_days;
    stats.overage_30_days_minor = facts.overage_30_days_minor;
    stats.overage_total_minor = facts.overage_total_minor;
    for (const auto& group : facts.groups) {
        stats.by_status[group.status] += group.subscriptions;
        if (is_live(group.status)) stats.by_plan[group.plan_key] += group.subscriptions;
    }
    stats.mean_churn_6_months = mean_rate(facts.closed_months, stats.churn_months_counted);
    const bool known = stats.arpc && stats.mean_churn_6_months;
    if (known && !stats.mean_churn_6_months->is_zero())
        stats.clv = *stats.arpc / *stats.mean_churn_6_months;
    return stats;
}

}  // namespace turnpike
