#include "billing/telling/letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/refunding.h"
#include "billing/life/sync.h"
#include "billing/testing/letters_testing.h"
#include "json/value.h"
#include "notices/letter.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::seconds;
using ::testing::HasSubstr;

const Instant kApril = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days

using BillingLetters = BillingLettersTest;

TEST_F(BillingLetters, ATrialIsToldOfThreeDaysBeforeItsEnd) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto trial =
        on_trial(customer, TrialWish{kApril + days(14), TrialEndBehavior::CreateInvoice});
    EXPECT_EQ(write_trials(), 0);
    advance(kApril + days(11) - seconds(1));
    EXPECT_EQ(write_trials(), 0);
    advance(kApril + days(11));
    pass();
    EXPECT_EQ(write_trials(), 0) << "once";
    const auto written = letters("trial_ending");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].values["day"], "15 April 2026");
    EXPECT_EQ(written[0].values["plan"], "PRO");
    // Two seats of 99.00, and the card that pm_card_visa stands for.
    EXPECT_EQ(written[0].text,
              "Hello Alice,\n\n"
              "your trial of PRO ends on 15 April 2026.\n\n"
              "From then on it costs 198.00 USD per month. Whoever does not want that cancels "
              "before.\n\n"
              "It is paid with your card ending in 4242.\n\n");

    // Given longer, it is another obligation.
    ASSERT_TRUE(world.run(end_trial(world.billing, {trial.id, kApril + days(13), tester})));
    EXPECT_EQ(write_trials(), 1);
    EXPECT_EQ(letters("trial_ending").size(), 2U);
}

TEST_F(BillingLetters, ATrialWithADiscountSaysThatItIsTakenOff) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto trial =
        on_trial(customer, TrialWish{kApril + days(2), TrialEndBehavior::CreateInvoice});
    const std::string path = "/v1/subscriptions/" + *trial.provider_subscription_id;
    world.sandbox_post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    world.sandbox_post(path, "discounts[0][coupon]=HALF");
    ASSERT_TRUE(
        world.run(sync_subscription(world.billing, *trial.provider_subscription_id, tester)));
    EXPECT_EQ(write_trials(), 1);
    EXPECT_THAT(letters("trial_ending").at(0).text,
                HasSubstr("From then on it costs 198.00 USD per month. Whoever does not want that "
                          "cancels before.\n\n"
                          "Your discount is taken off that, as long as it lasts.\n\n"));
}

// STARTER is $29.00, and three seats of it are taken from the trial's end on.
TEST_F(BillingLetters, ATrialIsToldOfWhatComesAfterIt) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto trial = on_trial(customer, TrialWish{kApril + days(2)});
    const auto planned = world.run(change_subscription(
        world.billing, {trial.id, world.price_of("starter"), tester, 3, ChangeWhen::AtPeriodEnd}));
    ASSERT_TRUE(planned) << planned.error().message;
    ASSERT_TRUE(planned->pending_change);
    EXPECT_EQ(planned->pending_change->at, trial.trial_end);
    EXPECT_EQ(write_trials(), 1);
    const auto written = letters("trial_ending").at(0);
    EXPECT_EQ(written.values["plan"], "PRO");
    EXPECT_EQ(written.values["next_plan"], "STARTER");
    EXPECT_EQ(written.values["next_cost"], "87.00 USD per month");
    EXPECT_FALSE(written.values.contains("cost")) << "of PRO, which nobody will be charged";
}

TEST_F(BillingLetters, WhatIsCanceledCostsNothing) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto trial = on_trial(customer, TrialWish{kApril + days(2)}, std::nullopt);
    ASSERT_TRUE(world.run(
        cancel_subscription(world.billing, {.subscription = trial.id, .authority = tester})));
    EXPECT_EQ(write_trials(), 1) << "at once, as it is so short";
    const auto written = letters("trial_ending").at(0);
    EXPECT_EQ(written.text,
              "Hello Alice,\n\nyour trial of PRO ends on 3 April 2026.\n\n"
              "It is canceled: nothing will be charged.\n\n");
}

TEST_F(BillingLetters, WithoutACardATrialSaysWhatHappens) {
    const auto customer = with_address(on_clock("alice", kApril));
    on_trial(customer, TrialWish{kApril + days(2), TrialEndBehavior::Pause}, std::nullopt);
    EXPECT_EQ(write_trials(), 1);
    const auto written = letters("trial_ending").at(0);
    EXPECT_TRUE(written.text.contains(
        "There is no payment method on file: without one it is paused on that day."))
        << written.text;
    EXPECT_FALSE(written.values.contains("last4"));
}

