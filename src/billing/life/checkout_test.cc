#include "billing/life/checkout.h"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit.h"
#include "billing/life/reconcile.h"
#include "billing/life/sync.h"
#include "billing/records/stored_checkout.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::hours;

/// A customer at the provider's checkout page.
class CheckoutFlow : public BillingTest {
protected:
    CheckoutRequest request(const CustomerId& customer, const std::string& plan) {
        const auto snapshot = world.catalog.get();
        const auto* version = snapshot->plan(plan);
        return {.customer = customer,
                .plan_version = version->id,
                .price = version->prices.front().id,
                .success_url = "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
                .cancel_url = "https://shop.example/plans",
                .authority = tester};
    }
    CheckoutSession opened(const CheckoutRequest& wanted) {
        const auto session = world.run(open_checkout(world.billing, wanted));
        EXPECT_TRUE(session) << session.error().message;
        return *session;
    }
    /// What the page sends when the customer pays with this card.
    Json pay(const CheckoutSession& session, const std::string& card = "pm_card_visa") {
        return world.sandbox_post("/v1/payment_pages/" + *session.provider_session_id + "/confirm",
                                  "payment_method=" + card);
    }
    CheckoutSession fetched(const CheckoutSession& session) {
        const auto now_is = world.run(refresh_checkout(world.billing, session, tester));
        EXPECT_TRUE(now_is) << now_is.error().message;
        return *now_is;
    }
    CheckoutSession load(const CheckoutId& id) {
        return *ledger->read_blocking([&](sql::Transaction& tx) { return load_checkout(tx, id); });
    }
    std::optional<Subscription> live(const CustomerId& customer) {
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
    }
    std::size_t subscriptions(const CustomerId& customer) {
        return ledger
            ->read_blocking([&](sql::Transaction& tx) {
                return list_subscriptions(tx, customer, {.limit = 100});
            })
            .size();
    }
    /// The latest event of this type at the provider is delivered.
    void deliver(const std::string& type) {
        const Json events = world.sandbox_get("/v1/events?limit=100&type=" + type).at("data");
        ASSERT_FALSE(events.empty()) << type;
        const auto applied =
            world.run(apply_event(world.billing, {type, to_text(events.at(0))}, tester));
        ASSERT_TRUE(applied) << type << ": " << applied.error().message;
    }
    /// The cardholder agrees at the bank's page.
    void confirm_at_bank() {
        const Json intents = world.sandbox_get("/v1/payment_intents?limit=1").at("data");
        http::Call call{
            .method = http::Method::Post,
            .url =
                intents.at(0).at("next_action").at("redirect_to_url").at("url").get<std::string>()};
        call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        call.body = "action=yes";
        const auto answer = world.http.send_blocking(call);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 303) << answer->body;
    }
    std::int64_t recorded(std::string_view action, const std::string& object) {
        const auto rows = ledger->read_blocking(
            [&](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {.limit = 100}); });
        return std::ranges::count_if(rows, [&](const AuditRecord& row) {
            return row.entry.action == action && row.entry.object_id == object;
        });
    }
};

