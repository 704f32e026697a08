#include "billing/telling/moves.h"

#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "json/value.h"
#include "subscriptions/history.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

class MovesTest : public BillingTest {
protected:
    struct Told {
        std::string type;
        Json data;
    };
    /// Everything that was told of these objects, in the order of their numbers.
    std::vector<Told> told(const std::string& prefix) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            std::vector<Told> all;
            for (const auto& row : tx.all(R"sql(
                SELECT type, body FROM outbox_events WHERE type LIKE $1 || '%'
                 ORDER BY object_id, sequence
            )sql",
                                          {prefix}))
                all.push_back({row.text(0), parse_json(row.text(1))->at("data")});
            return all;
        });
    }
    std::vector<std::string> types(const std::string& prefix) {
        std::vector<std::string> names;
        for (const auto& one : told(prefix)) names.push_back(one.type);
        return names;
    }
};
using Types = std::vector<std::string>;

TEST_F(MovesTest, AStartIsToldOnceWithItsObject) {
    const auto customer = world.customer("alice");
    const auto subscription = started(customer, "pro");
    EXPECT_EQ(types("customer."), Types{"customer.created"});
    const auto moves = told("subscription.");
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].type, "subscription.created");
    EXPECT_EQ(moves[0].data["id"], subscription.id.text());
    EXPECT_EQ(moves[0].data["plan"], "pro");
    EXPECT_EQ(moves[0].data["status"], "active");
    EXPECT_EQ(moves[0].data["sequence"], 1);
}

TEST_F(MovesTest, ACancellationIsUpdatedThenCanceled) {
    const auto customer = world.customer("alice");
    const auto subscription = started(customer, "pro");
    world.sandbox_post("/v1/subscriptions/" + *subscription.provider_subscription_id,
                       "cancel_at_period_end=true");
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    world.sandbox_delete("/v1/subscriptions/" + *subscription.provider_subscription_id);
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester))) << "nothing new";
    EXPECT_EQ(types("subscription."),
              (Types{"subscription.created", "subscription.updated", "subscription.canceled"}));
    EXPECT_EQ(told("subscription.").back().data["sequence"], 3);
}

TEST_F(MovesTest, APlannedChangeIsUpdatedAndSoIsTakingItBack) {
    const auto subscription = started(world.customer("alice"), "pro");
    ASSERT_TRUE(world.run(
        change_subscription(world.billing, {subscription.id, world.price_of("starter"), tester,
                                            std::nullopt, ChangeWhen::AtPeriodEnd})));
    ASSERT_TRUE(world.run(drop_pending_change(world.billing, {subscription.id, tester})));
    EXPECT_EQ(types("subscription."),
              (Types{"subscription.created", "subscription.updated", "subscription.updated"}));
    const auto moves = told("subscription.");
    EXPECT_FALSE(moves[1].data["pending_change"].is_null());
    EXPECT_TRUE(moves[2].data["pending_change"].is_null());
}

// What figures of a past moment are made of.
TEST_F(MovesTest, EachChangeIsADatedEventWithWhatItLedTo) {
    const auto subscription = started(world.customer("alice"), "pro");
    ASSERT_TRUE(world.run(change_subscription(
        world.billing, {subscription.id, subscription.price, tester, 3, ChangeWhen::Now})));
    const Pause pause{PauseBehavior::KeepAsDraft, world.clock.now() + std::chrono::days(9)};
    ASSERT_TRUE(world.run(pause_subscription(world.billing, {subscription.id, pause, tester})));
    const auto events = ledger->read_blocking(
        [&](sql::Transaction& tx) { return list_events(tx, subscription.id, PageQuery{}); });
    using enum SubscriptionEventKind;
    ASSERT_EQ(events.size(), 3U);  // newest first
    EXPECT_EQ(events[2].kind, Started);
    EXPECT_EQ(events[2].quantity, 1);
    EXPECT_EQ(events[1].kind, Changed);
    EXPECT_EQ(events[1].quantity, 3);
    EXPECT_FALSE(events[1].pause);
    EXPECT_EQ(events[0].kind, Paused);
    EXPECT_EQ(events[0].quantity, 3);
    ASSERT_TRUE(events[0].pause);
    EXPECT_EQ(events[0].pause->behavior, PauseBehavior::KeepAsDraft);
    EXPECT_EQ(unix_seconds(*events[0].pause->resumes_at), unix_seconds(*pause.resumes_at));
    EXPECT_LE(events[1].at, events[0].at);
}

// The provider pauses by its status what is paused already, and ends that first.
TEST_F(MovesTest, WhatIsPausedTwiceIsToldOnce) {
    const Subscription running = started(world.customer("alice"), "pro");
    Subscription paused = running;
    paused.pause = Pause{};
    Subscription by_status = paused;
    by_status.status = SubscriptionStatus::Paused;
    const auto move = [&](const Subscription& before, const Subscription& wanted) {
        return ledger->write_blocking([&](sql::Transaction& tx) {
            Subscription after = wanted;
            after.version = before.version;
            after = save_subscription(tx, after, world.clock.now()).value();
            tell_subscription_move(tx, {world.ids, world.clock.now(), tester}, before, after);
            return after;
        });
    };
    Subscription last = running;
    for (const auto& next : {paused, by_status, paused, running}) last = move(last, next);
    EXPECT_EQ(types("subscription."),
              (Types{"subscription.created", "subscription.paused", "subscription.updated",
                     "subscription.updated", "subscription.resumed"}));
}

TEST_F(MovesTest, AnInvoiceIsToldInItsSteps) {
    const auto customer = world.customer("alice");
    started(customer, "pro");
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    EXPECT_EQ(types("invoice."), (Types{"invoice.created", "invoice.finalized", "invoice.paid"}));
    for (const auto& one : told("invoice.")) EXPECT_FALSE(one.data.contains("lines"));
}

// The invoice of a trial's start is of 0.00.
TEST_F(MovesTest, APaymentOfNothingIsNoAlert) {
    const auto customer = world.customer("alice");
    auto request = world.start_request(customer, "pro");
    request.trial = TrialWish{world.clock.now() + std::chrono::days(14)};
    ASSERT_TRUE(world.run(start_subscription(world.billing, std::move(request))));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    const auto bob = world.customer("bob");
    started(bob, "pro");
    ASSERT_TRUE(world.run(sync_customer(world.billing, bob, tester)));
    const auto paid = ledger->read_blocking([](sql::Transaction& tx) {
        std::vector<std::pair<std::int64_t, bool>> all;
        for (const auto& row :
             tx.all("SELECT body, alerts FROM outbox_events WHERE type = 'invoice.paid'")) {
            const Json data = parse_json(row.text(0))->at("data");
            all.emplace_back(data.at("amount_paid").at("amount").get<std::int64_t>(), row.flag(1));
        }
        std::ranges::sort(all);
        return all;
    });
    const std::vector<std::pair<std::int64_t, bool>> expected{{0, false}, {9'900, true}};
    EXPECT_EQ(paid, expected);
}

}  // namespace
}  // namespace turnpike
