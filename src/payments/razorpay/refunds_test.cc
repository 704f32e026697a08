#include "json/value.h"
#include "payments/razorpay/testing.h"
#include "payments/razorpay/translate.h"

namespace turnpike::razorpay {
namespace {

Money inr(std::int64_t paise) { return {paise, Currency::Inr}; }

/// Rs 500.00 were paid for a month.
class RazorpayRefunds : public ProviderTest {
protected:
    void SetUp() override {
        const auto bought = active();
        const auto page = must(run(provider->list_invoices(bought.customer, std::nullopt)));
        for (const auto& one : page.items)
            if (one.status == "paid") invoice = one.id;
        ASSERT_FALSE(invoice.empty());
        payment = paid().id;
    }
    ProviderPayment paid() {
        const auto payments = must(run(provider->payments_of_invoice(invoice)));
        if (payments.size() != 1) throw std::runtime_error("one payment is expected");
        return payments.front();
    }
    Result<ProviderRefund> refund(const std::string& obligation, std::int64_t paise) {
        return run(provider->create_refund({.obligation = obligation,
                                            .payment = payment,
                                            .amount = inr(paise),
                                            .reason = "duplicate",
                                            .metadata = {}}));
    }
    std::size_t refunds_there() {
        return get("/v1/payments/" + payment + "/refunds").at("count").get<std::size_t>();
    }