TEST_F(CheckoutFlow, WhoComesBackFirstFindsTheSubscription) {
    const auto customer = world.customer("ada");
    const auto session = opened(request(customer, "pro"));
    EXPECT_EQ(session.status, CheckoutStatus::Open);
    ASSERT_TRUE(session.url);
    EXPECT_FALSE(live(customer)) << "an open page is nothing that counts";

    const Json page = world.sandbox_get("/v1/checkout/sessions/" + *session.provider_session_id);
    EXPECT_EQ(page.at("client_reference_id"), session.id.text());
    EXPECT_EQ(page.at("success_url"), "https://shop.example/done?s=" + session.id.text());

    pay(session);
    const auto done = fetched(session);
    EXPECT_EQ(done.status, CheckoutStatus::Complete);
    EXPECT_FALSE(done.url);
    const auto subscription = live(customer);
    ASSERT_TRUE(subscription);
    EXPECT_EQ(subscription->id, session.subscription);
    EXPECT_EQ(subscription->status, SubscriptionStatus::Active);
    EXPECT_EQ(subscription->price, session.price);
    const auto invoices = world.invoices(customer);
    ASSERT_EQ(invoices.size(), 1U);
    EXPECT_EQ(invoices[0].status, InvoiceStatus::Paid);
    EXPECT_EQ(invoices[0].total.minor(), 9'900);
    EXPECT_EQ(invoices[0].subscription, session.subscription);

    // The webhooks then change nothing.
    const auto version = subscription->version;
    for (int twice = 0; twice < 2; ++twice)
        for (const char* type :
             {"checkout.session.completed", "customer.subscription.created", "invoice.paid"})
            deliver(type);
    EXPECT_EQ(live(customer)->version, version);
    EXPECT_EQ(world.invoices(customer).size(), 1U);
    EXPECT_EQ(recorded("subscription.started", session.subscription.text()), 1);
    EXPECT_EQ(recorded("checkout.started", session.id.text()), 1);
}

// Every order of the return and of what is delivered, each of them twice.
TEST_F(CheckoutFlow, EveryOrderOfReturnAndWebhooksEndsTheSame) {
    std::array steps{0, 1, 2, 3};
    int orders = 0;
    do {
        const auto customer = world.customer("order-" + std::to_string(orders++));
        const auto session = opened(request(customer, "starter"));
        pay(session);
        for (const int step : steps)
            for (int twice = 0; twice < 2; ++twice) {
                if (step == 0) deliver("customer.subscription.created");
                if (step == 1) deliver("checkout.session.completed");
                if (step == 2) deliver("invoice.paid");
                if (step == 3) fetched(load(session.id));
            }
        SCOPED_TRACE(::testing::PrintToString(steps));
        EXPECT_EQ(load(session.id).status, CheckoutStatus::Complete);
        const auto subscription = live(customer);
        ASSERT_TRUE(subscription);
        EXPECT_EQ(subscription->id, session.subscription);
        EXPECT_EQ(subscription->status, SubscriptionStatus::Active);
        EXPECT_EQ(recorded("subscription.started", session.subscription.text()), 1);
        const auto invoices = world.invoices(customer);
        ASSERT_EQ(invoices.size(), 1U);
        EXPECT_EQ(invoices[0].status, InvoiceStatus::Paid);
        EXPECT_EQ(invoices[0].subscription, session.subscription);
    } while (std::ranges::next_permutation(steps).found);
    EXPECT_EQ(orders, 24);
}

TEST_F(CheckoutFlow, AnyOneOfThemIsEnough) {
    int number = 0;
    for (const char* only : {"customer.subscription.created", "checkout.session.completed",
                             "customer.subscription.updated", "reconcile"}) {
        SCOPED_TRACE(only);
        const auto customer = world.customer("lost-" + std::to_string(number++));
        const auto session = opened(request(customer, "starter"));
        pay(session);
        if (std::string_view(only) == "customer.subscription.updated") {
            world.sandbox_post("/v1/subscriptions/" + world.sandbox_get("/v1/subscriptions?limit=1")
                                                          .at("data")
                                                          .at(0)
                                                          .at("id")
                                                          .get<std::string>(),
                               "description=x");
        }
        if (std::string_view(only) == "reconcile")
            ASSERT_TRUE(world.run(
                reconcile(world.billing, {.mode = ReconcileMode::Repair, .authority = tester})));
        else
            deliver(only);
        const auto subscription = live(customer);
        ASSERT_TRUE(subscription);
        EXPECT_EQ(subscription->id, session.subscription);
        EXPECT_EQ(load(session.id).status, CheckoutStatus::Complete);
    }
}

TEST_F(CheckoutFlow, TheSameRequestIsTheSamePage) {
    const auto customer = world.customer("twice");
    const auto first = opened(request(customer, "pro"));
    const auto again = opened(request(customer, "pro"));
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(again.url, first.url);

    // Another plan: the first page is closed before the second opens.
    const auto other = opened(request(customer, "starter"));
    EXPECT_NE(other.id, first.id);
    EXPECT_EQ(load(first.id).status, CheckoutStatus::Expired);
    const Json page = world.sandbox_get("/v1/checkout/sessions/" + *first.provider_session_id);
    EXPECT_EQ(page.at("status"), "expired");
    EXPECT_EQ(world.sandbox_get("/v1/checkout/sessions").at("data").size(), 2U);
}

TEST_F(CheckoutFlow, WhoHasPaidIsNotSentToAnotherPage) {
    const auto customer = world.customer("paid");
    const auto session = opened(request(customer, "pro"));
    pay(session);
    // Nobody has told us yet.
    for (const char* plan : {"pro", "starter"}) {
        const auto refused = world.run(open_checkout(world.billing, request(customer, plan)));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason.text(), "subscription.exists");
    }
    EXPECT_EQ(live(customer)->id, session.subscription);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions").at("data").size(), 1U);
}

