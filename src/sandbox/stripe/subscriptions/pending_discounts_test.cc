#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// A subscription to "Starter" (10 a month), paid for April. On the 16th its customer's card fails,
/// and 50 % off one invoice are given: three Pros instead are -5.00 + 30.00 - 15.00 = 10.00.
class PendingDiscountTest : public ::testing::Test {
protected:
    PendingDiscountTest() {
        sandbox_.post("/v1/coupons", "id=ONCE&percent_off=50&duration=once");
        sandbox_.post("/v1/coupons",
                      "id=TWOMONTHS&percent_off=50&duration=repeating&duration_in_months=2");
        path_ = subscribe();
        item_ = text_of(now().at("items").at("data").at(0), "id");
        use_card("pm_card_chargeCustomerFail");
        sandbox_.set_now(*parse_rfc3339("2026-04-16T00:00:00Z"));
    }
    std::string subscribe() {
        return "/v1/subscriptions/" +
               text_of(sandbox_.post("/v1/subscriptions",
                                     "customer=" + customer_ + "&items[0][price]=" + starter_),
                       "id");
    }
    void use_card(const std::string& card) {
        const Json method =
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    void discount(const std::string& coupon) {
        sandbox_.post(path_, "discounts[0][coupon]=" + coupon);
        sandbox_.new_events();
    }
    void discount_item(const std::string& coupon) {
        sandbox_.post("/v1/subscription_items/" + item_, "discounts[0][coupon]=" + coupon);
    }
    void discount_customer(const std::string& coupon) {
        sandbox_.post("/v1/customers/" + customer_, "coupon=" + coupon);
    }
    Json customer() { return sandbox_.get("/v1/customers/" + customer_); }
    /// The invoice of an update to so many Pros, which pends.
    Json upgrade(int quantity = 3) {
        const Json waiting =
            sandbox_.post(path_, "items[0][id]=" + item_ + "&items[0][price]=" + pro_ +
                                     "&items[0][quantity]=" + std::to_string(quantity) +
                                     "&proration_behavior=always_invoice&expand[]=latest_invoice"
                                     "&payment_behavior=pending_if_incomplete");
        EXPECT_FALSE(waiting.at("pending_update").is_null());
        return waiting.at("latest_invoice");
    }
    Json now() { return sandbox_.get(path_); }
    std::int64_t renewal_total() {
        sandbox_.run_until(*parse_rfc3339("2026-05-01T02:00:00Z"));
        return integer_of(sandbox_.get(path_, "expand[]=latest_invoice").at("latest_invoice"),
                          "total");
    }
    std::string path_of(const Json& invoice) { return "/v1/invoices/" + text_of(invoice, "id"); }

    BillingSandbox sandbox_{*parse_rfc3339("2026-04-01T00:00:00Z")};
    std::string customer_ = sandbox_.customer();
    std::string starter_ = sandbox_.price("Starter", 1000), pro_ = sandbox_.price("Pro", 2000);
    std::string path_, item_;
};

TEST_F(PendingDiscountTest, IsThereAgainWhenTheUpdateExpires) {
    discount("ONCE");
    EXPECT_EQ(upgrade().at("total"), 1000);
    // Until the update is applied the subscription is as it was.
    EXPECT_THAT(now().at("discounts"), SizeIs(1));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("customer.discount.deleted")));
    EXPECT_EQ(renewal_total(), 500);
    EXPECT_THAT(now().at("discounts"), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.deleted").Times(1));
}

TEST_F(PendingDiscountTest, IsThereAgainWhenItsInvoiceIsVoided) {
    discount_item("ONCE");
    sandbox_.post(path_of(upgrade()) + "/void");
    EXPECT_THAT(now().at("items").at("data").at(0).at("discounts"), SizeIs(1));
    EXPECT_EQ(renewal_total(), 500);
}

// Five Pros: -5.00 + 50.00 - 25.00
TEST_F(PendingDiscountTest, ComesOffTheUpdateThatReplacesIt) {
    discount("ONCE");
    upgrade();
    EXPECT_EQ(upgrade(5).at("total"), 2000);
}

TEST_F(PendingDiscountTest, IsUsedUpWhenTheInvoiceIsPaid) {
    discount("ONCE");
    const Json invoice = upgrade();
    use_card("pm_card_visa");
    sandbox_.post(path_of(invoice) + "/pay");
    EXPECT_TRUE(now().at("pending_update").is_null());
    EXPECT_THAT(now().at("discounts"), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.deleted").Times(1));
    EXPECT_EQ(renewal_total(), 6000);
}

TEST_F(PendingDiscountTest, OfTheCustomerIsHeldForOneInvoice) {
    discount_customer("ONCE");
    const Json invoice = upgrade();
    EXPECT_EQ(invoice.at("total"), 1000);
    EXPECT_FALSE(customer().at("discount").is_null());
    // Nothing else is made smaller by it while that invoice may be paid.
    const Json other = sandbox_.get(subscribe(), "expand[]=latest_invoice").at("latest_invoice");
    EXPECT_EQ(other.at("total"), 1000);
    sandbox_.post(path_of(invoice) + "/void");
    EXPECT_FALSE(customer().at("discount").is_null());
    EXPECT_EQ(sandbox_.get(subscribe(), "expand[]=latest_invoice").at("latest_invoice").at("total"),
              500);
    EXPECT_TRUE(customer().at("discount").is_null());
}

TEST_F(PendingDiscountTest, OfTheCustomerIsUsedUpWhenTheInvoiceIsPaid) {
    discount_customer("ONCE");
    const Json invoice = upgrade();
    use_card("pm_card_visa");
    sandbox_.post(path_of(invoice) + "/pay");
    EXPECT_TRUE(customer().at("discount").is_null());
    EXPECT_EQ(renewal_total(), 6000);
}

// The renewal is 10.00, and less 50 % once the update's invoice has come to nothing.
TEST_F(PendingDiscountTest, IsHeldWhenItIsGivenAgain) {
    discount("ONCE");
    const Json invoice = upgrade();
    const std::string id = now().at("discounts").at(0).get<std::string>();
    sandbox_.post(path_, "discounts[0][discount]=" + id);
    EXPECT_FALSE(now().at("pending_update").is_null());
    const auto next_total = [&] {
        return sandbox_.post("/v1/invoices/create_preview", "subscription=" + text_of(now(), "id"))
            .at("total");
    };
    EXPECT_EQ(next_total(), 1000);
    sandbox_.post(path_of(invoice) + "/void");
    EXPECT_EQ(next_total(), 500);
}

// 16 April and two months, whatever is billed meanwhile; the renewal is 10.00 less 50 %.
TEST_F(PendingDiscountTest, OfMonthsEndsByTimeOnly) {
    discount("TWOMONTHS");
    const auto end = [&] {
        return sandbox_.get(path_, "expand[]=discounts").at("discounts").at(0).at("end");
    };
    sandbox_.post(path_of(upgrade()) + "/void");
    EXPECT_EQ(end(), unix_seconds(*parse_rfc3339("2026-06-16T00:00:00Z")));
    EXPECT_EQ(renewal_total(), 500);
    EXPECT_EQ(end(), unix_seconds(*parse_rfc3339("2026-06-16T00:00:00Z")));
}

}  // namespace
}  // namespace turnpike::twin
