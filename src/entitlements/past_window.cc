#include "entitlements/past_window.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "entitlements/allowance_overrides.h"
#include "entitlements/stored_interval.h"
#include "entitlements/stored_pause.h"
#include "sql/known_word.h"
#include "subscriptions/billing_period.h"
#include "subscriptions/known_periods.h"
#include "subscriptions/subscription.h"

namespace turnpike {
namespace {

// Those that were there after the moment. At most one has no end, and no two were there together.
constexpr std::string_view kSubscriptions = R"sql(
    SELECT s.id, s.plan_version_id, s.status, s.period_start, s.period_end, s.cancel_at_period_end,
           s.cancel_at, s.started_at, s.ended_at, p.interval, p.interval_count, s.pause_behavior,
           s.resumes_at, s.paused_at, s.grace_ends_at
      FROM subscriptions s JOIN prices p ON p.id = s.price_id
     WHERE s.customer_id = $1 AND s.started_at IS NOT NULL
       AND s.status NOT IN ('creating', 'incomplete', 'incomplete_expired')
       AND (s.ended_at IS NULL OR s.ended_at > $2)
     ORDER BY s.started_at
)sql";

// Adjustments of a subscription that has ended are closes of days behind its end.
constexpr std::string_view kLastClosed = R"sql(
    SELECT period_start, period_end FROM period_closes
     WHERE subscription_id = $1 AND period_start <= $2
     ORDER BY period_start DESC LIMIT 1
)sql";
constexpr std::string_view kNextClosed = R"sql(
    SELECT MIN(period_start) FROM period_closes
     WHERE subscription_id = $1 AND period_start > $2 AND period_start < $3
)sql";

constexpr std::string_view kDefaultPlan = R"sql(
    SELECT c.created_at,
           (SELECT MAX(s.ended_at) FROM subscriptions s
             WHERE s.customer_id = c.id AND s.ended_at <= $2
               AND s.status <> 'incomplete_expired')
      FROM customers c
     WHERE c.id = $1
)sql";

Period mirrored_period(const sql::Row& row) { return {row.instant(3), row.instant(4)}; }

Instant end_of(const sql::Row& row, Instant now) {
    if (const auto ended_at = row.maybe_instant(8)) return *ended_at;
    const AccessTerms terms{known_word(parse_subscription_status(row.text(2))),
                            mirrored_period(row),
                            {row.flag(5), row.maybe_instant(6)},
                            stored_pause(row, 11),
                            row.maybe_instant(13),
                            row.maybe_instant(14)};
    return gives_plan_until(terms, now);
}

KnownPeriods known_periods(sql::Transaction& tx, const sql::Row& row, Instant end, Instant moment) {
    const auto subscription = row.id<SubscriptionId>(0);
    const Period mirrored = mirrored_period(row);
    KnownPeriods known;
    if (const auto closed = tx.one(kLastClosed, {subscription, moment}))
        known.last = Period{closed->instant(0), closed->instant(1)};
    known.next = tx.one(kNextClosed, {subscription, moment, end})->maybe_instant(0);
    if (mirrored.start > moment)
        known.next = std::min(known.next.value_or(mirrored.start), mirrored.start);
    else if (!known.last || known.last->start < mirrored.start)
        known.last = mirrored;
    return known;
}

CustomerWindow of_subscription(sql::Transaction& tx, CatalogCache& catalog,
                               const CustomerWindow& now, const sql::Row& row, Instant moment) {
    auto plan = catalog.plan_version(tx, row.id<PlanVersionId>(1));
    check(plan.has_value(), "a subscription's plan version is there");
    const Instant end = end_of(row, now.now);
    const KnownPeriods known = known_periods(tx, row, end, moment);
    const Instant started_at = row.instant(7);
    const Period period = billing_period_at(known, started_at, interval_from(row, 9), moment);
    return {.customer = now.customer,
            .contract = row.id<SubscriptionId>(0),
            .plan = *std::move(plan),
            .period = period,
            .now = now.now,
            .revision = kPastRevision,
            .since = std::max(period.start, started_at),
            .until = std::min({period.end, end, known.next.value_or(period.end)}),
            .is_on_test_clock = now.is_on_test_clock};
}

/// \param between  subscriptions of before and behind, as far as they are known
CustomerWindow of_default_plan(sql::Transaction& tx, CatalogCache& catalog,
                               const CustomerWindow& now, Period between, Instant moment) {
    const auto row = tx.one(kDefaultPlan, {now.customer, moment});
    check(row.has_value(), "a customer stays");
    const Instant created_at = row->instant(0);
    const Period period =
        period_containing(created_at, kDefaultPlanInterval, std::max(moment, created_at));
    const Instant since = moment < created_at ? Instant::min() : period.start;
    const Instant ended_at = row->maybe_instant(1).value_or(since);
    return {.customer = now.customer,
            .contract = std::nullopt,
            .plan = default_plan_of(catalog.get(), now.plan->catalog),
            .period = period,
            .now = now.now,
            .revision = kPastRevision,
            .since = std::max({since, ended_at, between.start}),
            .until = std::min(period.end, between.end),
            .is_on_test_clock = now.is_on_test_clock};
}

CustomerWindow planned_window(sql::Transaction& tx, CatalogCache& catalog,
                              const CustomerWindow& now, Instant moment) {
    Period between{Instant::min(), Instant::max()};
    for (const auto& row : tx.all(kSubscriptions, {now.customer, moment})) {
        if (moment < row.instant(7)) {
            between.end = row.instant(7);
            break;
        }
        const Instant end = end_of(row, now.now);
        if (moment < end) return of_subscription(tx, catalog, now, row, moment);
        between.start = std::max(between.start, end);
    }
    return of_default_plan(tx, catalog, now, between, moment);
}

}  // namespace

CustomerWindow load_past_window(sql::Transaction& tx, CatalogCache& catalog,
                                const CustomerWindow& now, Instant moment) {
    CustomerWindow past = planned_window(tx, catalog, now, moment);
    const auto all = load_allowance_overrides(tx, now.customer);
    const Period steady = steady_around(all, moment);
    past.plan = effective_plan(std::move(past.plan), in_force(all, moment));
    past.since = std::max(past.since, steady.start);
    past.until = std::min(past.until, steady.end);
    return past;
}

}  // namespace turnpike
