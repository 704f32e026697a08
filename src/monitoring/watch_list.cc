#include "monitoring/watch_list.h"

#include "base/check.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

// The columns that watched_from reads, and the tables of every list. now is $1: a test clock's
// stands still.
constexpr std::string_view kWatched = R"sql(
    SELECT s.id AS id, s.customer_id, c.external_id, c.email, c.name, c.catalog, p.key AS plan_key,
           p.name AS plan_name, s.plan_version_id, r.amount_minor, r.currency, s.quantity,
           s.provider, s.status, s.period_start, s.period_end, s.cancel_at_period_end, s.cancel_at,
           s.grace_ends_at, s.pause_behavior, s.resumes_at, s.paused_at,
           COALESCE(k.frozen_time, $1) AS customer_now
)sql";
constexpr std::string_view kTables = R"sql(
      FROM subscriptions s
      JOIN customers c ON c.id = s.customer_id
      JOIN plan_versions v ON v.id = s.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN prices r ON r.id = s.price_id
      LEFT JOIN test_clocks k ON k.id = c.test_clock_id
)sql";
constexpr std::size_t kWatchedColumns = 23;

Currency currency_at(const sql::Row& row, std::size_t at) {
    return known_word(parse_currency(row.text(at)));
}

WatchedSubscription watched_from(const sql::Row& row) {
    AccessTerms terms;
    terms.status = known_word(parse_subscription_status(row.text(13)));
    terms.period = {row.instant(14), row.instant(15)};
    terms.end = {row.flag(16), row.maybe_instant(17)};
    terms.grace_ends_at = row.maybe_instant(18);
    if (!row.is_null(19))
        terms.pause = Pause{known_word(parse_pause_behavior(row.text(19))), row.maybe_instant(20)};
    terms.paused_at = row.maybe_instant(21);
    return {.id = row.id<SubscriptionId>(0),
            .customer = row.id<CustomerId>(1),
            .external_id = row.text(2),
            .email = row.maybe_text(3),
            .name = row.maybe_text(4),
            .catalog = row.text(5),
            .plan = row.text(6),
            .plan_name = row.text(7),
            .plan_version = row.id<PlanVersionId>(8),
            .amount = Money{row.integer(9), currency_at(row, 10)},
            .quantity = row.integer(11),
            .provider = row.text(12),
            .status = status_at(terms, row.instant(22))};
}

// ends_at is when somebody has planned the end, trial_at when the trial ends.
constexpr std::string_view kExpiringColumns = R"sql(,
           CASE WHEN s.cancel_at IS NOT NULL THEN s.cancel_at
                WHEN s.cancel_at_period_end = 1 THEN s.period_end END AS ends_at,
           CASE WHEN s.status = 'trialing' THEN COALESCE(s.trial_end, s.period_end)
                END AS trial_at,
           s.trial_end_behavior
)sql";
constexpr std::string_view kExpiringOf = R"sql(
     WHERE s.ended_at IS NULL AND s.started_at IS NOT NULL
       AND (s.cancel_at IS NOT NULL OR s.cancel_at_period_end = 1 OR s.status = 'trialing')
       AND ($2 = '' OR c.catalog = $2)
)sql";
// $3: microseconds that are looked ahead.
constexpr std::string_view kExpiringPage = R"sql(
     WHERE moment < customer_now + $3
       AND moment >= $4 AND moment < $5 AND (moment, id) > ($6, $7)
     ORDER BY moment, id
     LIMIT $8
)sql";

std::string expiring_sql() {
    std::string sql =
        "SELECT * FROM (SELECT w.*, CASE WHEN trial_at IS NULL OR ends_at <= trial_at "
        "THEN ends_at ELSE trial_at END AS moment FROM (";
    sql.append(kWatched).append(kExpiringColumns).append(kTables).append(kExpiringOf);
    return sql.append(") AS w) AS m").append(kExpiringPage);
}

ExpiringSubscription expiring_from(const sql::Row& row) {
    const auto ends = row.maybe_instant(kWatchedColumns);
    const Instant at = row.instant(kWatchedColumns + 3);
    ExpiringSubscription expiring{watched_from(row), ExpiryReason::TrialEnd, at};
    if (ends == at)
        expiring.reason = row.flag(16) ? ExpiryReason::CancelAtPeriodEnd : ExpiryReason::CancelAt;
    if (!row.is_null(kWatchedColumns + 2))
        expiring.trial_end_behavior =
            known_word(parse_trial_end_behavior(row.text(kWatchedColumns + 2)));
    return expiring;
}

constexpr std::string_view kFailingColumns = R"sql(,
           COALESCE((SELECT MIN(COALESCE(i.issued_at, i.created_at)) FROM invoices i
                      WHERE i.customer_id = s.customer_id AND i.subscription_id = s.id
                        AND i.status = 'open'), s.period_start) AS moment,
           (SELECT CAST(COALESCE(SUM(i.amount_due_minor - i.amount_paid_minor), 0) AS BIGINT)
              FROM invoices i
             WHERE i.customer_id = s.customer_id AND i.subscription_id = s.id
               AND i.status = 'open') AS amount_due,
           (SELECT COALESCE(MAX(i.attempt_count), 0) FROM invoices i
             WHERE i.customer_id = s.customer_id AND i.subscription_id = s.id
               AND i.status = 'open') AS attempts,
           (SELECT MIN(i.next_attempt_at) FROM invoices i
             WHERE i.customer_id = s.customer_id AND i.subscription_id = s.id
               AND i.status = 'open') AS next_attempt_at
)sql";
constexpr std::string_view kFailingOf = R"sql(
     WHERE s.ended_at IS NULL AND s.started_at IS NOT NULL
       AND s.status IN ('past_due', 'unpaid', 'incomplete')
       AND ($2 = '' OR c.catalog = $2)
)sql";
constexpr std::string_view kFailingPage = R"sql(
     WHERE moment >= $3 AND moment < $4 AND (moment, id) > ($5, $6)
     ORDER BY moment, id
     LIMIT $7
)sql";

