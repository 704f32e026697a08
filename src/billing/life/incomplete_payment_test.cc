#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/provider/payment_methods.h"
#include "billing/telling/next_action.h"
#include "billing/testing/testing.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::hours, std::chrono::sys_days;
namespace chrono = std::chrono;

constexpr const char* kAlwaysAsks = "pm_card_authenticationRequired";
constexpr const char* kDeclines = "pm_card_chargeCustomerFail";

/// Payments that need the cardholder.
class IncompletePayments : public BillingTest {
protected:
    Result<Subscription> start(const CustomerId& customer, const std::string& plan,
                               const std::string& card,
                               FirstPayment first = FirstPayment::MayWait) {
        auto request = world.start_request(customer, plan, card);
        request.first_payment = first;
        return world.run(start_subscription(world.billing, std::move(request)));
    }
    std::optional<std::string> page_of(const SubscriptionId& id) {
        const auto subscription = load(id);
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return payment_page_of(tx, subscription); });
    }
    /// What a browser posts; where it is led then.
    std::string post_form(const std::string& url, const std::string& form) {
        http::Call call{.method = http::Method::Post, .url = url};
        call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        call.body = form;
        const auto answer = world.http.send_blocking(call);
        EXPECT_TRUE(answer);
        EXPECT_EQ(answer->status, 303) << answer->body;
        for (const auto& [name, value] : answer->headers)
            if (name == "Location" || name == "location")
                return value.starts_with("/") ? SharedSandbox::get().url() + value : value;
        return "";
    }
    /// Pays the invoice on its page, and agrees at the bank.
    void pay_and_confirm(const std::string& hosted_url) {
        const std::string bank = post_form(hosted_url, "action=pay");
        EXPECT_NE(bank.find("/p/authenticate/"), std::string::npos) << bank;
        post_form(bank, "action=yes");
    }
    void sync(const Subscription& subscription) {
        ASSERT_TRUE(world.run(sync_customer(world.billing, subscription.customer, tester)));
    }
};

TEST_F(IncompletePayments, AStartWaitsForTheCardholder) {
    const auto customer = world.customer("careful");
    const auto waiting = start(customer, "pro", kAlwaysAsks);
    ASSERT_TRUE(waiting) << waiting.error().message;
    EXPECT_EQ(waiting->status, SubscriptionStatus::Incomplete);
    EXPECT_FALSE(grants_access(waiting->status));
    const auto page = page_of(waiting->id);
    ASSERT_TRUE(page);

    // The same request again is the same subscription.
    const auto again = start(customer, "pro", kAlwaysAsks);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, waiting->id);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions?status=all").at("data").size(), 1U);

    pay_and_confirm(*page);
    sync(*waiting);
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::Active);
    EXPECT_FALSE(page_of(waiting->id));
    EXPECT_EQ(world.invoices(customer).front().status, InvoiceStatus::Paid);
}

TEST_F(IncompletePayments, UnlessAskedForAStartIsAllOrNothing) {
    const auto customer = world.customer("strict");
    const auto refused = start(customer, "pro", kAlwaysAsks, FirstPayment::OrNothing);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.authentication_required");
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions?status=all").at("data").size(), 0U);
    EXPECT_EQ(start(customer, "pro", "pm_card_visa")->status, SubscriptionStatus::Active);
}

TEST_F(IncompletePayments, AGoodCardDoesNotWait) {
    const auto customer = world.customer("good");
    EXPECT_EQ(start(customer, "pro", "pm_card_visa")->status, SubscriptionStatus::Active);
}

TEST_F(IncompletePayments, AfterADayItHasExpiredAndAnotherBegins) {
    const Instant start_of_it = sys_days(chrono::year(2027) / 9 / 15);
    const auto customer = on_clock("slow", start_of_it);
    const auto waiting = start(customer, "pro", kAlwaysAsks);
    ASSERT_TRUE(waiting) << waiting.error().message;
    advance(start_of_it + hours(22));
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::Incomplete);
    advance(start_of_it + hours(24));
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::IncompleteExpired);
    EXPECT_TRUE(load(waiting->id).ended_at);
    EXPECT_FALSE(page_of(waiting->id));
    const auto next = start(customer, "pro", "pm_card_visa");
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_NE(next->id, waiting->id);
    EXPECT_EQ(next->status, SubscriptionStatus::Active);
}

