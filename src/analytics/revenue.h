#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analytics/fraction.h"
#include "base/money.h"
#include "base/time.h"
#include "subscriptions/discount.h"

namespace turnpike {

/// How a recurring price counts per month: month*k -> 1/k, year*k -> 1/(12k), week*k -> 365/(84k),
/// day*k -> 365/(12k). So that ARR = 12 x MRR always, and a daily price p gives an ARR of 365p.
Fraction monthly_factor(std::string_view interval, std::int64_t interval_count);

/// Subscriptions of one plan, status and price, as the ledger has them at a moment.
struct RevenueGroup {
    std::string catalog;   ///< key
    std::string plan_key;  ///< its qualified name
    std::string status;    ///< as shown: what is paused is "paused"
    Currency currency = Currency::Usd;
    std::string interval;
    std::int64_t interval_count = 1;
    std::int64_t amount_minor = 0;  ///< of one seat, per interval; before tax
    std::int64_t subscriptions = 0;
    std::int64_t quantity = 0;  ///< all their seats
    /// What lessens the bills of the one subscription that this is then.
    std::vector<Discount> discounts{};
};

/// What recurs each month of one currency, and who pays it. Exact; rounded when it is shown.
struct RecurringRevenue {
    struct Part {
        Fraction mrr;
        std::int64_t paying_customers = 0;
    };

    Currency currency = Currency::Usd;
    Fraction mrr;
    std::int64_t paying_customers = 0;
    std::map<std::string, Part> by_catalog;
    std::map<std::string, Part> by_plan;  ///< by qualified name

    [[nodiscard]] Fraction arr() const { return mrr * Fraction(12, 1); }
    /// Null without paying customers.
    [[nodiscard]] std::optional<Fraction> arpc() const;
};
/// By currency, in the order of their codes; none for a currency in which nobody pays. Active and
/// past due counts; trials, incomplete, unpaid and paused do not. Whose price is nothing, or whose
/// discounts leave nothing of it, pays nothing.
std::vector<RecurringRevenue> recurring_revenue(const std::vector<RevenueGroup>& groups);
/// Of one currency; zeros where nobody pays in it.
RecurringRevenue revenue_in(const std::vector<RecurringRevenue>& all, Currency currency);

/// Customers paying at the start of a span, and how many of them no longer pay at its end.
struct ChurnWindow {
    Period span;
    std::int64_t customers_at_start = 0;
    std::int64_t customers_lost = 0;

    /// Null, not zero, when nobody was there to be lost.
    [[nodiscard]] std::optional<Fraction> rate() const;
};

/// docs/metrics.md defines each figure; amounts are in minor units of `currency`.
struct RevenueStats {
    Currency currency = Currency::Usd;
    Fraction mrr;
    std::int64_t paying_customers = 0;
    std::optional<Fraction> arpc;  ///< null without paying customers
    ChurnWindow churn_30_days;
    std::optional<Fraction> mean_churn_6_months;
    std::int64_t churn_months_counted = 0;
    std::optional<Fraction> clv;  ///< null when the mean churn is null or zero
    std::int64_t overage_30_days_minor = 0;
    std::int64_t overage_total_minor = 0;
    std::map<std::string, std::int64_t> by_plan;    ///< live subscriptions
    std::map<std::string, std::int64_t> by_status;  ///< all that ever started
};

/// Money is of `currency` alone; subscriptions are counted whatever they are paid in.
struct RevenueFacts {
    Currency currency = Currency::Usd;
    std::vector<RevenueGroup> groups;
    ChurnWindow churn_30_days;
    std::vector<ChurnWindow> closed_months;  ///< the six before this month, newest first
    std::int64_t overage_30_days_minor = 0;
    std::int64_t overage_total_minor = 0;
};
RevenueStats revenue_stats(const RevenueFacts& facts);

}  // namespace turnpike
