#include "entitlements/standing.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "customers/service.h"
#include "metering/window_calendar.h"
#include "subscriptions/billing_period.h"

namespace turnpike {
namespace {

/// At most one subscription of a customer has no end (index subscriptions_one_live).
std::string standing_where(std::string_view condition) {
    constexpr std::string_view kSelect = R"sql(
    SELECT c.id, c.external_id, c.created_at, t.frozen_time, s.id, s.plan_version_id, s.status,
           s.period_start, s.period_end, s.cancel_at_period_end, s.cancel_at, s.started_at,
           p.interval, p.interval_count, p.currency, s.version
      FROM customers c
      LEFT JOIN test_clocks t ON t.id = c.test_clock_id
      LEFT JOIN subscriptions s ON s.customer_id = c.id AND s.ended_at IS NULL
      LEFT JOIN prices p ON p.id = s.price_id
     WHERE )sql";
    return std::string(kSelect).append(condition);
}

constexpr BillingInterval kMonthly{BillingInterval::Unit::Month, 1};

/// A text of ours that does not parse back means a broken database or a broken build.
template <class T>
T known(std::optional<T> parsed) {
    check(parsed.has_value(), "the ledger holds only words that we wrote");
    return *parsed;
}

BillingInterval interval_from(const sql::Row& row) {
    const int count = static_cast<int>(row.integer(13));
    switch (known(parse_interval(row.text(12)))) {
        case Interval::Day: return {BillingInterval::Unit::Day, count};
        case Interval::Week: return {BillingInterval::Unit::Week, count};
        case Interval::Month: return {BillingInterval::Unit::Month, count};
        case Interval::Year: return {BillingInterval::Unit::Year, count};
    }
    check(false, "every interval is handled");
    return kMonthly;
}

/// Whether the subscription of this row gives its plan at `now`.
bool gives_plan(const sql::Row& row, SubscriptionStatus status, Instant now) {
    if (!grants_access(status)) return false;
    const auto cancel_at = row.maybe_instant(10);
    if (cancel_at && *cancel_at <= now) return false;
    const bool ends_with_period = row.flag(9);
    return !(ends_with_period && row.instant(8) <= now);
}

/// The mirrored period, or the one after it that `now` has reached.
Period running_period(const sql::Row& row, Instant now) {
    const Period mirrored{row.instant(7), row.instant(8)};
    if (now < mirrored.end) return mirrored;
    const BillingInterval interval = interval_from(row);
    // The start keeps the anchor day (31 Jan -> 28 Feb -> 31 Mar) unless the cycle was moved since.
    if (const auto started = row.maybe_instant(11);
        started && period_containing(*started, interval, mirrored.end).start == mirrored.end)
        return period_containing(*started, interval, now);
    return period_containing(mirrored.end, interval, now);
}

void take_default_plan(Standing& standing, CatalogCache& catalog, Instant created_at) {
    standing.plan = default_plan_of(catalog.get());
    standing.period = period_containing(created_at, kMonthly, standing.now);
    if (!standing.plan->prices.empty())
        standing.currency = standing.plan->prices.front().amount.currency();
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
                      .until = {},
                      .now = frozen.value_or(system_now),
                      .time = frozen ? Standing::Time::Frozen : Standing::Time::Running,
                      .currency = Currency::Usd,
                      .revision = 0};
    if (!row->is_null(4)) {
        standing.status = known(parse_subscription_status(row->text(6)));
        if (gives_plan(*row, *standing.status, standing.now)) {
            auto plan = catalog.plan_version(tx, row->id<PlanVersionId>(5));
            if (!plan) return failure(plan);
            standing.plan = *std::move(plan);
            standing.subscription = row->id<SubscriptionId>(4);
            standing.period = running_period(*row, standing.now);
            standing.currency = known(parse_currency(row->text(14)));
            standing.revision = row->integer(15);
            standing.until = standing.period.end;
            if (const auto cancel_at = row->maybe_instant(10))
                standing.until = std::min(standing.until, *cancel_at);
            return standing;
        }
    }
    take_default_plan(standing, catalog, row->instant(2));
    standing.until = standing.period.end;
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
            standing.revision};
}

}  // namespace turnpike