// lago-api#5708: a page and another path must not both be paid.
TEST_F(CheckoutFlow, AStartByApiClosesThePage) {
    const auto customer = world.customer("impatient");
    const auto session = opened(request(customer, "pro"));
    const auto subscription = started(customer, "starter");
    EXPECT_EQ(load(session.id).status, CheckoutStatus::Expired);
    const Json page = world.sandbox_get("/v1/checkout/sessions/" + *session.provider_session_id);
    EXPECT_EQ(page.at("status"), "expired");
    EXPECT_EQ(live(customer)->id, subscription.id);
}

TEST_F(CheckoutFlow, AStartByApiAfterThePaymentIsRefused) {
    const auto customer = world.customer("forgetful");
    const auto session = opened(request(customer, "pro"));
    pay(session);
    const auto refused =
        world.run(start_subscription(world.billing, world.start_request(customer, "starter")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "subscription.exists");
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions").at("data").size(), 1U);
    EXPECT_EQ(live(customer)->id, session.subscription);
}

TEST_F(CheckoutFlow, ASubscriptionMadeElsewhereClosesThePage) {
    const auto customer = world.customer("dashboard");
    const auto session = opened(request(customer, "pro"));
    const Json page = world.sandbox_get("/v1/checkout/sessions/" + *session.provider_session_id);
    const std::string theirs = page.at("customer").get<std::string>();
    world.sandbox_post("/v1/payment_methods/pm_card_visa/attach", "customer=" + theirs);
    const Json cards = world.sandbox_get("/v1/payment_methods?customer=" + theirs).at("data");
    const std::string price = world.sandbox_get("/v1/prices").at("data").at(0).at("id");
    world.sandbox_post("/v1/subscriptions",
                       "customer=" + theirs + "&items[0][price]=" + price +
                           "&default_payment_method=" + cards.at(0).at("id").get<std::string>());
    deliver("customer.subscription.created");
    ASSERT_TRUE(live(customer));
    EXPECT_NE(live(customer)->id, session.subscription) << "it does not come from the page";
    EXPECT_EQ(load(session.id).status, CheckoutStatus::Open);
    world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    EXPECT_EQ(load(session.id).status, CheckoutStatus::Expired);
    EXPECT_EQ(
        world.sandbox_get("/v1/checkout/sessions/" + *session.provider_session_id).at("status"),
        "expired");
}

TEST_F(CheckoutFlow, AnAbandonedPageLeavesNothing) {
    const auto customer = world.customer("abandoning");
    const auto session = opened(request(customer, "pro"));
    // The bank asks, and nobody answers: there is an incomplete subscription on the page.
    const Json page = pay(session, "pm_card_authenticationRequired");
    EXPECT_EQ(page.at("status"), "open");
    deliver("customer.subscription.created");
    EXPECT_FALSE(live(customer));
    const auto report =
        world.run(reconcile(world.billing, {.mode = ReconcileMode::Report, .authority = tester}));
    ASSERT_TRUE(report);
    EXPECT_TRUE(std::ranges::none_of(report->differences, [](const Difference& d) {
        return d.field == "missing_here" && d.object.starts_with("sub_");
    }));

    FailureLog failures;
    PassLog log(world.billing, failures);
    world.run(close_stale_checkouts(world.billing, world.clock.now() + hours(25), tester, log));
    EXPECT_EQ(load(session.id).status, CheckoutStatus::Expired);
    deliver("checkout.session.expired");
    deliver("customer.subscription.updated");
    EXPECT_EQ(subscriptions(customer), 0U);
    EXPECT_FALSE(live(customer));
    EXPECT_EQ(started(customer, "starter").status, SubscriptionStatus::Active);
}

TEST_F(CheckoutFlow, WhoConfirmsAtTheBankHasSubscribed) {
    const auto customer = world.customer("careful");
    const auto session = opened(request(customer, "pro"));
    pay(session, "pm_card_authenticationRequired");
    EXPECT_EQ(fetched(session).status, CheckoutStatus::Open);
    confirm_at_bank();
    EXPECT_EQ(fetched(session).status, CheckoutStatus::Complete);
    ASSERT_TRUE(live(customer));
    EXPECT_EQ(live(customer)->id, session.subscription);
    EXPECT_EQ(live(customer)->status, SubscriptionStatus::Active);
}

TEST_F(CheckoutFlow, ATrialBeginsAtThePage) {
    const auto customer = world.customer("trial");
    auto wanted = request(customer, "pro");
    wanted.trial_days = 14;
    const auto session = opened(wanted);
    pay(session);
    EXPECT_EQ(fetched(session).status, CheckoutStatus::Complete);
    ASSERT_TRUE(live(customer));
    EXPECT_EQ(live(customer)->status, SubscriptionStatus::Trialing);

    ASSERT_TRUE(world.run(
        cancel_subscription(world.billing, {session.subscription, CancelWhen::Now, tester})));
    const auto again = world.run(open_checkout(world.billing, wanted));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason.text(), "subscription.trial_used");
}

