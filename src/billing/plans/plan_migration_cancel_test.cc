#include "billing/plans/plan_migration_cancel.h"

#include "billing/life/commands.h"
#include "billing/testing/plan_migration_testing.h"

namespace turnpike {
namespace {

using std::chrono::hours;
using testing::kMay;

class CanceledMigrations : public testing::PlanMigrationTest {
protected:
    Result<PlanMigration> cancel(const PlanMigration& migration) {
        return world->ledger.write_blocking([&](sql::Transaction& tx) {
            return cancel_migration(tx, world->contexts, migration.id, tester);
        });
    }
    PlanMigration stored(const PlanMigration& migration) {
        return world->ledger.read_blocking(
            [&](sql::Transaction& tx) { return load_migration(tx, migration.id).value(); });
    }
    /// From the end of the period on, at the price of `version`.
    void plan_seats(const Subscription& subscription, const PlanVersion& version,
                    std::int64_t seats) {
        ChangeRequest request{.subscription = subscription.id,
                              .price = version.price(Currency::Usd, {Interval::Month, 1})->id,
                              .authority = tester,
                              .quantity = seats,
                              .when = ChangeWhen::AtPeriodEnd};
        const auto planned = world->run(change_subscription(world->billing, std::move(request)));
        ASSERT_TRUE(planned) << planned.error().message;
    }
    static std::string reason_of(const Result<PlanMigration>& answer) {
        return answer ? "" : std::string(answer.error().reason.text());
    }
};
INSTANTIATE_TEST_SUITE_P(, CanceledMigrations, sql::both_engines(), sql::engine_name);

// The dearer version was planned for May and taken back: May costs 49.00 again.
TEST_P(CanceledMigrations, WhatIsPlannedIsTakenBack) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    ASSERT_EQ(seller->progress(migration).done, 1);
    ASSERT_TRUE(seller->load(alice).pending_change);

    const auto canceled = cancel(migration);
    ASSERT_TRUE(canceled) << canceled.error().message;
    EXPECT_EQ(canceled->state, MigrationState::Canceled);
    EXPECT_FALSE(canceled->finished_at);
    seller->work();
    EXPECT_EQ(seller->progress(migration).taken_back, 1);
    EXPECT_FALSE(seller->load(alice).pending_change);
    const auto after = stored(migration);
    EXPECT_EQ(after.state, MigrationState::Canceled);
    EXPECT_TRUE(after.finished_at);
    EXPECT_EQ(cancel(migration)->canceled_at, canceled->canceled_at) << "the same again";
    seller->advance(alice, kMay + hours(2));
    EXPECT_EQ(seller->totals(alice), (std::vector<std::int64_t>{4'900, 4'900}));
}

TEST_P(CanceledMigrations, WhatHasNotBegunNeverBegins) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    const auto migration = seller->begin({.plan = "team"}).value();
    ASSERT_TRUE(cancel(migration));
    seller->work();
    EXPECT_EQ(seller->progress(migration).canceled, 1);
    EXPECT_EQ(seller->progress(migration).total(), 1);
    EXPECT_FALSE(seller->load(alice).pending_change);
    EXPECT_TRUE(stored(migration).finished_at);
    EXPECT_TRUE(seller->begin({.plan = "team"})) << "another one may begin";
}

// As if the process had ended before the first page of rows was written.
TEST_P(CanceledMigrations, AreListedNoFurther) {
    const auto team = seller->sell();
    seller->subscribe("alice", team);
    seller->make_dearer();
    const auto migration = seller->begin({.plan = "team"}).value();
    world->ledger.write_blocking([](sql::Transaction& tx) {
        tx.run("DELETE FROM plan_migration_items", {});
        return tx.run("UPDATE plan_migrations SET listed_at = NULL", {});
    });
    ASSERT_TRUE(cancel(migration));
    seller->work();
    EXPECT_EQ(seller->progress(migration).total(), 0);
    EXPECT_TRUE(stored(migration).finished_at);
}

TEST_P(CanceledMigrations, WhatIsChangedStays) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto dearer = seller->make_dearer();
    const auto at_once = seller->migrate(MigrationTiming::Now);
    EXPECT_EQ(reason_of(cancel(at_once)), "plan_migration.done");
    EXPECT_EQ(seller->load(alice).plan_version, dearer.id);
    EXPECT_EQ(stored(at_once).state, MigrationState::Done);
}

TEST_P(CanceledMigrations, WhatHasComeStays) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    const auto dearer = seller->make_dearer();
    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    seller->advance(alice, kMay + hours(2));
    EXPECT_EQ(reason_of(cancel(migration)), "plan_migration.done");
    EXPECT_EQ(seller->load(alice).plan_version, dearer.id);
}

