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

/// A trial of 14 days for a monthly price, with a charge of $50.00 that is not free.
class TrialChargeTest : public ::testing::Test {
protected:
    TrialChargeTest() {
        once_ = text_of(
            sandbox_.post("/v1/prices", "currency=usd&unit_amount=5000&product_data[name]=Setup"),
            "id");
        monthly_ = sandbox_.price("Pro", 9900);
    }
    std::string form(const std::string& customer, const std::string& more = "") {
        return "customer=" + customer + "&items[0][price]=" + monthly_ +
               "&trial_period_days=14&add_invoice_items[0][price]=" + once_ + more +
               "&expand[]=latest_invoice";
    }
    Json session(const std::string& customer) {
        return sandbox_.post("/v1/checkout/sessions",
                             "mode=subscription&success_url=https://shop.example/done&customer=" +
                                 customer + "&line_items[0][price]=" + monthly_ +
                                 "&line_items[0][quantity]=1&line_items[1][price]=" + once_ +
                                 "&line_items[1][quantity]=1"
                                 "&subscription_data[trial_period_days]=14");
    }
    Json subscription(const Json& made) {
        return sandbox_.get("/v1/subscriptions/" + text_of(made, "id"));
    }

    BillingSandbox sandbox_;
    std::string once_, monthly_;
};

// Wire specification, 1.8: the first invoice is tried in the request; failure -> incomplete.
TEST_F(TrialChargeTest, BeginsIncompleteUntilItIsPaid) {
    for (const char* card : {"pm_card_chargeCustomerFail", "pm_card_authenticationRequired"}) {
        SCOPED_TRACE(card);
        const std::string customer = sandbox_.customer(card);
        const Json made = sandbox_.post("/v1/subscriptions", form(customer));
        EXPECT_EQ(made["status"], "incomplete");
        EXPECT_EQ(made["latest_invoice"]["status"], "open");
        EXPECT_EQ(made["latest_invoice"]["amount_due"], 5000);
        sandbox_.set_now(sandbox_.now() + hours(22));
        const Json method =
            sandbox_.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
        sandbox_.post("/v1/invoices/" + text_of(made["latest_invoice"], "id") + "/pay",
                      "payment_method=" + text_of(method, "id"));
        EXPECT_EQ(subscription(made)["status"], "trialing");
        EXPECT_EQ(subscription(made)["trial_end"], made["trial_end"]);
    }
}

TEST_F(TrialChargeTest, IsTrialingOncePaid) {
    sandbox_.new_events();
    const Json made = sandbox_.post("/v1/subscriptions", form(sandbox_.customer()));
    EXPECT_EQ(made["status"], "trialing");
    EXPECT_EQ(made["latest_invoice"]["amount_paid"], 5000);
    sandbox_.run_until(sandbox_.now() + days(14) + hours(2));
    EXPECT_EQ(subscription(made)["status"], "active");
}

TEST_F(TrialChargeTest, ExpiresUnpaidAfter23Hours) {
    const Json made =
        sandbox_.post("/v1/subscriptions", form(sandbox_.customer("pm_card_chargeCustomerFail")));
    sandbox_.run_until(sandbox_.now() + hours(23));
    EXPECT_EQ(subscription(made)["status"], "incomplete_expired");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + text_of(made["latest_invoice"], "id"))["status"],
              "void");
}

TEST_F(TrialChargeTest, IsChargedAsThePaymentBehaviorSays) {
    const std::string customer = sandbox_.customer("pm_card_chargeCustomerFail");
    EXPECT_EQ(
        sandbox_
            .refused("/v1/subscriptions", form(customer, "&payment_behavior=error_if_incomplete"))
            .http_status,
        402);
    const Json made = sandbox_.post(
        "/v1/subscriptions", form(sandbox_.customer(), "&payment_behavior=default_incomplete"));
    EXPECT_EQ(made["status"], "incomplete");
    EXPECT_EQ(made["latest_invoice"]["attempted"], false);
}

// Wire specification, 1.7: "at once if the trial is shorter or ended early".
TEST_F(TrialChargeTest, AShortTrialIsWarnedOfAtOnceAndALongerOneAgain) {
    const std::string warning = "customer.subscription.trial_will_end";
    sandbox_.new_events();
    const Json made = sandbox_.post("/v1/subscriptions", "customer=" + sandbox_.customer() +
                                                             "&items[0][price]=" + monthly_ +
                                                             "&trial_period_days=2");
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    EXPECT_THAT(sandbox_.new_events(), Contains(warning).Times(1));
    const Instant end = sandbox_.now() + days(10);
    sandbox_.post(path, "trial_end=" + std::to_string(unix_seconds(end)));
    sandbox_.run_until(end - days(3) - hours(1));
    EXPECT_THAT(sandbox_.new_events(), ::testing::Not(Contains(warning)));
    sandbox_.run_until(end - days(3));
    EXPECT_THAT(sandbox_.new_events(), Contains(warning).Times(1));

    const Json early = sandbox_.post("/v1/subscriptions", "customer=" + sandbox_.customer() +
                                                              "&items[0][price]=" + monthly_ +
                                                              "&trial_period_days=14");
    sandbox_.new_events();
    sandbox_.post("/v1/subscriptions/" + text_of(early, "id"), "trial_end=now");
    EXPECT_THAT(sandbox_.new_events(), Contains(warning).Times(1));
}

TEST_F(TrialChargeTest, LeavesACheckoutOpenThatIsNotPaid) {
    const Json open = session(sandbox_.customer(""));
    const std::string path = "/v1/checkout/sessions/" + text_of(open, "id");
    const std::string confirm = "/v1/payment_pages/" + text_of(open, "id") + "/confirm";
    const StripeError declined =
        sandbox_.refused(confirm, "payment_method=pm_card_chargeCustomerFail");
    EXPECT_EQ(declined.http_status, 402);
    EXPECT_EQ(declined.code, "card_declined");
    EXPECT_EQ(sandbox_.get(path)["status"], "open");
    EXPECT_EQ(sandbox_.get(path)["payment_status"], "unpaid");

    const Json asked = sandbox_.post(confirm, "payment_method=pm_card_threeDSecure2Required");
    EXPECT_EQ(asked["status"], "open");
    EXPECT_EQ(asked["payment_status"], "unpaid");

    const Json paid = sandbox_.post(confirm, "payment_method=pm_card_visa");
    EXPECT_EQ(paid["status"], "complete");
    EXPECT_EQ(paid["payment_status"], "paid");
    EXPECT_EQ(sandbox_.get("/v1/subscriptions/" + text_of(paid, "subscription"))["status"],
              "trialing");
    EXPECT_THAT(sandbox_.new_events(), Contains("checkout.session.completed"));
}

}  // namespace
}  // namespace turnpike::twin
