#include "billing/letters.h"

#include <gtest/gtest.h>

#include "billing/refunding.h"
#include "billing/sync.h"
#include "billing/testing.h"
#include "billing/trial_reminders.h"
#include "billing/worker.h"
#include "json/value.h"
#include "notices/letter.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::seconds;

const Instant kApril = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days

/// What is written to customers, over the real adapter and the real twin.
class BillingLetters : public BillingTest {
protected:
    struct Letter {
        std::string obligation, state;
        Json values;
    };
    CustomerId with_address(const CustomerId& customer) {
        ledger->write_blocking([&](sql::Transaction& tx) {
            tx.run("UPDATE customers SET email = 'alice@example.com', name = 'Alice' WHERE id = $1",
                   {customer});
            return true;
        });
        return customer;
    }
    std::vector<Letter> letters(std::string_view kind) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            std::vector<Letter> found;
            for (const auto& row : tx.all("SELECT obligation, state, data FROM notices "
                                          "WHERE kind = $1 ORDER BY created_at, id",
                                          {kind}))
                found.push_back({row.text(0), row.text(1), *parse_json(row.text(2))});
            return found;
        });
    }
    std::int64_t write_trials() { return world.run(remind_of_trials(world.billing)); }
    Subscription on_trial(const CustomerId& customer, TrialWish trial,
                          std::optional<std::string> card = "pm_card_visa") {
        auto request = world.start_request(customer, "pro");
        request.payment_method = std::move(card);
        request.trial = trial;
        request.quantity = 2;
        const auto started = world.run(start_subscription(world.billing, std::move(request)));
        EXPECT_TRUE(started) << started.error().message;
        return *started;
    }
    void pass() {
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    }
};

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
    EXPECT_EQ(written[0].values["amount"], "198.00 USD") << "two seats of 99.00";
    EXPECT_FALSE(written[0].values.contains("without"));

    // Given longer, it is another obligation.
    ASSERT_TRUE(world.run(end_trial(world.billing, {trial.id, kApril + days(13), tester})));
    EXPECT_EQ(write_trials(), 1);
    EXPECT_EQ(letters("trial_ending").size(), 2U);
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
    EXPECT_EQ(written.values["next_amount"], "87.00 USD");
    EXPECT_FALSE(written.values.contains("amount")) << "of PRO, which nobody will be charged";
}

TEST_F(BillingLetters, WhatIsCanceledCostsNothing) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto trial = on_trial(customer, TrialWish{kApril + days(2)}, std::nullopt);
    ASSERT_TRUE(world.run(
        cancel_subscription(world.billing, {.subscription = trial.id, .authority = tester})));
    EXPECT_EQ(write_trials(), 1) << "at once, as it is so short";
    const auto written = letters("trial_ending").at(0);
    EXPECT_EQ(written.values["canceled"], "");
    EXPECT_FALSE(written.values.contains("amount"));
}

TEST_F(BillingLetters, WithoutACardATrialSaysWhatHappens) {
    const auto customer = with_address(on_clock("alice", kApril));
    on_trial(customer, TrialWish{kApril + days(2), TrialEndBehavior::Pause}, std::nullopt);
    EXPECT_EQ(write_trials(), 1);
    EXPECT_EQ(letters("trial_ending").at(0).values["without"], "is paused");
}

TEST_F(BillingLetters, APlannedChangeIsToldWhenItIsPlanned) {
    const auto customer = with_address(world.customer("alice"));
    const auto subscription = started(customer, "pro");
    const auto planned = world.run(
        change_subscription(world.billing, {subscription.id, world.price_of("starter"), tester,
                                            std::nullopt, ChangeWhen::AtPeriodEnd}));
    ASSERT_TRUE(planned) << planned.error().message;
    pass();
    const auto written = letters("plan_change_planned");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].values["old_plan"], "PRO");
    EXPECT_EQ(written[0].values["plan"], "STARTER");
    EXPECT_EQ(written[0].values["day"], day_in_words(planned->period.end));
    EXPECT_EQ(written[0].values["amount"], "29.00 USD");
    EXPECT_TRUE(letters("plan_changed").empty());
}

TEST_F(BillingLetters, ABankThatAsksIsToldInsteadOfAFailure) {
    const auto customer = with_address(world.customer("careful"));
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
