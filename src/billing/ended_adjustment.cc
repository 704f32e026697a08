#include "billing/ended_adjustment.h"

#include <chrono>
#include <string_view>
#include <vector>

#include <spdlog/spdlog.h>

#include "billing/overage_charge.h"
#include "billing/period_close.h"
#include "billing/stored_close.h"

namespace turnpike {
namespace {

using std::chrono::days;

constexpr std::string_view kEnded = R"sql(
    SELECT s.id, s.customer_id, s.ended_at, r.currency, COALESCE(t.frozen_time, $1)
      FROM subscriptions s
      JOIN prices r ON r.id = s.price_id
      JOIN customers c ON c.id = s.customer_id
      LEFT JOIN test_clocks t ON t.id = c.test_clock_id
     WHERE s.started_at IS NOT NULL
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

std::vector<Ended> load_ended(sql::Transaction& tx, Instant now) {
    std::vector<Ended> ended;
    const auto micros = [](Duration span) { return std::int64_t{span.count()}; };
    for (const auto& row : tx.all(kEnded, {now, micros(kAdjustmentHorizon), micros(days(1))}))
        ended.push_back({row.id<SubscriptionId>(0), row.id<CustomerId>(1), row.instant(2),
                         *parse_currency(row.text(3)), row.instant(4)});
    return ended;
}

/// The day since the end that is running; the first whole one is day 1.
PeriodClose close_of_today(const Ended& ended) {
    const Instant start = ended.ended_at + std::chrono::floor<days>(ended.now - ended.ended_at);
    return {.subscription = ended.subscription,
            .period = {start, start + days(1)},
            .placement = PeriodClose::Placement::Undecided,
            .provider_invoice_id = ""};
}

bool has_changed(sql::Transaction& tx, const PeriodClose& close,
                 const std::vector<ClosedPeriod>& used, Currency currency) {
    return std::ranges::any_of(used, [&](const ClosedPeriod& period) {
        if (!is_closed(tx, close.subscription, period.period.start)) return false;
        const auto lines = charges_due(tx, close, period, currency);
        return !lines || !lines->empty();  // the close says what is wrong with them
    });
}

}  // namespace

asio::awaitable<std::int64_t> queue_ended_adjustments(BillingContext& billing, Instant now) {
    const auto all =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_ended(tx, now); });
    std::int64_t queued = 0;
    for (const Ended& ended : all) {
        CloseJob job{ended.customer, ended.subscription, ended.ended_at - kAdjustmentHorizon,
                     ended.ended_at + Duration(1)};
        const auto used = co_await billing.usage.close(std::move(job));
        if (!used) {
            spdlog::warn("event=billing.adjustment_failed object={} reason={} message=\"{}\"",
                         ended.subscription.text(), used.error().reason.text(),
                         used.error().message);
            continue;
        }
        const PeriodClose close = close_of_today(ended);
        const bool is_due = co_await billing.db.read(
            [&](sql::Transaction& tx) { return has_changed(tx, close, *used, ended.currency); });
        if (!is_due) continue;
        const bool is_new = co_await billing.db.write([&](sql::Transaction& tx) {
            return queue_period_close(tx, close.subscription, close.period, billing.clock.now());
        });
        if (is_new) ++queued;
    }
    co_return queued;
}

}  // namespace turnpike
