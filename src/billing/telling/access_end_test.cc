#include "billing/telling/access_end.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/testing/letters_testing.h"
#include "billing/testing/watched_ledger.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

const Instant kApril = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days
const Instant kIssued = kApril + days(30) + hours(1);     // a renewal is a draft for an hour

/// PRO, 99.00 a month, whose renewal of 1 May 2026 is not paid. The twin tries again after 3, 5 and
/// 7 days, and then cancels; the grace is 7 days from when the invoice was issued, 8 May, 01:00.
class AccessEnd : public BillingLettersTest {
protected:
    void pay_by(const Subscription& subscription, const std::string& card) {
        const std::string path = "/v1/subscriptions/" + *subscription.provider_subscription_id;
        const auto payer = world.sandbox_get(path).at("customer").get<std::string>();
        const auto method =
            world.sandbox_post("/v1/payment_methods/" + card + "/attach", "customer=" + payer);
        world.sandbox_post("/v1/customers/" + payer, "invoice_settings[default_payment_method]=" +
                                                         method.at("id").get<std::string>());
        world.sandbox_post(path, "default_payment_method=");
    }
    /// On its page, say: a subscription that has ended takes no card any more.
    void pay_late(const Subscription& ended, const Invoice& invoice) {
        const std::string path = "/v1/subscriptions/" + *ended.provider_subscription_id;
        const auto payer = world.sandbox_get(path).at("customer").get<std::string>();
        const auto method =
            world.sandbox_post("/v1/payment_methods/pm_card_visa/attach", "customer=" + payer);
        world.sandbox_post("/v1/invoices/" + invoice.provider_invoice_id + "/pay",
                           "payment_method=" + method.at("id").get<std::string>());
        ASSERT_TRUE(world.run(sync_customer(world.billing, ended.customer, tester)));
    }
    /// All tries of it fail, and the twin cancels it.
    Subscription given_up() {
        const auto pro = failing();
        for (const int day : {4, 9, 16}) {
            advance(kIssued + days(day));
            pass();
        }
        EXPECT_TRUE(load(pro.id).ended_at);
        return pro;
    }
    Subscription failing() {
        const auto customer = with_address(on_clock("alice", kApril));
        const auto pro = started(customer, "pro");
        pay_by(pro, "pm_card_chargeCustomerFail");
        advance(kIssued + hours(1));
        EXPECT_EQ(load(pro.id).status, SubscriptionStatus::PastDue);
        return pro;
    }
    /// Begins once it is paid, for which Stripe waits 23 hours.
    Subscription waiting() {
        const auto customer = with_address(on_clock("alice", kApril));
        auto request = world.start_request(customer, "pro", "pm_card_chargeCustomerFail");
        request.first_payment = FirstPayment::MayWait;
        const auto made = world.run(start_subscription(world.billing, std::move(request)));
        EXPECT_TRUE(made) << made.error().message;
        EXPECT_EQ(made->status, SubscriptionStatus::Incomplete);
        return *made;
    }
    static std::string without_page(std::string text) {
        return text.substr(0, text.find("Invoice: "));
    }
};

TEST_F(AccessEnd, AFailureSaysUntilWhenThePlanIsKeptAndWhenItIsTriedAgain) {
    failing();
    const auto written = letters("payment_failed");
    ASSERT_EQ(written.size(), 1U);
    // 1 May, 01:00 + 3 days.
    EXPECT_EQ(without_page(written[0].text),
              "Hello Alice,\n\nwe could not collect 99.00 USD.\n\n"
              "You keep PRO until 8 May 2026 at 01:00 UTC.\n\nWe try again on 4 May 2026.\n\n");
    EXPECT_TRUE(letters("access_ended").empty());
}