TEST_F(IncompletePayments, ARenewalThatNeedsTheCardholderIsPastDue) {
    const Instant begin = sys_days(chrono::year(2027) / 9 / 15);
    const auto customer = on_clock("renewing", begin);
    const auto waiting = start(customer, "pro", kAlwaysAsks);
    ASSERT_TRUE(waiting) << waiting.error().message;
    pay_and_confirm(*page_of(waiting->id));
    sync(*waiting);
    ASSERT_EQ(load(waiting->id).status, SubscriptionStatus::Active);

    advance(sys_days(chrono::year(2027) / 10 / 15) + hours(2));
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::PastDue);
    EXPECT_TRUE(grants_access(SubscriptionStatus::PastDue));
    const auto page = page_of(waiting->id);
    ASSERT_TRUE(page);
    pay_and_confirm(*page);
    sync(*waiting);
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::Active);
}

TEST_F(IncompletePayments, AnUpgradeWaitsForTheCardholder) {
    const auto customer = world.customer("climbing");
    const auto waiting = start(customer, "starter", kAlwaysAsks);
    ASSERT_TRUE(waiting) << waiting.error().message;
    pay_and_confirm(*page_of(waiting->id));
    sync(*waiting);
    ASSERT_EQ(load(waiting->id).status, SubscriptionStatus::Active);

    const auto refused = world.run(change_subscription(
        world.billing, {waiting->id, world.price_of("pro"), tester, std::nullopt}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.authentication_required");
    sync(*waiting);
    EXPECT_EQ(load(waiting->id).price, world.price_of("starter")) << "not before it is paid";
    EXPECT_EQ(load(waiting->id).status, SubscriptionStatus::Active);
    const auto page = std::ranges::find(refused.error().details, "hosted_url",
                                        &std::pair<std::string, std::string>::first);
    ASSERT_NE(page, refused.error().details.end());
    EXPECT_TRUE(refused.error().message.contains("hosted_url")) << refused.error().message;
    pay_and_confirm(page->second);
    sync(*waiting);
    EXPECT_EQ(load(waiting->id).price, world.price_of("pro"));
}

// A card that only says no leaves nothing that could be paid later.
TEST_F(IncompletePayments, ADeclinedUpgradeIsOver) {
    const auto customer = world.customer("broke");
    const auto subscription = started(customer, "starter");
    const Json theirs =
        world.sandbox_get("/v1/subscriptions/" + *subscription.provider_subscription_id);
    const std::string owner = theirs.at("customer");
    const Json card = world.sandbox_post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                         "customer=" + owner);
    world.sandbox_post("/v1/subscriptions/" + *subscription.provider_subscription_id,
                       "default_payment_method=" + card.at("id").get<std::string>());
    const auto refused = world.run(change_subscription(
        world.billing, {subscription.id, world.price_of("pro"), tester, std::nullopt}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.declined");
    const Json after =
        world.sandbox_get("/v1/subscriptions/" + *subscription.provider_subscription_id);
    EXPECT_TRUE(after.at("pending_update").is_null());
}

/// A trial of PRO, $99.00 a month, that has ended without a card and is paused.
class PausedTrials : public IncompletePayments {
protected:
    PausedTrials() {
        customer_ = on_clock("trying", kBegin);
        auto request = world.start_request(*customer_, "pro");
        request.payment_method = std::nullopt;
        request.trial = TrialWish{kBegin + chrono::days(5), TrialEndBehavior::Pause};
        paused_ = world.run(start_subscription(world.billing, std::move(request))).value().id;
        advance(kBegin + chrono::days(6));
        EXPECT_EQ(load(*paused_).status, SubscriptionStatus::Paused);
    }
    Result<Subscription> resume() {
        return world.run(resume_subscription(world.billing, {*paused_, tester}));
    }
    /// Puts a card on file, as the one that is charged.
    void put_on_file(const std::string& card) {
        const CardOwner owner{*customer_, tester};
        const auto attached = world.run(attach_method(world.billing, owner, card));
        ASSERT_TRUE(attached) << attached.error().message;
        ASSERT_TRUE(world.run(choose_method(world.billing, owner, attached->id)));
    }
    /// Newest first.
    std::vector<std::string> invoices() {
        std::vector<std::string> found;
        for (const auto& invoice : world.invoices(*customer_))
            found.push_back(std::to_string(invoice.total.minor()) + " " +
                            std::string(to_text(invoice.status)));
        return found;
    }
    std::size_t invoices_there() {
        return world.sandbox_get("/v1/invoices?limit=100").at("data").size();
    }
    std::optional<std::string> page() { return page_of(*paused_); }

    const Instant kBegin = sys_days(chrono::year(2027) / 9 / 15);
    std::optional<CustomerId> customer_;
    std::optional<SubscriptionId> paused_;
};

TEST_F(PausedTrials, WithoutACardNothingIsAsked) {
    const auto refused = resume();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.method_required");
    EXPECT_EQ(invoices_there(), 1U) << "that of the trial";
    EXPECT_EQ(load(*paused_).status, SubscriptionStatus::Paused);
    EXPECT_FALSE(page());

    put_on_file("pm_card_visa");
    const auto resumed = resume();
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->status, SubscriptionStatus::Active);
    EXPECT_FALSE(page());
    EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 paid", "0 paid"));
}

TEST_F(PausedTrials, ACardThatDeclinesShowsWhatIsOpenAndAGoodOnePaysIt) {
    put_on_file(kDeclines);
    for (int time = 0; time < 2; ++time) {
        const auto waits = resume();
        ASSERT_TRUE(waits) << waits.error().message;
        EXPECT_EQ(waits->status, SubscriptionStatus::Paused);
        EXPECT_TRUE(page());
        EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 open", "0 paid"));
    }
    put_on_file("pm_card_visa");
    const auto resumed = resume();
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->status, SubscriptionStatus::Active);
    EXPECT_EQ(resumed->period.start, kBegin + chrono::days(6));
    EXPECT_FALSE(page());
    EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 paid", "0 paid"));
}

TEST_F(PausedTrials, TheCardIsGoneWhileTheInvoiceIsOpen) {
    put_on_file(kDeclines);
    ASSERT_TRUE(resume());
    const auto methods = world.run(payment_methods_of(world.billing, *customer_));
    ASSERT_TRUE(world.run(
        detach_method(world.billing, CardOwner{*customer_, tester}, methods->front().id)));
    const auto refused = resume();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.method_required");
    const std::pair<std::string, std::string> where{"hosted_url", page().value()};
    EXPECT_THAT(refused.error().details, ::testing::Contains(where));
}

TEST_F(PausedTrials, TheCardholderConfirmsTheResumption) {
    put_on_file(kAlwaysAsks);
    const auto waits = resume();
    ASSERT_TRUE(waits) << waits.error().message;
    EXPECT_EQ(waits->status, SubscriptionStatus::Paused);
    EXPECT_EQ(resume()->status, SubscriptionStatus::Paused) << "asked again, it is the same";
    pay_and_confirm(page().value());
    sync(*waits);
    EXPECT_EQ(load(*paused_).status, SubscriptionStatus::Active);
    EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 paid", "0 paid"));
}

// The provider gives it up after 23 hours; the next resumption begins a period of its own.
TEST_F(PausedTrials, WhatWasNotPaidInADayIsAskedForAnew) {
    put_on_file(kDeclines);
    ASSERT_TRUE(resume());
    advance(kBegin + chrono::days(7));
    EXPECT_FALSE(page());
    EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 void", "0 paid"));
    put_on_file("pm_card_visa");
    const auto resumed = resume();
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->status, SubscriptionStatus::Active);
    EXPECT_EQ(resumed->period.start, kBegin + chrono::days(7));
    EXPECT_THAT(invoices(), ::testing::ElementsAre("9900 paid", "9900 void", "0 paid"));
}

}  // namespace
}  // namespace turnpike
