// Refunds and disputes of what was paid through Razorpay.

#include <gmock/gmock.h>

#include "billing/life/refunding.h"
#include "billing/life/returned_money.h"
#include "billing/life/sync.h"
#include "billing/testing/two_providers_testing.h"
#include "billing/worker.h"
#include "invoicing/refunds.h"
#include "json/value.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

/// Who paid $99.00 for PRO.
class RazorpayMoneyBack : public TwoProvidersTest {
protected:
    void SetUp() override {
        customer_ = customer("alice");
        const auto bought = started(razorpay(), start_request(*customer_, "pro"));
        authorise(*bought.provider_subscription_id);
        const auto synced = run(sync_customer(razorpay(), *customer_, tester));
        ASSERT_TRUE(synced) << synced.error().message;
        ASSERT_EQ(invoice().amount_paid.minor(), 9'900);
        const auto payments =
            run(razorpay().provider.payments_of_invoice(invoice().provider_invoice_id));
        ASSERT_TRUE(payments) << payments.error().message;
        payment = payments->at(0).id;
    }
    Invoice invoice() { return invoices(*customer_, "razorpay").at(0); }
    Result<Refund> refund(std::optional<std::int64_t> amount = {}) {
        return run(refund_invoice(razorpay(), {.invoice = invoice().id,
                                               .wish = {.amount = amount, .currency = {}},
                                               .reason = "requested_by_customer",
                                               .authority = tester}));
    }
    std::vector<Refund> refunds() {
        return ledger->read_blocking(
            [](sql::Transaction& tx) { return list_refunds(tx, {}, {.limit = 100}); });
    }
    void hear(const std::string& event, const std::string& kind, const std::string& id) {
        const Json body{{"entity", "event"},
                        {"event", event},
                        {"payload", {{kind, {{"entity", {{"id", id}}}}}}}};
        const auto applied = run(apply_event(razorpay(), {event, to_text(body)}, tester));
        ASSERT_TRUE(applied) << applied.error().message;
    }
    std::vector<std::string> statuses() {
        std::vector<std::string> found;
        for (const auto& one : refunds()) found.emplace_back(to_text(one.status));
        return found;
    }

    std::optional<CustomerId> customer_;
    std::string payment;
};

// 40.00 + 59.00 = 99.00
TEST_F(RazorpayMoneyBack, GoesBackInParts) {
    const auto first = refund(4'000);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->status, RefundStatus::Succeeded);
    EXPECT_EQ(first->invoice, invoice().id);
    EXPECT_EQ(first->reason, "requested_by_customer");
    hear("refund.processed", "refund", *first->provider_refund);
    EXPECT_EQ(refunds().size(), 1U);
    ASSERT_TRUE(refund());
    EXPECT_EQ(invoice().refunded.minor(), 9'900);
    const auto none = refund();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().reason.text(), "refund.nothing_left");
}

TEST_F(RazorpayMoneyBack, WaitsAndFailsAsRazorpaySays) {
    ask_razorpay(http::Method::Post, "/_sandbox/payments/" + payment + "/refunds",
                 R"({"refunds": "wait"})");
    const auto waiting = refund(4'000);
    ASSERT_TRUE(waiting) << waiting.error().message;
    EXPECT_EQ(waiting->status, RefundStatus::Pending);
    EXPECT_EQ(invoice().refunded.minor(), 4'000);
    ask_razorpay(http::Method::Post, "/_sandbox/refunds/" + *waiting->provider_refund,
                 R"({"status": "failed"})");
    hear("refund.failed", "refund", *waiting->provider_refund);
    EXPECT_THAT(statuses(), ElementsAre("failed"));
    EXPECT_EQ(invoice().refunded.minor(), 0);
}

TEST_F(RazorpayMoneyBack, WithoutAnAnswerIsFinishedByTheWorker) {
    ask_razorpay(
        http::Method::Post, "/_sandbox/chaos",
        R"({"call": "POST /v1/payments/*/refund", "do": "timeout_after_commit", "next": 1000,)"
        R"( "wait_ms": 10})");
    // It would be looked for at once.
    ask_razorpay(http::Method::Post, "/_sandbox/chaos",
                 R"({"call": "GET /v1/payments/*/refunds", "do": "error", "next": 1000})");
    const auto unknown = refund(4'000);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::OutcomeUnknown);
    EXPECT_THAT(statuses(), ElementsAre("creating"));
    EXPECT_EQ(invoice().refunded.minor(), 4'000);
    ask_razorpay(http::Method::Delete, "/_sandbox/chaos");
    run(run_billing_pass(razorpay(), clock.now() + std::chrono::hours(1), from_unix_seconds(0)));
    EXPECT_THAT(statuses(), ElementsAre("succeeded"));
    const Json there = ask_razorpay(http::Method::Get, "/v1/payments/" + payment);
    EXPECT_EQ(there.at("amount_refunded").get<std::int64_t>(), 4'000);
}

// Somebody refunds in Razorpay's dashboard; the event names the refund.
TEST_F(RazorpayMoneyBack, MadeAtRazorpayIsSeenHere) {
    const Json made = ask_razorpay(http::Method::Post, "/v1/payments/" + payment + "/refund",
                                   R"({"amount": 1500})");
    hear("refund.created", "refund", made.at("id").get<std::string>());
    hear("refund.processed", "refund", made.at("id").get<std::string>());
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].customer, customer_);
    EXPECT_EQ(invoice().refunded.minor(), 1'500);
}

// The twin has no disputes: what the port says of one of Razorpay's.
TEST_F(RazorpayMoneyBack, IsNotTheSellersWhileTheBankHasIt) {
    const auto tell = [&](const std::string& status, std::int64_t ticket) {
        const MirrorScope scope{.provider = "razorpay",
                                .ids = ids,
                                .now = clock.now(),
                                .authority = tester,
                                .ticket = ticket};
        const ProviderDispute theirs{.id = "disp_1",
                                     .payment = payment,
                                     .amount = Money(9'900, Currency::Usd),
                                     .status = status,
                                     .reason = "chargeback",
                                     .created = clock.now(),
                                     .paid_for = {.invoice = invoice().provider_invoice_id}};
        const auto mirrored = ledger->write_blocking(
            [&](sql::Transaction& tx) { return mirror_dispute(tx, scope, theirs); });
        ASSERT_TRUE(mirrored) << mirrored.error().message;
    };
    tell("needs_response", 1'000'000);
    EXPECT_TRUE(invoice().disputed);
    const auto refused = refund();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "refund.disputed");
    tell("won", 1'000'001);
    tell("under_review", 1'000'000);
    EXPECT_FALSE(invoice().disputed);
    EXPECT_TRUE(refund());
}

}  // namespace
}  // namespace turnpike
