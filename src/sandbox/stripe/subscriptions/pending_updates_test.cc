#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A subscription to "Starter" (10 a month) since 1 April, whose customer's card fails from now on.
class PendingUpdateTest : public ::testing::Test {
protected:
    PendingUpdateTest() {
        customer_ = sandbox_.customer();
        pro_ = sandbox_.price("Pro", 2000);
        const Json made = sandbox_.post(
            "/v1/subscriptions",
            "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("Starter", 1000));
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        item_ = text_of(made.at("items").at("data").at(0), "id");
        first_invoice_ = text_of(made, "latest_invoice");
        use_card("pm_card_chargeCustomerFail");
        // Half of the 30 days: -500 and +1000.
        sandbox_.set_now(*parse_rfc3339("2026-04-16T00:00:00Z"));
        sandbox_.new_events();
    }

    void use_card(const std::string& card) {
        const Json method =
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    std::string upgrade() {
        return "items[0][id]=" + item_ + "&items[0][price]=" + pro_ +
               "&proration_behavior=always_invoice&payment_behavior=pending_if_incomplete";
    }
    std::int64_t amount_of(const Json& subscription) {
        return integer_of(subscription.at("items").at("data").at(0).at("price"), "unit_amount");
    }
    Json now() { return sandbox_.get(path_); }
    /// The renewal of 1 May, an hour after it failed; the subscription is past due.
    std::string unpaid_renewal() {
        sandbox_.run_until(*parse_rfc3339("2026-05-01T02:00:00Z"));
        EXPECT_EQ(now().at("status"), "past_due");
        return text_of(now(), "latest_invoice");
    }
    Json pay(const std::string& invoice) {
        use_card("pm_card_visa");
        return sandbox_.post("/v1/invoices/" + invoice + "/pay");
    }
    Json invoice(const Json& subscription) {
        return sandbox_.get("/v1/invoices/" + text_of(subscription, "latest_invoice"));
    }

    BillingSandbox sandbox_{*parse_rfc3339("2026-04-01T00:00:00Z")};
    std::string customer_, pro_, path_, item_, first_invoice_;
};

TEST_F(PendingUpdateTest, WaitsForItsInvoiceToBePaid) {
    const Json waiting = sandbox_.post(path_, upgrade());
    EXPECT_EQ(waiting.at("status"), "active");
    EXPECT_EQ(amount_of(waiting), 1000);
    const Json& update = waiting.at("pending_update");
    EXPECT_EQ(update.at("expires_at"), unix_seconds(*parse_rfc3339("2026-04-16T23:00:00Z")));
    EXPECT_EQ(integer_of(update.at("subscription_items").at(0).at("price"), "unit_amount"), 2000);
    EXPECT_TRUE(update.at("trial_end").is_null());
    const Json open = invoice(waiting);
    EXPECT_EQ(open.at("status"), "open");
    EXPECT_EQ(open.at("amount_due"), 500);
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.subscription.updated").Times(1));

    use_card("pm_card_visa");
    sandbox_.new_events();
    sandbox_.post("/v1/invoices/" + text_of(open, "id") + "/pay");
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Contains("customer.subscription.pending_update_applied").Times(1));
    EXPECT_THAT(events, Contains("customer.subscription.updated").Times(1));
    EXPECT_EQ(amount_of(now()), 2000);
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_EQ(now().at("latest_invoice"), open.at("id"));
}

TEST_F(PendingUpdateTest, IsAppliedAtOnceWhenItIsPaidAtOnce) {
    use_card("pm_card_visa");
    sandbox_.new_events();
    const Json changed = sandbox_.post(path_, upgrade());
    EXPECT_EQ(amount_of(changed), 2000);
    EXPECT_TRUE(changed.at("pending_update").is_null());
    EXPECT_EQ(invoice(changed).at("amount_paid"), 500);
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Contains("customer.subscription.updated").Times(1));
    EXPECT_THAT(events, Not(Contains("customer.subscription.pending_update_applied")));
}

// cancel_at_period_end means the end of the period, wherever that is.
TEST_F(PendingUpdateTest, MovesTheEndThatIsThatOfThePeriod) {
    sandbox_.post(path_, "cancel_at_period_end=true");
    pro_ = sandbox_.price("Yearly", 20000, "year");
    const Json waiting = sandbox_.post(path_, upgrade());
    EXPECT_EQ(waiting.at("cancel_at"), unix_seconds(*parse_rfc3339("2026-05-01T00:00:00Z")));
    use_card("pm_card_visa");
    sandbox_.post("/v1/invoices/" + text_of(waiting, "latest_invoice") + "/pay");
    EXPECT_EQ(amount_of(now()), 20000);
    EXPECT_EQ(now().at("cancel_at"), unix_seconds(*parse_rfc3339("2027-04-01T00:00:00Z")));
}

TEST_F(PendingUpdateTest, NeedsNoPaymentWithoutAnInvoice) {
    const Json changed =
        sandbox_.post(path_, "items[0][id]=" + item_ + "&items[0][price]=" + pro_ +
                                 "&proration_behavior=none&payment_behavior=pending_if_incomplete");
    EXPECT_EQ(amount_of(changed), 2000);
    EXPECT_EQ(changed.at("latest_invoice"), first_invoice_);
}