TEST_F(AccessEnd, IsToldOnceWhenTheGraceIsOver) {
    const auto pro = failing();
    advance(kIssued + days(7) - hours(1));
    pass();
    EXPECT_TRUE(letters("access_ended").empty());
    advance(kIssued + days(7));
    for (int i = 0; i < 2; ++i) pass();
    const auto written = letters("access_ended");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(
        without_page(written[0].text),
        "Hello Alice,\n\nyour access to PRO ended on 8 May 2026 at 01:00 UTC, because 99.00 "
        "USD is not paid.\n\nIt comes back once what you owe is paid, unless the subscription "
        "has been ended by then.\n\n");
    EXPECT_TRUE(written[0].values.contains("hosted_url"));

    // 4 May + 5 days: the third failure comes after the grace.
    advance(kIssued + days(8) + hours(1));
    const auto failures = letters("payment_failed");
    ASSERT_EQ(failures.size(), 3U);
    EXPECT_TRUE(
        failures[1].text.contains("You keep PRO until 8 May 2026 at 01:00 UTC.\n\n"
                                  "We try again on 9 May 2026."))
        << failures[1].text;
    EXPECT_TRUE(failures[2].text.contains(
        "Your access to PRO ended on 8 May 2026 at 01:00 UTC. It comes back once what you owe is "
        "paid, unless the subscription has been ended by then.\n\nWe try again on 16 May 2026."))
        << failures[2].text;
}

// It is paused between the look for ended graces and the letter: that takes the plan, not the debt.
TEST_F(AccessEnd, IsLookedAtAgainBeforeItIsTold) {
    const auto pro = failing();
    advance(kIssued + days(7));
    WatchedLedger watched(
        *ledger, [](sql::Transaction&) { return true; },
        [&] {
            world.sandbox_post("/v1/subscriptions/" + *pro.provider_subscription_id,
                               "pause_collection[behavior]=keep_as_draft");
            ASSERT_TRUE(
                world.run(sync_subscription(world.billing, *pro.provider_subscription_id, tester)));
        });
    BillingWorld then(watched, world.key);
    EXPECT_EQ(then.run(tell_ended_graces(then.billing)), 1);
    ASSERT_TRUE(load(pro.id).pause);
    EXPECT_TRUE(letters("access_ended").empty());
}

TEST_F(AccessEnd, AfterTheEndOfTheContractNothingIsPromised) {
    given_up();
    EXPECT_EQ(letters("subscription_canceled").size(), 1U);
    const auto failures = letters("payment_failed");
    EXPECT_EQ(failures.size(), 3U) << "not of the try that has ended it";
    for (const auto& failure : failures)
        EXPECT_EQ(failure.state, "failed") << "what was not sent by then is of no use";
    const auto promises = letters("access_ended");
    ASSERT_EQ(promises.size(), 1U);
    EXPECT_EQ(promises[0].state, "failed") << "it comes back by no payment now";
}

TEST_F(AccessEnd, TheEndSaysWhatStaysOpenAndThatPayingBringsNothingBack) {
    const auto pro = given_up();
    const auto invoices = world.invoices(pro.customer);
    const auto open = std::ranges::find(invoices, InvoiceStatus::Open, &Invoice::status);
    ASSERT_NE(open, invoices.end()) << "as the provider has it";
    const auto told = letters("subscription_canceled");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].text,
              "Hello Alice,\n\nyour subscription to PRO has ended. Its price is no longer "
              "charged.\n\n"
              "Usage beyond the plan that is not billed yet comes on a last invoice.\n\n"
              "Still open: invoice " +
                  *open->number +
                  " of 99.00 USD. Paying that settles what you owe; it does not bring the "
                  "subscription back.\n\nPay here: " +
                  *open->hosted_url + "\n\nTo come back, subscribe again.\n\n");

    pay_late(pro, *open);
    EXPECT_EQ(load(pro.id).status, SubscriptionStatus::Canceled);
    const auto receipts = letters("receipt");
    ASSERT_EQ(receipts.size(), 2U) << "of April and of May";
    constexpr const char* kStaysEnded =
        "Your subscription to PRO has ended, and this payment does not bring it back. To come "
        "back, subscribe again.\n\n";
    EXPECT_FALSE(receipts[0].text.contains(kStaysEnded)) << receipts[0].text;
    EXPECT_TRUE(receipts[1].text.contains(kStaysEnded)) << receipts[1].text;
}

