#include "sandbox/stripe/subscriptions/delinquency.h"

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
using ::testing::ElementsAre;
using ::testing::Not;

/// A customer on a clock at midnight of 1 March 2026, with a monthly price of $31.00.
class DelinquencyTest : public ::testing::Test {
protected:
    DelinquencyTest() {
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        price_ = sandbox_.price("One", 3100);
    }
    std::string subscribe(const std::string& more = "") {
        const Json made = sandbox_.post(
            "/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + price_ + more);
        return "/v1/subscriptions/" + text_of(made, "id");
    }
    void use_card(const std::string& card) {
        const Json method =
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    std::string status(const std::string& path) { return text_of(sandbox_.get(path), "status"); }
    void after(days time) { sandbox_.advance(clock_, start_ + time); }

    const Instant start_ = *parse_rfc3339("2026-03-01T00:00:00Z");
    BillingSandbox sandbox_;
    std::string clock_, customer_, price_;
};

// The renewal of 1 April is tried four times, the last one fifteen days later.
TEST_F(DelinquencyTest, TheAccountSaysWhatFollowsTheLastRetry) {
    struct Case {
        const char* form;
        const char* status;
    };
    const Case cases[] = {
        {"", "canceled"},
        {"after_last_retry=unpaid", "unpaid"},
        {"after_last_retry=past_due", "past_due"},
        {"after_last_retry=cancel", "canceled"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.form);
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        sandbox_.post("/_sandbox/subscription_settings", c.form);
        const std::string path = subscribe();
        use_card("pm_card_chargeCustomerFail");
        after(days(45));
        EXPECT_EQ(status(path), "past_due");
        after(days(47));
        EXPECT_EQ(status(path), c.status);
    }
    EXPECT_EQ(sandbox_.get("/_sandbox/subscription_settings")["after_last_retry"], "cancel");
    EXPECT_EQ(sandbox_.refused("/_sandbox/subscription_settings", "after_last_retry=x").param,
              "after_last_retry");
}

// Wire specification, 1.8: invoices go on being made but are not tried; the latest one counts.
TEST_F(DelinquencyTest, AnUnpaidSubscriptionIsBilledButNotCharged) {
    sandbox_.post("/_sandbox/subscription_settings", "after_last_retry=unpaid");
    const std::string path = subscribe();
    use_card("pm_card_chargeCustomerFail");
    after(days(47));
    after(days(61));
    after(days(62));
    EXPECT_EQ(status(path), "unpaid");
    const Json latest = sandbox_.get(path, "expand[]=latest_invoice")["latest_invoice"];
    EXPECT_EQ(latest["billing_reason"], "subscription_cycle");
    EXPECT_EQ(latest["status"], "draft");
    EXPECT_EQ(latest["auto_advance"], false);
    use_card("pm_card_visa");
    sandbox_.post("/v1/invoices/" + text_of(latest, "id") + "/finalize");
    sandbox_.post("/v1/invoices/" + text_of(latest, "id") + "/pay");
    EXPECT_EQ(status(path), "active");
}

// Wire specification, 1.8: paused until the resumption invoice is paid; voided after 23 hours.
TEST_F(DelinquencyTest, AResumptionMustBePaidWithin23Hours) {
    customer_ = sandbox_.customer("", "&test_clock=" + clock_);
    const std::string path = subscribe(
        "&trial_period_days=5&trial_settings[end_behavior][missing_payment_method]=pause");
    after(days(6));
    ASSERT_EQ(status(path), "paused");
    use_card("pm_card_chargeCustomerFail");
    Json resumed = sandbox_.post(path + "/resume", "expand[]=latest_invoice");
    EXPECT_EQ(resumed["status"], "paused");
    EXPECT_EQ(resumed["latest_invoice"]["status"], "open");
    sandbox_.advance(clock_, start_ + days(6) + hours(22));
    EXPECT_EQ(sandbox_.get(path, "expand[]=latest_invoice")["latest_invoice"]["status"], "open");
    after(days(7));
    EXPECT_EQ(sandbox_.get(path, "expand[]=latest_invoice")["latest_invoice"]["status"], "void");
    EXPECT_EQ(status(path), "paused");

    resumed = sandbox_.post(path + "/resume");
    use_card("pm_card_visa");
    sandbox_.new_events();
    sandbox_.post("/v1/invoices/" + text_of(resumed, "latest_invoice") + "/pay");
    EXPECT_EQ(status(path), "active");
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.subscription.resumed"));
    after(days(9));
    EXPECT_EQ(status(path), "active");
}

/// A subscription that is paused after a trial of five days, and a card that fails.
TEST_F(DelinquencyTest, AResumptionIsPaidOrNotHoweverOftenItIsAskedFor) {
    customer_ = sandbox_.customer("", "&test_clock=" + clock_);
    const std::string path = subscribe(
        "&trial_period_days=5&trial_settings[end_behavior][missing_payment_method]=pause");
    after(days(6));
    use_card("pm_card_chargeCustomerFail");
    const Json resumed = sandbox_.post(path + "/resume");
    EXPECT_THAT(sandbox_.refused(path + "/resume", "").message,
                ::testing::HasSubstr(text_of(resumed, "latest_invoice")));
    EXPECT_EQ(status(path), "paused");
    // The item's change is not billed while nothing is.
    const std::string item = text_of(resumed["items"]["data"][0], "id");
    sandbox_.post(
        path, "proration_behavior=always_invoice&items[0][id]=" + item + "&items[0][quantity]=2");
    EXPECT_EQ(status(path), "paused");
    EXPECT_EQ(sandbox_.get(path)["latest_invoice"], resumed["latest_invoice"]);
    // SDK reference of resume: until the invoice is paid or marked uncollectible.
    sandbox_.post("/v1/invoices/" + text_of(resumed, "latest_invoice") + "/mark_uncollectible");
    EXPECT_EQ(status(path), "active");
}

// SDK reference of resume: active immediately if no resumption invoice is generated.
TEST_F(DelinquencyTest, AResumptionWithoutInvoiceWaitsForNothing) {
    const Json meter =
        sandbox_.post("/v1/billing/meters",
                      "display_name=Calls&event_name=calls&default_aggregation[formula]=sum");
    price_ = text_of(sandbox_.post("/v1/prices",
                                   "currency=usd&unit_amount=5&product_data[name]=Calls"
                                   "&recurring[interval]=month&recurring[usage_type]=metered"
                                   "&recurring[meter]=" +
                                       text_of(meter, "id")),
                     "id");
    customer_ = sandbox_.customer("", "&test_clock=" + clock_);
    const std::string path = subscribe(
        "&trial_period_days=5&trial_settings[end_behavior][missing_payment_method]=pause");
    after(days(6));
    ASSERT_EQ(status(path), "paused");
    sandbox_.new_events();
    EXPECT_EQ(sandbox_.post(path + "/resume")["status"], "active");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.updated", "customer.subscription.resumed"));
}

// Seven days before 1 April. Its invoice has no id (reference of invoice.upcoming).
TEST_F(DelinquencyTest, ARenewalIsAnnounced) {
    subscribe();
    after(days(23));
    sandbox_.new_events();
    after(days(24));
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("test_helpers.test_clock.advancing", "invoice.upcoming",
                            "test_helpers.test_clock.ready"));
    const Json invoice = sandbox_.last_event("invoice.upcoming")["object"];
    EXPECT_FALSE(invoice.contains("id"));
    EXPECT_EQ(invoice["total"], 3100);
    EXPECT_EQ(invoice["period_end"], unix_seconds(start_ + days(31)));
    after(days(31));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.upcoming")));
    after(days(54));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.upcoming"));
}

TEST_F(DelinquencyTest, NothingIsAnnouncedWhereNothingIsCharged) {
    const std::string weekly = sandbox_.price("Weekly", 700, "week");
    const char* forms[] = {"&cancel_at_period_end=true",
                           "&collection_method=send_invoice&days_until_due=5"};
    for (const char* form : forms) subscribe(form);
    price_ = weekly;
    subscribe();
    sandbox_.advance(clock_, start_ + days(14));
    sandbox_.advance(clock_, start_ + days(27));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.upcoming")));
}

}  // namespace
}  // namespace turnpike::twin
