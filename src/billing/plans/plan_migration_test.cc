#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/plans/plans.h"
#include "billing/testing/plan_migration_testing.h"
#include "billing/testing/power_cut.h"
#include "billing/testing/testing.h"
#include "catalog/catalog_file.h"
#include "catalog/plan_wire.h"
#include "catalog/preset.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;
using testing::kApril, testing::kMay, testing::kJune;
using testing::TeamSeller, testing::apply_preset;

class PlanMigrations : public testing::PlanMigrationTest {};
INSTANTIATE_TEST_SUITE_P(, PlanMigrations, sql::both_engines(), sql::engine_name);

// Three seats: 3 x 49.00 = 147.00 in April, and in May although the plan costs 59.00 by then. The
// migration of May bills nothing; June costs 3 x 59.00 = 177.00.
TEST_P(PlanMigrations, AtThePeriodsEndNothingIsProrated) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team, 3);
    const auto dearer = seller->make_dearer();
    seller->advance(alice, kMay + hours(2));
    EXPECT_EQ(seller->totals(alice), (std::vector<std::int64_t>{14'700, 14'700}));
    EXPECT_EQ(seller->load(alice).plan_version, team.id) << "a change of the plan touches nobody";

    const auto shown = seller->preview({.plan = "team"});
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].from.amount.minor(), 4'900);
    EXPECT_EQ(shown[0].to->amount.minor(), 5'900);
    EXPECT_EQ(shown[0].takes_effect_at, kJune);
    EXPECT_FALSE(shown[0].refusal);
    EXPECT_FALSE(seller->load(alice).pending_change) << "a preview changes nothing";

    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    const auto planned = seller->load(alice);
    EXPECT_EQ(planned.plan_version, team.id);
    ASSERT_TRUE(planned.pending_change);
    EXPECT_EQ(*planned.pending_change, (PendingChange{dearer.prices[0].id, 3, kJune}));
    EXPECT_EQ(seller->item(migration, alice).state, MigrationItemState::Done);
    EXPECT_EQ(seller->item(migration, alice).takes_effect_at, kJune);
    EXPECT_EQ(seller->progress(migration).arrived, 0);

    seller->advance(alice, kJune + hours(2));
    EXPECT_EQ(seller->load(alice).plan_version, dearer.id);
    EXPECT_EQ(seller->load(alice).quantity, 3);
    EXPECT_EQ(seller->totals(alice), (std::vector<std::int64_t>{14'700, 14'700, 17'700}));
    EXPECT_EQ(seller->progress(migration).arrived, 1);
}

// Half of April is left: -49.00 / 2 + 59.00 / 2 = -24.50 + 29.50 = 5.00, at once.
TEST_P(PlanMigrations, AtOnceIsProratedToTheSecond) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto dearer = seller->make_dearer();
    seller->advance(alice, kApril + days(15));
    const auto migration = seller->migrate(MigrationTiming::Now);
    EXPECT_EQ(seller->load(alice).plan_version, dearer.id);
    EXPECT_EQ(seller->load(alice).period, (Period{kApril, kMay}));
    EXPECT_EQ(seller->totals(alice), (std::vector<std::int64_t>{4'900, 500}));
    EXPECT_EQ(seller->item(migration, alice).takes_effect_at, kApril + days(15));
    EXPECT_EQ(seller->progress(migration).arrived, 1);
}

TEST_P(PlanMigrations, ASecondOneChangesNothing) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    seller->migrate(MigrationTiming::AtPeriodEnd);
    const auto planned = seller->load(alice);
    const auto again = seller->migrate(MigrationTiming::AtPeriodEnd);
    EXPECT_EQ(seller->item(again, alice).state, MigrationItemState::Unchanged);
    EXPECT_EQ(seller->load(alice).version, planned.version);

    seller->advance(alice, kMay + hours(2));
    const auto third = seller->migrate(MigrationTiming::Now);
    EXPECT_EQ(seller->progress(third).total(), 0) << "everybody is there";
    EXPECT_EQ(seller->totals(alice), (std::vector<std::int64_t>{4'900, 5'900}));
}

TEST_P(PlanMigrations, RefusesByNameAndGoesOn) {
    const auto team = seller->sell();
    const auto moves = seller->subscribe("moves", team);
    const auto yearly = seller->subscribe("yearly", team, 1, Interval::Year);
    const auto leaves = seller->subscribe("leaves", team);
    const auto downgrades = seller->subscribe("downgrades", team);
    const auto rests = seller->subscribe("rests", team);
    const auto dearer = seller->make_dearer();
    auto& billing = world->billing;
    ASSERT_TRUE(
        world->run(cancel_subscription(billing, {.subscription = leaves.id, .authority = tester})));
    ASSERT_TRUE(world->run(change_subscription(
        billing, {downgrades.id, world->price_of("starter"), tester, 1, ChangeWhen::AtPeriodEnd})));
    ASSERT_TRUE(world->run(pause_subscription(billing, {rests.id, {}, tester})));

    const std::pair<const Subscription*, const char*> refused[] = {
        {&yearly, "plan_migration.not_sold_so"},
        {&leaves, "subscription.canceling"},
        {&downgrades, "subscription.change_pending"},
        {&rests, "subscription.paused"},
    };
    const auto shown = seller->preview({.plan = "team"});
    ASSERT_EQ(shown.size(), 5U);
    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    for (const auto& [subscription, reason] : refused) {
        SCOPED_TRACE(reason);
        const auto before = std::ranges::find(shown, subscription->id,
                                              [](const auto& s) { return s.step.subscription; });
        ASSERT_TRUE(before->refusal);
        EXPECT_EQ(before->refusal->reason.text(), reason);
        const auto item = seller->item(migration, *subscription);
        EXPECT_EQ(item.state, MigrationItemState::Refused);
        EXPECT_EQ(item.error_reason, reason);
        EXPECT_EQ(seller->load(*subscription).plan_version, team.id);
    }
    EXPECT_EQ(seller->load(downgrades).pending_change->price, world->price_of("starter"));
    EXPECT_EQ(seller->load(moves).pending_change->price, dearer.prices[0].id);
    EXPECT_EQ(seller->progress(migration).refused, 4);
    EXPECT_EQ(seller->progress(migration).done, 1);
}

TEST_P(PlanMigrations, WhatIsAnotherByItsTurnIsLeftAlone) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    const auto migration = seller->begin({.plan = "team", .timing = MigrationTiming::Now});
    ASSERT_TRUE(migration);
    ASSERT_TRUE(world->run(
        change_subscription(world->billing, {alice.id, alice.price, tester, 2, ChangeWhen::Now})));
    seller->work();
    EXPECT_EQ(seller->item(*migration, alice).error_reason, "plan_migration.changed_meanwhile");
    EXPECT_EQ(seller->load(alice).plan_version, team.id);
}

TEST_P(PlanMigrations, OneOfAPlanAtATimeAndOnlyWhomItIsAbout) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto bob = seller->subscribe("bob", team);
    seller->make_dearer();
    const auto first = seller->begin({.plan = "team", .filter = {.customers = {bob.customer}}});
    ASSERT_TRUE(first);
    const auto second = seller->begin({.plan = "team"});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, Reason("plan_migration.running"));
    EXPECT_EQ(second.error().details.at(0).second, first->id.text());
    seller->work();
    EXPECT_EQ(seller->progress(*first).total(), 1);
    EXPECT_TRUE(seller->load(bob).pending_change);
    EXPECT_FALSE(seller->load(alice).pending_change);

    const MigrationFilter others[] = {{.currency = Currency::Eur},
                                      {.interval = Interval::Year},
                                      {.interval_count = 3},
                                      {.provider = "razorpay"}};
    for (const auto& filter : others)
        EXPECT_TRUE(seller->preview({.plan = "team", .filter = filter}).empty());
    const MigrationFilter all{.version = team.id,
                              .currency = Currency::Usd,
                              .interval = Interval::Month,
                              .interval_count = 1,
                              .provider = "stripe"};
    EXPECT_EQ(seller->preview({.plan = "team", .filter = all}).size(), 2U);
}

TEST_P(PlanMigrations, ToAnotherPlanAndBack) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto dearer = seller->make_dearer();
    seller->migrate(MigrationTiming::Now);
    ASSERT_EQ(seller->load(alice).plan_version, dearer.id);
    auto back =
        seller->begin({.plan = "team", .to_version = team.id, .timing = MigrationTiming::Now});
    ASSERT_TRUE(back);
    seller->work();
    EXPECT_EQ(seller->load(alice).plan_version, team.id);
    ASSERT_TRUE(
        seller->begin({.plan = "team", .to_plan = "pro", .timing = MigrationTiming::AtPeriodEnd}));
    seller->work();
    EXPECT_EQ(seller->load(alice).pending_change->price, world->price_of("pro"));

    const std::pair<MigrationRequest, const char*> wrong[] = {
        {{.plan = "nope"}, "catalog.no_such_plan"},
        {{.plan = "team", .to_plan = "free"}, "plan_migration.wrong_target"},
        {{.plan = "free", .to_plan = "team"}, "plan_migration.wrong_target"},
        {{.plan = "pro", .to_version = team.id}, "plan_migration.wrong_target"},
        {{.plan = "team", .to_version = PlanVersionId::trusted("x")},
         "catalog.no_such_plan_version"},
    };
    for (const auto& [request, reason] : wrong)
        EXPECT_EQ(seller->begin(request).error().reason.text(), reason);
}

