#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "billing/life/provider_move.h"
#include "billing/life/reconcile.h"
#include "billing/life/sync.h"
#include "billing/overage/explanation.h"
#include "billing/plans/plan_migration.h"
#include "billing/plans/plans.h"
#include "billing/testing/two_providers_testing.h"
#include "billing/worker.h"
#include "invoicing/carried_time.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;

class TwoProviders : public TwoProvidersTest {
protected:
    /// PRO at Razorpay: $99.00, 10,000 calls, then $0.02 each. The customer has authorised it.
    Subscription running_at_razorpay(const CustomerId& customer, const std::string& plan = "pro") {
        const auto subscription = started(razorpay(), start_request(customer, plan));
        authorise(*subscription.provider_subscription_id);
        hear("subscription.activated", *subscription.provider_subscription_id);
        return load(subscription.id);
    }
    /// At Razorpay, and the customer has authorised it.
    Subscription on_trial_at_razorpay(const CustomerId& customer, Duration length) {
        auto request = start_request(customer, "pro");
        request.trial = TrialWish{clock.now() + length};
        const auto subscription = started(razorpay(), request);
        authorise(*subscription.provider_subscription_id);
        hear("subscription.authenticated", *subscription.provider_subscription_id);
        const auto trial = load(subscription.id);
        EXPECT_EQ(trial.status, SubscriptionStatus::Trialing);
        return trial;
    }
    /// A webhook of Razorpay's arrives.
    void hear(const std::string& event, const std::string& subscription) {
        const Json body{{"entity", "event"},
                        {"event", event},
                        {"payload", {{"subscription", {{"entity", {{"id", subscription}}}}}}}};
        const auto applied = run(apply_event(razorpay(), {event, to_text(body)}, tester));
        ASSERT_TRUE(applied) << applied.error().message;
    }
    std::vector<std::int64_t> overage(const Invoice& invoice) {
        std::vector<std::int64_t> amounts;
        for (const auto& line : invoice.lines)
            if (line.kind == LineKind::Overage) amounts.push_back(line.amount.minor());
        return amounts;
    }
    /// Of all lines of this provider's invoices, as readers have them.
    std::vector<std::string> descriptions(const CustomerId& customer, const std::string& provider) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            std::vector<std::string> shown;
            for (Invoice& invoice : list_invoices(tx, customer, PageQuery{})) {
                if (invoice.provider != provider) continue;
                name_carried_time(tx, invoice);
                for (const auto& line : invoice.lines) shown.push_back(line.description);
            }
            return shown;
        });
    }
    std::size_t at_razorpay(const std::string& collection) {
        return ask_razorpay(http::Method::Get, "/v1/" + collection + "?count=100")
            .at("count")
            .get<std::size_t>();
    }
    MovedSubscription moved(const SubscriptionId& id, const std::string& provider,
                            const std::optional<std::string>& method = std::nullopt) {
        auto result = run(move_subscription(*contexts, {id, provider, method, tester}));
        if (!result) throw std::runtime_error(result.error().message);
        return *std::move(result);
    }
};

