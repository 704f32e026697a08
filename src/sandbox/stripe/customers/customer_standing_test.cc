#include "sandbox/stripe/customers/customer_standing.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using std::chrono::days;
using std::chrono::hours;
using ::testing::Contains;
using ::testing::Not;

/// A customer on a clock at midnight of 1 March 2026, who pays $31.00 a month.
class StandingTest : public ::testing::Test {
protected:
    StandingTest() {
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        const Json made = sandbox_.post(
            "/v1/subscriptions",
            "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("One", 3100));
        path_ = "/v1/subscriptions/" + text_of(made, "id");
    }
    void use_card(const std::string& card) {
        const Json method =
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    void after(hours time) { sandbox_.advance(clock_, start_ + time); }
    bool delinquent() {
        return sandbox_.get("/v1/customers/" + customer_)["delinquent"].get<bool>();
    }
    std::string latest_invoice() {
        return "/v1/invoices/" + text_of(sandbox_.get(path_), "latest_invoice");
    }

    const Instant start_ = *parse_rfc3339("2026-03-01T00:00:00Z");
    BillingSandbox sandbox_;
    std::string clock_, customer_, path_;
};

// SDK reference of Customer.delinquent.
TEST_F(StandingTest, FollowsWhatIsCollectedAutomatically) {
    EXPECT_FALSE(delinquent());
    for (const char* card : {"pm_card_chargeCustomerFail", "pm_card_authenticationRequired"}) {
        SCOPED_TRACE(card);
        use_card(card);
        after(days(31) + hours(1) + hours(card[8] == 'a' ? 24 * 30 : 0));
        EXPECT_TRUE(delinquent());
        const Json told = sandbox_.last_event("customer.updated");
        EXPECT_EQ(told["previous_attributes"], (Json{{"delinquent", false}}));
        use_card("pm_card_visa");
        sandbox_.post(latest_invoice() + "/pay");
        EXPECT_FALSE(delinquent());
        EXPECT_EQ(sandbox_.last_event("customer.updated")["previous_attributes"],
                  (Json{{"delinquent", true}}));
    }
}

TEST_F(StandingTest, StaysWhenRetriesEndInCancellation) {
    use_card("pm_card_chargeCustomerFail");
    after(days(31) + hours(1));
    after(days(47));
    EXPECT_EQ(sandbox_.get(path_)["status"], "canceled");
    EXPECT_TRUE(delinquent());
}

TEST_F(StandingTest, IsCleanOnceTheInvoiceIsWrittenOff) {
    use_card("pm_card_chargeCustomerFail");
    after(days(31) + hours(1));
    sandbox_.post(latest_invoice() + "/mark_uncollectible");
    EXPECT_FALSE(delinquent());
}

TEST_F(StandingTest, VoidingSaysNothingOfIt) {
    use_card("pm_card_chargeCustomerFail");
    after(days(31) + hours(1));
    sandbox_.post(latest_invoice() + "/void");
    EXPECT_TRUE(delinquent());
}

// Only what was tried automatically counts.
TEST_F(StandingTest, APaymentThatWasAskedForMayFail) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=5000");
    const Json invoice = sandbox_.post(
        "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
    use_card("pm_card_chargeCustomerFail");
    sandbox_.new_events();
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + text_of(invoice, "id") + "/pay", "").http_status,
              402);
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("customer.updated")));
    EXPECT_FALSE(delinquent());
}

}  // namespace
}  // namespace turnpike::twin