// April is paid, and nothing else was asked for.
TEST_F(AccessEnd, OfWhatIsPaidTheEndSaysNothing) {
    const auto customer = with_address(on_clock("alice", kApril));
    const auto pro = started(customer, "pro");
    ASSERT_TRUE(world.run(cancel_subscription(
        world.billing, {.subscription = pro.id, .when = CancelWhen::Now, .authority = tester})));
    const auto told = letters("subscription_canceled");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].text,
              "Hello Alice,\n\nyour subscription to PRO has ended. Its price is no longer "
              "charged.\n\n"
              "Usage beyond the plan that is not billed yet comes on a last invoice.\n\n");
}

// Who has subscribed again before he pays what was open has his plan.
TEST_F(AccessEnd, AReceiptAsksNobodyBackWhoIsThere) {
    const auto pro = given_up();
    started(pro.customer, "starter");
    const auto invoices = world.invoices(pro.customer);
    const auto open = std::ranges::find(invoices, InvoiceStatus::Open, &Invoice::status);
    ASSERT_NE(open, invoices.end());
    pay_late(pro, *open);
    const auto receipts = letters("receipt");
    ASSERT_EQ(receipts.size(), 3U);
    for (const auto& receipt : receipts)
        EXPECT_FALSE(receipt.text.contains("subscribe again")) << receipt.text;
}

TEST_F(AccessEnd, WhatIsPaidIsNotAskedForAnyMore) {
    const auto pro = failing();
    const auto invoices = world.invoices(pro.customer);
    const auto open = std::ranges::find(invoices, InvoiceStatus::Open, &Invoice::status);
    ASSERT_NE(open, invoices.end());
    EXPECT_EQ(open->next_attempt_at, kIssued + days(3));
    pay_by(pro, "pm_card_visa");
    world.sandbox_post("/v1/invoices/" + open->provider_invoice_id + "/pay", "");
    ASSERT_TRUE(world.run(sync_customer(world.billing, pro.customer, tester)));
    EXPECT_EQ(letters("payment_failed").at(0).state, "failed") << "taken back";
    EXPECT_EQ(letters("receipt").size(), 2U) << "of April and of May";
}

// Stripe waits 23 hours for a first payment: until 1 April, 23:00.
TEST_F(AccessEnd, AFirstPaymentThatFailsKeepsNothing) {
    const auto pro = waiting();
    ASSERT_TRUE(world.run(sync_customer(world.billing, pro.customer, tester)));
    const auto written = letters("payment_failed");
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(
        without_page(written[0].text),
        "Hello Alice,\n\nwe could not collect 99.00 USD.\n\n"
        "PRO begins once this is paid, which is possible until 1 April 2026 at 23:00 UTC.\n\n");
}

// 23 hours for the first payment.
TEST_F(AccessEnd, WhatNeverBeganHasNotEnded) {
    const auto pro = waiting();
    ASSERT_TRUE(world.run(sync_customer(world.billing, pro.customer, tester)));
    advance(kApril + hours(24));
    ASSERT_EQ(load(pro.id).status, SubscriptionStatus::IncompleteExpired);
    EXPECT_TRUE(letters("subscription_canceled").empty());
    const auto told = letters("subscription_not_started");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(rendered("subscription_not_started", told[0].values).subject,
              "Your subscription with Example Ltd was not started");
    EXPECT_EQ(told[0].text,
              "Hello Alice,\n\nyour subscription to PRO was not started, because the first "
              "payment did not go through.\n\nNothing was charged.\n\n"
              "If you still want it, subscribe again.\n\n");
    EXPECT_EQ(letters("payment_failed").at(0).state, "failed") << "it does not begin any more";
}

}  // namespace
}  // namespace turnpike