TEST_F(BillingLetters, WhatIsNotKnownOfACardIsNotSaid) {
    const auto customer = with_address(world.customer("alice"));
    auto trial = on_trial(customer, TrialWish{world.clock.now() + days(30)}, std::nullopt);
    trial.trial_end_behavior = TrialEndBehavior::Cancel;
    ledger->write_blocking([&](sql::Transaction& tx) {
        write_trial_letter(tx, trial, world.clock.now(), world.ids);
        return true;
    });
    EXPECT_TRUE(letters("trial_ending")
                    .at(0)
                    .text.contains("Without a payment method on file it ends on that day."));
}

TEST_F(BillingLetters, ABankThatAsksIsToldInsteadOfAFailure) {
    const auto customer = with_address(on_clock("careful", kApril));
    auto request = world.start_request(customer, "pro", "pm_card_authenticationRequired");
    request.first_payment = FirstPayment::MayWait;
    ASSERT_TRUE(world.run(start_subscription(world.billing, std::move(request))));
    const Json invoices = world.sandbox_get("/v1/invoices?limit=1").at("data");
    const Json event{{"data", {{"object", {{"id", invoices.at(0).at("id")}}}}}};
    for (int time = 0; time < 2; ++time) {
        const auto applied = world.run(apply_event(
            world.billing, {"invoice.payment_action_required", to_text(event)}, tester));
        ASSERT_TRUE(applied) << applied.error().message;
    }
    const auto written = letters("payment_action_required");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].values["hosted_url"], invoices.at(0).at("hosted_invoice_url"));
    EXPECT_EQ(written[0].values["amount"], "99.00 USD");
    // Stripe waits 23 hours for a first payment.
    EXPECT_TRUE(written[0].text.contains(
        "PRO begins once this is paid, which is possible until 1 April 2026 at 23:00 UTC.\n\n"))
        << written[0].text;
    for (const auto& failed : letters("payment_failed")) EXPECT_EQ(failed.state, "failed");
}

// 40.00 of the 99.00, then the rest: 59.00.
TEST_F(BillingLetters, MoneyThatGoesBackIsToldOnceForEachRefund) {
    const auto customer = with_address(world.customer("alice"));
    started(customer, "pro");
    const auto invoice = world.invoices(customer).at(0);
    for (const auto amount : {std::optional<std::int64_t>(4'000), std::optional<std::int64_t>()}) {
        const auto made =
            world.run(refund_invoice(world.billing, {.invoice = invoice.id,
                                                     .wish = {.amount = amount, .currency = {}},
                                                     .reason = {},
                                                     .authority = tester}));
        ASSERT_TRUE(made) << made.error().message;
    }
    for (const Json& event : world.sandbox_get("/v1/events?type=refund.created").at("data")) {
        const auto applied =
            world.run(apply_event(world.billing, {"refund.created", to_text(event)}, tester));
        ASSERT_TRUE(applied) << applied.error().message;
    }
    const auto written = letters("refund_made");
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0].values["amount"], "40.00 USD");
    EXPECT_EQ(written[0].values["number"], *invoice.number);
    EXPECT_EQ(written[1].values["amount"], "59.00 USD");
}

// STARTER: 29.00 and 0.03 beyond 1,000; PRO: 99.00 and 0.02 beyond 10,000 (presets/api-metering).
TEST_F(BillingLetters, ACheaperPlanIsRecommendedOnceAMonth) {
    const auto customer = with_address(on_clock("alice", from_unix_seconds(1'767'225'600)));
    const auto subscription = started(customer, "starter");
    // 29.00 + (4,367 - 1,000) x 0.03 = 130.01; PRO: 99.00, which is 31.01 less.
    world.use(customer, 4'367, "u1");
    advance(subscription.period.end + hours(2));
    pass();
    pass();
    const auto written = letters("recommendation");
    ASSERT_EQ(written.size(), 1U);
    // From 1 January 2026, 00:00, a month.
    EXPECT_EQ(written[0].obligation, "recommendation:" + customer.text() + ":2026-2");
    EXPECT_EQ(written[0].values["from"], "1 January 2026");
    EXPECT_EQ(written[0].values["until"], "1 February 2026");
    EXPECT_EQ(written[0].values["present_plan"], "STARTER");
    EXPECT_EQ(written[0].values["plan"], "PRO");
    EXPECT_EQ(written[0].values["cost"], "130.01 USD");
    EXPECT_EQ(written[0].values["saving"], "31.01 USD");
}

}  // namespace
}  // namespace turnpike
