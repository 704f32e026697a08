#include <gtest/gtest.h>

#include "base/time_in_words.h"
#include "billing/plans/plans.h"
#include "billing/telling/letters.h"
#include "billing/testing/letters_testing.h"
#include "catalog/plan_wire.h"

namespace turnpike {
namespace {

// PRO is 99.00 a month, STARTER 29.00 (presets/api-metering).
class SubscriptionLetters : public BillingLettersTest {
protected:
    Subscription plan_change(const Subscription& subscription, const PriceId& price,
                             std::optional<std::int64_t> quantity = std::nullopt) {
        const auto planned = world.run(change_subscription(
            world.billing, {subscription.id, price, tester, quantity, ChangeWhen::AtPeriodEnd}));
        EXPECT_TRUE(planned) << planned.error().message;
        return *planned;
    }
    void take_back(const Subscription& subscription) {
        const auto kept = world.run(drop_pending_change(
            world.billing, {.subscription = subscription.id, .authority = tester}));
        EXPECT_TRUE(kept) << kept.error().message;
    }
    /// As if the mail server had taken them.
    void send_all() {
        ledger->write_blocking([](sql::Transaction& tx) {
            tx.run("UPDATE notices SET state = 'sent', ended_at = 1 WHERE state = 'pending'");
            return true;
        });
    }
    static RenderedLetter whole(const Letter& letter, std::string_view kind) {
        return rendered(kind, letter.values);
    }
    PlanVersion sell(const char* json) {
        auto wanted = read_new_plan(*parse_json(json)).value();
        return world.run(sell_plan(world.billing, std::move(wanted), tester)).value();
    }
    PlanVersion sell_changed(const char* plan, const char* json) {
        PlanChange change{plan, read_plan_patch(*parse_json(json)).value(), tester};
        return world.run(sell_changed_plan(world.billing, std::move(change))).value();
    }
};

TEST_F(SubscriptionLetters, APlannedChangeIsToldWhenItIsPlanned) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    const auto planned = plan_change(subscription, world.price_of("starter"));
    pass();
    const auto written = letters("plan_change_planned");
    ASSERT_EQ(written.size(), 1U);
    const auto day = day_in_words(planned.period.end);
    EXPECT_EQ(whole(written[0], "plan_change_planned").subject,
              "Your subscription with Example Ltd changes on " + day);
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\nyour subscription stays PRO, for 99.00 USD per "
              "month, until " +
                  day + ". From then on it is STARTER, for 29.00 USD per month.\n\n");
    EXPECT_TRUE(letters("plan_changed").empty());
}

TEST_F(SubscriptionLetters, FewerSeatsAreToldWithTheirNumber) {
    const auto customer = with_address(world.customer("alice"));
    auto request = world.start_request(customer, "pro");
    request.quantity = 5;
    const auto subscription = world.run(start_subscription(world.billing, std::move(request)));
    const auto planned = plan_change(*subscription, subscription->price, 2);
    const auto written = letters("plan_change_planned");
    ASSERT_EQ(written.size(), 1U);
    // 5 x 99.00 and 2 x 99.00.
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\nyour subscription to PRO costs 495.00 USD per month until " +
                  day_in_words(planned.period.end) +
                  ", and 198.00 USD per month from then on.\n\n"
                  "It is for 5 until then, and for 2 from then on.\n\n");
}

TEST_F(SubscriptionLetters, AnotherPriceOfTheSamePlanIsToldAsThat) {
    const auto gold = sell(R"({"key":"gold","name":"Gold","prices":[
        {"currency":"usd","interval":"month","amount":2000}]})");
    const auto customer = with_address(world.customer("alice"));
    StartRequest request{.customer = customer,
                         .plan_version = gold.id,
                         .price = gold.price(Currency::Usd, {Interval::Month, 1})->id,
                         .payment_method = "pm_card_visa",
                         .authority = tester};
    const auto subscription = world.run(start_subscription(world.billing, request));
    ASSERT_TRUE(subscription) << subscription.error().message;
    const auto dearer =
        sell_changed("gold", R"({"prices":[{"currency":"usd","interval":"month","amount":2400}]})");
    const auto planned =
        plan_change(*subscription, dearer.price(Currency::Usd, {Interval::Month, 1})->id);
    const auto written = letters("plan_change_planned");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\nyour subscription to Gold costs 20.00 USD per month until " +
                  day_in_words(planned.period.end) + ", and 24.00 USD per month from then on.\n\n");

    // Now instead of then.
    const auto changed = world.run(change_subscription(
        world.billing, {subscription->id, dearer.price(Currency::Usd, {Interval::Month, 1})->id,
                        tester, std::nullopt, ChangeWhen::Now}));
    ASSERT_TRUE(changed) << changed.error().message;
    const auto told = letters("price_changed");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].text,
              "Hello Alice,\n\nyour subscription to Gold costs 24.00 USD per month "
              "now. Before, it cost 20.00 USD per month.\n\n");
    EXPECT_TRUE(letters("plan_changed").empty());
    EXPECT_TRUE(letters("plan_change_withdrawn").empty()) << "it has come, only sooner";
}

