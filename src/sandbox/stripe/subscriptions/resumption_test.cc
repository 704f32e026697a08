#include "sandbox/stripe/subscriptions/resumption.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A subscription to $31.00 a month that is paused since its trial ended at midnight of 1 March
/// 2026, where its cycles are anchored: a day of March costs a dollar. There is a card now.
class ResumptionTest : public ::testing::Test {
protected:
    ResumptionTest() {
        clock_ = sandbox_.test_clock(date("2026-02-20"));
        customer_ = sandbox_.customer("", "&test_clock=" + clock_);
        pause(sandbox_.price("One", 3100));
        use_card("pm_card_visa");
        sandbox_.new_events();
    }
    static Instant date(const std::string& day) { return *parse_rfc3339(day + "T00:00:00Z"); }
    static std::string seconds(const std::string& day) {
        return std::to_string(unix_seconds(date(day)));
    }
    void until(const std::string& day) { sandbox_.advance(clock_, date(day)); }
    void pause(const std::string& price, const std::string& more = "") {
        path_ = "/v1/subscriptions/" +
                text_of(sandbox_.post("/v1/subscriptions",
                                      "customer=" + customer_ + "&items[0][price]=" + price +
                                          "&trial_end=" + seconds("2026-03-01") +
                                          "&trial_settings[end_behavior][missing_payment_method]="
                                          "pause" +
                                          more),
                        "id");
        until("2026-03-01");
    }
    void use_card(const std::string& card) {
        const Json method =
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    Json resume(const std::string& more = "") {
        return sandbox_.post(path_ + "/resume", "billing_cycle_anchor=unchanged" + more);
    }
    Json subscription() { return sandbox_.get(path_, "expand[]=latest_invoice"); }
    std::vector<std::int64_t> billed() {
        return amounts_of(subscription()["latest_invoice"]["lines"]["data"]);
    }
    std::vector<std::int64_t> pending() {
        return amounts_of(
            sandbox_.get("/v1/invoiceitems", "customer=" + customer_ + "&pending=true")["data"]);
    }

    BillingSandbox sandbox_;
    std::string clock_, customer_, path_;
};

// SDK reference of resume: to the period that surrounds the current time; prorations wait.
TEST_F(ResumptionTest, TheCycleThatIsRunningGoesOn) {
    until("2026-03-11");
    ASSERT_EQ(subscription()["status"], "paused");
    sandbox_.new_events();
    const Json resumed = resume();
    EXPECT_EQ(resumed["status"], "active");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("invoiceitem.created", "customer.subscription.updated",
                            "customer.subscription.resumed"));
    EXPECT_EQ(integer_of(resumed, "billing_cycle_anchor"), unix_seconds(date("2026-03-01")));
    const Json& item = resumed["items"]["data"][0];
    EXPECT_EQ(integer_of(item, "current_period_start"), unix_seconds(date("2026-03-01")));
    EXPECT_EQ(integer_of(item, "current_period_end"), unix_seconds(date("2026-04-01")));
    // 21 of 31 days.
    EXPECT_THAT(pending(), ElementsAre(2100));
    until("2026-04-01");
    EXPECT_THAT(billed(), ElementsAre(2100, 3100));
}

// 20 of April's 30 days are 2066.67.
TEST_F(ResumptionTest, WhatWasPausedForMonthsIsNotCharged) {
    until("2026-04-11");
    const Json item = resume()["items"]["data"][0];
    EXPECT_EQ(integer_of(item, "current_period_start"), unix_seconds(date("2026-04-01")));
    EXPECT_THAT(pending(), ElementsAre(2067));
}

TEST_F(ResumptionTest, AnInvoiceOfProrationsIsPaidFirst) {
    use_card("pm_card_chargeCustomerFail");
    until("2026-03-11");
    EXPECT_EQ(resume("&proration_behavior=always_invoice")["status"], "paused");
    EXPECT_THAT(billed(), ElementsAre(2100));
    EXPECT_EQ(subscription()["latest_invoice"]["status"], "open");
    EXPECT_THAT(sandbox_.refused(path_ + "/resume", "").message,
                ::testing::HasSubstr("is being resumed"));
    use_card("pm_card_visa");
    sandbox_.new_events();
    sandbox_.post("/v1/invoices/" + text_of(subscription()["latest_invoice"], "id") + "/pay");
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.subscription.resumed"));
    EXPECT_EQ(subscription()["status"], "active");
    until("2026-04-01");
    EXPECT_THAT(billed(), ElementsAre(3100));
}

