#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/reconcile.h"
#include "billing/plans/plans.h"
#include "billing/provider/payment_methods.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "catalog/plan_wire.h"
#include "catalog/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const Instant kBegin = from_unix_seconds(1'775'001'600);  // 2026-04-01
const Instant kMay = kBegin + days(30);
const Instant kNextMay = kMay + days(365);

/// $10.00 a month, $27.00 a quarter, $100.00 a year; calls beyond 100 cost five cents.
constexpr const char* kPlus = R"({"key":"plus","name":"Plus","prices":[
    {"currency":"usd","interval":"month","amount":1000},
    {"currency":"usd","interval":"month","interval_count":3,"amount":2700},
    {"currency":"usd","interval":"year","amount":10000}],
    "allowances":[{"meter":"api_calls","included":"100",
                   "overage_policy":"bill","overage_unit_price":"0.05"}]})";

/// Another interval from the end of the period on.
class IntervalChange : public BillingTest {
protected:
    IntervalChange() {
        auto wanted = read_new_plan(*parse_json(kPlus)).value();
        plus_ = world.run(sell_plan(world.billing, std::move(wanted), tester)).value().id;
    }
    PriceId price(Recurrence recurrence) {
        return world.catalog.get()->plan("plus")->price(Currency::Usd, recurrence)->id;
    }
    Subscription start(const CustomerId& customer, Recurrence recurrence) {
        auto request = world.start_request(customer, "plus");
        request.price = price(recurrence);
        const auto begun = world.run(start_subscription(world.billing, request));
        EXPECT_TRUE(begun) << begun.error().message;
        return *begun;
    }
    Subscription plan(const Subscription& subscription, Recurrence recurrence,
                      std::int64_t quantity = 1) {
        const auto planned = world.run(change_subscription(
            world.billing,
            {subscription.id, price(recurrence), tester, quantity, ChangeWhen::AtPeriodEnd}));
        EXPECT_TRUE(planned) << planned.error().message;
        const PendingChange expected{price(recurrence), quantity, subscription.period.end};
        EXPECT_EQ(planned->pending_change, expected);
        return *planned;
    }
    /// And what a worker does then.
    void arrive(Instant at) {
        advance(at);
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    }
    /// Oldest first.
    std::vector<std::int64_t> paid(const CustomerId& customer) {
        auto invoices = world.invoices(customer);
        std::ranges::reverse(invoices);
        std::vector<std::int64_t> found;
        for (const auto& invoice : invoices) found.push_back(invoice.amount_paid.minor());
        return found;
    }
    Json at_provider(const Subscription& subscription) {
        return world.sandbox_get("/v1/subscriptions/" + *subscription.provider_subscription_id);
    }
    std::size_t differences() {
        const auto report = world.run(
            reconcile(world.billing, {.mode = ReconcileMode::Report, .authority = tester}));
        EXPECT_TRUE(report) << report.error().message;
        return report->differences.size();
    }
    void use_card(const Subscription& subscription, const std::string& card) {
        const std::string owner = at_provider(subscription).at("customer");
        const Json method =
            world.sandbox_post("/v1/payment_methods/" + card + "/attach", "customer=" + owner);
        world.sandbox_post("/v1/subscriptions/" + *subscription.provider_subscription_id,
                           "default_payment_method=" + method.at("id").get<std::string>());
    }

    static constexpr Recurrence kMonth{Interval::Month, 1}, kQuarter{Interval::Month, 3},
        kYear{Interval::Year, 1};
    std::optional<PlanVersionId> plus_;
};

// The year begins, and is paid, on the day of the change: 10.00 of April, then 100.00 of the year.
TEST_F(IntervalChange, AMonthBecomesAYearThatIsPaid) {
    const auto customer = on_clock("yearly", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    arrive(kMay + hours(2));
    const auto yearly = load(monthly.id);
    EXPECT_EQ(yearly.price, price(kYear));
    EXPECT_FALSE(yearly.pending_change);
    EXPECT_EQ(yearly.status, SubscriptionStatus::Active);
    EXPECT_EQ(yearly.period, (Period{kMay, kNextMay}));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 10'000));
    EXPECT_EQ(differences(), 0U);

    arrive(kNextMay + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 10'000, 10'000));
    EXPECT_EQ(load(monthly.id).period, (Period{kNextMay, kNextMay + days(366)})) << "2028";
    EXPECT_EQ(differences(), 0U);
}

