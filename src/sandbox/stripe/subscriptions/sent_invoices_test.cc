#include <chrono>
#include <string>
#include <vector>

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

/// A customer without a card on a clock at midnight of 1 March 2026, who gets invoices of a
/// monthly price of $31.00 to be paid within ten days.
///
/// docs.stripe.com/billing/invoices/subscription: the invoice of a new subscription is finalized at
/// once when it is charged automatically, or one hour later when it is sent.
class SentInvoiceTest : public ::testing::Test {
protected:
    SentInvoiceTest() {
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("", "&test_clock=" + clock_);
        price_ = sandbox_.price("One", 3100);
        sandbox_.new_events();
    }
    Json subscribe(const std::string& more = "") {
        Json made = sandbox_.post(
            "/v1/subscriptions",
            "customer=" + customer_ + "&items[0][price]=" + price_ + sent_ + more + expanded_);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        return made;
    }
    Json update(const std::string& form) { return sandbox_.post(path_, form + expanded_); }
    Json latest() { return sandbox_.get(path_, "expand[]=latest_invoice")["latest_invoice"]; }
    void after(hours time) { sandbox_.advance(clock_, start_ + time); }
    /// Made `made_at` after midnight.
    void expect_waiting(const Json& invoice, hours made_at) {
        const std::int64_t created = unix_seconds(start_ + made_at);
        EXPECT_EQ(invoice["status"], "draft");
        EXPECT_EQ(invoice["created"], created);
        EXPECT_EQ(invoice["auto_advance"], true);
        EXPECT_EQ(invoice["automatically_finalizes_at"], created + 3600);
        EXPECT_EQ(invoice["due_date"], created + 10 * 86'400);
        EXPECT_EQ(invoice["attempted"], false);
        EXPECT_EQ(invoice["attempt_count"], 0);
        EXPECT_EQ(invoice["next_payment_attempt"], nullptr);
        EXPECT_EQ(invoice["number"], nullptr);
        EXPECT_EQ(invoice["hosted_invoice_url"], nullptr);
    }

    const Instant start_ = *parse_rfc3339("2026-03-01T00:00:00Z");
    const std::string sent_ = "&collection_method=send_invoice&days_until_due=10";
    const std::string expanded_ = "&expand[]=latest_invoice";
    BillingSandbox sandbox_;
    std::string clock_, customer_, price_, path_;
};

// Recorded by a public project: the first invoice is a draft, the subscription active.
TEST_F(SentInvoiceTest, TheFirstWaitsForAnHour) {
    const Json made = subscribe();
    EXPECT_EQ(made["status"], "active");
    expect_waiting(made["latest_invoice"], hours(0));
    EXPECT_EQ(made["latest_invoice"]["billing_reason"], "subscription_create");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.created", "invoice.created"));
    after(hours(1));
    EXPECT_THAT(
        sandbox_.new_events(),
        ElementsAre("test_helpers.test_clock.advancing", "invoice.finalized",
                    "payment_intent.created", "invoice.sent", "test_helpers.test_clock.ready"));
    const Json open = latest();
    EXPECT_EQ(open["status"], "open");
    EXPECT_EQ(open["status_transitions"]["finalized_at"], unix_seconds(start_ + hours(1)));
    EXPECT_EQ(open["due_date"], unix_seconds(start_ + days(10)));
    EXPECT_EQ(sandbox_.last_event("invoice.sent")["object"]["id"], open["id"]);
    EXPECT_EQ(sandbox_.get(path_)["status"], "active");
}

TEST_F(SentInvoiceTest, TheFirstWaitsWhateverThePaymentBehavior) {
    for (const char* behavior : {"allow_incomplete", "default_incomplete", "error_if_incomplete"}) {
        SCOPED_TRACE(behavior);
        const Json made = subscribe("&payment_behavior=" + std::string(behavior));
        EXPECT_EQ(made["status"], "active");
        expect_waiting(made["latest_invoice"], hours(0));
    }
}

TEST_F(SentInvoiceTest, ADraftTakesMoreLinesAndIsFinalizedByHandToo) {
    const std::string invoice = text_of(subscribe()["latest_invoice"], "id");
    sandbox_.post("/v1/invoiceitems",
                  "customer=" + customer_ + "&invoice=" + invoice + "&currency=usd&amount=400");
    const Json sent = sandbox_.post("/v1/invoices/" + invoice + "/send");
    EXPECT_EQ(sent["status"], "open");
    EXPECT_EQ(sent["amount_due"], 3500);
    sandbox_.new_events();
    after(hours(2));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.sent")));
}

TEST_F(SentInvoiceTest, NobodyWaitsForTheFirstOfASubscriptionThatEnded) {
    subscribe();
    sandbox_.remove(path_);
    EXPECT_EQ(latest()["automatically_finalizes_at"], nullptr);
    after(hours(2));
    EXPECT_EQ(latest()["status"], "draft");
}

// The draft is not billed, so there is nothing to give back.
TEST_F(SentInvoiceTest, WhatWasNeverBilledIsNotCredited) {
    for (const char* mode : {"flexible", "classic"}) {
        SCOPED_TRACE(mode);
        const Json made = subscribe("&billing_mode[type]=" + std::string(mode));
        const Json ended = sandbox_.remove(path_, "prorate=true&invoice_now=true");
        EXPECT_EQ(ended["latest_invoice"], made["latest_invoice"]["id"]);
        EXPECT_EQ(latest()["status"], "draft");
        EXPECT_EQ(latest()["auto_advance"], false);
        EXPECT_EQ(sandbox_.get("/v1/invoiceitems", "customer=" + customer_)["data"], Json::array());
    }
    after(hours(2));
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["balance"], 0);
}