TEST_F(PendingUpdateTest, ExpiresAfter23Hours) {
    const Json waiting = sandbox_.post(path_, upgrade());
    sandbox_.run_until(*parse_rfc3339("2026-04-16T22:59:59Z"));
    EXPECT_FALSE(now().at("pending_update").is_null());
    sandbox_.new_events();
    sandbox_.run_until(*parse_rfc3339("2026-04-16T23:00:00Z"));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.subscription.updated",
                                                   "customer.subscription.pending_update_expired",
                                                   "payment_intent.canceled", "invoice.voided"));
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_EQ(amount_of(now()), 1000);
    EXPECT_EQ(now().at("status"), "active");
    EXPECT_EQ(invoice(waiting).at("status"), "void");
    // What was voided was never charged: the credit is for the 1000 of April again.
    use_card("pm_card_visa");
    const Json changed = sandbox_.post(path_, upgrade() + "&expand[]=latest_invoice");
    const auto amounts = amounts_of(changed.at("latest_invoice").at("lines").at("data"));
    // 14 days and 1 hour of 30 days are left: 337 h of 720 h; 1000 -> 468.06, 2000 -> 936.11
    EXPECT_THAT(amounts, ElementsAre(-468, 936));
}

TEST_F(PendingUpdateTest, ExpiresWithThePeriodAtTheLatest) {
    sandbox_.set_now(*parse_rfc3339("2026-04-30T12:00:00Z"));
    // Ten, or the half day would cost less than the smallest charge.
    const Json waiting = sandbox_.post(path_, upgrade() + "&items[0][quantity]=10");
    EXPECT_EQ(waiting.at("pending_update").at("expires_at"),
              unix_seconds(*parse_rfc3339("2026-05-01T00:00:00Z")));
    sandbox_.run_until(*parse_rfc3339("2026-05-01T00:00:00Z"));
    EXPECT_EQ(amount_of(now()), 1000);
    EXPECT_EQ(invoice(now()).at("billing_reason"), "subscription_cycle");
    EXPECT_EQ(invoice(now()).at("total"), 1000);
}

TEST_F(PendingUpdateTest, IsDiscardedWithItsInvoiceAndByAnotherChange) {
    const Json first = sandbox_.post(path_, upgrade());
    sandbox_.post("/v1/invoices/" + text_of(first, "latest_invoice") + "/void");
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_EQ(amount_of(now()), 1000);
    const Json second = sandbox_.post(path_, upgrade());
    const Json third = sandbox_.post(path_, upgrade() + "&items[0][quantity]=3");
    EXPECT_EQ(invoice(second).at("status"), "void");
    EXPECT_EQ(integer_of(third.at("pending_update").at("subscription_items").at(0), "quantity"), 3);
    EXPECT_NE(second.at("latest_invoice"), third.at("latest_invoice"));
}

// Half of April's 10.00 is given back; the upgrade was neither paid nor made.
TEST_F(PendingUpdateTest, EndsWithItsSubscription) {
    const Json waiting = sandbox_.post(path_, upgrade());
    sandbox_.new_events();
    const Json ended = sandbox_.remove(path_, "prorate=true&invoice_now=true");
    EXPECT_EQ(ended.at("status"), "canceled");
    EXPECT_TRUE(ended.at("pending_update").is_null());
    EXPECT_EQ(invoice(waiting).at("status"), "void");
    EXPECT_EQ(invoice(ended).at("total"), -500);
    EXPECT_THAT(sandbox_.new_events(), Contains("invoice.voided"));
}

// 11 of April's 30 days at 10.00: 366.67 cents. The upgrade that pends was never charged.
TEST_F(PendingUpdateTest, IsNothingToBeGivenBack) {
    sandbox_.post(path_, upgrade());
    const auto end = *parse_rfc3339("2026-04-20T00:00:00Z");
    sandbox_.post(path_, "cancel_at=" + std::to_string(unix_seconds(end)));
    const Json items = sandbox_.get("/v1/invoiceitems", "pending=true").at("data");
    EXPECT_THAT(amounts_of(items), ElementsAre(-367));
}

TEST_F(PendingUpdateTest, EndsWhenItsSubscriptionEndsAsScheduled) {
    const auto end = *parse_rfc3339("2026-04-16T12:00:00Z");
    sandbox_.post(path_, "proration_behavior=none&cancel_at=" + std::to_string(unix_seconds(end)));
    const Json waiting = sandbox_.post(path_, upgrade() + "&items[0][quantity]=100");
    ASSERT_FALSE(waiting.at("pending_update").is_null());
    sandbox_.run_until(end);
    EXPECT_EQ(now().at("status"), "canceled");
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_EQ(invoice(waiting).at("status"), "void");
}