    std::string invoice, payment;
};

// 500.00 - 200.00 = 300.00
TEST_F(RazorpayRefunds, GoBackOnceForEachObligation) {
    EXPECT_EQ(paid().left, inr(50'000));
    const auto made = must(refund("refund:ref_1", 20'000));
    EXPECT_EQ(made.status, "succeeded");
    EXPECT_EQ(made.amount, inr(20'000));
    EXPECT_EQ(made.payment, payment);
    EXPECT_EQ(made.reason, "duplicate");
    EXPECT_EQ(must(run(provider->get_refund(made.id))).paid_for.invoice, invoice);
    EXPECT_EQ(made.metadata.at("turnpike_obligation"), "refund:ref_1");
    EXPECT_EQ(must(refund("refund:ref_1", 20'000)).id, made.id);
    EXPECT_EQ(refunds_there(), 1U);
    EXPECT_EQ(paid().left, inr(30'000));
    EXPECT_EQ(must(run(provider->get_refund(made.id))).amount, inr(20'000));
    const auto listed =
        must(run(provider->list_refunds({.payment = payment, .since = {}}, std::nullopt)));
    ASSERT_EQ(listed.items.size(), 1U);
    EXPECT_EQ(listed.items[0].id, made.id);
    const auto since = [&](Instant moment) {
        return must(run(provider->list_refunds({.since = moment}, std::nullopt))).items.size();
    };
    EXPECT_EQ(since(clock.now() - std::chrono::hours(1)), 1U);
    EXPECT_EQ(since(clock.now() + std::chrono::hours(1)), 0U);
}

TEST_F(RazorpayRefunds, ThatAreTooLargeAreRefused) {
    EXPECT_EQ(reason_of(refund("refund:ref_1", 50'001)), "payment.refused");
    ASSERT_TRUE(refund("refund:ref_2", 50'000));
    EXPECT_EQ(reason_of(refund("refund:ref_3", 100)), "payment.refused");
    EXPECT_EQ(refunds_there(), 1U);
}

TEST_F(RazorpayRefunds, WhoseAnswerIsLostAreFound) {
    order("POST /v1/payments/*/refund", "timeout_after_commit", 100);
    order("GET /v1/payments/*/refunds", "error", 100);
    const auto lost = refund("refund:ref_1", 20'000);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::OutcomeUnknown);
    ask(http::Method::Delete, "/_sandbox/chaos");
    EXPECT_EQ(must(refund("refund:ref_1", 20'000)).amount, inr(20'000));
    EXPECT_EQ(refunds_there(), 1U);
}

// What was paid for is not needed to know that the money went back.
TEST_F(RazorpayRefunds, AreMadeThoughThePaymentCannotBeReadThen) {
    order("GET /v1/payments/*", "rate_limit", 100);
    const auto made = refund("refund:ref_1", 20'000);
    ask(http::Method::Delete, "/_sandbox/chaos");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->status, "succeeded");
    EXPECT_EQ(made->amount, inr(20'000));
    EXPECT_EQ(must(refund("refund:ref_1", 20'000)).id, made->id);
    EXPECT_EQ(refunds_there(), 1U);
}

// It was done long ago: no failure to look at it may read as if nothing had happened.
TEST_F(RazorpayRefunds, ThatAreRepeatedAndCannotBeReadAreOpen) {
    const auto made = must(refund("refund:ref_1", 20'000));
    for (const char* misfortune : {"rate_limit", "error"}) {
        order("GET /v1/refunds/*", misfortune, 100);
        const auto again = refund("refund:ref_1", 20'000);
        ask(http::Method::Delete, "/_sandbox/chaos");
        ASSERT_FALSE(again) << misfortune;
        EXPECT_EQ(again.error().code, ErrorCode::OutcomeUnknown) << misfortune;
    }
    EXPECT_EQ(must(refund("refund:ref_1", 20'000)).id, made.id);
}

TEST_F(RazorpayRefunds, ThatWaitArePending) {
    post(kControls + "/payments/" + payment + "/refunds", Json{{"refunds", "wait"}});
    const auto made = must(refund("refund:ref_1", 20'000));
    EXPECT_EQ(made.status, "pending");
    post(kControls + "/refunds/" + made.id, Json{{"status", "failed"}});
    EXPECT_EQ(must(run(provider->get_refund(made.id))).status, "failed");
}

/// As Razorpay documents the entity.
Json dispute(const std::string& phase, const std::string& status) {
    return Json{{"id", "disp_AHfqOvkldwsbqt"},
                {"entity", "dispute"},
                {"payment_id", "pay_EsyWjHrfzb59eR"},
                {"amount", 10'000},
                {"currency", "INR"},
                {"amount_deducted", 0},
                {"reason_code", "pre_arbitration"},
                {"respond_by", 1'590'604'200},
                {"status", status},
                {"phase", phase},
                {"created_at", 1'590'059'211}};
}

TEST(RazorpayDisputes, AreReadInThePortsWords) {
    struct Case {
        const char *phase, *status, *word;
    };
    for (const Case& one :
         {Case{"chargeback", "open", "needs_response"},
          Case{"pre_arbitration", "open", "needs_response"},
          Case{"chargeback", "under_review", "under_review"}, Case{"retrieval", "open", "inquiry"},
          Case{"fraud", "under_review", "inquiry"}, Case{"chargeback", "won", "won"},
          Case{"chargeback", "lost", "lost"}, Case{"retrieval", "closed", "closed"}}) {
        SCOPED_TRACE(std::string(one.phase) + " " + one.status);
        const auto read = must(read_dispute(dispute(one.phase, one.status)));
        EXPECT_EQ(read.status, one.word);
        EXPECT_EQ(read.payment, "pay_EsyWjHrfzb59eR");
        EXPECT_EQ(read.amount, inr(10'000));
        EXPECT_EQ(read.reason, "pre_arbitration");
        EXPECT_EQ(read.respond_by, from_unix_seconds(1'590'604'200));
        EXPECT_EQ(read.created, from_unix_seconds(1'590'059'211));
    }
}

TEST(RazorpayDisputes, WithoutAPaymentAreNone) {
    auto broken = dispute("chargeback", "open");
    broken.erase("payment_id");
    EXPECT_EQ(reason_of(read_dispute(broken)), "payment.unexpected_reply");
    broken = dispute("chargeback", "open");
    broken["amount"] = -1;
    EXPECT_EQ(reason_of(read_dispute(broken)), "payment.unexpected_reply");
}

}  // namespace
}  // namespace turnpike::razorpay