// Alice has taken her planned change back herself; Bob has planned another number of seats.
TEST_P(CanceledMigrations, WhatSomebodyChangedSinceIsLeftAlone) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team), bob = seller->subscribe("bob", team);
    const auto dearer = seller->make_dearer();
    const auto migration = seller->migrate(MigrationTiming::AtPeriodEnd);
    ASSERT_EQ(seller->progress(migration).done, 2);
    const auto dropped = world->run(drop_pending_change(world->billing, {alice.id, tester}));
    ASSERT_TRUE(dropped) << dropped.error().message;
    plan_seats(bob, dearer, 2);

    ASSERT_TRUE(cancel(migration));
    seller->work();
    EXPECT_EQ(seller->item(migration, alice).state, MigrationItemState::TakenBack);
    const auto item = seller->item(migration, bob);
    EXPECT_EQ(item.state, MigrationItemState::Done);
    EXPECT_EQ(item.error_reason, "plan_migration.changed_meanwhile");
    EXPECT_EQ(seller->load(bob).pending_change->quantity, 2);
    EXPECT_TRUE(stored(migration).finished_at);
}

// Bob has planned fewer seats at the price of the dearer version, and another number was migrated.
TEST_P(CanceledMigrations, WhatSomebodyPlannedBeforeStands) {
    const auto team = seller->sell();
    const auto bob = seller->subscribe("bob", team, 5);
    const auto dearer = seller->make_dearer();
    plan_seats(bob, dearer, 2);
    for (const auto timing : {MigrationTiming::AtPeriodEnd, MigrationTiming::Now}) {
        SCOPED_TRACE(to_text(timing));
        const auto migration = seller->migrate(timing);
        const auto item = seller->item(migration, bob);
        EXPECT_EQ(item.state, MigrationItemState::Refused);
        EXPECT_EQ(item.error_reason, "subscription.change_pending");
        const auto now = seller->load(bob);
        EXPECT_EQ(now.price, bob.price);
        EXPECT_EQ(now.quantity, 5);
        ASSERT_TRUE(now.pending_change);
        EXPECT_EQ(now.pending_change->quantity, 2);
    }
}

// Another worker has carried it out, and it is to be taken back, since it was seen pending.
TEST_P(CanceledMigrations, AnItemIsTakenUpInTheStateInWhichItWasSeen) {
    const auto team = seller->sell();
    const auto alice = seller->subscribe("alice", team);
    seller->make_dearer();
    const auto migration = seller->begin({.plan = "team"}).value();
    const auto is_in_turn = [&](const MigrationItem& item) {
        return world->ledger.read_blocking(
            [&](sql::Transaction& tx) { return is_still_in_turn(tx, item); });
    };
    const auto pending = seller->item(migration, alice);
    EXPECT_TRUE(is_in_turn(pending));
    seller->work();
    ASSERT_TRUE(cancel(migration));
    const auto taking_back = seller->item(migration, alice);
    ASSERT_EQ(taking_back.state, MigrationItemState::TakingBack);
    EXPECT_TRUE(is_in_turn(taking_back));
    EXPECT_FALSE(is_in_turn(pending));
    seller->work();
    EXPECT_FALSE(is_in_turn(taking_back));
}

TEST_P(CanceledMigrations, ALaterOneIsCanceledFirst) {
    const auto team = seller->sell();
    seller->subscribe("alice", team);
    seller->make_dearer();
    const auto first = seller->migrate(MigrationTiming::AtPeriodEnd);
    const auto second = seller->begin({.plan = "team"}).value();
    const auto told_to = [&](const std::string& what) {
        const auto refused = cancel(first);
        EXPECT_EQ(reason_of(refused), "plan_migration.running");
        return !refused && refused.error().message.ends_with(what);
    };
    EXPECT_TRUE(told_to("cancel that one first"));
    EXPECT_TRUE(cancel(second));
    EXPECT_TRUE(told_to("wait for its end"));
    seller->work();
    EXPECT_TRUE(cancel(first));
}

TEST_P(CanceledMigrations, AreListedWithTheOthersNewestFirst) {
    const auto team = seller->sell();
    seller->subscribe("alice", team);
    seller->make_dearer();
    const auto first = seller->migrate(MigrationTiming::AtPeriodEnd);
    const auto second = seller->begin({.plan = "team"}).value();
    ASSERT_TRUE(cancel(second));
    const auto listed = [&](const MigrationListing& what) {
        std::vector<std::string> ids;
        for (const auto& one : world->ledger.read_blocking(
                 [&](sql::Transaction& tx) { return list_migrations(tx, what, {}); }))
            ids.push_back(one.id.text());
        return ids;
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(listed({}), (Ids{second.id.text(), first.id.text()}));
    EXPECT_EQ(listed({.plan = team.plan, .state = MigrationState::Done}), Ids{first.id.text()});
    EXPECT_EQ(listed({.state = MigrationState::Canceled}), Ids{second.id.text()});
    EXPECT_EQ(listed({.plan = PlanId::trusted("plan_none")}), Ids{});
}

}  // namespace
}  // namespace turnpike