// 21 of 31 days are left. One was billed, at $31.00, and the second one's draft never is.
TEST_F(SentInvoiceTest, WhatADraftTookTheirPlaceOfIsCredited) {
    for (const char* mode : {"flexible", "classic"}) {
        SCOPED_TRACE(mode);
        clock_ = sandbox_.test_clock(start_);
        customer_ = sandbox_.customer("", "&test_clock=" + clock_);
        const Json made = subscribe("&billing_mode[type]=" + std::string(mode));
        after(days(10));
        update("items[0][id]=" + text_of(made["items"]["data"][0], "id") +
               "&items[0][quantity]=2&proration_behavior=always_invoice");
        sandbox_.remove(path_, "prorate=true&invoice_now=true");
        EXPECT_EQ(latest()["total"], -2100);
    }
}

// A renewal's draft waits anyway; it is sent as well.
TEST_F(SentInvoiceTest, ARenewalIsSent) {
    subscribe();
    after(days(31));
    sandbox_.new_events();
    after(days(31) + hours(1));
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.sent"));
    EXPECT_EQ(latest()["billing_reason"], "subscription_cycle");
}

// The same project recorded it: active, the invoice a draft, nothing charged.
TEST_F(SentInvoiceTest, ThatOfATrialsEndWaits) {
    subscribe("&trial_period_days=14");
    after(days(2));
    const Json ended = update("trial_end=now");
    EXPECT_EQ(ended["status"], "active");
    expect_waiting(ended["latest_invoice"], days(2));
    EXPECT_EQ(ended["latest_invoice"]["amount_due"], 3100);
    after(days(2) + hours(1));
    EXPECT_EQ(latest()["status"], "open");
}

// One more of 31 days' $31.00 for the 21 days that are left: 2100.
TEST_F(SentInvoiceTest, ThatOfAChangeWaits) {
    const Json made = subscribe();
    after(days(10));
    const std::string item = text_of(made["items"]["data"][0], "id");
    const Json changed =
        update("items[0][id]=" + item + "&items[0][quantity]=2&proration_behavior=always_invoice");
    expect_waiting(changed["latest_invoice"], days(10));
    EXPECT_EQ(changed["latest_invoice"]["amount_due"], 2100);
    const Json anchored = update("billing_cycle_anchor=now&proration_behavior=none");
    expect_waiting(anchored["latest_invoice"], days(10));
    EXPECT_EQ(anchored["latest_invoice"]["amount_due"], 6200);
    after(days(10) + hours(1));
    EXPECT_EQ(latest()["status"], "open");
}

TEST_F(SentInvoiceTest, TheLastWaits) {
    subscribe();
    after(days(1));
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ +
                                          "&subscription=" + path_.substr(path_.rfind('/') + 1) +
                                          "&currency=usd&amount=500");
    sandbox_.post("/v1/invoices/" + text_of(latest(), "id"), "auto_advance=false");
    sandbox_.new_events();
    sandbox_.remove(path_, "invoice_now=true");
    // That it began was said before anything else of it.
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.updated")));
    expect_waiting(latest(), days(1));
    after(days(1) + hours(1));
    EXPECT_EQ(latest()["status"], "open");
}

// Inferred: the sentence makes no exception. What is nothing to pay is not sent.
TEST_F(SentInvoiceTest, OneOfNothingWaitsToo) {
    const Json trial = subscribe("&trial_period_days=14");
    EXPECT_EQ(trial["status"], "trialing");
    expect_waiting(trial["latest_invoice"], hours(0));
    sandbox_.new_events();
    after(hours(1));
    EXPECT_EQ(latest()["status"], "paid");
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.sent")));
    EXPECT_EQ(sandbox_.get(path_)["status"], "trialing");
}

// It is active once its invoice is paid, and being resumed from the draft on.
TEST_F(SentInvoiceTest, ThatOfAResumptionWaits) {
    path_ = "/v1/subscriptions/" +
            text_of(sandbox_.post("/v1/subscriptions",
                                  "customer=" + customer_ + "&items[0][price]=" + price_ +
                                      "&trial_period_days=1"
                                      "&trial_settings[end_behavior][missing_payment_method]="
                                      "pause"),
                    "id");
    after(days(1));
    ASSERT_EQ(sandbox_.get(path_)["status"], "paused");
    update(sent_.substr(1));
    EXPECT_EQ(sandbox_.post(path_ + "/resume")["status"], "paused");
    const Json draft = latest();
    expect_waiting(draft, days(1));
    EXPECT_THAT(sandbox_.refused(path_ + "/resume", "").message,
                ::testing::HasSubstr("is being resumed"));
    after(days(1) + hours(1));
    sandbox_.post("/v1/invoices/" + text_of(draft, "id") + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(sandbox_.get(path_)["status"], "active");
}

}  // namespace
}  // namespace turnpike::twin
