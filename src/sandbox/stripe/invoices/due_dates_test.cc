#include "sandbox/stripe/invoices/due_dates.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using std::chrono::days;
using ::testing::Contains;
using ::testing::Not;

/// A subscription of $31.00 a month from 1 March 2026 on, whose invoices are due ten days after
/// they were made.
class DueDateTest : public ::testing::Test {
protected:
    DueDateTest() {
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("", "&test_clock=" + clock_);
        price_ = sandbox_.price("One", 3100);
    }
    void subscribe(const std::string& days_until_due = "10") {
        const Json made =
            sandbox_.post("/v1/subscriptions",
                          "customer=" + customer_ + "&items[0][price]=" + price_ +
                              "&collection_method=send_invoice&days_until_due=" + days_until_due);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        invoice_ = "/v1/invoices/" + text_of(made, "latest_invoice");
        sandbox_.new_events();
    }
    void after(days time) { sandbox_.advance(clock_, start_ + time); }
    Json status() { return sandbox_.get(path_)["status"]; }
    bool delinquent() {
        return sandbox_.get("/v1/customers/" + customer_)["delinquent"].get<bool>();
    }

    const Instant start_ = *parse_rfc3339("2026-03-01T00:00:00Z");
    BillingSandbox sandbox_;
    std::string clock_, customer_, price_, path_, invoice_;
};

// SDK reference of Subscription.status: past_due when its invoice is not paid by the due date; of
// Customer.delinquent: passing the due date sets it.
TEST_F(DueDateTest, PassingItMakesTheSubscriptionPastDue) {
    subscribe();
    EXPECT_EQ(sandbox_.get(invoice_)["due_date"], unix_seconds(start_ + days(10)));
    after(days(6));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.will_be_due")));
    after(days(7));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.will_be_due"));
    EXPECT_EQ(status(), "active");
    EXPECT_FALSE(delinquent());
    after(days(10));
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Contains("customer.subscription.updated"));
    EXPECT_THAT(events, Contains("customer.updated"));
    EXPECT_THAT(events, Contains("invoice.overdue"));
    EXPECT_EQ(status(), "past_due");
    EXPECT_TRUE(delinquent());
    EXPECT_EQ(sandbox_.get(invoice_)["status"], "open");

    sandbox_.post(invoice_ + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(status(), "active");
    EXPECT_FALSE(delinquent());
}

TEST_F(DueDateTest, APaidInvoiceIsNeverOverdue) {
    subscribe();
    sandbox_.post(invoice_ + "/pay", "paid_out_of_band=true");
    after(days(30));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.overdue")));
    EXPECT_EQ(status(), "active");
}

TEST_F(DueDateTest, AnAdditionalDelayEndsInWhatTheAccountSays) {
    for (const char* ending : {"canceled", "unpaid", "past_due"}) {
        SCOPED_TRACE(ending);
        const std::string choice = std::string(ending) == "canceled" ? "cancel" : ending;
        sandbox_.post("/_sandbox/subscription_settings", "after_last_retry=" + choice);
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("", "&test_clock=" + clock_);
        subscribe();
        after(days(39));
        EXPECT_EQ(status(), "past_due");
        after(days(40));
        EXPECT_EQ(status(), ending);
    }
}

TEST_F(DueDateTest, TheAccountSaysHowManyDays) {
    sandbox_.post("/_sandbox/invoice_settings",
                  "will_be_due_days=1&overdue_days=5&final_due_days=6");
    subscribe();
    after(days(8));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.will_be_due")));
    after(days(9));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.will_be_due"));
    after(days(14));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.overdue")));
    EXPECT_EQ(status(), "past_due");
    after(days(15));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.overdue"));
    after(days(16));
    EXPECT_EQ(status(), "canceled");
    EXPECT_EQ(sandbox_.get("/_sandbox/invoice_settings")["overdue_days"], 5);
    EXPECT_EQ(sandbox_.refused("/_sandbox/invoice_settings", "overdue_days=366").param,
              "overdue_days");
}

TEST_F(DueDateTest, ItIsTooLateToRemindOfAnInvoiceThatIsDueAtOnce) {
    subscribe("2");
    after(days(3));
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Not(Contains("invoice.will_be_due")));
    EXPECT_THAT(events, Contains("invoice.overdue"));
}

TEST_F(DueDateTest, AnInvoiceOfNoSubscriptionIsOverdueToo) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=5000");
    const Json invoice =
        sandbox_.post("/v1/invoices", "customer=" + customer_ +
                                          "&collection_method=send_invoice&days_until_due=5"
                                          "&pending_invoice_items_behavior=include");
    const std::string path = "/v1/invoices/" + text_of(invoice, "id");
    sandbox_.post(path + "/finalize");
    after(days(5));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.overdue"));
    EXPECT_TRUE(delinquent());
    // SDK reference: the due date can only be updated on draft invoices.
    EXPECT_EQ(
        sandbox_.refused(path, "due_date=" + std::to_string(unix_seconds(start_ + days(90)))).param,
        "due_date");
    sandbox_.post(path + "/mark_uncollectible");
    EXPECT_FALSE(delinquent());
    after(days(40));
    EXPECT_EQ(sandbox_.get(path)["status"], "uncollectible");
}

}  // namespace
}  // namespace turnpike::twin
