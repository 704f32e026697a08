#include "monitoring/observe.h"

#include <algorithm>
#include <utility>

#include "json/write.h"
#include "monitoring/watch_list.h"
#include "monitoring/wire.h"

namespace turnpike {
namespace {

constexpr int kRowsAtOnce = 500;

/// Calls `use` with every row of a list that comes in pages.
template <class List, class Use>
void for_each_row(WatchQuery query, const List& list, const Use& use) {
    query.page.limit = kRowsAtOnce;
    for (;;) {
        const auto rows = list(query);
        for (const auto& row : rows) use(row);
        if (std::cmp_less(rows.size(), query.page.fetch())) return;
        query.page.after = mark_of(rows.back());
    }
}

Observation about(const WatchedSubscription& watched, FindingKind kind, Instant period) {
    Observation what;
    what.kind = kind;
    what.object = watched.id.text();
    what.period = format_rfc3339(period);
    what.subscription = watched.id.text();
    what.customer = watched.customer.text();
    what.catalog = watched.catalog;
    return what;
}

/// What the finding says already is left out.
std::string facts_of(Json row) {
    for (const char* said : {"object", "subscription", "customer", "catalog"}) row.erase(said);
    return to_text(row);
}

Observation observed(const ExpiringSubscription& row) {
    const auto kind =
        row.reason == ExpiryReason::TrialEnd ? FindingKind::TrialEnding : FindingKind::Expiring;
    Observation what = about(row.subscription, kind, row.at);
    what.reason = to_text(row.reason);
    what.facts = facts_of(write_expiring(row));
    return what;
}

Observation observed(const FailingSubscription& row) {
    Observation what = about(row.subscription, FindingKind::PaymentFailing, row.since);
    what.reason = to_text(row.subscription.status);
    what.facts = facts_of(write_failing(row));
    return what;
}

Observation observed(const ExpiringCard& row, Instant now) {
    Observation what = about(row.subscription, FindingKind::CardExpiring, row.charged_at);
    what.reason = row.good_until <= now ? kCardExpired : "card_expires_before_charge";
    what.facts = facts_of(write_expiring_card(row));
    return what;
}

void observe_backlog(sql::Transaction& tx, const MonitorRule& rule, Instant now,
                     std::vector<Observation>& seen) {
    const auto rows = tx.all(R"sql(
        SELECT provider, SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END),
               SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END),
               MIN(CASE WHEN state = 'pending' THEN received_at END)
          FROM inbox_events WHERE state IN ('pending', 'dead')
         GROUP BY provider ORDER BY provider)sql");
    for (const auto& row : rows) {
        const std::int64_t dead = row.integer(1);
        const auto oldest = row.maybe_instant(3);
        const bool is_late = oldest && now - *oldest > rule.webhook_waits;
        if (dead == 0 && !is_late) continue;
        Observation what;
        what.kind = FindingKind::WebhookBacklog;
        what.object = row.text(0);
        what.reason = dead > 0 ? "events_given_up" : "events_wait";
        what.facts = to_text(Json{{"provider", row.text(0)},
                                  {"dead", dead},
                                  {"pending", row.integer(2)},
                                  {"oldest_pending", write_instant(oldest)}});
        seen.push_back(std::move(what));
    }
}

void observe_lateness(const MonitorRule& rule, std::span<const ActionLag> lags,
                      std::vector<Observation>& seen) {
    const std::int64_t most = rule.late_after.count();
    for (const ActionLag& lag : lags) {
        if (lag.seconds <= most) continue;
        Observation what;
        what.kind = FindingKind::LateAction;
        what.object = lag.action;
        what.reason = "action_late";
        what.facts = to_text(Json{{"action", lag.action},
                                  {"oldest", lag.object.empty() ? Json() : Json(lag.object)},
                                  {"seconds", lag.seconds},
                                  {"late_after_seconds", most}});
        seen.push_back(std::move(what));
    }
}

}  // namespace

std::vector<Observation> observe(sql::Transaction& tx, const MonitorRule& rule,
                                 std::span<const ActionLag> lags, Instant now) {
    std::vector<Observation> seen;
    const WatchQuery query{.now = now};
    for_each_row(
        query, [&](const WatchQuery& q) { return list_expiring(tx, q, rule.ahead); },
        [&](const ExpiringSubscription& row) { seen.push_back(observed(row)); });
    for_each_row(
        query, [&](const WatchQuery& q) { return list_failing(tx, q); },
        [&](const FailingSubscription& row) { seen.push_back(observed(row)); });
    for_each_row(
        query, [&](const WatchQuery& q) { return list_expiring_cards(tx, q, rule.card_ahead); },
        [&](const ExpiringCard& row) { seen.push_back(observed(row, row.customer_now)); });
    observe_backlog(tx, rule, now, seen);
    observe_lateness(rule, lags, seen);
    return seen;
}

}  // namespace turnpike