TEST_F(CheckoutFlow, AForgedNameAdoptsNothing) {
    const auto victim = world.customer("victim");
    const auto session = opened(request(victim, "pro"));
    const std::string price = world.sandbox_get("/v1/prices").at("data").at(0).at("id");
    const Json stranger = world.sandbox_post("/v1/customers", "email=eve@example.com");
    const std::string id = stranger.at("id");
    world.sandbox_post("/v1/payment_methods/pm_card_visa/attach", "customer=" + id);
    const Json cards = world.sandbox_get("/v1/payment_methods?customer=" + id).at("data");
    world.sandbox_post("/v1/subscriptions",
                       "customer=" + id + "&items[0][price]=" + price +
                           "&default_payment_method=" + cards.at(0).at("id").get<std::string>() +
                           "&metadata[turnpike_subscription]=" + session.subscription.text());
    deliver("customer.subscription.created");
    EXPECT_FALSE(live(victim));
    EXPECT_EQ(load(session.id).status, CheckoutStatus::Open);
}

TEST_F(CheckoutFlow, WhatTheProviderRefusesIsOver) {
    const auto customer = world.customer("refused");
    auto wanted = request(customer, "pro");
    wanted.trial_days = 10'000;
    const auto refused = world.run(open_checkout(world.billing, wanted));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.refused");
    EXPECT_EQ(opened(request(customer, "pro")).status, CheckoutStatus::Open);
}

}  // namespace
}  // namespace turnpike