// Of seven five wait for the provider, and two are not begun. When it answers again, all are done.
TEST_P(PlanMigrations, AnOutageKeepsFewAndLosesNone) {
    const auto team = seller->sell();
    for (int i = 0; i < 7; ++i) seller->subscribe("c" + std::to_string(i), team);
    seller->make_dearer();
    const auto migration = seller->begin({.plan = "team"});
    stripe::ClientConfig nowhere;
    nowhere.secret_key = world->key;
    nowhere.base_url = "http://127.0.0.1:1";
    const auto away =
        stripe::Provider::create(nowhere, world->http, {db(), world->clock, world->ids}, {});
    BillingContext& billing = world->billing;
    BillingContext cut_off{billing.db, billing.usage,   billing.clock,    billing.ids,
                           **away,     billing.catalog, billing.standings};
    for (int pass = 0; pass < 2; ++pass) {
        world->run(go_on_with_migrations(cut_off));
        const auto progress = seller->progress(*migration);
        EXPECT_EQ(progress.begun, 5);
        EXPECT_EQ(progress.pending, 2);
    }
    for (int pass = 0; pass < 3; ++pass)
        world->run(run_billing_pass(billing, world->clock.now() + hours(1), Instant{}));
    EXPECT_EQ(seller->progress(*migration).done, 7);
    const auto ended =
        db().read_blocking([&](sql::Transaction& tx) { return load_migration(tx, migration->id); });
    EXPECT_EQ(ended->state, MigrationState::Done);
}

