#include "analytics/service.h"

#include <chrono>

namespace turnpike {
namespace {

constexpr std::string_view kGroups = R"sql(
    SELECT CASE WHEN c.position = 0 THEN p.key ELSE p.catalog || '~' || p.key END,
           CASE WHEN s.pause_behavior IS NULL OR s.ended_at IS NOT NULL THEN s.status
                ELSE 'paused' END, r.currency,
           r.interval, r.interval_count, COUNT(*), CAST(SUM(r.amount_minor * s.quantity) AS BIGINT)
      FROM subscriptions s
      JOIN prices r ON r.id = s.price_id
      JOIN plan_versions v ON v.id = s.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN catalogs c ON c.key = p.catalog
     WHERE s.started_at IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
     ORDER BY 1, 2, 3, 4, 5
)sql";

constexpr std::string_view kPaying = R"sql(
    SELECT COUNT(DISTINCT s.customer_id)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE s.status IN ('active', 'past_due') AND s.pause_behavior IS NULL
       AND r.amount_minor > 0 AND r.currency = $1
)sql";

constexpr std::string_view kPayingAt = R"sql(
    SELECT COUNT(DISTINCT s.customer_id)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE r.amount_minor > 0 AND r.currency = $1
       AND s.started_at <= $2 AND (s.ended_at IS NULL OR s.ended_at > $2)
       AND (s.trial_end IS NULL OR s.trial_end <= $2)
       AND s.status NOT IN ('incomplete', 'incomplete_expired')
)sql";

constexpr std::string_view kLost = R"sql(
    SELECT COUNT(DISTINCT s.customer_id)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE r.amount_minor > 0 AND r.currency = $1
       AND s.started_at <= $2 AND s.ended_at > $2 AND s.ended_at <= $3
       AND (s.trial_end IS NULL OR s.trial_end <= $2)
       AND s.status NOT IN ('incomplete', 'incomplete_expired')
       AND NOT EXISTS (
           SELECT 1 FROM subscriptions later JOIN prices lr ON lr.id = later.price_id
            WHERE later.customer_id = s.customer_id AND lr.amount_minor > 0
              AND lr.currency = $1 AND later.started_at <= $3
              AND (later.ended_at IS NULL OR later.ended_at > $3))
)sql";

constexpr std::string_view kOverage = R"sql(
    SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT)
      FROM overage_charges
     WHERE currency = $1 AND created_at >= $2
)sql";

ChurnWindow churn_of(sql::Transaction& tx, Currency currency, const Period& span) {
    return ChurnWindow{
        .span = span,
        .customers_at_start = tx.one(kPayingAt, {to_text(currency), span.start})->integer(0),
        .customers_lost = tx.one(kLost, {to_text(currency), span.start, span.end})->integer(0),
    };
}

std::vector<Period> closed_months(Instant now, int count) {
    using namespace std::chrono;
    const year_month_day today{floor<days>(now)};
    auto month = year_month{today.year(), today.month()};
    std::vector<Period> months;
    for (int i = 0; i < count; ++i) {
        const Instant end{sys_days{month / 1}};
        month -= std::chrono::months{1};
        months.push_back({Instant{sys_days{month / 1}}, end});
    }
    return months;
}

}  // namespace

RevenueFacts load_revenue_facts(sql::Transaction& tx, Currency currency, Instant now) {
    constexpr std::chrono::days kChurnDays{30};
    constexpr int kClosedMonths = 6;
    RevenueFacts facts;
    facts.currency = currency;
    for (const auto& row : tx.all(kGroups)) {
        const auto group_currency = parse_currency(row.text(2));
        if (!group_currency) continue;
        facts.groups.push_back(RevenueGroup{
            .plan_key = row.text(0),
            .status = row.text(1),
            .currency = *group_currency,
            .interval = row.text(3),
            .interval_count = row.integer(4),
            .subscriptions = row.integer(5),
            .amount_minor = row.integer(6),
        });
    }
    facts.paying_customers = tx.one(kPaying, {to_text(currency)})->integer(0);
    facts.churn_30_days = churn_of(tx, currency, {now - kChurnDays, now});
    for (const auto& month : closed_months(now, kClosedMonths))
        facts.closed_months.push_back(churn_of(tx, currency, month));
    facts.overage_30_days_minor =
        tx.one(kOverage, {to_text(currency), now - kChurnDays})->integer(0);
    facts.overage_total_minor = tx.one(kOverage, {to_text(currency), Instant{}})->integer(0);
    return facts;
}

}  // namespace turnpike