std::string failing_sql() {
    std::string sql = "SELECT * FROM (";
    sql.append(kWatched).append(kFailingColumns).append(kTables).append(kFailingOf);
    return sql.append(") AS m").append(kFailingPage);
}

FailingSubscription failing_from(const sql::Row& row) {
    const std::size_t at = kWatchedColumns;
    return {.subscription = watched_from(row),
            .since = row.instant(at),
            .amount_due = Money{row.integer(at + 1), currency_at(row, 10)},
            .attempts = row.integer(at + 2),
            .next_attempt_at = row.maybe_instant(at + 3),
            .grace_ends_at = row.maybe_instant(18)};
}

constexpr std::string_view kCardColumns = R"sql(,
           d.brand, d.last4, d.expires_at, s.period_end AS moment
)sql";
constexpr std::string_view kCardsOf = R"sql(
      JOIN default_cards d ON d.customer_id = s.customer_id AND d.provider = s.provider
     WHERE s.ended_at IS NULL AND s.started_at IS NOT NULL AND s.pause_behavior IS NULL
       AND s.status IN ('active', 'trialing', 'past_due')
       AND s.cancel_at_period_end = 0 AND (s.cancel_at IS NULL OR s.cancel_at > s.period_end)
       AND d.expires_at <= s.period_end
       AND ($2 = '' OR c.catalog = $2)
)sql";
constexpr std::string_view kCardsPage = R"sql(
     WHERE moment < customer_now + $3
       AND moment >= $4 AND moment < $5 AND (moment, id) > ($6, $7)
     ORDER BY moment, id
     LIMIT $8
)sql";

std::string cards_sql() {
    std::string sql = "SELECT * FROM (";
    sql.append(kWatched).append(kCardColumns).append(kTables).append(kCardsOf);
    return sql.append(") AS m").append(kCardsPage);
}

ExpiringCard card_from(const sql::Row& row) {
    const std::size_t at = kWatchedColumns;
    return {.subscription = watched_from(row),
            .charged_at = row.instant(at + 3),
            .customer_now = row.instant(22),
            .brand = row.text(at),
            .last4 = row.text(at + 1),
            .good_until = row.instant(at + 2)};
}

/// A page without a mark begins at the beginning of time: PageQuery's is the end.
PageMark first_mark(const PageQuery& page) {
    if (page.after == PageMark{Instant::max(), ""}) return {Instant::min(), ""};
    return page.after;
}

}  // namespace

std::string_view to_text(ExpiryReason reason) {
    switch (reason) {
        case ExpiryReason::CancelAtPeriodEnd: return "cancel_at_period_end";
        case ExpiryReason::CancelAt: return "cancel_at";
        case ExpiryReason::TrialEnd: return "trial_end";
    }
    check(false, "an unknown reason");
    return "";
}

std::vector<ExpiringSubscription> list_expiring(sql::Transaction& tx, const WatchQuery& query,
                                                std::chrono::days ahead) {
    const PageMark after = first_mark(query.page);
    const std::int64_t ahead_us = std::chrono::microseconds(ahead).count();
    const auto rows =
        tx.all(expiring_sql(), {query.now, query.catalog, ahead_us, query.page.since,
                                query.page.until, after.at, after.id, query.page.fetch()});
    std::vector<ExpiringSubscription> expiring;
    for (const auto& row : rows) expiring.push_back(expiring_from(row));
    return expiring;
}

std::vector<FailingSubscription> list_failing(sql::Transaction& tx, const WatchQuery& query) {
    const PageMark after = first_mark(query.page);
    const auto rows =
        tx.all(failing_sql(), {query.now, query.catalog, query.page.since, query.page.until,
                               after.at, after.id, query.page.fetch()});
    std::vector<FailingSubscription> failing;
    for (const auto& row : rows) failing.push_back(failing_from(row));
    return failing;
}

std::vector<ExpiringCard> list_expiring_cards(sql::Transaction& tx, const WatchQuery& query,
                                              std::chrono::days ahead) {
    const PageMark after = first_mark(query.page);
    const std::int64_t ahead_us = std::chrono::microseconds(ahead).count();
    const auto rows =
        tx.all(cards_sql(), {query.now, query.catalog, ahead_us, query.page.since, query.page.until,
                             after.at, after.id, query.page.fetch()});
    std::vector<ExpiringCard> cards;
    for (const auto& row : rows) cards.push_back(card_from(row));
    return cards;
}

PageMark mark_of(const ExpiringSubscription& row) { return {row.at, row.subscription.id.text()}; }
PageMark mark_of(const FailingSubscription& row) { return {row.since, row.subscription.id.text()}; }
PageMark mark_of(const ExpiringCard& row) { return {row.charged_at, row.subscription.id.text()}; }

}  // namespace turnpike