TEST_F(SubscriptionLetters, ANewVersionThatCostsTheSameHasOtherTerms) {
    const auto gold = sell(R"({"key":"gold","name":"Gold","prices":[
        {"currency":"usd","interval":"month","amount":2000}],
        "allowances":[{"meter":"api_calls","included":"5000"}]})");
    const auto customer = with_address(world.customer("alice"));
    StartRequest request{.customer = customer,
                         .plan_version = gold.id,
                         .price = gold.price(Currency::Usd, {Interval::Month, 1})->id,
                         .payment_method = "pm_card_visa",
                         .authority = tester};
    const auto subscription = world.run(start_subscription(world.billing, request));
    ASSERT_TRUE(subscription) << subscription.error().message;
    const auto poorer =
        sell_changed("gold", R"({"allowances":[{"meter":"api_calls","included":"4000"}]})");
    const auto planned =
        plan_change(*subscription, poorer.price(Currency::Usd, {Interval::Month, 1})->id);
    const auto written = letters("plan_change_planned");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\nyour subscription to Gold goes on under new terms from " +
                  day_in_words(planned.period.end) +
                  ", and costs 20.00 USD per month as before.\n\n");
}

TEST_F(SubscriptionLetters, WhatIsTakenBackIsToldToWhomItWasAnnounced) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    const auto planned = plan_change(subscription, world.price_of("starter"));
    send_all();
    take_back(subscription);
    pass();
    const auto written = letters("plan_change_withdrawn");
    ASSERT_EQ(written.size(), 1U);
    const auto day = day_in_words(planned.period.end);
    EXPECT_EQ(whole(written[0], "plan_change_withdrawn").subject,
              "Your subscription with Example Ltd does not change on " + day);
    EXPECT_EQ(written[0].text, "Hello Alice,\n\nthe change that was planned for " + day +
                                   " has been taken back: your subscription stays PRO, for 99.00 "
                                   "USD per month.\n\n");
}

TEST_F(SubscriptionLetters, WhatWasNotSentYetNeedsNoOtherLetter) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    plan_change(subscription, world.price_of("starter"));
    take_back(subscription);
    pass();
    const auto planned = letters("plan_change_planned");
    ASSERT_EQ(planned.size(), 1U);
    EXPECT_EQ(planned[0].state, "failed") << "taken back";
    EXPECT_TRUE(letters("plan_change_withdrawn").empty());
}

TEST_F(SubscriptionLetters, AnotherPlanNowSaysItAll) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    plan_change(subscription, world.price_of("starter"));
    send_all();
    const auto changed =
        world.run(change_subscription(world.billing, {subscription.id, world.price_of("enterprise"),
                                                      tester, std::nullopt, ChangeWhen::Now}));
    ASSERT_TRUE(changed) << changed.error().message;
    const auto written = letters("plan_changed");
    ASSERT_EQ(written.size(), 1U);
    // ENTERPRISE is 499.00 a month.
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\nyour subscription has moved from PRO to "
              "ENTERPRISE. It costs 499.00 USD per month.\n\n");
    for (const auto& withdrawn : letters("plan_change_withdrawn"))
        EXPECT_EQ(withdrawn.state, "failed") << "never sent";
}

