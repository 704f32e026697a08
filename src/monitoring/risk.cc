#include "monitoring/risk.h"

#include <map>

#include "analytics/net_price.h"
#include "analytics/revenue.h"
#include "analytics/standing_discounts.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

/// What counts into the MRR is the same as in analytics/figures.cc. Whoever has discounts comes by
/// himself.
constexpr std::string_view kAtRisk = R"sql(
    SELECT r.currency, r.interval, r.interval_count,
           CASE WHEN EXISTS (SELECT 1 FROM subscription_discounts d
                              WHERE d.subscription_id = s.id AND d.to_number IS NULL)
                THEN s.id ELSE '' END,
           COUNT(*), CAST(SUM(r.amount_minor * s.quantity) AS BIGINT)
      FROM subscriptions s
      JOIN customers c ON c.id = s.customer_id
      LEFT JOIN test_clocks t ON t.id = c.test_clock_id
      JOIN prices r ON r.id = s.price_id
     WHERE s.status IN ('active', 'past_due') AND s.ended_at IS NULL AND s.started_at IS NOT NULL
       AND (s.pause_behavior IS NULL OR s.resumes_at <= COALESCE(t.frozen_time, $2))
       AND (s.status = 'active' OR s.grace_ends_at IS NULL
            OR s.grace_ends_at > COALESCE(t.frozen_time, $2))
       AND ($1 = '' OR c.catalog = $1)
       AND EXISTS (SELECT 1 FROM findings f
                    WHERE f.subscription_id = s.id AND f.closed_at IS NULL
                      AND f.kind IN ('expiring', 'card_expiring', 'payment_failing'))
     GROUP BY 1, 2, 3, 4
)sql";

}  // namespace

std::vector<RevenueAtRisk> load_revenue_at_risk(sql::Transaction& tx, const std::string& catalog,
                                                Instant now) {
    struct Sum {
        Fraction monthly;
        std::int64_t subscriptions = 0;
    };
    const auto discounts = load_recurring_discounts(tx, now, std::nullopt);
    std::map<Currency, Sum> sums;
    for (const auto& row : tx.all(kAtRisk, {catalog, now})) {
        const auto currency = known_word(parse_currency(row.text(0)));
        const auto found = discounts.find(row.text(3));
        const auto net =
            net_price(row.integer(5), currency,
                      found == discounts.end() ? std::vector<Discount>() : found->second);
        if (net.is_zero()) continue;
        Sum& sum = sums[currency];
        sum.subscriptions += row.integer(4);
        sum.monthly = sum.monthly + net * monthly_factor(row.text(1), row.integer(2));
    }
    std::vector<RevenueAtRisk> at_risk;
    for (const auto& [currency, sum] : sums)
        at_risk.push_back({Money{sum.monthly.rounded(), currency}, sum.subscriptions});
    return at_risk;
}

}  // namespace turnpike