// What pends says nothing of whether the renewal is paid.
TEST_F(PendingUpdateTest, WhatIsDiscardedLeavesTheSubscriptionPastDue) {
    const std::string renewal = unpaid_renewal();
    const Json waiting = sandbox_.post(path_, upgrade());
    EXPECT_EQ(waiting.at("status"), "past_due");
    EXPECT_NE(waiting.at("latest_invoice"), renewal);
    sandbox_.run_until(*parse_rfc3339("2026-05-02T01:00:00Z"));
    EXPECT_EQ(invoice(waiting).at("status"), "void");
    EXPECT_EQ(now().at("status"), "past_due");
    EXPECT_EQ(now().at("latest_invoice"), renewal);

    const Json second = sandbox_.post(path_, upgrade());
    const Json third = sandbox_.post(path_, upgrade() + "&items[0][quantity]=3");
    EXPECT_EQ(invoice(second).at("status"), "void");
    EXPECT_EQ(third.at("status"), "past_due");
    EXPECT_FALSE(sandbox_.last_event("customer.subscription.updated")
                     .at("previous_attributes")
                     .contains("status"));
    sandbox_.post("/v1/invoices/" + text_of(third, "latest_invoice") + "/void");
    EXPECT_EQ(now().at("status"), "past_due");
    EXPECT_EQ(now().at("latest_invoice"), renewal);
    EXPECT_EQ(pay(renewal).at("status"), "paid");
    EXPECT_EQ(now().at("status"), "active");
}

TEST_F(PendingUpdateTest, ThePaidRenewalEndsPastDueWhileItPends) {
    const std::string renewal = unpaid_renewal();
    const Json waiting = sandbox_.post(path_, upgrade());
    pay(renewal);
    EXPECT_EQ(now().at("status"), "active");
    EXPECT_FALSE(now().at("pending_update").is_null());
    EXPECT_EQ(now().at("latest_invoice"), waiting.at("latest_invoice"));
}

// The latest invoice is paid then, as of any subscription that was past due.
TEST_F(PendingUpdateTest, PaidItEndsPastDue) {
    unpaid_renewal();
    const Json waiting = sandbox_.post(path_, upgrade());
    pay(text_of(waiting, "latest_invoice"));
    EXPECT_EQ(amount_of(now()), 2000);
    EXPECT_EQ(now().at("status"), "active");
}

TEST_F(PendingUpdateTest, AnotherChangeSaysWhatItReplaces) {
    sandbox_.post("/v1/coupons", "id=TEN&percent_off=10&duration=forever");
    sandbox_.post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    const Json with = sandbox_.post(path_, "discounts[0][coupon]=TEN");
    const Json former = with.at("discounts").at(0);
    sandbox_.post(path_, upgrade());
    sandbox_.new_events();
    sandbox_.post(path_, "items[0][id]=" + item_ + "&items[0][quantity]=2" +
                             "&proration_behavior=none&discounts[0][coupon]=HALF");
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Contains("customer.discount.updated").Times(1));
    const Json last = sandbox_.last_event("customer.subscription.updated");
    EXPECT_EQ(last.at("previous_attributes").at("discounts"), Json::array({former}));
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_EQ(now().at("latest_invoice"), first_invoice_);
}

TEST_F(PendingUpdateTest, AddsAnItem) {
    const std::string id = path_.substr(path_.rfind('/') + 1);
    const Json added =
        sandbox_.post("/v1/subscription_items", "subscription=" + id + "&price=" + pro_ +
                                                    "&proration_behavior=always_invoice"
                                                    "&payment_behavior=pending_if_incomplete");
    EXPECT_EQ(integer_of(added.at("price"), "unit_amount"), 2000);
    EXPECT_EQ(now().at("items").at("data").size(), 1U);
    use_card("pm_card_visa");
    sandbox_.post("/v1/invoices/" + text_of(now(), "latest_invoice") + "/pay");
    EXPECT_EQ(now().at("items").at("data").size(), 2U);
}

TEST_F(PendingUpdateTest, TakesOnlyWhatCanPend) {
    for (const char* more : {"metadata[k]=v", "cancel_at_period_end=true",
                             "discounts=", "description=x", "items[0][metadata][k]=v"}) {
        SCOPED_TRACE(more);
        const auto error = sandbox_.refused(path_, upgrade() + "&" + more);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_THAT(error.message, HasSubstr("pending_if_incomplete"));
    }
    EXPECT_EQ(
        sandbox_
            .refused("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + pro_ +
                                              "&payment_behavior=pending_if_incomplete")
            .param,
        "payment_behavior");
    const std::string second = text_of(
        sandbox_.post("/v1/subscription_items", "subscription=" + path_.substr(18) +
                                                    "&price=" + sandbox_.price("More", 500) +
                                                    "&proration_behavior=none"),
        "id");
    const auto kept = sandbox_.call("DELETE", "/v1/subscription_items/" + second,
                                    "payment_behavior=pending_if_incomplete");
    ASSERT_FALSE(kept.has_value());
    EXPECT_THAT(kept.error().message, HasSubstr("pending_if_incomplete"));
}

}  // namespace
}  // namespace turnpike::twin