// Two seats instead of one, now: nobody says that the planned STARTER does not come but this.
TEST_F(SubscriptionLetters, WhatAnotherChangeTakesThePlaceOfIsTold) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    plan_change(subscription, world.price_of("starter"));
    send_all();
    const auto changed = world.run(change_subscription(
        world.billing, {subscription.id, subscription.price, tester, 2, ChangeWhen::Now}));
    ASSERT_TRUE(changed) << changed.error().message;
    ASSERT_FALSE(changed->pending_change);
    const auto withdrawn = letters("plan_change_withdrawn");
    ASSERT_EQ(withdrawn.size(), 1U);
    // 2 x 99.00.
    EXPECT_EQ(withdrawn[0].text, "Hello Alice,\n\nthe change that was planned for " +
                                     day_in_words(changed->period.end) +
                                     " has been taken back: your subscription stays PRO, for "
                                     "198.00 USD per month.\n\n");

    plan_change(subscription, world.price_of("starter"), 2);
    const auto planned = letters("plan_change_planned");
    ASSERT_EQ(planned.size(), 2U);
    EXPECT_EQ(letters("plan_change_withdrawn").at(0).state, "failed") << "it comes after all";
}

TEST_F(SubscriptionLetters, FewerSeatsThatComeSoonerAreNotTakenBack) {
    const auto customer = with_address(world.customer("alice"));
    auto request = world.start_request(customer, "pro");
    request.quantity = 5;
    const auto subscription = world.run(start_subscription(world.billing, std::move(request)));
    ASSERT_TRUE(subscription) << subscription.error().message;
    plan_change(*subscription, subscription->price, 2);
    send_all();
    const auto changed = world.run(change_subscription(
        world.billing, {subscription->id, subscription->price, tester, 2, ChangeWhen::Now}));
    ASSERT_TRUE(changed) << changed.error().message;
    ASSERT_EQ(changed->quantity, 2);
    EXPECT_FALSE(changed->pending_change);
    EXPECT_TRUE(letters("plan_change_withdrawn").empty());
}

TEST_F(SubscriptionLetters, WhatWasPlannedAndComesIsNotTakenBack) {
    const Instant begin = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days
    const auto customer = with_address(on_clock("alice", begin));
    const auto subscription = started(customer, "pro");
    plan_change(subscription, world.price_of("starter"));
    send_all();
    advance(begin + std::chrono::days(30) + std::chrono::hours(2));
    ASSERT_FALSE(load(subscription.id).pending_change);
    EXPECT_EQ(letters("plan_changed").size(), 1U);
    EXPECT_TRUE(letters("plan_change_withdrawn").empty());
}

TEST_F(SubscriptionLetters, WhatHasEndedDoesNotChangeAnyMore) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    plan_change(subscription, world.price_of("starter"));
    const auto ended = world.run(cancel_subscription(
        world.billing,
        {.subscription = subscription.id, .when = CancelWhen::Now, .authority = tester}));
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(letters("plan_change_planned").at(0).state, "failed") << "taken back";
    EXPECT_TRUE(letters("plan_change_withdrawn").empty());
    EXPECT_EQ(letters("subscription_canceled").size(), 1U);
}

TEST_F(SubscriptionLetters, WhatNeverBeganIsToldByWhyAndWhatItCost) {
    using enum SubscriptionStatus;
    struct Never {
        const char* name;
        SubscriptionStatus end;
        bool is_trial;
        const char* told;
    };
    // Two days of a trial cost nothing; without one 99.00 were paid.
    for (const auto& [name, end, is_trial, told] : {
             Never{"ann", Canceled, true,
                   "Hello Alice,\n\nyour subscription to PRO was canceled before it began.\n\n"
                   "Nothing was charged.\n\nIf you still want it, subscribe again.\n\n"},
             Never{"bob", IncompleteExpired, true,
                   "Hello Alice,\n\nyour subscription to PRO was not started, because it was not "
                   "authorised.\n\n"
                   "Nothing was charged.\n\nIf you still want it, subscribe again.\n\n"},
             Never{"cid", IncompleteExpired, false,
                   "Hello Alice,\n\nyour subscription to PRO was not started, because the first "
                   "payment did not go through.\n\nIf you still want it, subscribe again.\n\n"},
         }) {
        const auto customer = with_address(world.customer(name));
        auto before = is_trial
                          ? on_trial(customer, TrialWish{world.clock.now() + std::chrono::days(2)})
                          : started(customer, "pro");
        before.status = Incomplete;
        auto after = before;
        after.status = end;
        after.ended_at = world.clock.now();
        ledger->write_blocking([&](sql::Transaction& tx) {
            write_subscription_letter(tx, before, after, world.clock.now(), world.ids);
            return true;
        });
        const auto written = letters("subscription_not_started");
        ASSERT_FALSE(written.empty()) << name;
        EXPECT_EQ(written.back().text, told);
    }
    EXPECT_TRUE(letters("subscription_canceled").empty());
}

}  // namespace
}  // namespace turnpike
