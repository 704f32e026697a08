#include "entitlements/standing.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "customers/service.h"
#include "entitlements/features.h"
#include "entitlements/stored_interval.h"
#include "entitlements/stored_pause.h"
#include "metering/window_calendar.h"
#include "sql/known_word.h"
#include "subscriptions/billing_period.h"
#include "subscriptions/known_periods.h"

namespace turnpike {
namespace {

/// At most one subscription of a customer has no end (index subscriptions_one_live).
std::string standing_where(std::string_view condition) {
    constexpr std::string_view kSelect = R"sql(
    SELECT c.id, c.external_id, c.created_at, t.frozen_time, s.id, s.plan_version_id, s.status,
           s.period_start, s.period_end, s.cancel_at_period_end, s.cancel_at, s.started_at,
           p.interval, p.interval_count, p.currency, s.version,
           (SELECT MAX(e.ended_at) FROM subscriptions e
             WHERE e.customer_id = c.id AND e.status <> 'incomplete_expired'),
           c.catalog,
           (SELECT COUNT(*) FROM entitlement_overrides o
             WHERE o.customer_id = c.id),
           s.pause_behavior, s.resumes_at, s.paused_at, s.grace_ends_at
      FROM customers c
      LEFT JOIN test_clocks t ON t.id = c.test_clock_id
      LEFT JOIN subscriptions s ON s.customer_id = c.id AND s.ended_at IS NULL
      LEFT JOIN prices p ON p.id = s.price_id
     WHERE )sql";
    return std::string(kSelect).append(condition);
}

Period mirrored_period(const sql::Row& row) { return {row.instant(7), row.instant(8)}; }

AccessTerms terms_of(const sql::Row& row) {
    return {known_word(parse_subscription_status(row.text(6))),
            mirrored_period(row),
            {row.flag(9), row.maybe_instant(10)},
            stored_pause(row, 19),
            row.maybe_instant(21),
            row.maybe_instant(22)};
}

/// The mirrored period, or the one after it that `now` has reached.
Period running_period(const sql::Row& row, Instant now) {
    const Period mirrored = mirrored_period(row);
    if (now < mirrored.end) return mirrored;
    return billing_period_at({mirrored, std::nullopt}, row.maybe_instant(11),
                             interval_from(row, 12), now);
}

/// Neither before the period nor before the plan.
Instant begin_of(const Period& period, std::optional<Instant> plan_began, Instant now) {
    return std::min(std::max(period.start, plan_began.value_or(period.start)), now);
}

void take_default_plan(Standing& standing, CatalogCache& catalog, const sql::Row& row) {
    const Instant created_at = row.instant(2);
    standing.plan = default_plan_of(catalog.get(), row.text(17));
    standing.period = period_containing(created_at, kDefaultPlanInterval, standing.now);
    if (!standing.plan->prices.empty())
        standing.currency = standing.plan->prices.front().amount.currency();
}

/// What the customer has of his own instead of what the plan says.
void take_overrides(sql::Transaction& tx, Standing& standing) {
    standing.overrides = load_overrides(tx, standing.customer);
    const auto all = load_allowance_overrides(tx, standing.customer);
    standing.given = in_force(all, standing.now);
    standing.plan = effective_plan(standing.plan, standing.given);
    standing.revision += changes_until(all, standing.now);
    standing.until = std::min(standing.until, steady_around(all, standing.now).end);
}

std::optional<sql::Row> find_row(sql::Transaction& tx, std::string_view ref) {
    if (CustomerId::parse(ref)) return tx.one(standing_where("c.id = $1"), {ref});
    if (ref.starts_with("ext:")) ref.remove_prefix(4);
    return tx.one(standing_where("c.external_id = $1"), {ref});
}

}  // namespace

Result<Standing> load_standing(sql::Transaction& tx, CatalogCache& catalog, std::string_view ref,
                               Instant system_now) {
    const auto row = find_row(tx, ref);
    if (!row) {
        const auto nobody = find_customer(tx, ref);
        check(!nobody, "the same transaction finds the same customers");
        return failure(nobody);
    }
    const auto frozen = row->maybe_instant(3);
    Standing standing{.customer = row->id<CustomerId>(0),
                      .external_id = row->text(1),
                      .plan = nullptr,
                      .subscription = std::nullopt,
                      .status = std::nullopt,
                      .period = {},
                      .since = {},
                      .until = {},
                      .now = frozen.value_or(system_now),
                      .time = frozen ? Standing::Time::Frozen : Standing::Time::Running,
                      .currency = Currency::Usd,
                      .revision = 0,
                      .overrides = {}};
    const bool has_overrides = row->integer(18) > 0;
    auto plan_began = row->maybe_instant(16);
    std::optional<Instant> plan_returns;
    if (!row->is_null(4)) {
        const AccessTerms terms = terms_of(*row);
        standing.status = status_at(terms, standing.now);
        const Instant gives = gives_plan_until(terms, standing.now);
        plan_returns = gives_plan_again_at(terms, standing.now);
        if (grants_access(*standing.status) && standing.now < gives) {
            auto plan = catalog.plan_version(tx, row->id<PlanVersionId>(5));
            if (!plan) return failure(plan);
            standing.plan = *std::move(plan);
            standing.subscription = row->id<SubscriptionId>(4);
            standing.period = running_period(*row, standing.now);
            standing.currency = known_word(parse_currency(row->text(14)));
            standing.revision = row->integer(15);
            standing.since = begin_of(standing.period, row->maybe_instant(11), standing.now);
            standing.until = std::min(standing.period.end, gives);
            if (has_overrides) take_overrides(tx, standing);
            return standing;
        }
        plan_began = std::max(plan_began.value_or(gives), gives);
    }
    take_default_plan(standing, catalog, *row);
    standing.since = begin_of(standing.period, plan_began, standing.now);
    standing.until = std::min(standing.period.end, plan_returns.value_or(standing.period.end));
    if (has_overrides) take_overrides(tx, standing);
    return standing;
}

Instant customer_now(const Standing& standing, Instant system_now) {
    return standing.time == Standing::Time::Frozen ? standing.now : system_now;
}

std::vector<UsageWindow> windows_of(const Standing& standing, std::string_view meter_key,
                                    Meter::Aggregation aggregation, Instant now) {
    std::vector<UsageWindow> windows;
    for (const Allowance& allowance : standing.plan->allowances_of(meter_key)) {
        const Period period = window_at(allowance.reset, standing.period, now);
        windows.push_back(
            window_of(standing.subscription, period, standing.plan->id, aggregation, allowance));
        windows.back().revision = standing.revision;
    }
    return windows;
}

CustomerWindow customer_window(Standing standing) {
    return {std::move(standing.customer),
            std::move(standing.subscription),
            std::move(standing.plan),
            standing.period,
            standing.now,
            standing.revision,
            standing.since,
            standing.until,
            standing.time == Standing::Time::Frozen};
}

}  // namespace turnpike