// The invoice is voided after 23 hours; the next resumption is charged anew, and once.
TEST_F(ResumptionTest, IsAskedForAgainWhenItsInvoiceIsVoid) {
    use_card("pm_card_chargeCustomerFail");
    until("2026-03-11");
    resume("&proration_behavior=always_invoice");
    until("2026-03-12");
    EXPECT_EQ(subscription()["latest_invoice"]["status"], "void");
    EXPECT_EQ(subscription()["status"], "paused");
    use_card("pm_card_visa");
    EXPECT_EQ(resume("&proration_behavior=always_invoice")["status"], "active");
    EXPECT_THAT(billed(), ElementsAre(2000));
}

// A draft that is held back outlives the 23 hours: it is not sent, and paying it resumes nothing.
TEST_F(ResumptionTest, IsOverWhenItsDraftIsHeldBack) {
    sandbox_.post(path_, "collection_method=send_invoice&days_until_due=10");
    until("2026-03-11");
    EXPECT_EQ(resume("&proration_behavior=always_invoice")["status"], "paused");
    const std::string draft = "/v1/invoices/" + text_of(subscription()["latest_invoice"], "id");
    const std::int64_t later = unix_seconds(date("2026-03-12"));
    sandbox_.post(draft, "auto_advance=false");
    until("2026-03-12");
    sandbox_.post(draft + "/finalize");
    sandbox_.new_events();
    sandbox_.post(draft + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(sandbox_.get(draft)["status_transitions"]["paid_at"], later);
    EXPECT_EQ(subscription()["status"], "paused");
    EXPECT_THAT(sandbox_.new_events(), ::testing::Not(Contains("customer.subscription.resumed")));
    // 20 of 31 days.
    EXPECT_EQ(resume("&proration_behavior=always_invoice")["status"], "paused");
    EXPECT_THAT(billed(), ElementsAre(2000));
}

TEST_F(ResumptionTest, WithoutProrationsTheRestIsFree) {
    until("2026-03-11");
    EXPECT_EQ(resume("&proration_behavior=none")["status"], "active");
    EXPECT_THAT(pending(), IsEmpty());
    until("2026-04-01");
    EXPECT_THAT(billed(), ElementsAre(3100));
}

TEST_F(ResumptionTest, IsProratedAsIfAtAnotherTimeOfTheCycle) {
    until("2026-03-11");
    resume("&proration_date=" + seconds("2026-03-06"));
    EXPECT_THAT(pending(), ElementsAre(2600));
}

TEST_F(ResumptionTest, RefusesATimeOutsideOfTheCycle) {
    until("2026-03-11");
    for (const char* day : {"2026-02-25", "2026-04-02"})
        EXPECT_EQ(sandbox_
                      .refused(path_ + "/resume",
                               "billing_cycle_anchor=unchanged&proration_date=" + seconds(day))
                      .param,
                  "proration_date");
    EXPECT_EQ(subscription()["status"], "paused");
}

// What was used while it was paused is not billed.
TEST_F(ResumptionTest, UsageIsCountedFromThenOn) {
    const Json meter =
        sandbox_.post("/v1/billing/meters",
                      "display_name=Calls&event_name=calls&default_aggregation[formula]=sum");
    const Json metered = sandbox_.post("/v1/prices",
                                       "currency=usd&unit_amount=5&product_data[name]=Calls"
                                       "&recurring[interval]=month&recurring[usage_type]=metered"
                                       "&recurring[meter]=" +
                                           text_of(meter, "id"));
    const auto use = [&](int calls) {
        sandbox_.post("/v1/billing/meter_events",
                      "event_name=calls&payload[stripe_customer_id]=" + customer_ +
                          "&payload[value]=" + std::to_string(calls));
    };
    clock_ = sandbox_.test_clock(date("2026-02-20"));
    customer_ = sandbox_.customer("", "&test_clock=" + clock_);
    pause(text_of(metered, "id"));
    use_card("pm_card_visa");
    until("2026-03-06");
    use(100);
    until("2026-03-11");
    EXPECT_EQ(resume()["status"], "active");
    until("2026-03-12");
    use(10);
    until("2026-04-02");
    EXPECT_THAT(billed(), ElementsAre(50));
}

}  // namespace
}  // namespace turnpike::twin
