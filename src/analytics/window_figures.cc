#include <string_view>

#include "analytics/figures.h"

namespace turnpike {
namespace {

// Those that are live, and those that have ended since: each found by an index of its own.
constexpr std::string_view kMoves = R"sql(
    SELECT g.provider, CAST(SUM(g.started) AS BIGINT), CAST(SUM(g.active) AS BIGINT),
           CAST(SUM(g.ended) AS BIGINT)
      FROM (SELECT s.plan_version_id, s.provider,
                   SUM(CASE WHEN s.started_at >= $2 THEN 1 ELSE 0 END) AS started,
                   COUNT(*) AS active, 0 AS ended
              FROM subscriptions s
             WHERE s.started_at < $3 AND s.ended_at IS NULL
               AND s.status NOT IN ('incomplete', 'incomplete_expired')
             GROUP BY 1, 2
            UNION ALL
            SELECT s.plan_version_id, s.provider,
                   SUM(CASE WHEN s.started_at >= $2 THEN 1 ELSE 0 END),
                   COUNT(*), SUM(CASE WHEN s.ended_at < $3 THEN 1 ELSE 0 END)
              FROM subscriptions s
             WHERE s.started_at < $3 AND s.ended_at >= $2
               AND s.status NOT IN ('incomplete', 'incomplete_expired')
             GROUP BY 1, 2) g
      JOIN plan_versions v ON v.id = g.plan_version_id
      JOIN plans p ON p.id = v.plan_id
     WHERE $1 = '' OR p.catalog = $1
     GROUP BY g.provider
)sql";

// Who was there and had not paid anything that recurs when the window began, or came in it.
constexpr std::string_view kFree = R"sql(
    SELECT COUNT(*)
      FROM customers c
     WHERE c.created_at < $3 AND ($1 = '' OR c.catalog = $1)
       AND NOT EXISTS (SELECT 1 FROM subscription_events e JOIN prices r ON r.id = e.price_id
                        WHERE e.customer_id = c.id AND e.at < $2
                          AND e.status IN ('active', 'past_due') AND e.pause_behavior IS NULL
                          AND r.amount_minor > 0)
)sql";

constexpr std::string_view kConverted = R"sql(
    SELECT COUNT(DISTINCT e.customer_id)
      FROM subscription_events e
      JOIN prices r ON r.id = e.price_id
      JOIN customers c ON c.id = e.customer_id
     WHERE e.at >= $2 AND e.at < $3 AND e.kind <> 'renewed' AND c.created_at < $3
       AND e.status IN ('active', 'past_due') AND e.pause_behavior IS NULL
       AND r.amount_minor > 0 AND ($1 = '' OR c.catalog = $1)
       AND NOT EXISTS (SELECT 1 FROM subscription_events b JOIN prices q ON q.id = b.price_id
                        WHERE b.customer_id = e.customer_id AND b.at < $2
                          AND b.status IN ('active', 'past_due') AND b.pause_behavior IS NULL
                          AND q.amount_minor > 0)
)sql";

constexpr std::string_view kCheckouts = R"sql(
    SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN k.status = 'complete' THEN 1 ELSE 0 END), 0)
                          AS BIGINT)
      FROM checkout_sessions k
      JOIN customers c ON c.id = k.customer_id
     WHERE k.created_at >= $2 AND k.created_at < $3 AND ($1 = '' OR c.catalog = $1)
)sql";

constexpr std::string_view kWebhooks = R"sql(
    SELECT provider, COUNT(*), CAST(SUM(CASE WHEN state = 'done' THEN 1 ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS BIGINT)
      FROM inbox_events
     WHERE received_at >= $1 AND received_at < $2
     GROUP BY provider
)sql";

std::optional<Fraction> ratio(std::int64_t part, std::int64_t whole) {
    if (whole == 0) return std::nullopt;
    return Fraction(part, whole);
}

}  // namespace

SubscriptionMoves load_subscription_moves(sql::Transaction& tx, const FigureScope& scope,
                                          const Period& window) {
    SubscriptionMoves moves;
    for (const auto& row : tx.all(kMoves, {scope.catalog, window.start, window.end})) {
        moves.started += row.integer(1);
        moves.active += row.integer(2);
        moves.ended += row.integer(3);
        if (row.integer(1) > 0) moves.started_by_provider[row.text(0)] = row.integer(1);
    }
    return moves;
}

std::optional<Fraction> Conversion::rate() const { return ratio(converted, free_customers); }

Conversion load_conversion(sql::Transaction& tx, const FigureScope& scope, const Period& window) {
    return {.free_customers = tx.one(kFree, {scope.catalog, window.start, window.end})->integer(0),
            .converted = tx.one(kConverted, {scope.catalog, window.start, window.end})->integer(0)};
}

CheckoutCounts load_checkouts(sql::Transaction& tx, const FigureScope& scope,
                              const Period& window) {
    const auto row = tx.one(kCheckouts, {scope.catalog, window.start, window.end});
    return {row->integer(0), row->integer(1)};
}

std::optional<Fraction> WebhookCounts::success_rate() const { return ratio(processed, received); }

std::map<std::string, WebhookCounts> load_webhooks_by_provider(sql::Transaction& tx,
                                                               const Period& window) {
    std::map<std::string, WebhookCounts> by_provider;
    for (const auto& row : tx.all(kWebhooks, {window.start, window.end}))
        by_provider[row.text(0)] = {row.integer(1), row.integer(2), row.integer(3)};
    return by_provider;
}

WebhookCounts sum_of(const std::map<std::string, WebhookCounts>& by_provider) {
    WebhookCounts sum;
    for (const auto& [provider, counts] : by_provider) {
        sum.received += counts.received;
        sum.processed += counts.processed;
        sum.dead += counts.dead;
    }
    return sum;
}

}  // namespace turnpike
