#include "billing/life/chosen_provider.h"
#include "billing/life/provider_move.h"
#include "billing/life/sync.h"
#include "billing/plans/plans.h"
#include "billing/records/stored_checkout.h"
#include "billing/testing/two_providers_testing.h"

namespace turnpike {
namespace {

/// Plans are sold in dollars, and from some moment on in euros.
class PaidCurrency : public TwoProvidersTest {
protected:
    void sell_in_euros(const std::string& plan) {
        PlanPatch patch;
        patch.prices = {{{Interval::Month, 1}, Money(8'900, Currency::Eur)}};
        const auto sold =
            run(sell_changed_plan(stripe(), {.ref = plan, .patch = patch, .authority = tester}));
        ASSERT_TRUE(sold) << sold.error().message;
    }
    void end_now(BillingContext& billing, const SubscriptionId& id) {
        const auto ended = run(cancel_subscription(billing, {id, CancelWhen::Now, tester}));
        ASSERT_TRUE(ended) << ended.error().message;
    }
    Subscription running_at_razorpay(const CustomerId& customer, const std::string& plan) {
        const auto begun = started(razorpay(), start_request(customer, plan));
        authorise(*begun.provider_subscription_id);
        const auto synced =
            run(sync_subscription(razorpay(), *begun.provider_subscription_id, tester));
        EXPECT_TRUE(synced) << synced.error().message;
        return load(begun.id);
    }
    Result<CheckoutSession> open_at(BillingContext& billing, const CustomerId& customer,
                                    const std::string& plan) {
        const auto sold = start_request(customer, plan);
        CheckoutRequest request{.customer = customer,
                                .plan_version = sold.plan_version,
                                .price = sold.price,
                                .success_url = "https://shop.example/done",
                                .cancel_url = "https://shop.example/plans",
                                .authority = tester};
        return run(open_checkout_at(*contexts, billing, std::move(request)));
    }
    Result<MovedSubscription> move_to_stripe(const SubscriptionId& id) {
        return run(move_subscription(*contexts, {id, "stripe", "pm_card_visa", tester}));
    }
    template <class T>
    std::string refused_for(const Result<T>& result) {
        return result ? "" : std::string(result.error().reason.text());
    }
    std::size_t at_stripe(const std::string& collection) {
        return ask_stripe("/v1/" + collection + "?limit=100").at("data").size();
    }
};

TEST_F(PaidCurrency, ThereIsNoPageInASecondOne) {
    const auto alice = customer("alice");
    end_now(stripe(), started(stripe(), start_request(alice, "pro", "pm_card_visa")).id);
    const auto dollars = open_at(stripe(), alice, "pro");
    ASSERT_TRUE(dollars) << dollars.error().message;
    sell_in_euros("pro");
    EXPECT_EQ(refused_for(open_at(stripe(), alice, "pro")), "subscription.currency_fixed");
    EXPECT_EQ(at_stripe("checkout/sessions"), 1U);
    const auto page =
        ledger->read_blocking([&](sql::Transaction& tx) { return load_checkout(tx, dollars->id); });
    EXPECT_EQ(page->status, CheckoutStatus::Open) << "what can be paid gives way to nothing";

    // At Razorpay he has paid nothing.
    const auto elsewhere = open_at(razorpay(), alice, "pro");
    EXPECT_TRUE(elsewhere) << elsewhere.error().message;
}

TEST_F(PaidCurrency, NothingMovesToWhereAnotherOneWasPaid) {
    const auto alice = customer("alice");
    end_now(stripe(), started(stripe(), start_request(alice, "pro", "pm_card_visa")).id);
    sell_in_euros("starter");
    const auto euros = running_at_razorpay(alice, "starter");
    ASSERT_EQ(euros.status, SubscriptionStatus::Active);
    EXPECT_EQ(refused_for(move_to_stripe(euros.id)), "subscription.currency_fixed");
    EXPECT_EQ(load(euros.id).version, euros.version);
    EXPECT_EQ(at_stripe("subscriptions"), 0U);
    EXPECT_FALSE(
        ledger->read_blocking([&](sql::Transaction& tx) { return find_open_move(tx, euros.id); }));

    // Who has paid nothing there moves.
    const auto bob = running_at_razorpay(customer("bob"), "starter");
    const auto moved = move_to_stripe(bob.id);
    EXPECT_TRUE(moved) << moved.error().message;
}

// It was paid at Razorpay until it moved to Stripe.
TEST_F(PaidCurrency, WhatHasMovedWasPaidAtBoth) {
    const auto alice = customer("alice");
    const auto dollars = running_at_razorpay(alice, "pro");
    ASSERT_TRUE(move_to_stripe(dollars.id));
    end_now(stripe(), dollars.id);
    sell_in_euros("pro");
    for (auto* provider : {&stripe(), &razorpay()}) {
        SCOPED_TRACE(provider->provider.name());
        EXPECT_EQ(refused_for(open_at(*provider, alice, "pro")), "subscription.currency_fixed");
        EXPECT_EQ(refused_for(run(start_subscription(*provider, start_request(alice, "pro")))),
                  "subscription.currency_fixed");
    }
}

}  // namespace
}  // namespace turnpike