TEST_P(PlanMigrations, WhatNoConfiguredProviderBillsIsRefused) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    db().write_blocking([](sql::Transaction& tx) {
        return tx.run("UPDATE subscriptions SET provider = 'razorpay'", {});
    });
    const auto shown = seller->preview({.plan = "team"});
    EXPECT_EQ(shown.at(0).refusal->reason, Reason("billing.provider_not_configured"));
    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    EXPECT_EQ(seller->item(migration, alice).state, MigrationItemState::Refused);
    EXPECT_EQ(seller->item(migration, alice).error_reason, "billing.provider_not_configured");
}

// 500 and alice are two pages; one more comes too late. Then nobody has the provider of the 500.
TEST_P(PlanMigrations, ManyAreWrittenPageByPageBeforeAnyIsChanged) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    const auto add = [&](int number, Instant made) {
        const std::string id = "crowd" + std::to_string(number);
        db().write_blocking([&](sql::Transaction& tx) {
            tx.run(R"sql(INSERT INTO customers (id, external_id, catalog, metadata, created_at,
                         version) VALUES ($1, $1, 'api-metering', '{}', 0, 1))sql",
                   {id});
            return tx.run(R"sql(
                INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider,
                       status, period_start, period_end, cancel_at_period_end, started_at,
                       applied_ticket, created_at, updated_at, version)
                SELECT $2, $2, plan_version_id, price_id, provider, 'active', period_start,
                       period_end, 0, started_at, 0, CAST($3 AS BIGINT), 0, 1
                  FROM subscriptions WHERE id = $1)sql",
                          {alice.id, id, made});
        });
    };
    const Instant now = world->clock.now();
    for (int i = 0; i < kMigrationPage; ++i) add(i, now - hours(1));
    add(kMigrationPage, now + hours(1));

    const auto migration = seller->begin({.plan = "team"});
    ASSERT_TRUE(migration);
    EXPECT_FALSE(migration->listed_at);
    EXPECT_EQ(seller->progress(*migration).total(), 500);
    const auto to_begin = db().read_blocking(
        [&](sql::Transaction& tx) { return items_to_begin(tx, "stripe", now + hours(1), 10); });
    EXPECT_TRUE(to_begin.empty());
    db().write_blocking([](sql::Transaction& tx) {
        return tx.run("UPDATE subscriptions SET provider = 'gone' WHERE id LIKE 'crowd%'");
    });

    seller->work();
    EXPECT_EQ(seller->progress(*migration).total(), 501);
    EXPECT_EQ(seller->progress(*migration).done, 1);
    EXPECT_EQ(seller->progress(*migration).pending, 500);
    EXPECT_TRUE(seller->load(alice).pending_change);
    world->run(refuse_unbilled(world->contexts));
    seller->work();
    EXPECT_EQ(seller->progress(*migration).refused, 500);
    const auto ended =
        db().read_blocking([&](sql::Transaction& tx) { return load_migration(tx, migration->id); });
    EXPECT_EQ(ended->state, MigrationState::Done);
}

