#include <algorithm>
#include <chrono>

#include "billing/life/chosen_provider.h"
#include "billing/life/sync.h"
#include "billing/records/stored_checkout.h"
#include "billing/testing/two_providers_testing.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// One customer, whose pages may be at either provider.
class CheckoutOfTwo : public TwoProvidersTest {
protected:
    CheckoutRequest wanted(const CustomerId& customer, const std::string& plan,
                           const Authority& authority) {
        const auto snapshot = catalog.get();
        const auto* version = snapshot->plan(plan);
        return {.customer = customer,
                .plan_version = version->id,
                .price = version->prices.front().id,
                .success_url = "https://shop.example/done",
                .cancel_url = "https://shop.example/plans",
                .authority = authority};
    }
    Result<CheckoutSession> open_at(BillingContext& chosen, const CheckoutRequest& request) {
        return run(open_checkout_at(*contexts, chosen, request));
    }
    CheckoutStatus status_of(const CheckoutSession& session) {
        return ledger
            ->read_blocking([&](sql::Transaction& tx) { return load_checkout(tx, session.id); })
            ->status;
    }

    /// A webhook of Razorpay's arrives: it names one object of this kind.
    void hear(const std::string& event, const std::string& kind, const std::string& id) {
        const Json body{{"entity", "event"},
                        {"event", event},
                        {"payload", {{kind, {{"entity", {{"id", id}}}}}}}};
        const auto applied = run(apply_event(razorpay(), {event, to_text(body)}, seller));
        ASSERT_TRUE(applied) << applied.error().message;
    }
    /// The types of all that subscribers of ours are told, oldest first.
    std::vector<std::string> outbox() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            std::vector<std::string> types;
            for (const auto& row : tx.all("SELECT type FROM outbox_events ORDER BY id"))
                types.push_back(row.text(0));
            return types;
        });
    }

    const Authority anybody{std::string(kAnybody), "req_1"};
    const Authority seller{"key:seller", "req_2"};
};

