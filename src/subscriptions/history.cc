#include "subscriptions/history.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kLastAt = R"sql(
    SELECT at FROM subscription_events
     WHERE subscription_id = $1
     ORDER BY number DESC
     LIMIT 1
)sql";

constexpr std::string_view kAppend = R"sql(
    INSERT INTO subscription_events (subscription_id, number, id, customer_id, kind, at,
           recorded_at, status, plan_version_id, price_id, period_start, period_end,
           cancel_at_period_end, cancel_at, actor, request_id, quantity, pause_behavior,
           resumes_at, grace_ends_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
           $20)
)sql";

constexpr std::string_view kTakenOverAt = R"sql(
    SELECT recorded_at FROM subscription_events
     WHERE customer_id = $1 AND actor = $2 AND (CAST($3 AS TEXT) = '' OR subscription_id = $3)
     ORDER BY recorded_at DESC
     LIMIT 1
)sql";

constexpr std::string_view kListEvents = R"sql(
    SELECT id, subscription_id, number, customer_id, kind, at, recorded_at, status,
           plan_version_id, price_id, period_start, period_end, cancel_at_period_end, cancel_at,
           actor, request_id, quantity, pause_behavior, resumes_at, grace_ends_at
      FROM subscription_events
     WHERE subscription_id = $1 AND at >= $2 AND at < $3 AND (at, id) < ($4, $5)
     ORDER BY at DESC, id DESC
     LIMIT $6
)sql";

std::optional<Pause> pause_from(const sql::Row& row) {
    const auto behavior = row.maybe_text(17);
    if (!behavior) return std::nullopt;
    return Pause{known_word(parse_pause_behavior(*behavior)), row.maybe_instant(18)};
}

SubscriptionEvent event_from(const sql::Row& row) {
    return SubscriptionEvent{
        .id = row.id<SubscriptionEventId>(0),
        .subscription = row.id<SubscriptionId>(1),
        .number = row.integer(2),
        .customer = row.id<CustomerId>(3),
        .kind = known_word(parse_subscription_event_kind(row.text(4))),
        .at = row.instant(5),
        .recorded_at = row.instant(6),
        .status = known_word(parse_subscription_status(row.text(7))),
        .plan_version = row.id<PlanVersionId>(8),
        .price = row.id<PriceId>(9),
        .quantity = row.integer(16),
        .period = {row.instant(10), row.instant(11)},
        .cancel_at_period_end = row.flag(12),
        .cancel_at = row.maybe_instant(13),
        .pause = pause_from(row),
        .grace_ends_at = row.maybe_instant(19),
        .actor = row.text(14),
        .request_id = row.text(15),
    };
}

}  // namespace

void append_event(sql::Transaction& tx, SubscriptionEvent e) {
    const auto last = tx.one(kLastAt, {e.subscription});
    if (last) e.at = std::max(e.at, last->instant(0));
    std::optional<std::string_view> behavior;
    std::optional<Instant> resumes_at;
    if (e.pause) {
        behavior = to_text(e.pause->behavior);
        resumes_at = e.pause->resumes_at;
    }
    tx.run(kAppend, {e.subscription,
                     e.number,
                     e.id,
                     e.customer,
                     to_text(e.kind),
                     e.at,
                     e.recorded_at,
                     to_text(e.status),
                     e.plan_version,
                     e.price,
                     e.period.start,
                     e.period.end,
                     e.cancel_at_period_end,
                     e.cancel_at,
                     e.actor,
                     e.request_id,
                     e.quantity,
                     behavior,
                     resumes_at,
                     e.grace_ends_at});
}

std::optional<Instant> taken_over_at(sql::Transaction& tx, const CustomerId& customer,
                                     const std::optional<SubscriptionId>& subscription) {
    const std::string only = subscription ? subscription->text() : "";
    const auto row = tx.one(kTakenOverAt, {customer, kImporter, only});
    if (!row) return std::nullopt;
    return row->instant(0);
}

std::vector<SubscriptionEvent> list_events(sql::Transaction& tx, const SubscriptionId& subscription,
                                           const PageQuery& page) {
    std::vector<SubscriptionEvent> events;
    for (const auto& row : tx.all(kListEvents, {subscription, page.since, page.until, page.after.at,
                                                page.after.id, page.fetch()}))
        events.push_back(event_from(row));
    return events;
}

}  // namespace turnpike
