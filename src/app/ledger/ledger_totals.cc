#include "app/ledger/ledger_totals.h"

#include <cstdint>
#include <optional>

#include <spdlog/spdlog.h>

#include "billing/life/health.h"
#include "http/metric_names.h"
#include "people/directory.h"

namespace turnpike {
namespace {

struct LedgerTotals {
    std::int64_t users = 0;
    std::int64_t organizations = 0;
    std::int64_t active_subscriptions = 0;
};

LedgerTotals load_totals(sql::Transaction& tx, Instant now) {
    return {.users = count_users(tx, now).total,
            .organizations = count_organizations(tx, std::nullopt, now).total,
            .active_subscriptions = count_active_subscriptions(tx)};
}

}  // namespace

boost::asio::awaitable<void> sample_ledger(sql::Database& db, const Clock& clock,
                                           http::Metrics& metrics) {
    std::optional<LedgerTotals> totals;
    try {
        totals =
            co_await db.read([&](sql::Transaction& tx) { return load_totals(tx, clock.now()); });
    } catch (const sql::Failure& failure) {
        spdlog::warn("event=ledger.uncounted message=\"{}\"", failure.what());
    }
    metrics.gauge(http::kLedgerUp).set(totals && !db.refuses_writes() ? 1 : 0);
    if (!totals) co_return;
    metrics.gauge(http::kUsers).set(totals->users);
    metrics.gauge(http::kOrganizations).set(totals->organizations);
    metrics.gauge(http::kActiveSubscriptions).set(totals->active_subscriptions);
}

}  // namespace turnpike
