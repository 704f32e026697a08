#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// What Stripe says of an invoice's `attempt_count`: after a failure "with a non-retryable return
/// code ... retries will continue to be scheduled, and attempt_count will continue to increment,
/// but retries will only be executed if a new payment method is obtained". Which codes those are:
/// https://docs.stripe.com/billing/revenue-recovery/smart-retries.
namespace turnpike::twin {
namespace {

using std::chrono::hours;

class HardDeclineTest : public ::testing::Test {
protected:
    /// A subscription, and its customer's card replaced by one that pays nothing. The path of its
    /// renewal's invoice, after the first attempt to charge it.
    std::string unpaid_renewal(const std::string& token) {
        customer_ = text_of(sandbox_.post("/v1/customers", "source=tok_visa"), "id");
        const std::string plan = sandbox_.price("Pro", 9900);
        const Json made = sandbox_.post("/v1/subscriptions",
                                        "customer=" + customer_ + "&items[0][price]=" + plan);
        subscription_ = "/v1/subscriptions/" + text_of(made, "id");
        sandbox_.post("/v1/customers/" + customer_, "source=" + token);
        tried_ = from_unix_seconds(integer_of(made["items"]["data"][0], "current_period_end")) +
                 kDraftLifetime;
        sandbox_.run_until(tried_);
        return "/v1/invoices/" + text_of(sandbox_.get(subscription_), "latest_invoice");
    }
    std::size_t charges() {
        return sandbox_.get("/v1/charges", "customer=" + customer_)["data"].size();
    }
    Json last_charge() { return sandbox_.get("/v1/charges", "customer=" + customer_)["data"][0]; }

    BillingSandbox sandbox_;
    std::string customer_, subscription_;
    Instant tried_;
};

TEST_F(HardDeclineTest, TheSameCardIsNotChargedAgain) {
    struct Case {
        const char* token;
        const char* decline_code;
    };
    for (const Case& c : {Case{"tok_visa_chargeCustomerFailLostCard", "lost_card"},
                          Case{"tok_visa_chargeCustomerFailStolenCard", "stolen_card"},
                          Case{"tok_riskLevelHighest", "highest_risk_level"}}) {
        SCOPED_TRACE(c.token);
        const std::string path = unpaid_renewal(c.token);
        EXPECT_EQ(last_charge()["outcome"]["reason"], c.decline_code);
        EXPECT_EQ(charges(), 2);
        Json invoice = sandbox_.get(path);
        EXPECT_EQ(invoice["attempt_count"], 1);
        EXPECT_EQ(invoice["next_payment_attempt"], unix_seconds(tried_ + kRetryDelays[0]));

        sandbox_.run_until(tried_ + kRetryDelays[0]);
        invoice = sandbox_.get(path);
        EXPECT_EQ(invoice["attempt_count"], 2);
        EXPECT_EQ(invoice["next_payment_attempt"],
                  unix_seconds(tried_ + kRetryDelays[0] + kRetryDelays[1]));
        sandbox_.run_until(tried_ + kRetryDelays[0] + kRetryDelays[1] + kRetryDelays[2]);
        EXPECT_EQ(sandbox_.get(path)["attempt_count"], 4);
        EXPECT_EQ(charges(), 2);
        EXPECT_EQ(sandbox_.get(subscription_)["status"], "canceled");
    }
}

TEST_F(HardDeclineTest, AnotherCardIsChargedByTheNextRetry) {
    const std::string path = unpaid_renewal("tok_visa_chargeCustomerFailLostCard");
    sandbox_.run_until(tried_ + kRetryDelays[0]);
    sandbox_.post("/v1/customers/" + customer_, "source=tok_mastercard");
    sandbox_.run_until(tried_ + kRetryDelays[0] + kRetryDelays[1]);
    const Json invoice = sandbox_.get(path);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["attempt_count"], 3);
    EXPECT_EQ(charges(), 3);
}

TEST_F(HardDeclineTest, ACardWithoutMoneyIsChargedByEveryRetry) {
    const std::string path = unpaid_renewal("tok_chargeCustomerFail");
    sandbox_.run_until(tried_ + kRetryDelays[0]);
    EXPECT_EQ(sandbox_.get(path)["attempt_count"], 2);
    EXPECT_EQ(charges(), 3);
}

}  // namespace
}  // namespace turnpike::twin
