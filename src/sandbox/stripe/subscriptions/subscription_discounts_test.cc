#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kLatest = "&expand[]=latest_invoice";

/// Coupons, and prices of 10 and 20 dollars a month. April has 30 days.
class DiscountTest : public ::testing::Test {
protected:
    DiscountTest() {
        sandbox_.post("/v1/coupons", "id=TENTH&percent_off=10&duration=forever");
        sandbox_.post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
        sandbox_.post("/v1/coupons", "id=FIVE&amount_off=500&currency=usd&duration=forever");
        sandbox_.post("/v1/coupons", "id=ONCE&percent_off=50&duration=once");
        sandbox_.post("/v1/coupons",
                      "id=TWOMONTHS&percent_off=50&duration=repeating&duration_in_months=2");
        ten_ = sandbox_.price("Ten", 1000);
        twenty_ = sandbox_.price("Twenty", 2000);
        customer_ = sandbox_.customer();
        sandbox_.new_events();
    }

    Json subscribe(const std::string& more) {
        Json made =
            sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&" + more + kLatest);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        return made;
    }
    Json update(const std::string& form) { return sandbox_.post(path_, form + kLatest); }
    std::string one(const std::string& price) { return "items[0][price]=" + price; }
    std::string both() { return one(ten_) + "&items[1][price]=" + twenty_; }

    /// The latest invoice an hour after this moment, when a renewal's draft has closed itself.
    Json invoice_after(const char* moment) {
        sandbox_.run_until(*parse_rfc3339(moment) + std::chrono::hours(2));
        return sandbox_.get(path_, "expand[]=latest_invoice").at("latest_invoice");
    }

    BillingSandbox sandbox_{*parse_rfc3339("2026-04-01T00:00:00Z")};
    std::string customer_, ten_, twenty_, path_;
};

std::vector<std::vector<std::int64_t>> taken_off(const Json& invoice) {
    std::vector<std::vector<std::int64_t>> taken;
    for (const Json& line : invoice.at("lines").at("data"))
        taken.push_back(amounts_of(line.at("discount_amounts")));
    return taken;
}

using Rows = std::vector<std::vector<std::int64_t>>;

TEST_F(DiscountTest, OfASubscriptionIsOnItsInvoice) {
    const Json made = subscribe(one(ten_) +
                                "&discounts[0][coupon]=TENTH&expand[]=discounts"
                                "&expand[]=latest_invoice.total_discount_amounts.discount");
    const Json& discount = made.at("discounts").at(0);
    EXPECT_EQ(discount.at("subscription"), made.at("id"));
    EXPECT_EQ(discount.at("source").at("coupon"), "TENTH");
    EXPECT_FALSE(discount.contains("_terms"));
    const Json& invoice = made.at("latest_invoice");
    EXPECT_EQ(invoice.at("subtotal"), 1000);
    EXPECT_EQ(invoice.at("total"), 900);
    EXPECT_EQ(invoice.at("amount_paid"), 900);
    EXPECT_EQ(invoice.at("discounts"), Json::array({discount.at("id")}));
    EXPECT_EQ(invoice.at("total_discount_amounts").at(0).at("discount"), discount);
    const Json& line = invoice.at("lines").at("data").at(0);
    EXPECT_EQ(line.at("amount"), 1000);
    EXPECT_THAT(line.at("discounts"), IsEmpty());  // as recorded
    EXPECT_EQ(line.at("discount_amounts").at(0).at("amount"), 100);
    EXPECT_EQ(sandbox_.get("/v1/coupons/TENTH").at("times_redeemed"), 1);
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.created").Times(1));
}

TEST_F(DiscountTest, OfAnItemComesOffBeforeThatOfTheSubscription) {
    const Json made = subscribe(both() +
                                "&items[0][discounts][0][coupon]=HALF"
                                "&discounts[0][coupon]=TENTH");
    const Json& invoice = made.at("latest_invoice");
    // 1000 - 500 = 500, a tenth of that is 50; a tenth of 2000 is 200.
    EXPECT_EQ(taken_off(invoice), (Rows{{500, 50}, {200}}));
    EXPECT_EQ(invoice.at("subtotal"), 2500);
    EXPECT_EQ(invoice.at("total"), 2250);
    const Json& line = invoice.at("lines").at("data").at(0);
    EXPECT_EQ(line.at("discounts"), made.at("items").at("data").at(0).at("discounts"));
    EXPECT_EQ(amounts_of(invoice.at("total_discount_amounts")),
              (std::vector<std::int64_t>{500, 250}));
}