// Whoever knows a receipt can open a page at Razorpay. It keeps nobody from buying at Stripe.
TEST_F(CheckoutOfTwo, APageAtOneProviderGivesWayToOneAtTheOther) {
    const auto alice = customer("alice");
    const auto first = open_at(razorpay(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(first) << first.error().message;

    const auto second = open_at(stripe(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->provider, "stripe");
    EXPECT_EQ(second->status, CheckoutStatus::Open);
    EXPECT_EQ(status_of(*first), CheckoutStatus::Expired);

    const auto third = open_at(razorpay(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(third) << third.error().message;
    EXPECT_EQ(status_of(*second), CheckoutStatus::Expired);
}

// Razorpay's page leads back nowhere: who has paid there is told by the state that is asked for.
TEST_F(CheckoutOfTwo, WhoComesBackFromRazorpayFirstFindsSubscriptionAndInvoice) {
    const auto alice = customer("alice");
    const auto page = open_at(razorpay(), wanted(alice, "pro", seller));
    ASSERT_TRUE(page) << page.error().message;
    authorise(*page->provider_session_id);
    const auto done = run(refresh_checkout(razorpay(), *page, seller));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->status, CheckoutStatus::Complete);
    const auto subscription = load(page->subscription);
    EXPECT_EQ(subscription.status, SubscriptionStatus::Active);
    const auto paid = invoices(alice, "razorpay");
    ASSERT_EQ(paid.size(), 1U);
    EXPECT_EQ(paid[0].status, InvoiceStatus::Paid);
    EXPECT_EQ(paid[0].total, Money(9'900, Currency::Usd));
    EXPECT_EQ(paid[0].subscription, page->subscription);

    // The webhooks then change nothing, and tell nobody.
    const auto told = outbox();
    EXPECT_EQ(std::ranges::count(told, "invoice.paid"), 1);
    for (int twice = 0; twice < 2; ++twice) {
        hear("subscription.activated", "subscription", *subscription.provider_subscription_id);
        hear("subscription.charged", "subscription", *subscription.provider_subscription_id);
        hear("invoice.paid", "invoice", paid[0].provider_invoice_id);
    }
    EXPECT_EQ(load(page->subscription).version, subscription.version);
    const auto after = invoices(alice, "razorpay");
    ASSERT_EQ(after.size(), 1U);
    EXPECT_EQ(after[0].id, paid[0].id);
    EXPECT_EQ(outbox(), told);
}

// A month later, and nothing was heard of it: the invoice is the one that the page was paid with.
TEST_F(CheckoutOfTwo, WhoComesBackFromRazorpayLateFindsWhatHePaidThere) {
    const auto alice = customer("alice");
    const auto page = open_at(razorpay(), wanted(alice, "pro", seller));
    ASSERT_TRUE(page) << page.error().message;
    authorise(*page->provider_session_id);
    const Instant paid_at = clock.now();
    pass_to(paid_at + std::chrono::days(40));
    ASSERT_TRUE(run(refresh_checkout(razorpay(), *page, seller)));
    const auto paid = invoices(alice, "razorpay");
    ASSERT_EQ(paid.size(), 1U);
    EXPECT_EQ(paid[0].period.start, paid_at);
}

TEST_F(CheckoutOfTwo, APageAtOneProviderGivesWayToASubscriptionAtTheOther) {
    const auto alice = customer("alice");
    const auto page = open_at(razorpay(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(page) << page.error().message;
    const auto started = run(
        start_subscription_at(*contexts, stripe(), start_request(alice, "pro", "pm_card_visa")));
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(started->status, SubscriptionStatus::Active);
    EXPECT_EQ(status_of(*page), CheckoutStatus::Expired);
}

TEST_F(CheckoutOfTwo, WhoShowsNoCredentialClosesNoPageOfTheSeller) {
    const auto alice = customer("alice");
    const auto offered = open_at(stripe(), wanted(alice, "pro", seller));
    ASSERT_TRUE(offered) << offered.error().message;

    const auto elsewhere = open_at(razorpay(), wanted(alice, "pro", anybody));
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().reason.text(), "checkout.opened_by_another");
    EXPECT_NE(elsewhere.error().message.find(offered->id.text()), std::string::npos);
    const auto cheaper = open_at(stripe(), wanted(alice, "starter", anybody));
    ASSERT_FALSE(cheaper);
    EXPECT_EQ(cheaper.error().reason.text(), "checkout.opened_by_another");
    EXPECT_EQ(status_of(*offered), CheckoutStatus::Open);

    // The seller's own wish goes on, wherever.
    const auto moved = open_at(razorpay(), wanted(alice, "pro", seller));
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(status_of(*offered), CheckoutStatus::Expired);
}

TEST_F(CheckoutOfTwo, AnAnonymousPageGivesWayToAnAnonymousWish) {
    const auto alice = customer("alice");
    const auto pro = open_at(stripe(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(pro) << pro.error().message;
    const auto starter = open_at(stripe(), wanted(alice, "starter", anybody));
    ASSERT_TRUE(starter) << starter.error().message;
    EXPECT_EQ(status_of(*pro), CheckoutStatus::Expired);
}

TEST_F(CheckoutOfTwo, AnAnonymousPageThatTheSellerAsksForTooIsHis) {
    const auto alice = customer("alice");
    const auto page = open_at(stripe(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(page) << page.error().message;
    const auto same = open_at(stripe(), wanted(alice, "pro", seller));
    ASSERT_TRUE(same) << same.error().message;
    EXPECT_EQ(same->id, page->id);
    const auto again = open_at(stripe(), wanted(alice, "pro", anybody));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->id, page->id);

    const auto other = open_at(stripe(), wanted(alice, "starter", anybody));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().reason.text(), "checkout.opened_by_another");
    EXPECT_EQ(status_of(*page), CheckoutStatus::Open);
}

TEST_F(CheckoutOfTwo, APageOfAProviderThatIsGoneIsNamed) {
    const auto alice = customer("alice");
    const auto page = open_at(razorpay(), wanted(alice, "pro", seller));
    ASSERT_TRUE(page) << page.error().message;
    BillingContexts alone({stripe()});
    const auto refused =
        run(open_checkout_at(alone, alone.primary(), wanted(alice, "pro", seller)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "checkout.other_provider");
    EXPECT_NE(refused.error().message.find(page->id.text()), std::string::npos);
}

}  // namespace
}  // namespace turnpike
