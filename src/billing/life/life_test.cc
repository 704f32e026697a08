#include <algorithm>

#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/testing/watched_ledger.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "entitlements/standing.h"
#include "invoicing/invoice.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

const Instant april = from_unix_seconds(1'775'001'600);  // 2026-04-01, a month of 30 days

/// Over the real adapter and the real twin, with months passing on a test clock.
class SubscriptionLife : public BillingTest {
protected:
    Result<Subscription> start(const CustomerId& customer, const std::string& plan,
                               std::optional<TrialWish> trial, std::int64_t quantity = 1,
                               std::optional<std::string> card = "pm_card_visa") {
        StartRequest request = world.start_request(customer, plan);
        request.payment_method = std::move(card);
        request.trial = trial;
        request.quantity = quantity;
        return world.run(start_subscription(world.billing, request));
    }
    Result<Subscription> change(const Subscription& subscription, const std::string& plan,
                                ChangeWhen when, std::optional<std::int64_t> quantity = {}) {
        return world.run(change_subscription(
            world.billing, {subscription.id, world.price_of(plan), tester, quantity, when}));
    }
    Result<Subscription> cancel(const Subscription& subscription, CancelWhen when,
                                std::optional<Instant> at = {}) {
        return world.run(cancel_subscription(
            world.billing,
            {.subscription = subscription.id, .when = when, .authority = tester, .at = at}));
    }
    Result<Subscription> pause(const Subscription& subscription, Pause how) {
        return world.run(pause_subscription(world.billing, {subscription.id, how, tester}));
    }
    Result<Subscription> resume(const Subscription& subscription) {
        return world.run(resume_subscription(world.billing, {subscription.id, tester}));
    }
    Standing standing(const CustomerId& customer) {
        return *ledger->read_blocking([&](sql::Transaction& tx) {
            return load_standing(tx, world.catalog, customer.text(), world.clock.now());
        });
    }
    std::string plan_of(const CustomerId& customer) { return standing(customer).plan->key; }
    void sync(const Subscription& subscription) {
        ASSERT_TRUE(world.run(
            sync_subscription(world.billing, *subscription.provider_subscription_id, tester)));
    }
    std::string path_of(const Subscription& subscription) {
        return "/v1/subscriptions/" + *subscription.provider_subscription_id;
    }
    void make_default(const CustomerId& customer, const std::string& card) {
        const auto theirs = ledger->read_blocking([&](sql::Transaction& tx) {
            return tx
                .one("SELECT provider_customer_id FROM provider_customers WHERE customer_id = $1",
                     {customer})
                ->text(0);
        });
        const auto attached =
            world.sandbox_post("/v1/payment_methods/" + card + "/attach", "customer=" + theirs);
        world.sandbox_post("/v1/customers/" + theirs, "invoice_settings[default_payment_method]=" +
                                                          attached.at("id").get<std::string>());
    }
    static std::string reason_of(const Result<Subscription>& result) {
        return result ? "" : std::string(result.error().reason.text());
    }
};

// A trial is free, needs no card, and is had once.
TEST_F(SubscriptionLife, ATrialWithoutACardEndsTheSubscription) {
    const auto customer = on_clock("trial", april);
    const auto trial = start(customer, "pro", TrialWish{april + days(14)}, 1, std::nullopt);
    ASSERT_TRUE(trial) << trial.error().message;
    EXPECT_EQ(trial->status, SubscriptionStatus::Trialing);
    EXPECT_EQ(trial->trial_start, april);
    EXPECT_EQ(trial->trial_end, april + days(14));
    EXPECT_EQ(trial->trial_end_behavior, TrialEndBehavior::Cancel);
    EXPECT_EQ(plan_of(customer), "pro");
    ASSERT_EQ(world.invoices(customer).size(), 1U);
    EXPECT_EQ(world.invoices(customer)[0].total.minor(), 0);

    advance(april + days(14) + hours(2));
    EXPECT_EQ(load(trial->id).status, SubscriptionStatus::Canceled);
    EXPECT_NE(plan_of(customer), "pro");
    EXPECT_EQ(reason_of(start(customer, "pro", TrialWish{april + days(40)})),
              "subscription.trial_used");
    EXPECT_EQ(reason_of(start(customer, "starter", TrialWish{april + days(40)})),
              "subscription.trial_used")
        << "one of all plans";
}

TEST_F(SubscriptionLife, ATrialOfAnotherLengthIsAnotherRequest) {
    const CustomerId nina = on_clock("nina", april);
    const auto first = start(nina, "pro", TrialWish{april + days(14)}, 1, std::nullopt);
    ASSERT_TRUE(first) << first.error().message;
    const auto shorter = start(nina, "pro", TrialWish{april + days(7)}, 1, std::nullopt);
    EXPECT_EQ(reason_of(shorter), "subscription.exists");
    EXPECT_EQ(reason_of(start(nina, "pro", std::nullopt, 1, std::nullopt)), "subscription.exists");
    // "14 days" again, three days later: the first request may have got no answer.
    advance(april + days(3));
    const auto again = start(nina, "pro", TrialWish{april + days(3 + 14)}, 1, std::nullopt);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(load(first->id).trial_end, april + days(14)) << "which does not make it longer";
}

TEST_F(SubscriptionLife, ATrialWithoutACardPausesAndGoesOnWhenThereIsOne) {
    const auto customer = on_clock("pausing", april);
    const auto trial = start(customer, "pro", TrialWish{april + days(7), TrialEndBehavior::Pause},
                             1, std::nullopt);
    ASSERT_TRUE(trial) << trial.error().message;
    advance(april + days(7) + hours(2));
    EXPECT_EQ(load(trial->id).status, SubscriptionStatus::Paused);
    EXPECT_NE(plan_of(customer), "pro");
    EXPECT_EQ(reason_of(change(*trial, "starter", ChangeWhen::Now)), "subscription.paused");

    make_default(customer, "pm_card_visa");
    const auto resumed = resume(*trial);
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->status, SubscriptionStatus::Active);
    EXPECT_EQ(plan_of(customer), "pro");
    EXPECT_EQ(world.invoices(customer)[0].amount_paid.minor(), 9'900);
}

// STARTER costs $29.00.
TEST_F(SubscriptionLife, ATrialWithACardIsChargedWhenItEnds) {
    const auto customer = on_clock("charged", april);
    const auto trial = start(customer, "starter", TrialWish{april + days(10)});
    ASSERT_TRUE(trial) << trial.error().message;
    advance(april + days(10) + hours(2));
    const auto after = load(trial->id);
    EXPECT_EQ(after.status, SubscriptionStatus::Active);
    EXPECT_EQ(after.period.start, april + days(10));
    const auto invoices = world.invoices(customer);
    const auto paid = std::ranges::find(
        invoices, 2'900, [](const Invoice& invoice) { return invoice.amount_paid.minor(); });
    EXPECT_NE(paid, invoices.end());
    EXPECT_EQ(reason_of(world.run(end_trial(world.billing, {trial->id, std::nullopt, tester}))),
              "subscription.not_trialing");
}

TEST_F(SubscriptionLife, ATrialIsExtendedAndEndedAtOnce) {
    const auto customer = on_clock("extended", april);
    const auto trial = start(customer, "starter", TrialWish{april + days(10)});
    ASSERT_TRUE(trial) << trial.error().message;
    const auto until = [&](std::optional<Instant> at) {
        return world.run(end_trial(world.billing, {trial->id, at, tester}));
    };
    const auto longer = until(april + days(20));
    ASSERT_TRUE(longer) << longer.error().message;
    EXPECT_EQ(longer->trial_end, april + days(20));
    EXPECT_EQ(reason_of(until(april - days(1))), "subscription.date_not_ahead");
    EXPECT_EQ(reason_of(until(april + days(731))), "subscription.date_too_far");
    advance(april + days(12));
    EXPECT_EQ(load(trial->id).status, SubscriptionStatus::Trialing);
    const auto ended = until(std::nullopt);
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, SubscriptionStatus::Active);
    EXPECT_EQ(ended->period.start, april + days(12));
}

// A trial that was given at the provider counts like ours.
TEST_F(SubscriptionLife, ADeclinedStartGivesItsTrialBack) {
    const auto customer = on_clock("declined", april);
    EXPECT_FALSE(
        start(customer, "pro", TrialWish{april + days(14)}, 1, "pm_card_visa_chargeDeclined"));
    const auto trial = start(customer, "pro", TrialWish{april + days(14)});
    EXPECT_TRUE(trial) << trial.error().message;
}

// 3 seats of $29.00 are $87.00. After 10 of 30 days 2 more cost 2 x 29.00 x 20/30 = 38.666..; the
// invoice says -58.00 for the 3 and +96.67 (5 x 29.00 x 20/30 = 96.666..) for the 5: 38.67.
TEST_F(SubscriptionLife, SeatsAreProratedToTheSecond) {
    const auto customer = on_clock("seats", april);
    const auto subscription = start(customer, "starter", std::nullopt, 3);
    ASSERT_TRUE(subscription) << subscription.error().message;
    EXPECT_EQ(subscription->quantity, 3);
    EXPECT_EQ(world.invoices(customer)[0].total.minor(), 8'700);
    advance(april + days(10));
    const auto more = change(*subscription, "starter", ChangeWhen::ByDirection, 5);
    ASSERT_TRUE(more) << more.error().message;
    EXPECT_EQ(more->quantity, 5);
    const auto invoices = world.invoices(customer);
    const auto update =
        std::ranges::find(invoices, "subscription_update", &Invoice::billing_reason);
    ASSERT_NE(update, invoices.end());
    EXPECT_EQ(update->total.minor(), -5'800 + 9'667);

    // Fewer wait for the end of the period.
    const auto fewer = change(*more, "starter", ChangeWhen::ByDirection, 2);
    ASSERT_TRUE(fewer) << fewer.error().message;
    EXPECT_EQ(fewer->quantity, 5);
    ASSERT_TRUE(fewer->pending_change);
    EXPECT_EQ(fewer->pending_change->quantity, 2);
    advance(april + days(30) + hours(2));
    EXPECT_EQ(load(subscription->id).quantity, 2);
    EXPECT_FALSE(load(subscription->id).pending_change);
}

TEST_F(SubscriptionLife, ADowngradeWaitsForTheEndOfThePeriod) {
    const auto customer = on_clock("down", april);
    const auto pro = started(customer, "pro");
    const auto planned = change(pro, "starter", ChangeWhen::ByDirection);
    ASSERT_TRUE(planned) << planned.error().message;
    EXPECT_EQ(planned->price, pro.price);
    const PendingChange expected{world.price_of("starter"), 1, april + days(30)};
    EXPECT_EQ(planned->pending_change, expected);
    EXPECT_EQ(world.invoices(customer).size(), 1U) << "nothing is prorated";

    advance(april + days(30) + hours(2));
    const auto after = load(pro.id);
    EXPECT_EQ(after.price, world.price_of("starter"));
    EXPECT_FALSE(after.pending_change);
    EXPECT_EQ(plan_of(customer), "starter");
    const auto invoices = world.invoices(customer);
    const auto renewal =
        std::ranges::find(invoices, "subscription_cycle", &Invoice::billing_reason);
    ASSERT_NE(renewal, invoices.end());
    EXPECT_EQ(renewal->total.minor(), 2'900);
}

TEST_F(SubscriptionLife, APlannedChangeIsReplacedTakenBackAndSurvivesAPlannedEnd) {
    const auto customer = on_clock("plans", april);
    const auto pro = started(customer, "pro");
    ASSERT_TRUE(change(pro, "starter", ChangeWhen::AtPeriodEnd, 4));
    const auto replaced = change(pro, "starter", ChangeWhen::AtPeriodEnd, 2);
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_EQ(replaced->pending_change->quantity, 2);

    const auto ending = cancel(pro, CancelWhen::AtPeriodEnd);
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_TRUE(ending->cancel_at_period_end);
    EXPECT_TRUE(ending->pending_change) << "it waits behind the end";
    EXPECT_EQ(reason_of(change(pro, "enterprise", ChangeWhen::AtPeriodEnd)),
              "subscription.canceling");
    const auto kept = cancel(pro, CancelWhen::Never);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_FALSE(kept->cancel_at_period_end);
    ASSERT_TRUE(kept->pending_change);
    EXPECT_EQ(kept->pending_change->quantity, 2);

    const auto dropped =
        world.run(drop_pending_change(world.billing, SubscriptionWish{pro.id, tester}));
    ASSERT_TRUE(dropped) << dropped.error().message;
    EXPECT_FALSE(dropped->pending_change);
    advance(april + days(30) + hours(2));
    EXPECT_EQ(load(pro.id).price, pro.price);
}

TEST_F(SubscriptionLife, AnUpgradeAtOnceTakesThePlannedChangesPlace) {
    const auto customer = on_clock("upgrade", april);
    const auto starter = start(customer, "starter", std::nullopt, 3);
    ASSERT_TRUE(starter) << starter.error().message;
    ASSERT_TRUE(change(*starter, "starter", ChangeWhen::ByDirection, 1)->pending_change);
    const auto pro = change(*starter, "pro", ChangeWhen::ByDirection, 1);
    ASSERT_TRUE(pro) << pro.error().message;
    EXPECT_EQ(pro->price, world.price_of("pro"));
    EXPECT_FALSE(pro->pending_change);
    advance(april + days(30) + hours(2));
    EXPECT_EQ(load(starter->id).price, world.price_of("pro"));
}

TEST_F(SubscriptionLife, ADeclinedUpgradeLeavesWhatWasPlanned) {
    const auto customer = on_clock("stays", april);
    const auto starter = start(customer, "starter", std::nullopt, 3);
    ASSERT_TRUE(starter) << starter.error().message;
    ASSERT_TRUE(change(*starter, "starter", ChangeWhen::AtPeriodEnd, 1)->pending_change);
    make_default(customer, "pm_card_chargeCustomerFail");
    world.sandbox_post(path_of(*starter), "default_payment_method=");
    EXPECT_EQ(reason_of(change(*starter, "pro", ChangeWhen::Now)), "payment.declined");
    sync(*starter);
    EXPECT_EQ(load(starter->id).price, starter->price);
    EXPECT_TRUE(load(starter->id).pending_change);
}

TEST_F(SubscriptionLife, EndsOnADateAndNotBefore) {
    const auto customer = on_clock("dated", april);
    const auto pro = started(customer, "pro");
    EXPECT_EQ(reason_of(cancel(pro, CancelWhen::OnDate, april)), "subscription.date_not_ahead");
    EXPECT_EQ(reason_of(cancel(pro, CancelWhen::OnDate, april + days(2'000))),
              "subscription.date_too_far");
    const Instant end = april + days(12);
    const auto ending = cancel(pro, CancelWhen::OnDate, end);
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_EQ(ending->cancel_at, end);
    EXPECT_TRUE(cancel(pro, CancelWhen::OnDate, end)) << "twice is once";
    const auto kept = cancel(pro, CancelWhen::Never);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_FALSE(kept->cancel_at);
    ASSERT_TRUE(cancel(pro, CancelWhen::OnDate, end));
    EXPECT_EQ(standing(customer).until, end) << "to the instant, whoever notices it";
    advance(end + hours(1));
    EXPECT_TRUE(load(pro.id).ended_at);
    EXPECT_NE(plan_of(customer), "pro");
    EXPECT_TRUE(cancel(pro, CancelWhen::Now)) << "what has ended is canceled already";
    EXPECT_EQ(reason_of(cancel(pro, CancelWhen::Never)), "subscription.ended");
}

TEST_F(SubscriptionLife, WhySomebodyLeavesIsKept) {
    const auto pro = started(world.customer("why"), "pro");
    const auto ending =
        world.run(cancel_subscription(world.billing, {.subscription = pro.id,
                                                      .when = CancelWhen::AtPeriodEnd,
                                                      .authority = tester,
                                                      .at = std::nullopt,
                                                      .comment = "too dear",
                                                      .feedback = "too_expensive"}));
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_EQ(ending->cancel_comment, "too dear");
    EXPECT_EQ(world.sandbox_get(path_of(pro)).at("cancellation_details").at("feedback"),
              "too_expensive");
}

TEST_F(SubscriptionLife, APauseWithholdsThePlanAndARenewalPasses) {
    const auto customer = on_clock("pause", april);
    const auto pro = started(customer, "pro");
    const auto paused = pause(pro, {PauseBehavior::Void, {}});
    ASSERT_TRUE(paused) << paused.error().message;
    EXPECT_EQ(paused->status, SubscriptionStatus::Active) << "the provider's word";
    EXPECT_EQ(paused->paused_at, april);
    EXPECT_EQ(standing(customer).status, SubscriptionStatus::Paused);
    EXPECT_NE(plan_of(customer), "pro");
    EXPECT_EQ(reason_of(change(pro, "enterprise", ChangeWhen::Now)), "subscription.paused");

    advance(april + days(30) + hours(2));
    for (const auto& invoice : world.invoices(customer))
        EXPECT_TRUE(invoice.status == InvoiceStatus::Void || invoice.period.start == april);
    const auto resumed = resume(pro);
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_FALSE(resumed->pause);
    EXPECT_EQ(plan_of(customer), "pro");
}

TEST_F(SubscriptionLife, APauseEndsByItselfToTheInstant) {
    const auto customer = on_clock("resumes", april);
    const auto pro = started(customer, "pro");
    const Instant back = april + days(9);
    const auto paused = pause(pro, {PauseBehavior::KeepAsDraft, back});
    ASSERT_TRUE(paused) << paused.error().message;
    EXPECT_EQ(standing(customer).until, back) << "no cache holds it longer";
    advance(back);
    EXPECT_EQ(plan_of(customer), "pro");
}

// What was used before the pause is owed: PRO has 10,000 calls, then $0.02 each. 100 over: $2.00.
TEST_F(SubscriptionLife, UsageOfBeforeAPauseIsNotVoidedWithTheRenewal) {
    const auto customer = on_clock("owed", april);
    const auto pro = started(customer, "pro");
    world.use(customer, 10'100, "u1");
    ASSERT_TRUE(pause(pro, {PauseBehavior::Void, {}}));
    advance(april + days(30) + hours(3));
    std::int64_t asked_for = 0;
    for (const auto& invoice : world.invoices(customer))
        if (invoice.status != InvoiceStatus::Void)
            for (const auto cents : amounts(invoice, LineKind::Overage)) asked_for += cents;
    EXPECT_EQ(asked_for, 200);
}

TEST_F(SubscriptionLife, WhatIsDoneAtTheProviderShowsHere) {
    const auto customer = on_clock("dashboard", april);
    const auto pro = started(customer, "pro");
    world.sandbox_post(path_of(pro), "pause_collection[behavior]=mark_uncollectible&items[0][id]=" +
                                         *pro.provider_item_id + "&items[0][quantity]=7");
    sync(pro);
    const auto seen = load(pro.id);
    EXPECT_EQ(seen.pause, (Pause{PauseBehavior::MarkUncollectible, {}}));
    EXPECT_EQ(seen.quantity, 7);
    EXPECT_NE(plan_of(customer), "pro");
    world.sandbox_post(path_of(pro), "pause_collection=");
    sync(pro);
    EXPECT_EQ(plan_of(customer), "pro");
}

// A renewal that fails on 1 May leaves the plan for seven days, to the instant; the twin tries
// again after 3, 5 and 7 days.
// Somebody takes the end back at the provider, and that is mirrored, before the answer to the
// cancellation is; nothing can be read after that.
TEST_F(SubscriptionLife, AnOldAnswerTurnsNothingBack) {
    const auto subscription = started(world.customer("alice"), "pro");
    WatchedLedger watched(*ledger, answered("command:"), [&] {
        world.sandbox_post(path_of(subscription), "cancel_at_period_end=false");
        sync(subscription);
        trouble(world, R"({"call": "GET *", "do": "rate_limit", "next": 1000})");
    });
    BillingWorld then(watched, world.key);
    const auto canceled = then.run(
        cancel_subscription(then.billing, {.subscription = subscription.id, .authority = tester}));
    all_is_well(world);
    ASSERT_TRUE(canceled) << canceled.error().message;
    EXPECT_FALSE(canceled->cancel_at_period_end);
    EXPECT_FALSE(load(subscription.id).cancel_at_period_end);
}

TEST_F(SubscriptionLife, PastDueKeepsThePlanForItsGraceAndThenNot) {
    const auto customer = on_clock("grace", april);
    const auto pro = started(customer, "pro");
    make_default(customer, "pm_card_chargeCustomerFail");
    world.sandbox_post(path_of(pro), "default_payment_method=");
    const Instant may = april + days(30);
    advance(may + hours(3));
    const auto late = load(pro.id);
    ASSERT_EQ(late.status, SubscriptionStatus::PastDue);
    ASSERT_TRUE(late.grace_ends_at);
    const Instant issued = may + hours(1);  // a renewal is a draft for an hour
    EXPECT_EQ(*late.grace_ends_at, issued + days(7));
    EXPECT_EQ(plan_of(customer), "pro");
    EXPECT_EQ(standing(customer).until, issued + days(7));
    EXPECT_EQ(reason_of(change(pro, "enterprise", ChangeWhen::Now)), "subscription.past_due");
    EXPECT_EQ(reason_of(pause(pro, {})), "subscription.past_due");

    advance(issued + days(7));
    EXPECT_NE(plan_of(customer), "pro");
    EXPECT_EQ(standing(customer).status, SubscriptionStatus::Unpaid);

    // Paid by another card: it is back at once.
    make_default(customer, "pm_card_visa");
    const auto invoices = world.invoices(customer);
    const auto open = std::ranges::find(invoices, InvoiceStatus::Open, &Invoice::status);
    ASSERT_NE(open, invoices.end());
    world.sandbox_post("/v1/invoices/" + open->provider_invoice_id + "/pay", "");
    sync(pro);
    EXPECT_EQ(load(pro.id).status, SubscriptionStatus::Active);
    EXPECT_FALSE(load(pro.id).grace_ends_at);
    EXPECT_EQ(plan_of(customer), "pro");
}

/// STARTER by the year and in euros, too, from now on.
void sell_more_ways(BillingWorld& world) {
    std::string text(*preset_catalog("api-metering"));
    const std::string monthly = R"({ currency = "usd", interval = "month", amount = "29.00" })";
    const std::string more = R"(, { currency = "usd", interval = "year", amount = "290.00" })"
                             R"(, { currency = "eur", interval = "month", amount = "27.00" })";
    text.insert(text.find(monthly) + monthly.size(), more);
    const auto file = read_catalog_file(text);
    ASSERT_TRUE(file) << file.error().message;
    world.ledger.write_blocking([&](sql::Transaction& tx) {
        return apply_catalog(tx, *file, world.clock.now(), world.ids).value();
    });
    world.catalog.reload(world.ledger);
}

// At the same instant the month of $29.00 is given back whole, and the year of $290.00 charged.
TEST_F(SubscriptionLife, AMonthBecomesAYearAtOnceAndAYearAMonthAtItsEnd) {
    sell_more_ways(world);
    const auto customer = on_clock("yearly", april);
    const auto catalog = world.catalog.get();
    const auto price = [&](Interval interval) {
        return catalog->plan("starter")->price(Currency::Usd, {interval, 1})->id;
    };
    StartRequest request = world.start_request(customer, "starter");
    request.price = price(Interval::Month);
    const auto monthly = *world.run(start_subscription(world.billing, request));
    const auto to = [&](Interval interval) {
        return world.run(change_subscription(
            world.billing,
            {monthly.id, price(interval), tester, std::nullopt, ChangeWhen::ByDirection}));
    };
    const auto yearly = to(Interval::Year);
    ASSERT_TRUE(yearly) << yearly.error().message;
    EXPECT_EQ(yearly->period, (Period{april, april + days(365)}));
    const auto invoices = world.invoices(customer);
    const auto update =
        std::ranges::find(invoices, "subscription_update", &Invoice::billing_reason);
    ASSERT_NE(update, invoices.end());
    EXPECT_EQ(update->total.minor(), 29'000 - 2'900);
    const auto back = to(Interval::Month);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->pending_change, (PendingChange{price(Interval::Month), 1, april + days(365)}));
}

TEST_F(SubscriptionLife, ACustomerPaysInOneCurrency) {
    sell_more_ways(world);
    const auto customer = world.customer("currencies");
    const auto catalog = world.catalog.get();
    const auto* plan = catalog->plan("starter");
    StartRequest request = world.start_request(customer, "starter");
    request.price = plan->price(Currency::Usd, {Interval::Month, 1})->id;
    const auto dollars = *world.run(start_subscription(world.billing, request));
    const auto euros = plan->price(Currency::Eur, {Interval::Month, 1})->id;
    EXPECT_EQ(reason_of(world.run(change_subscription(world.billing, {dollars.id, euros, tester}))),
              "subscription.currency_fixed");
    ASSERT_TRUE(cancel(dollars, CancelWhen::Now));
    request.price = euros;
    EXPECT_EQ(reason_of(world.run(start_subscription(world.billing, request))),
              "subscription.currency_fixed");
}

// 31 January: 28 February, 31 March.
TEST_F(SubscriptionLife, APlannedChangeKeepsTheAnchorOfThe31st) {
    const Instant january = from_unix_seconds(1'769'817'600);  // 2026-01-31
    const auto customer = on_clock("anchor", january);
    const auto pro = started(customer, "pro");
    EXPECT_EQ(pro.period.end, january + days(28));
    ASSERT_TRUE(change(pro, "starter", ChangeWhen::AtPeriodEnd)->pending_change);
    advance(january + days(28) + hours(2));
    const auto after = load(pro.id);
    EXPECT_EQ(after.price, world.price_of("starter"));
    EXPECT_EQ(after.period.end, january + days(59)) << "31 March";
}

TEST_F(SubscriptionLife, WhoHasEndedStartsAnewAndKeepsHisHistory) {
    const auto customer = on_clock("back", april);
    const auto pro = start(customer, "pro", std::nullopt, 2);
    ASSERT_TRUE(pro) << pro.error().message;
    const auto again = [&](const SubscriptionId& id) {
        return world.run(reactivate_subscription(world.billing, {id, std::nullopt, tester}));
    };
    ASSERT_TRUE(cancel(*pro, CancelWhen::AtPeriodEnd));
    EXPECT_EQ(again(pro->id)->id, pro->id) << "what runs is kept";
    EXPECT_FALSE(load(pro->id).cancel_at_period_end);
    ASSERT_TRUE(cancel(*pro, CancelWhen::Now));
    const auto fresh = again(pro->id);
    ASSERT_TRUE(fresh) << fresh.error().message;
    EXPECT_NE(fresh->id, pro->id);
    EXPECT_EQ(fresh->quantity, 2);
    EXPECT_EQ(again(pro->id)->id, fresh->id) << "twice is once";
    EXPECT_EQ(world.invoices(customer).size(), 2U);
}

}  // namespace
}  // namespace turnpike