TEST_F(DiscountTest, OfTheCustomerCountsWhereTheSubscriptionHasNone) {
    sandbox_.post("/v1/customers/" + customer_, "coupon=TENTH");
    EXPECT_EQ(subscribe(one(ten_)).at("latest_invoice").at("total"), 900);
    EXPECT_EQ(
        subscribe(one(twenty_) + "&discounts[0][coupon]=HALF").at("latest_invoice").at("total"),
        1000);
    const Json draft = sandbox_.post("/v1/invoices", "customer=" + customer_);
    EXPECT_THAT(draft.at("discounts"), SizeIs(1));
    EXPECT_THAT(
        sandbox_.post("/v1/invoices", "customer=" + customer_ + "&discounts=").at("discounts"),
        IsEmpty());
}

TEST_F(DiscountTest, ForOneInvoiceIsOverWithIt) {
    EXPECT_EQ(subscribe(one(ten_) + "&discounts[0][coupon]=ONCE").at("latest_invoice").at("total"),
              500);
    EXPECT_THAT(sandbox_.get(path_).at("discounts"), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.deleted").Times(1));
    EXPECT_EQ(invoice_after("2026-05-01T00:00:00Z").at("total"), 1000);
}

// The invoice of a trial takes nothing off.
TEST_F(DiscountTest, ForOneInvoiceOutlivesATrial) {
    const Json made = subscribe(one(ten_) + "&trial_period_days=7&discounts[0][coupon]=ONCE");
    EXPECT_EQ(taken_off(made.at("latest_invoice")), (Rows{{0}}));
    EXPECT_THAT(sandbox_.get(path_).at("discounts"), SizeIs(1));
    EXPECT_EQ(invoice_after("2026-04-08T00:00:00Z").at("total"), 500);
    EXPECT_THAT(sandbox_.get(path_).at("discounts"), IsEmpty());
}

TEST_F(DiscountTest, OfTheCustomerForOneInvoiceIsOverToo) {
    sandbox_.post("/v1/customers/" + customer_, "coupon=ONCE");
    subscribe(one(ten_));
    EXPECT_TRUE(sandbox_.get("/v1/customers/" + customer_).at("discount").is_null());
    EXPECT_EQ(invoice_after("2026-05-01T00:00:00Z").at("total"), 1000);
}

TEST_F(DiscountTest, OfMonthsEndsWithTheLastOfThem) {
    const Json made = subscribe(one(ten_) + "&discounts[0][coupon]=TWOMONTHS&expand[]=discounts");
    EXPECT_EQ(made.at("discounts").at(0).at("end"),
              unix_seconds(*parse_rfc3339("2026-06-01T00:00:00Z")));
    EXPECT_EQ(invoice_after("2026-05-01T00:00:00Z").at("total"), 500);
    sandbox_.new_events();
    EXPECT_EQ(invoice_after("2026-06-01T00:00:00Z").at("total"), 1000);
    EXPECT_THAT(sandbox_.get(path_).at("discounts"), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.deleted").Times(1));
}

TEST_F(DiscountTest, IsReplacedReusedAndDeleted) {
    subscribe(one(ten_) + "&discounts[0][coupon]=TENTH");
    const Json first = sandbox_.get(path_).at("discounts").at(0);
    sandbox_.new_events();
    const Json replaced = update("discounts[0][coupon]=HALF");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.updated", "customer.discount.updated"));
    EXPECT_EQ(sandbox_.last_event("customer.discount.updated").at("previous_attributes").at("id"),
              first);
    EXPECT_EQ(replaced.at("latest_invoice").at("total"), 900);  // what is billed stays
    const auto half = replaced.at("discounts").at(0).get<std::string>();
    const Json two = update("discounts[0][discount]=" + half + "&discounts[1][coupon]=FIVE");
    EXPECT_EQ(two.at("discounts").at(0), half);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.updated", "customer.discount.created"));
    // Renewed: 1000 - 500 - 500.
    EXPECT_EQ(invoice_after("2026-05-01T00:00:00Z").at("total"), 0);
    const Json deleted = sandbox_.remove(path_ + "/discount");
    EXPECT_EQ(deleted.at("deleted"), true);
    EXPECT_THAT(sandbox_.get(path_).at("discounts"), IsEmpty());
    EXPECT_THAT(sandbox_.refused(path_, "discounts[0][discount]=" + half).message,
                HasSubstr("No such discount"));
    EXPECT_EQ(invoice_after("2026-06-01T00:00:00Z").at("total"), 1000);
}

TEST_F(DiscountTest, IsRefusedWhereItCannotBeRedeemed) {
    sandbox_.post("/v1/coupons", "id=EURO&amount_off=500&currency=eur");
    const auto code = [&](const std::string& more) {
        return text_of(sandbox_.post("/v1/promotion_codes",
                                     "promotion[type]=coupon&promotion[coupon]=TENTH&" + more),
                       "id");
    };
    const std::string minimum =
        code("restrictions[minimum_amount]=1500&restrictions[minimum_amount_currency]=usd");
    const std::string subscription = "customer=" + customer_ + "&" + one(ten_);
    const struct {
        const char* name;
        std::string discounts, param, message;
    } cases[] = {
        {"unknown coupon", "discounts[0][coupon]=NO", "discounts[0][coupon]", "No such coupon"},
        {"other currency", "discounts[0][coupon]=EURO", "discounts[0][coupon]", "in usd"},
        {"minimum", "discounts[0][promotion_code]=" + minimum, "discounts[0][promotion_code]",
         "$15.00"},
        {"of an item", "items[0][discounts][0][promotion_code]=" + minimum,
         "items[0][discounts][0][promotion_code]", "$15.00"},
        {"nobody's discount", "discounts[0][discount]=di_no", "discounts[0][discount]",
         "No such discount"},
        {"two in one", "discounts[0][coupon]=TENTH&discounts[0][promotion_code]=" + minimum,
         "discounts", "exactly one"},
        {"nothing", "discounts[0][coupon]=", "discounts", "exactly one"},
        {"unknown member", "discounts[0][coupon]=TENTH&discounts[0][of]=1", "discounts[0][of]",
         "unknown parameter"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto error = sandbox_.refused("/v1/subscriptions", subscription + "&" + c.discounts);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_THAT(error.message, HasSubstr(c.message));
        EXPECT_EQ(error.param, c.param);
    }
    EXPECT_EQ(sandbox_.get("/v1/coupons/TENTH").at("times_redeemed"), 0);
    sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&" + one(twenty_) +
                                           "&discounts[0][promotion_code]=" + minimum);
    const std::string first = code("restrictions[first_time_transaction]=true");
    EXPECT_THAT(
        sandbox_
            .refused("/v1/subscriptions", subscription + "&discounts[0][promotion_code]=" + first)
            .message,
        HasSubstr("prior transactions"));
}

// The vector of Stripe's documentation: 5 off 10 and 20, the item of 10 deleted half way.
// (1000 - 166) / 2 = 417; in classic billing it would be 250.
TEST_F(DiscountTest, IsInTheCreditForWhatWasCharged) {
    const Json made = subscribe(both() + "&discounts[0][coupon]=FIVE");
    EXPECT_EQ(taken_off(made.at("latest_invoice")), (Rows{{166}, {334}}));
    sandbox_.set_now(*parse_rfc3339("2026-04-16T00:00:00Z"));
    const std::string item = text_of(made.at("items").at("data").at(0), "id");
    const Json changed = update("items[0][id]=" + item +
                                "&items[0][deleted]=true&proration_behavior=always_invoice");
    const Json& invoice = changed.at("latest_invoice");
    EXPECT_THAT(amounts_of(invoice.at("lines").at("data")), ElementsAre(-417));
    EXPECT_EQ(invoice.at("total"), -417);
    EXPECT_EQ(taken_off(invoice), (Rows{{0}}));  // proration_discounts: included
}

// 50 % off: 10 -> 20 half way is -250 and +500; back at once, +250 and -500.
TEST_F(DiscountTest, IsInBothProrationsOfAChange) {
    const Json made = subscribe(one(ten_) + "&discounts[0][coupon]=HALF");
    sandbox_.set_now(*parse_rfc3339("2026-04-16T00:00:00Z"));
    const std::string item = "items[0][id]=" + text_of(made.at("items").at("data").at(0), "id");
    const std::string to_twenty = item + "&items[0][price]=" + twenty_;
    const Json preview = sandbox_.post(
        "/v1/invoices/create_preview",
        "subscription=" + text_of(made, "id") + "&subscription_details[items][0][id]=" +
            text_of(made.at("items").at("data").at(0), "id") +
            "&subscription_details[items][0][price]=" + twenty_ +
            "&subscription_details[proration_behavior]=always_invoice");
    const Json changed = update(to_twenty + "&proration_behavior=always_invoice");
    EXPECT_THAT(amounts_of(changed.at("latest_invoice").at("lines").at("data")),
                ElementsAre(-250, 500));
    EXPECT_EQ(changed.at("latest_invoice").at("total"), 250);
    EXPECT_EQ(preview.at("total"), 250);
    const Json back =
        update(item + "&items[0][price]=" + ten_ + "&proration_behavior=always_invoice");
    EXPECT_THAT(amounts_of(back.at("latest_invoice").at("lines").at("data")),
                ElementsAre(-500, 250));
}

TEST_F(DiscountTest, OfAnInvoiceItemAndItsInvoice) {
    const Json draft =
        sandbox_.post("/v1/invoices", "customer=" + customer_ + "&discounts[0][coupon]=TENTH");
    const std::string invoice = text_of(draft, "id");
    const Json item = sandbox_.post(
        "/v1/invoiceitems",
        "customer=" + customer_ + "&amount=1900&invoice=" + invoice + "&discounts[0][coupon]=HALF");
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&amount=-100&invoice=" + invoice);
    const Json now = sandbox_.get("/v1/invoices/" + invoice);
    EXPECT_EQ(taken_off(now), (Rows{{950, 95}, {}}));  // a credit takes no part
    EXPECT_EQ(now.at("subtotal"), 850);
    EXPECT_EQ(now.at("total"), 755);
    EXPECT_EQ(now.at("lines").at("data").at(0).at("discounts"), item.at("discounts"));
    sandbox_.post("/v1/invoiceitems/" + text_of(item, "id"), "discounts=");
    const Json without = sandbox_.post("/v1/invoices/" + invoice, "discounts[0][coupon]=FIVE");
    EXPECT_EQ(without.at("total"), 1300);  // 1900 - 100 - 500
    sandbox_.post("/v1/invoices/" + invoice + "/finalize");
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + invoice, "discounts=").param, "discounts");
}

