#include "analytics/service.h"

#include <chrono>

namespace turnpike {
namespace {

constexpr std::string_view kPayingAt = R"sql(
    SELECT COUNT(DISTINCT s.customer_id)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE r.amount_minor > 0 AND r.currency = $1
       AND s.started_at <= $2 AND (s.ended_at IS NULL OR s.ended_at > $2)
       AND (s.trial_end IS NULL OR s.trial_end <= $2)
       AND s.status NOT IN ('incomplete', 'incomplete_expired')
       AND ($3 = '' OR EXISTS (SELECT 1 FROM customers c
                                WHERE c.id = s.customer_id AND c.catalog = $3))
)sql";

constexpr std::string_view kLost = R"sql(
    SELECT COUNT(DISTINCT s.customer_id)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE r.amount_minor > 0 AND r.currency = $1
       AND s.started_at <= $2 AND s.ended_at > $2 AND s.ended_at <= $3
       AND (s.trial_end IS NULL OR s.trial_end <= $2)
       AND s.status NOT IN ('incomplete', 'incomplete_expired')
       AND ($4 = '' OR EXISTS (SELECT 1 FROM customers c
                                WHERE c.id = s.customer_id AND c.catalog = $4))
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
       AND ($3 = '' OR meter_key IN (SELECT m.key FROM meters m WHERE m.catalog = $3))
)sql";

struct ChurnQuestion {
    const std::string& catalog;
    Currency currency;
};

ChurnWindow churn_of(sql::Transaction& tx, const ChurnQuestion& q, const Period& span) {
    const auto currency = to_text(q.currency);
    return ChurnWindow{
        .span = span,
        .customers_at_start = tx.one(kPayingAt, {currency, span.start, q.catalog})->integer(0),
        .customers_lost = tx.one(kLost, {currency, span.start, span.end, q.catalog})->integer(0),
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

RevenueFacts load_revenue_facts(sql::Transaction& tx, const FigureScope& scope, Currency currency) {
    constexpr std::chrono::days kChurnDays{30};
    constexpr int kClosedMonths = 6;
    const Instant now = scope.now;
    const ChurnQuestion churn{scope.catalog, currency};
    RevenueFacts facts;
    facts.currency = currency;
    facts.groups = load_groups(tx, scope);
    facts.churn_30_days = churn_of(tx, churn, {now - kChurnDays, now});
    for (const auto& month : closed_months(now, kClosedMonths))
        facts.closed_months.push_back(churn_of(tx, churn, month));
    facts.overage_30_days_minor =
        tx.one(kOverage, {to_text(currency), now - kChurnDays, scope.catalog})->integer(0);
    facts.overage_total_minor =
        tx.one(kOverage, {to_text(currency), Instant{}, scope.catalog})->integer(0);
    return facts;
}

}  // namespace turnpike