// 64 + 1 customers are asked for by two statements.
TEST_P(PlanMigrations, ManyNamedCustomersAreEachInItOnce) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto bob = seller->subscribe("bob", team, 2);
    seller->subscribe("carol", team);
    seller->make_dearer();
    MigrationFilter filter{.customers = {alice.customer, bob.customer}};
    for (int i = 0; i < 63; ++i)
        filter.customers.push_back(CustomerId::trusted("nobody" + std::to_string(i)));
    std::ranges::sort(filter.customers);
    const auto shown = seller->preview({.plan = "team", .filter = filter});
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_LT(shown[0].step.subscription, shown[1].step.subscription);
    const auto groups = db().read_blocking([&](sql::Transaction& tx) {
        const auto terms = migration_terms(tx, {.plan = "team", .filter = filter}).value();
        return migration_groups(tx, terms.scope());
    });
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].subscriptions, 2);
    EXPECT_EQ(groups[0].quantity, 3);  // 1 + 2
}

TEST(MigrationFilters, AreKeptWhole) {
    const MigrationFilter whole{.version = PlanVersionId::trusted("pv_1"),
                                .currency = Currency::Eur,
                                .interval = Interval::Year,
                                .interval_count = 2,
                                .provider = "razorpay",
                                .customers = {CustomerId::trusted("cus_1")}};
    for (const auto& filter : {whole, MigrationFilter{}})
        EXPECT_EQ(read_kept_filter(to_text(write_filter(filter))), filter);
}

/// True when the run came through whole.
bool migrates_after_cut(int visit, MigrationTiming timing, DyingLedger::Moment moment) {
    const auto ledger = ledger_with_catalog();
    const auto key = fresh_account_key();
    BillingWorld before(*ledger, key);
    TeamSeller seller(before);
    const auto team = seller.sell();
    const Subscription subscriptions[] = {seller.subscribe("alice", team),
                                          seller.subscribe("bob", team)};
    const auto dearer = seller.make_dearer();
    for (const auto& one : subscriptions) seller.advance(one, kApril + days(15));
    const auto migration = seller.begin({.plan = "team", .timing = timing});

    DyingLedger dying(*ledger, visit, moment);
    BillingWorld doomed(dying, key);
    try {
        doomed.run(go_on_with_migrations(doomed.billing));
    } catch (const std::exception&) {
        EXPECT_TRUE(dying.died());
    }
    recover(*ledger, key);

    const auto progress = seller.progress(*migration);
    EXPECT_EQ(progress.done, 2);
    EXPECT_EQ(progress.total(), 2);
    const bool now = timing == MigrationTiming::Now;
    for (const auto& one : subscriptions) {
        EXPECT_EQ(seller.load(one).plan_version == dearer.id, now);
        EXPECT_EQ(seller.load(one).pending_change.has_value(), !now);
        // What an event would have told of the invoice.
        EXPECT_TRUE(before.run(sync_customer(before.billing, one.customer, tester)));
        // As in AtOnceIsProratedToTheSecond: 5.00, once.
        const std::vector<std::int64_t> once{4'900, 500}, none{4'900};
        EXPECT_EQ(seller.totals(one), now ? once : none);
    }
    const auto ended = ledger->read_blocking(
        [&](sql::Transaction& tx) { return load_migration(tx, migration->id); });
    EXPECT_EQ(ended->state, MigrationState::Done);
    return !dying.died();
}

class MigrationPowerCuts : public ::testing::TestWithParam<MigrationTiming> {};
INSTANTIATE_TEST_SUITE_P(, MigrationPowerCuts,
                         ::testing::Values(MigrationTiming::AtPeriodEnd, MigrationTiming::Now),
                         [](const auto& info) {
                             return info.param == MigrationTiming::Now ? "Now" : "AtPeriodEnd";
                         });

TEST_P(MigrationPowerCuts, GoOnWhereTheyWere) {
    using enum DyingLedger::Moment;
    for (const auto moment : {BeforeCommit, AfterCommit})
        for (int visit = 1; visit < 100; ++visit) {
            SCOPED_TRACE(std::to_string(visit));
            if (migrates_after_cut(visit, GetParam(), moment)) break;
            ASSERT_LT(visit, 99) << "it never came through whole";
        }
}

}  // namespace
}  // namespace turnpike
