#include "analytics/wire.h"

#include "json/write.h"

namespace turnpike {
namespace {

constexpr int kRateDigits = 4;

Json write_amount(const std::optional<Fraction>& amount, Currency currency) {
    return amount ? write_money(Money(amount->rounded(), currency)) : Json();
}

Json write_rate(const std::optional<Fraction>& rate) {
    return rate ? Json(rate->text(kRateDigits)) : Json();
}

Json write_counts(const std::map<std::string, std::int64_t>& counts) {
    Json json = Json::object();
    for (const auto& [name, count] : counts) json[name] = count;
    return json;
}

Json write_clv(const RevenueStats& stats) {
    Json clv{{"value", write_amount(stats.clv, stats.currency)},
             {"mean_monthly_churn", write_rate(stats.mean_churn_6_months)},
             {"months_counted", stats.churn_months_counted}};
    if (!stats.arpc)
        clv["reason"] = "no_paying_customers";
    else if (!stats.mean_churn_6_months)
        clv["reason"] = "no_closed_month_with_customers";
    else if (!stats.clv)
        clv["reason"] = "zero_churn";
    return clv;
}

}  // namespace

Json write_revenue_stats(const RevenueStats& stats, Instant as_of) {
    const auto& churn = stats.churn_30_days;
    const std::int64_t live = [&] {
        std::int64_t sum = 0;
        for (const auto& [plan, count] : stats.by_plan) sum += count;
        return sum;
    }();
    return Json{
        {"object", "revenue_stats"},
        {"as_of", format_rfc3339(as_of)},
        {"mrr", write_amount(stats.mrr, stats.currency)},
        {"arr", write_amount(stats.mrr * Fraction(12, 1), stats.currency)},
        {"arpc", write_amount(stats.arpc, stats.currency)},
        {"paying_customers", stats.paying_customers},
        {"churn_30_days",
         {{"rate", write_rate(churn.rate())},
          {"customers_at_start", churn.customers_at_start},
          {"customers_lost", churn.customers_lost},
          {"period", write_period(churn.span)}}},
        {"clv", write_clv(stats)},
        {"overage_revenue",
         {{"last_30_days", write_money(Money(stats.overage_30_days_minor, stats.currency))},
          {"total", write_money(Money(stats.overage_total_minor, stats.currency))}}},
        {"subscriptions",
         {{"live", live},
          {"by_tier", write_counts(stats.by_plan)},
          {"by_status", write_counts(stats.by_status)}}},
    };
}

}  // namespace turnpike