TEST_F(TwoProviders, ARazorpayStartWaitsForTheCustomer) {
    const auto alice = customer("alice");
    const auto waiting = started(razorpay(), start_request(alice, "pro"));
    EXPECT_EQ(waiting.provider, "razorpay");
    EXPECT_EQ(waiting.status, SubscriptionStatus::Incomplete);
    ASSERT_TRUE(waiting.authorization_url);
    EXPECT_TRUE(waiting.authorization_url->starts_with(sandbox->razorpay_url() + "/p/"));

    const auto again = started(razorpay(), start_request(alice, "pro"));
    EXPECT_EQ(again.id, waiting.id);
    EXPECT_EQ(again.authorization_url, waiting.authorization_url);
    EXPECT_EQ(at_razorpay("subscriptions"), 1U);

    authorise(*waiting.provider_subscription_id);
    hear("subscription.activated", *waiting.provider_subscription_id);
    const auto running = load(waiting.id);
    EXPECT_EQ(running.status, SubscriptionStatus::Active);
    // From noon in India to the midnight that begins the same day of the next month.
    EXPECT_EQ(running.period.start, *parse_rfc3339("2027-01-10T06:30:00Z"));
    EXPECT_EQ(running.period.end, *parse_rfc3339("2027-02-09T18:30:00Z"));
    work();
    EXPECT_EQ(totals(alice, "razorpay"), std::vector<std::int64_t>{9'900});
}

// PRO costs $109.00 from its next version on. Who has it pays $99.00 until he is migrated.
TEST_F(TwoProviders, AMigrationReachesTheSubscribersOfBoth) {
    const auto alice = started(stripe(), start_request(customer("alice"), "pro", "pm_card_visa"));
    const auto bob = running_at_razorpay(customer("bob"));
    PlanPatch dearer;
    dearer.prices = {{{Interval::Month, 1}, Money(10'900, Currency::Usd)}};
    const auto version =
        run(sell_changed_plan(stripe(), {.ref = "pro", .patch = dearer, .authority = tester}));
    ASSERT_TRUE(version) << version.error().message;
    const auto migration =
        ledger->write_blocking([&](sql::Transaction& tx) -> Result<PlanMigration> {
            const auto terms = migration_terms(tx, {.plan = "pro"});
            if (!terms) return failure(terms);
            return begin_migration(tx, *contexts, *terms, tester);
        });
    ASSERT_TRUE(migration) << migration.error().message;
    work();
    for (const auto& before : {alice, bob}) {
        const auto planned = load(before.id);
        EXPECT_EQ(planned.plan_version, before.plan_version);
        ASSERT_TRUE(planned.pending_change) << before.provider;
        EXPECT_EQ(planned.pending_change->price, version->prices.front().id);
    }
    pass_to(*parse_rfc3339("2027-02-12T00:00:00Z"));
    work();
    EXPECT_EQ(totals(alice.customer, "stripe"), (std::vector<std::int64_t>{9'900, 10'900}));
    EXPECT_EQ(totals(bob.customer, "razorpay"), (std::vector<std::int64_t>{9'900, 10'900}));
    const auto progress = ledger->read_blocking(
        [&](sql::Transaction& tx) { return load_progress(tx, migration->id); });
    EXPECT_EQ(progress.done, 2);
    EXPECT_EQ(progress.arrived, 2);
}

TEST_F(TwoProviders, ACardCannotBeBroughtToRazorpay) {
    const auto alice = customer("alice");
    const auto refused =
        run(start_subscription(razorpay(), start_request(alice, "pro", "pm_card_visa")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "razorpay.method_needs_authorization");
    EXPECT_EQ(at_razorpay("subscriptions"), 0U);
    started(razorpay(), start_request(alice, "pro"));
}

// A customer has one subscription, whoever bills it.
TEST_F(TwoProviders, ASecondProviderIsNoSecondSubscription) {
    const auto alice = customer("alice");
    started(stripe(), start_request(alice, "pro", "pm_card_visa"));
    const auto second = run(start_subscription(razorpay(), start_request(alice, "pro")));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason.text(), "subscription.exists");
    EXPECT_EQ(at_razorpay("subscriptions"), 0U);
}

// 12,345 calls: 2,345 x $0.02 = $46.90, on the bill after the renewal that ends the period.
TEST_F(TwoProviders, OverageAtRazorpayIsOnTheNextBill) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    use(alice, 12'345, "u1");
    pass_to(subscription.period.end + minutes(1));
    work();
    EXPECT_EQ(totals(alice, "razorpay"), (std::vector<std::int64_t>{9'900, 9'900}));
    EXPECT_EQ(at_razorpay("addons"), 1U);
    work();
    EXPECT_EQ(at_razorpay("addons"), 1U) << "once";

    pass_to(load(subscription.id).period.end + minutes(1));
    work();
    const auto bills = invoices(alice, "razorpay");
    ASSERT_EQ(bills.size(), 3U);
    EXPECT_EQ(bills[2].total.minor(), 9'900 + 4'690);
    EXPECT_EQ(overage(bills[2]), std::vector<std::int64_t>{4'690});
    EXPECT_EQ(bills[2].status, InvoiceStatus::Paid);
}

// Razorpay's lines have no time of their own. The bill is March's, the plan on it, too; what is
// charged for was used from 10 January to 9 February.
TEST_F(TwoProviders, OverageAtRazorpayIsOfTheTimeThatWasUsed) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    use(alice, 12'345, "u1");
    pass_to(subscription.period.end + minutes(1));
    work();
    pass_to(load(subscription.id).period.end + minutes(1));
    work();
    const auto bill = invoices(alice, "razorpay").back();
    ASSERT_EQ(bill.lines.size(), 2U);
    for (const auto& line : bill.lines) {
        const bool is_overage = line.kind == LineKind::Overage;
        EXPECT_EQ(line.period, is_overage ? subscription.period : bill.period);
        const auto explained = ledger->read_blocking(
            [&](sql::Transaction& tx) { return explain_line(tx, line.id, std::nullopt); });
        ASSERT_TRUE(explained) << explained.error().message;
        const Json json = write_explanation(*explained);
        if (is_overage) EXPECT_EQ(json.at("period"), json.at("charge").at("period"));
    }
    EXPECT_EQ(bill.period, load(subscription.id).period);
}

// The next bill will not come: the $46.90 that wait for it are asked for by themselves.
TEST_F(TwoProviders, WhatWaitedForANextBillIsAskedForWhenTheSubscriptionEnds) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    use(alice, 12'345, "u1");
    pass_to(subscription.period.end + minutes(1));
    work();
    ASSERT_EQ(at_razorpay("addons"), 1U);
    const auto ended =
        run(cancel_subscription(razorpay(), {subscription.id, CancelWhen::Now, tester}));
    ASSERT_TRUE(ended) << ended.error().message;
    work();
    EXPECT_EQ(at_razorpay("addons"), 0U);
    ASSERT_EQ(totals(alice, "razorpay"), (std::vector<std::int64_t>{9'900, 9'900, 4'690}));
    EXPECT_EQ(invoices(alice, "razorpay")[2].status, InvoiceStatus::Open);
}

// Nor before long: the same while the subscription pauses.
TEST_F(TwoProviders, WhatWaitedForANextBillIsAskedForWhenTheSubscriptionPauses) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    use(alice, 12'345, "u1");
    pass_to(subscription.period.end + minutes(1));
    work();
    ASSERT_EQ(at_razorpay("addons"), 1U);
    const auto paused = run(pause_subscription(razorpay(), {subscription.id, Pause{}, tester}));
    ASSERT_TRUE(paused) << paused.error().message;
    work();
    EXPECT_EQ(at_razorpay("addons"), 0U);
    ASSERT_EQ(totals(alice, "razorpay"), (std::vector<std::int64_t>{9'900, 9'900, 4'690}));
    EXPECT_EQ(invoices(alice, "razorpay")[2].status, InvoiceStatus::Open);
}

// One call too many is $0.02: no line of Razorpay's. In February 100 more are $2.00; the line is
// $2.02.
TEST_F(TwoProviders, WhatIsTooSmallForALineWaitsForTheNextClose) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    use(alice, 10'001, "u1");
    pass_to(subscription.period.end + minutes(1));
    work();
    EXPECT_EQ(at_razorpay("addons"), 0U);
    const auto waits = [&] {
        return ledger->read_blocking([](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM overage_charges WHERE line_charge_id = ''")
                ->integer(0);
        });
    };
    EXPECT_EQ(waits(), 1);
    use(alice, 10'100, "u2");
    pass_to(load(subscription.id).period.end + minutes(1));
    work();
    EXPECT_EQ(waits(), 0);
    ASSERT_EQ(at_razorpay("addons"), 1U);
    const auto addon = ask_razorpay(http::Method::Get, "/v1/addons").at("items").at(0);
    EXPECT_EQ(addon.at("item").at("amount"), 202);
}

TEST_F(TwoProviders, AnEndWithTheCycleIsFinalAtRazorpay) {
    const auto alice = customer("alice");
    const auto subscription = running_at_razorpay(alice);
    const auto ending =
        run(cancel_subscription(razorpay(), {subscription.id, CancelWhen::AtPeriodEnd, tester}));
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_TRUE(ending->cancel_at_period_end);
    const auto kept =
        run(cancel_subscription(razorpay(), {subscription.id, CancelWhen::Never, tester}));
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().reason.text(), "razorpay.cancellation_is_final");
    pass_to(subscription.period.end + minutes(1));
    work();
    EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Canceled);
}

// Stripe has been paid $99.00 for the month that is used; Razorpay charges from its end on. The
// month's overage, 2,345 x $0.02, is on Razorpay's next bill.
TEST_F(TwoProviders, AMoveToRazorpayLosesNeitherUsageNorPaidTime) {
    const auto alice = customer("alice");
    const auto before = started(stripe(), start_request(alice, "pro", "pm_card_visa"));
    use(alice, 12'345, "u1");
    const auto asked = moved(before.id, "razorpay");
    ASSERT_TRUE(asked.move);
    EXPECT_EQ(asked.move->state, ProviderMove::State::Waiting);
    ASSERT_TRUE(asked.move->authorization_url);
    EXPECT_EQ(asked.subscription.provider, "stripe");
    EXPECT_EQ(moved(before.id, "razorpay").move->id, asked.move->id) << "asked again";
    EXPECT_EQ(at_razorpay("subscriptions"), 1U);

    const auto next = asked.move->to_subscription;
    authorise(next);
    hear("subscription.authenticated", next);
    for (auto& context : *contexts) go_on_with_moves_to(context, clock.now());
    const auto after = load(before.id);
    EXPECT_EQ(after.provider, "razorpay");
    EXPECT_EQ(after.provider_subscription_id, next);
    EXPECT_EQ(after.status, SubscriptionStatus::Active) << "what is paid is no trial";
    EXPECT_EQ(after.period, before.period);
    EXPECT_FALSE(after.cancel_at_period_end);
    EXPECT_EQ(used(alice), 12'345);
    const std::string former = "/v1/subscriptions/" + *before.provider_subscription_id;
    EXPECT_EQ(ask_stripe(former).at("cancel_at_period_end"), true);
    work();
    EXPECT_EQ(load(before.id).period, before.period) << "looked at again";

    pass_to(before.period.end + hours(2));
    EXPECT_EQ(ask_stripe(former).at("status"), "canceled");
    work();
    const auto renewed = load(before.id);
    EXPECT_EQ(renewed.period.start, before.period.end);
    EXPECT_EQ(renewed.status, SubscriptionStatus::Active);
    pass_to(renewed.period.end + minutes(1));
    work();
    EXPECT_EQ(totals(alice, "stripe"), std::vector<std::int64_t>{9'900});
    EXPECT_EQ(totals(alice, "razorpay"), (std::vector<std::int64_t>{9'900, 9'900 + 4'690}));
}

// Nothing was paid yet, and nothing is before the trial's end, when Razorpay charges its $99.00.
TEST_F(TwoProviders, ATrialThatMovesIsOneToItsEnd) {
    const auto alice = customer("alice");
    auto request = start_request(alice, "pro", "pm_card_visa");
    request.trial = TrialWish{clock.now() + hours(14 * 24)};
    const auto before = started(stripe(), request);
    ASSERT_EQ(before.status, SubscriptionStatus::Trialing);
    const auto asked = moved(before.id, "razorpay");
    ASSERT_TRUE(asked.move);
    authorise(asked.move->to_subscription);
    hear("subscription.authenticated", asked.move->to_subscription);
    for (auto& context : *contexts) go_on_with_moves_to(context, clock.now());
    const auto after = load(before.id);
    EXPECT_EQ(after.provider, "razorpay");
    EXPECT_EQ(after.status, SubscriptionStatus::Trialing);
    EXPECT_EQ(after.trial_end, before.trial_end);
    EXPECT_EQ(after.period, before.period);

    pass_to(before.period.end + hours(2));
    work();
    EXPECT_EQ(load(before.id).status, SubscriptionStatus::Active);
    for (const auto total : totals(alice, "stripe")) EXPECT_EQ(total, 0);
    EXPECT_EQ(totals(alice, "razorpay"), std::vector<std::int64_t>{9'900});
}

// A trial of 14 days that has moved, and is to end on its third day instead: the new provider
// charges its $99.00 then.
TEST_F(TwoProviders, ATrialThatMovedCanBeEndedEarlier) {
    const auto before = on_trial_at_razorpay(customer("alice"), hours(14 * 24));
    const Instant earlier = clock.now() + hours(2 * 24);
    EXPECT_EQ(moved(before.id, "stripe", "pm_card_visa").subscription.trial_end, before.trial_end);
    const auto asked = run(end_trial(stripe(), {before.id, earlier, tester}));
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(asked->status, SubscriptionStatus::Trialing);
    EXPECT_EQ(asked->trial_start, before.trial_start);
    EXPECT_EQ(asked->trial_end, earlier);
    EXPECT_EQ(asked->period, (Period{before.period.start, earlier}));

    // Later again, but not as late as it was.
    const auto later = run(end_trial(stripe(), {before.id, earlier + hours(24), tester}));
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(later->trial_end, earlier + hours(24));
    ASSERT_TRUE(run(end_trial(stripe(), {before.id, earlier, tester})));

    pass_to(earlier + hours(2));
    work();
    const auto paying = load(before.id);
    EXPECT_EQ(paying.status, SubscriptionStatus::Active);
    EXPECT_EQ(paying.trial_start, before.trial_start);
    EXPECT_EQ(paying.trial_end, earlier);
    EXPECT_EQ(paying.period.start, earlier);
    EXPECT_EQ(totals(before.customer, "stripe"), (std::vector<std::int64_t>{0, 9'900}));
    work();
    EXPECT_EQ(load(before.id).version, paying.version) << "looked at again";
}

TEST_F(TwoProviders, ATrialThatMovedCanBeEndedNow) {
    const auto before = on_trial_at_razorpay(customer("alice"), hours(14 * 24));
    moved(before.id, "stripe", "pm_card_visa");
    const auto ended = run(end_trial(stripe(), {before.id, std::nullopt, tester}));
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, SubscriptionStatus::Active);
    EXPECT_EQ(ended->trial_end, clock.now());
    EXPECT_EQ(ended->period.start, clock.now());
    work();
    EXPECT_EQ(load(before.id).trial_end, clock.now());
    auto billed = totals(before.customer, "stripe");  // at the same moment
    std::ranges::sort(billed);
    EXPECT_EQ(billed, (std::vector<std::int64_t>{0, 9'900}));
}

TEST_F(TwoProviders, ATrialThatMovedCanBeGivenLonger) {
    const auto before = on_trial_at_razorpay(customer("alice"), hours(14 * 24));
    moved(before.id, "stripe", "pm_card_visa");
    const Instant later = *before.trial_end + hours(7 * 24);
    const auto asked = run(end_trial(stripe(), {before.id, later, tester}));
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(asked->status, SubscriptionStatus::Trialing);
    EXPECT_EQ(asked->trial_start, before.trial_start);
    EXPECT_EQ(asked->period, (Period{before.period.start, later}));
    pass_to(later + hours(2));
    work();
    const auto paying = load(before.id);
    EXPECT_EQ(paying.status, SubscriptionStatus::Active);
    EXPECT_EQ(paying.trial_start, before.trial_start);
    EXPECT_EQ(paying.trial_end, later);
    work();
    EXPECT_EQ(load(before.id).trial_start, before.trial_start) << "looked at again";
}

TEST_F(TwoProviders, AMoveToStripeIsDoneAtOnceAndItsOverageIsOnTheRenewal) {
    const auto alice = customer("alice");
    const auto before = running_at_razorpay(alice);
    use(alice, 12'345, "u1");
    const auto after = moved(before.id, "stripe", "pm_card_visa");
    EXPECT_FALSE(after.move);
    EXPECT_EQ(after.subscription.provider, "stripe");
    EXPECT_EQ(after.subscription.status, SubscriptionStatus::Active);
    EXPECT_EQ(after.subscription.period, before.period);
    EXPECT_EQ(used(alice), 12'345);

    pass_to(before.period.end + minutes(5));
    work();
    pass_to(clock.now() + hours(2));
    work();
    EXPECT_EQ(load(before.id).period.start, before.period.end);
    EXPECT_EQ(totals(alice, "razorpay"), std::vector<std::int64_t>{9'900});
    EXPECT_EQ(totals(alice, "stripe"), (std::vector<std::int64_t>{0, 9'900 + 4'690}));
    EXPECT_EQ(
        ask_razorpay(http::Method::Get, "/v1/subscriptions/" + *before.provider_subscription_id)
            .at("status"),
        "cancelled");
}

// Paid in India until the midnight that begins 10 February there, 18:30 UTC of the 9th. Stripe
// carries the time as a trial.
TEST_F(TwoProviders, PaidTimeThatMovesIsNoFreeTrialOnItsInvoice) {
    const auto alice = customer("alice");
    const auto before = running_at_razorpay(alice);
    moved(before.id, "stripe", "pm_card_visa");
    work();
    EXPECT_EQ(descriptions(alice, "stripe"),
              std::vector<std::string>{"PRO, paid until 9 February 2027 at Razorpay"});
    const auto kept = ledger->read_blocking([&](sql::Transaction& tx) {
        return tx.one("SELECT description FROM invoice_lines WHERE amount_minor = 0")->text(0);
    });
    EXPECT_TRUE(kept.starts_with("Free trial")) << kept << ": the mirror has Stripe's words";
}

TEST_F(TwoProviders, ATrialThatMovesIsOneOnItsInvoice) {
    const auto before = on_trial_at_razorpay(customer("alice"), hours(14 * 24));
    moved(before.id, "stripe", "pm_card_visa");
    work();
    const auto shown = descriptions(before.customer, "stripe");
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_TRUE(shown[0].starts_with("Free trial")) << shown[0];
}

TEST_F(TwoProviders, LateWebhooksOfTheFormerProviderMakeNothingNew) {
    const auto alice = customer("alice");
    const auto before = running_at_razorpay(alice);
    moved(before.id, "stripe", "pm_card_visa");
    const auto after = load(before.id);
    hear("subscription.charged", *before.provider_subscription_id);
    hear("subscription.cancelled", *before.provider_subscription_id);
    EXPECT_EQ(load(before.id).version, after.version);
    const auto count = ledger->read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT COUNT(*) FROM subscriptions")->integer(0);
    });
    EXPECT_EQ(count, 1);
}

TEST_F(TwoProviders, AMoveThatIsNeverAuthorisedChangesNothing) {
    const auto alice = customer("alice");
    const auto before = started(stripe(), start_request(alice, "pro", "pm_card_visa"));
    moved(before.id, "razorpay");
    // Other commands wait for it; it can be given up.
    const auto busy = run(cancel_subscription(stripe(), {before.id, CancelWhen::Now, tester}));
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().reason.text(), "subscription.moving");

    pass_to(before.period.end - minutes(50));
    work();
    const auto expired = moved(before.id, "stripe");
    EXPECT_FALSE(expired.move);
    pass_to(before.period.end + hours(2));
    work();
    const auto after = load(before.id);
    EXPECT_EQ(after.provider, "stripe");
    EXPECT_EQ(after.status, SubscriptionStatus::Active);
    EXPECT_EQ(after.period.start, before.period.end);
    EXPECT_EQ(totals(alice, "stripe"), (std::vector<std::int64_t>{9'900, 9'900}));
    EXPECT_TRUE(totals(alice, "razorpay").empty());
}

TEST_F(TwoProviders, AMoveCanBeGivenUpWhileItWaits) {
    const auto alice = customer("alice");
    const auto before = started(stripe(), start_request(alice, "pro", "pm_card_visa"));
    const auto next = moved(before.id, "razorpay").move->to_subscription;
    EXPECT_FALSE(moved(before.id, "stripe").move);
    EXPECT_EQ(ask_razorpay(http::Method::Get, "/v1/subscriptions/" + next).at("status"),
              "cancelled");
    EXPECT_EQ(load(before.id).provider, "stripe");
    EXPECT_TRUE(run(cancel_subscription(stripe(), {before.id, CancelWhen::Now, tester})));
}

TEST_F(TwoProviders, ThereAndBackInOnePeriodCostsNothingTwice) {
    const auto alice = customer("alice");
    const auto before = running_at_razorpay(alice);
    moved(before.id, "stripe", "pm_card_visa");
    const auto back = moved(before.id, "razorpay");
    ASSERT_TRUE(back.move);
    authorise(back.move->to_subscription);
    work();
    const auto after = load(before.id);
    EXPECT_EQ(after.provider, "razorpay");
    EXPECT_EQ(after.period, before.period);
    pass_to(before.period.end + hours(2));
    work();
    EXPECT_EQ(totals(alice, "razorpay"), (std::vector<std::int64_t>{9'900, 9'900}));
    EXPECT_EQ(totals(alice, "stripe"), std::vector<std::int64_t>{0});
}

TEST_F(TwoProviders, AMoveThatDiesAnywhereIsFinishedOnce) {
    for (int visits = 0;; ++visits) {
        SCOPED_TRACE(visits);
        const auto name = "c" + std::to_string(visits);
        const auto who = customer(name);
        const auto before = running_at_razorpay(who);
        ledger->cut_after(visits);
        try {
            (void)run(move_subscription(*contexts, {before.id, "stripe", "pm_card_visa", tester}));
        } catch (const std::runtime_error&) {
        }
        if (!ledger->mend()) break;
        for (auto& context : *contexts) go_on_with_moves_to(context, clock.now() + seconds(1));
        const auto after = moved(before.id, "stripe", "pm_card_visa");
        EXPECT_FALSE(after.move);
        EXPECT_EQ(after.subscription.provider, "stripe");
        EXPECT_EQ(after.subscription.period, before.period);
        const auto there = ask_stripe("/v1/subscriptions?limit=100").at("data");
        const auto is_its = [&](const Json& each) {
            return each.at("metadata").at("turnpike_subscription") == before.id.text();
        };
        EXPECT_EQ(std::ranges::count_if(there, is_its), 1);
    }
}

TEST_F(TwoProviders, WhatCannotMoveSaysWhy) {
    const auto alice = customer("alice");
    const auto subscription = started(razorpay(), start_request(alice, "pro"));
    const auto reason = [&](const std::string& provider) {
        const auto result =
            run(move_subscription(*contexts, {subscription.id, provider, std::nullopt, tester}));
        return result ? std::string() : std::string(result.error().reason.text());
    };
    EXPECT_EQ(reason("paypal"), "billing.provider_not_configured");
    EXPECT_EQ(reason("stripe"), "subscription.not_movable") << "nobody has authorised it yet";
    authorise(*subscription.provider_subscription_id);
    hear("subscription.activated", *subscription.provider_subscription_id);
    EXPECT_EQ(reason("stripe"), "payment.method_required");
    EXPECT_EQ(reason("razorpay"), "") << "it is there";
    pass_to(load(subscription.id).period.end - hours(1));
    EXPECT_EQ(reason("stripe"), "subscription.not_movable") << "it is about to renew";
}

// What one provider cannot do now waits; the other's work is done.
TEST_F(TwoProviders, OneProvidersOutageLeavesTheOtherAlone) {
    const auto alice = customer("alice");
    const auto bob = customer("bob");
    running_at_razorpay(alice);
    const auto at_stripe = started(stripe(), start_request(bob, "pro", "pm_card_visa"));
    pass_to(at_stripe.period.end + hours(2));
    ask_razorpay(http::Method::Post, "/_sandbox/chaos",
                 R"({"call": "GET /v1/subscriptions", "do": "error", "next": 1000})");
    const auto report = run(reconcile_providers(
        *contexts, {.mode = ReconcileMode::Repair, .authority = tester}, std::nullopt));
    EXPECT_FALSE(report);
    EXPECT_EQ(load(at_stripe.id).period.start, at_stripe.period.end);
}

}  // namespace
}  // namespace turnpike
