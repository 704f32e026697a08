#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "billing/life/test_clocks.h"
#include "billing/plans/plan_migration.h"
#include "billing/plans/plans.h"
#include "billing/testing/testing.h"
#include "catalog/catalog_file.h"
#include "catalog/plan_wire.h"
#include "catalog/preset.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike::testing {

inline const Instant kApril = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days
inline const Instant kMay = kApril + std::chrono::days(30);
inline const Instant kJune = kMay + std::chrono::days(31);

inline constexpr const char* kTeam = R"({"key":"team","name":"Team","prices":[
    {"currency":"usd","interval":"month","amount":4900},
    {"currency":"usd","interval":"year","amount":49000}],
    "allowances":[{"meter":"api_calls","included":"5000"}]})";
inline constexpr const char* kDearer = R"({"prices":[{"currency":"usd","amount":5900}]})";

/// A seller with a plan "team", of which there is a dearer version, sold by the month only.
struct TeamSeller {
    explicit TeamSeller(BillingWorld& of) : world(of) {}

    PlanVersion sell() {
        auto wanted = read_new_plan(*parse_json(kTeam)).value();
        return world.run(sell_plan(world.billing, std::move(wanted), tester)).value();
    }
    PlanVersion make_dearer() {
        PlanChange change{"team", read_plan_patch(*parse_json(kDearer)).value(), tester};
        return world.run(sell_changed_plan(world.billing, std::move(change))).value();
    }
    /// On a test clock of its own, which stands at the first of April.
    Subscription subscribe(const std::string& name, const PlanVersion& team,
                           std::int64_t quantity = 1, Interval interval = Interval::Month) {
        const auto clock = world.run(create_test_clock(world.billing, name, kApril, tester));
        StartRequest request{.customer = world.customer(name, clock->id),
                             .plan_version = team.id,
                             .price = team.price(Currency::Usd, {interval, 1})->id,
                             .payment_method = "pm_card_visa",
                             .authority = tester,
                             .quantity = quantity};
        auto started = world.run(start_subscription(world.billing, request));
        EXPECT_TRUE(started) << started.error().message;
        clocks.emplace(started->id, clock->id);
        return *started;
    }
    void advance(const Subscription& subscription, Instant to) {
        const auto moved =
            world.run(advance_test_clock(world.billing, clocks.at(subscription.id), to, tester));
        ASSERT_TRUE(moved) << moved.error().message;
    }
    Subscription load(const Subscription& s) {
        return *world.ledger.read_blocking(
            [&](sql::Transaction& tx) { return load_subscription(tx, s.id); });
    }
    Result<PlanMigration> begin(const MigrationRequest& request) {
        return world.ledger.write_blocking([&](sql::Transaction& tx) -> Result<PlanMigration> {
            const auto terms = migration_terms(tx, request);
            if (!terms) return failure(terms);
            return begin_migration(tx, world.contexts, *terms, tester);
        });
    }
    /// Passes of a worker until nothing is left to begin, and one that says so.
    void work() {
        while (world.run(go_on_with_migrations(world.billing)) > 0) continue;
    }
    PlanMigration migrate(MigrationTiming timing, const MigrationFilter& filter = {}) {
        auto migration = begin({.plan = "team", .timing = timing, .filter = filter});
        EXPECT_TRUE(migration) << migration.error().message;
        work();
        return *migration;
    }
    MigrationProgress progress(const PlanMigration& migration) {
        return world.ledger.read_blocking(
            [&](sql::Transaction& tx) { return load_progress(tx, migration.id); });
    }
    MigrationItem item(const PlanMigration& migration, const Subscription& subscription) {
        const auto items = world.ledger.read_blocking([&](sql::Transaction& tx) {
            return list_items(tx, {migration.id, std::nullopt, "", 100});
        });
        for (const auto& one : items)
            if (one.step.subscription == subscription.id) return one;
        ADD_FAILURE() << "the migration is not about it";
        return items.at(0);
    }
    std::vector<PreviewedStep> preview(const MigrationRequest& request) {
        return world.ledger.read_blocking([&](sql::Transaction& tx) {
            const auto terms = migration_terms(tx, request).value();
            return preview_migration(tx, world.contexts, terms, "", 100).value();
        });
    }
    /// Oldest first.
    std::vector<std::int64_t> totals(const Subscription& subscription) {
        auto invoices = world.invoices(subscription.customer);
        std::ranges::sort(invoices, {}, &Invoice::created_at);
        std::vector<std::int64_t> found;
        for (const auto& invoice : invoices) found.push_back(invoice.total.minor());
        return found;
    }

    BillingWorld& world;
    std::map<SubscriptionId, TestClockId> clocks{};
};

inline void apply_preset(sql::Database& ledger) {
    const auto file = read_catalog_file(*preset_catalog("api-metering")).value();
    RandomIdSource ids;
    ledger.write_blocking([&](sql::Transaction& tx) {
        return apply_catalog(tx, file, SystemClock().now(), ids).value();
    });
}

/// A seller of one plan, on a ledger of its own.
class PlanMigrationTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        apply_preset(db());
        world = std::make_unique<BillingWorld>(db(), fresh_account_key());
        seller = std::make_unique<TeamSeller>(*world);
    }
    std::unique_ptr<BillingWorld> world;
    std::unique_ptr<TeamSeller> seller;
};

}  // namespace turnpike::testing