// 150 - 100 = 50 calls of April at 5 cents are 2.50, once; the year counts from nothing.
TEST_F(IntervalChange, WhatTheLastMonthOwesIsBilledOnce) {
    const auto customer = on_clock("overage", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    world.use(customer, 150, "april");
    arrive(kMay + hours(2));
    world.use(customer, 60, "may");
    arrive(kMay + days(40));
    EXPECT_THAT(paid(customer), UnorderedElementsAre(1'000, 10'000, 250));
    std::vector<std::int64_t> overage;
    for (const auto& invoice : world.invoices(customer))
        std::ranges::copy(amounts(invoice, LineKind::Overage), std::back_inserter(overage));
    EXPECT_THAT(overage, ElementsAre(250));
    EXPECT_EQ(differences(), 0U);
}

// A quarter from May on: 1 May, 1 August. PRO costs $99.00 a month.
TEST_F(IntervalChange, WithAnotherPlan) {
    const auto customer = on_clock("both", kBegin);
    const auto pro = started(customer, "pro");
    plan(pro, kQuarter);
    arrive(kMay + hours(2));
    const auto after = load(pro.id);
    EXPECT_EQ(after.price, price(kQuarter));
    EXPECT_EQ(after.plan_version, *plus_);
    EXPECT_EQ(after.period, (Period{kMay, kMay + days(31 + 30 + 31)}));
    EXPECT_THAT(paid(customer), ElementsAre(9'900, 2'700));
}

// The months begin where the year ends anyway: an ordinary renewal, with what the year owes on it.
TEST_F(IntervalChange, AYearBecomesAMonth) {
    const auto customer = on_clock("monthly", kBegin);
    const auto yearly = start(customer, kYear);
    plan(yearly, kMonth);
    world.use(customer, 120, "year");
    const Instant end = kBegin + days(365);
    arrive(end + hours(2));
    EXPECT_EQ(load(yearly.id).period, (Period{end, end + days(30)}));
    EXPECT_THAT(paid(customer), ElementsAre(10'000, 1'000 + 20 * 5));
    arrive(end + days(30) + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(10'000, 1'100, 1'000));
    EXPECT_EQ(differences(), 0U);
}

// Whose card says no on that day is past due, for the whole year.
TEST_F(IntervalChange, AYearThatIsNotPaidIsOwed) {
    const auto customer = on_clock("broke", kBegin);
    const auto monthly = start(customer, kMonth);
    use_card(monthly, "pm_card_chargeCustomerFail");
    plan(monthly, kYear);
    arrive(kMay + hours(2));
    EXPECT_EQ(load(monthly.id).status, SubscriptionStatus::PastDue);
    EXPECT_EQ(load(monthly.id).price, price(kYear));
    auto invoices = world.invoices(customer);
    const auto open = std::ranges::find(invoices, InvoiceStatus::Open, &Invoice::status);
    ASSERT_NE(open, invoices.end());
    EXPECT_EQ(open->amount_due.minor(), 10'000);
    EXPECT_TRUE(open->next_attempt_at);
    use_card(monthly, "pm_card_visa");
    arrive(*open->next_attempt_at + hours(1));
    EXPECT_EQ(load(monthly.id).status, SubscriptionStatus::Active);
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 10'000));
}

// Three seats of the month instead: a renewal of 30.00 that keeps the day, as if no year had ever
// been planned.
TEST_F(IntervalChange, IsReplacedBeforeItComes) {
    const auto customer = on_clock("replaced", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    plan(monthly, kMonth, 3);
    arrive(kMay + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 3'000));
    EXPECT_EQ(load(monthly.id).period, (Period{kMay, kMay + days(31)}));
    EXPECT_EQ(at_provider(monthly).at("billing_cycle_anchor"), unix_seconds(kBegin));
}

// The schedule remembers the card of the day on which it was made.
TEST_F(IntervalChange, IsChargedToTheCardOfItsDay) {
    const auto customer = on_clock("another-card", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    const CardOwner owner{customer, tester};
    const auto card = world.run(attach_method(world.billing, owner, "pm_card_mastercard"));
    ASSERT_TRUE(card) << card.error().message;
    ASSERT_TRUE(world.run(choose_method(world.billing, owner, card->id)));
    EXPECT_TRUE(load(monthly.id).pending_change);
    arrive(kMay + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 10'000));
    EXPECT_EQ(at_provider(monthly).at("default_payment_method"), card->id);
    const Json charges = world.sandbox_get("/v1/charges?limit=1").at("data");
    EXPECT_EQ(charges.at(0).at("payment_method"), card->id);
}

TEST_F(IntervalChange, ThatComesDuringAPauseIsNotCharged) {
    const auto customer = on_clock("paused", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    ASSERT_TRUE(world.run(pause_subscription(world.billing, {monthly.id, Pause{}, tester})));
    arrive(kMay + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 0));
}

// Nobody without a card is charged for what he did not ask for.
TEST_F(IntervalChange, AtTheEndOfATrialLeavesItsEndAsItWas) {
    for (const bool has_card : {false, true}) {
        const auto customer = on_clock(has_card ? "card" : "none", kBegin);
        auto request = world.start_request(customer, "plus");
        request.price = price(kMonth);
        request.trial = TrialWish{.end = kBegin + days(5), .behavior = TrialEndBehavior::Cancel};
        if (!has_card) request.payment_method = std::nullopt;
        const auto trial = world.run(start_subscription(world.billing, request));
        ASSERT_TRUE(trial) << trial.error().message;
        ASSERT_TRUE(world.run(change_subscription(
            world.billing, {trial->id, price(kYear), tester, 1, ChangeWhen::AtPeriodEnd})));
        arrive(kBegin + days(5) + hours(2));
        const auto after = load(trial->id);
        EXPECT_EQ(after.status,
                  has_card ? SubscriptionStatus::Active : SubscriptionStatus::Canceled);
        const auto bills = paid(customer);
        EXPECT_EQ(std::accumulate(bills.begin(), bills.end(), std::int64_t{0}),
                  has_card ? 10'000 : 0);
    }
}

TEST_F(IntervalChange, IsTakenBackBeforeItComes) {
    const auto customer = on_clock("back", kBegin);
    const auto monthly = start(customer, kMonth);
    plan(monthly, kYear);
    const auto stays =
        world.run(drop_pending_change(world.billing, SubscriptionWish{monthly.id, tester}));
    ASSERT_TRUE(stays) << stays.error().message;
    EXPECT_FALSE(stays->pending_change);
    arrive(kMay + hours(2));
    EXPECT_THAT(paid(customer), ElementsAre(1'000, 1'000));
    EXPECT_EQ(load(monthly.id).price, price(kMonth));
}

}  // namespace
}  // namespace turnpike
