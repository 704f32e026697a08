#include "monitoring/risk.h"

#include "analytics/revenue.h"
#include "analytics/revenue_terms.h"
#include "analytics/standing_discounts.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

/// Whoever has discounts comes by himself.
constexpr std::string_view kAtRisk = R"sql(
    SELECT r.currency, r.interval, r.interval_count, r.amount_minor,
           CASE WHEN {is_discounted} THEN s.id ELSE '' END,
           COUNT(*), CAST(SUM(s.quantity) AS BIGINT)
      FROM subscriptions s
      JOIN customers c ON c.id = s.customer_id
      JOIN prices r ON r.id = s.price_id
     WHERE {counts_now} AND ($1 = '' OR c.catalog = $1)
       AND EXISTS (SELECT 1 FROM findings f
                    WHERE f.subscription_id = s.id AND f.closed_at IS NULL
                      AND f.kind IN ('expiring', 'card_expiring', 'payment_failing'))
     GROUP BY 1, 2, 3, 4, 5
)sql";

}  // namespace

std::vector<RevenueAtRisk> load_revenue_at_risk(sql::Transaction& tx, const std::string& catalog,
                                                Instant now) {
    static const std::string kText = with_revenue_terms(kAtRisk);
    const auto discounts = load_recurring_discounts(tx, now, std::nullopt);
    std::vector<RevenueGroup> groups;
    for (const auto& row : tx.all(kText, {catalog, now}))
        groups.push_back({.catalog = catalog,
                          .plan_key = {},
                          .status = "active",
                          .currency = known_word(parse_currency(row.text(0))),
                          .interval = row.text(1),
                          .interval_count = row.integer(2),
                          .amount_minor = row.integer(3),
                          .subscriptions = row.integer(5),
                          .quantity = row.integer(6),
                          .discounts = discounts_in(discounts, row.text(4))});
    std::vector<RevenueAtRisk> at_risk;
    for (const RecurringRevenue& revenue : recurring_revenue(groups))
        at_risk.push_back(
            {Money{revenue.mrr.rounded(), revenue.currency}, revenue.paying_customers});
    return at_risk;
}

}  // namespace turnpike
