#include "billing/life/ended_adjustment.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "billing/life/period_close.h"
#include "billing/overage/overage_charge.h"
#include "billing/records/stored_close.h"

namespace turnpike {
namespace {

using std::chrono::days;

constexpr std::string_view kEnded = R"sql(
    SELECT s.id, s.customer_id, s.ended_at, r.currency, COALESCE(t.frozen_time, $1)
      FROM subscriptions s
      JOIN prices r ON r.id = s.price_id
      JOIN customers c ON c.id = s.customer_id
      LEFT JOIN test_clocks t ON t.id = c.test_clock_id
     WHERE s.provider = $4 AND s.started_at IS NOT NULL
       AND s.ended_at >= COALESCE(t.frozen_time, $1) - $2
       AND s.ended_at <= COALESCE(t.frozen_time, $1) - $3
     ORDER BY s.id
)sql";

struct Ended {
    SubscriptionId subscription;
    CustomerId customer;
    Instant ended_at;
    Currency currency;
    Instant now;  ///< the customer's
};

std::vector<Ended> load_ended(sql::Transaction& tx, std::string_view provider, Instant now) {
    std::vector<Ended> ended;
    const auto micros = [](Duration span) { return std::int64_t{span.count()}; };
    for (const auto& row :
         tx.all(kEnded, {now, micros(kAdjustmentHorizon), micros(days(1)), provider}))
        ended.push_back({row.id<SubscriptionId>(0), row.id<CustomerId>(1), row.instant(2),
                         *parse_currency(row.text(3)), row.instant(4)});
    return ended;
}

/// The day since the end that is running; the first whole one is day 1.
PeriodClose close_of_today(const Ended& ended) {
    const Instant start = ended.ended_at + std::chrono::floor<days>(ended.now - ended.ended_at);
    return {.subscription = ended.subscription,
            .period = {start, start + days(1)},
            .provider = "",
            .placement = PeriodClose::Placement::Undecided,
            .provider_invoice_id = ""};
}

bool is_pending(std::span<const PeriodClose> pending, const UsedPeriod& used) {
    return std::ranges::any_of(
        pending, [&](const PeriodClose& close) { return close.period.start == used.period.start; });
}

/// Periods in which nothing was used until late usage came are closed for themselves; all changes
/// of those that were charged are the day's.
std::vector<Period> closes_due(sql::Transaction& tx, const Ended& ended,
                               const std::vector<UsedPeriod>& used) {
    const PeriodClose today = close_of_today(ended);
    const auto pending = pending_period_closes_of(tx, ended.subscription);
    std::vector<Period> due;
    bool has_changed = false;
    for (const UsedPeriod& one : used) {
        if (is_pending(pending, one)) continue;
        if (!is_closed(tx, ended.subscription, one.period.start)) {
            due.push_back(one.period);
            continue;
        }
        const auto lines = charges_due(tx, today, one, ended.currency);
        has_changed |= !lines || !lines->empty();  // the close says what is wrong with them
    }
    if (has_changed) due.push_back(today.period);
    return due;
}

}  // namespace

asio::awaitable<std::int64_t> queue_ended_adjustments(BillingContext& billing, Instant now) {
    const auto all = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_ended(tx, billing.provider.name(), now); });
    std::int64_t queued = 0;
    for (const Ended& ended : all) {
        PeriodQuery query{ended.customer, ended.subscription, ended.ended_at - kAdjustmentHorizon,
                          ended.ended_at + Duration(1)};
        const auto used = co_await billing.usage.used_periods(std::move(query));
        if (!used) {
            spdlog::warn("event=billing.adjustment_failed object={} reason={} message=\"{}\"",
                         ended.subscription.text(), used.error().reason.text(),
                         used.error().message);
            continue;
        }
        const auto due = co_await billing.db.read(
            [&](sql::Transaction& tx) { return closes_due(tx, ended, *used); });
        if (due.empty()) continue;
        queued += co_await billing.db.write([&](sql::Transaction& tx) {
            return std::ranges::count_if(due, [&](const Period& period) {
                return queue_period_close(tx, ended.subscription, period, billing.clock.now());
            });
        });
    }
    co_return queued;
}

}  // namespace turnpike
