#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metering/testing.h"
#include "sql/database.h"
#include "sql/testing.h"

namespace turnpike::testing {

/// A subscription row, as the mirror writes it.
struct SubscriptionRow {
    const char* plan = "pro";
    const char* status = "active";
    Period period = kSeptember;
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at{};
    std::optional<Instant> started_at = kStart;
    std::optional<Instant> ended_at{};
};

inline SubscriptionId add_subscription(MeteredWorld& world, const CustomerId& customer,
                                       const SubscriptionRow& row) {
    const auto id = world.ids().make<SubscriptionId>(kStart);
    const auto catalog = world.catalog().get();
    const PlanVersion& plan = *catalog->plan(row.plan);
    world.db().write_blocking([&](sql::Transaction& tx) {
        return tx.run(R"sql(
            INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider, status,
                   period_start, period_end, cancel_at_period_end, cancel_at, started_at, ended_at,
                   applied_ticket, created_at, updated_at, version)
            VALUES ($1, $2, $3, $4, 'stripe', $5, $6, $7, $8, $9, $10, $11, 0, $12, $12, 1))sql",
                      {id, customer, plan.id, plan.prices.front().id, row.status, row.period.start,
                       row.period.end, row.cancel_at_period_end, row.cancel_at, row.started_at,
                       row.ended_at, kStart});
    });
    return id;
}

using sql::FragileDatabase;

}  // namespace turnpike::testing