TEST_F(DiscountTest, OfAnAddedCharge) {
    const Json product = sandbox_.post("/v1/products", "name=Setup");
    const Json fee = sandbox_.post(
        "/v1/prices", "currency=usd&unit_amount=700&product=" + text_of(product, "id"));
    const std::string charge = "&add_invoice_items[0][price]=" + text_of(fee, "id");
    const Json made =
        subscribe(one(ten_) + charge + "&add_invoice_items[0][discounts][0][coupon]=HALF");
    EXPECT_EQ(taken_off(made.at("latest_invoice")), (Rows{{350}, {}}));
    EXPECT_EQ(made.at("latest_invoice").at("total"), 1350);
    EXPECT_EQ(
        sandbox_.refused(path_, charge.substr(1) + "&add_invoice_items[0][discounts][0][coupon]=NO")
            .param,
        "add_invoice_items[0][discounts][0][coupon]");
}

TEST_F(DiscountTest, IsPreviewedAsItIsBilled) {
    const std::string question = "customer=" + customer_ +
                                 "&subscription_details[items][0][price]=" + ten_ +
                                 "&subscription_details[items][1][price]=" + twenty_;
    const Json preview =
        sandbox_.post("/v1/invoices/create_preview", question + "&discounts[0][coupon]=FIVE");
    EXPECT_EQ(sandbox_.get("/v1/coupons/FIVE").at("times_redeemed"), 0);
    const Json made = subscribe(both() + "&discounts[0][coupon]=FIVE");
    EXPECT_EQ(taken_off(preview), taken_off(made.at("latest_invoice")));
    EXPECT_EQ(preview.at("total"), made.at("latest_invoice").at("total"));
    const std::string upcoming = "subscription=" + text_of(made, "id");
    EXPECT_EQ(sandbox_.post("/v1/invoices/create_preview", upcoming).at("total"), 2500);
    EXPECT_EQ(sandbox_.post("/v1/invoices/create_preview", upcoming + "&discounts=").at("total"),
              3000);
}

TEST_F(DiscountTest, ThatIsAlreadyUsedUpDoesNotComeOffAProration) {
    const Json made = subscribe(one(ten_) + "&discounts[0][coupon]=ONCE");
    sandbox_.set_now(*parse_rfc3339("2026-04-16T00:00:00Z"));
    const Json changed =
        update("items[0][id]=" + text_of(made.at("items").at("data").at(0), "id") +
               "&items[0][price]=" + twenty_ + "&proration_behavior=always_invoice");
    // Credit for what was charged, 500 / 2; debit at the full price, 2000 / 2.
    EXPECT_THAT(amounts_of(changed.at("latest_invoice").at("lines").at("data")),
                ElementsAre(-250, 1000));
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("customer.discount.updated")));
}

}  // namespace
}  // namespace turnpike::twin
