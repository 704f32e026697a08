#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Limits of coupons and promotion codes that one request uses several times. Stripe's guide to
/// coupons: a limit of 50 allows 50 applications in all, and the same customer may take several of
/// them. Ten and Twenty cost $10.00 and $20.00 a month, Setup costs $5.00 once.
class RedemptionLimitsTest : public ::testing::Test {
protected:
    RedemptionLimitsTest() {
        sandbox_.post("/v1/coupons", "id=ANY&percent_off=10&duration=forever");
        sandbox_.post("/v1/coupons", "id=ONE&percent_off=10&duration=forever&max_redemptions=1");
        sandbox_.post("/v1/coupons", "id=TWO&percent_off=10&duration=forever&max_redemptions=2");
        one_by_code_ = code("ONE");
        once_ = code("ANY", "&max_redemptions=1");
        ten_ = sandbox_.price("Ten", 1000);
        twenty_ = sandbox_.price("Twenty", 2000);
        const Json product = sandbox_.post("/v1/products", "name=Setup");
        setup_ = text_of(sandbox_.post("/v1/prices", "currency=usd&unit_amount=500&product=" +
                                                         text_of(product, "id")),
                         "id");
        customer_ = sandbox_.customer();
        sandbox_.new_events();
    }

    std::string code(const std::string& coupon, const std::string& more = "") {
        return text_of(sandbox_.post("/v1/promotion_codes",
                                     "promotion[type]=coupon&promotion[coupon]=" + coupon + more),
                       "id");
    }
    std::string code_from(int minimum) {
        return code("ANY",
                    "&restrictions[minimum_amount_currency]=usd&restrictions"
                    "[minimum_amount]=" +
                        std::to_string(minimum));
    }
    std::string both() {
        return "customer=" + customer_ + "&items[0][price]=" + ten_ + "&items[1][price]=" + twenty_;
    }
    Json subscribe(const std::string& price, const std::string& more = "") {
        Json made = sandbox_.post("/v1/subscriptions",
                                  "customer=" + customer_ + "&items[0][price]=" + price + more);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        item_ = "items[0][id]=" + text_of(made.at("items").at("data").at(0), "id");
        return made;
    }
    Json coupon(const std::string& id) { return sandbox_.get("/v1/coupons/" + id); }
    std::int64_t redeemed(const std::string& id) {
        return integer_of(coupon(id), "times_redeemed");
    }
    void expect_untouched() {
        EXPECT_EQ(redeemed("ONE") + redeemed("ANY"), 0);
        EXPECT_TRUE(flag_of(coupon("ONE"), "valid"));
        EXPECT_TRUE(flag_of(sandbox_.get("/v1/promotion_codes/" + once_), "active"));
        EXPECT_THAT(sandbox_.new_events(), IsEmpty());
    }

    BillingSandbox sandbox_;
    std::string customer_, ten_, twenty_, setup_, one_by_code_, once_, path_, item_;
};

TEST_F(RedemptionLimitsTest, CountEveryUseInOneRequest) {
    const std::string coupon = "[0][coupon]=ONE";
    const std::string by_code = "[0][promotion_code]=" + one_by_code_;
    const std::string once = "[0][promotion_code]=" + once_;
    const std::string first = "items[0][discounts]", second = "items[1][discounts]";
    const std::string added = "add_invoice_items[0][discounts]";
    const struct {
        const char* name;
        std::string discounts, param, message;
    } cases[] = {
        {"the whole and an item", "discounts" + coupon + "&" + first + coupon,
         "discounts[0][coupon]", "Coupon expired: ONE"},
        {"two items", first + coupon + "&" + second + coupon, "items[1][discounts][0][coupon]",
         "Coupon expired: ONE"},
        {"by itself and by a code", first + coupon + "&" + second + by_code,
         "items[1][discounts][0][promotion_code]", "Coupon expired: ONE"},
        {"a code of one use", "discounts" + once + "&" + first + once,
         "discounts[0][promotion_code]", "it is not active."},
        {"a charge beside",
         "discounts" + coupon + "&" + added + coupon + "&add_invoice_items[0][price]=" + setup_,
         "add_invoice_items[0][discounts][0][coupon]", "Coupon expired: ONE"},
        {"twice in one list", "discounts" + coupon + "&discounts[1][coupon]=ONE",
         "discounts[1][coupon]", "once in a list"},
    };
    const std::int64_t stored = sandbox_.rows("objects");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto error = sandbox_.refused("/v1/subscriptions", both() + "&" + c.discounts);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.param, c.param);
        EXPECT_THAT(error.message, HasSubstr(c.message));
        expect_untouched();
    }
    EXPECT_THAT(sandbox_.get("/v1/subscriptions", "customer=" + customer_).at("data"), IsEmpty());
    EXPECT_EQ(sandbox_.rows("objects"), stored);
}

TEST_F(RedemptionLimitsTest, CountEveryUseInAnUpdate) {
    subscribe(ten_);
    sandbox_.new_events();
    const Json before = sandbox_.get(path_);
    EXPECT_EQ(sandbox_
                  .refused(path_, item_ + "&items[0][discounts][0][coupon]=ONE"
                                          "&discounts[0][coupon]=ONE")
                  .param,
              "items[0][discounts][0][coupon]");
    EXPECT_EQ(sandbox_
                  .refused(path_, item_ + "&items[0][discounts][0][coupon]=ONE&items[1][price]=" +
                                      twenty_ + "&items[1][discounts][0][coupon]=ONE")
                  .param,
              "items[1][discounts][0][coupon]");
    EXPECT_EQ(sandbox_.get(path_), before);
    expect_untouched();
}

TEST_F(RedemptionLimitsTest, CountEveryLineOfAnInvoice) {
    const std::string draft =
        text_of(sandbox_.post("/v1/invoices", "customer=" + customer_ + "&currency=usd"), "id");
    sandbox_.new_events();
    const auto line = [](const std::string& index) {
        const std::string name = "lines[" + index + "]";
        return name + "[amount]=500&" + name + "[discounts][0][coupon]=ONE";
    };
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + draft + "/add_lines", line("0") + "&" + line("1"))
                  .message,
              "Coupon expired: ONE");
    EXPECT_THAT(sandbox_.get("/v1/invoices/" + draft).at("lines").at("data"), IsEmpty());
    expect_untouched();
}

TEST_F(RedemptionLimitsTest, LetPassWhatTheyHaveRoomFor) {
    sandbox_.post("/v1/subscriptions",
                  both() + "&discounts[0][coupon]=TWO&items[1][discounts][0][coupon]=TWO");
    EXPECT_EQ(redeemed("TWO"), 2);
    EXPECT_FALSE(flag_of(coupon("TWO"), "valid"));
    // What runs already is reused, and not redeemed again.
    const Json made = subscribe(ten_, "&discounts[0][coupon]=ONE");
    const std::string kept = "[0][discount]=" + made.at("discounts").at(0).get<std::string>();
    sandbox_.post(path_, item_ + "&discounts" + kept + "&items[0][discounts]" + kept);
    EXPECT_EQ(redeemed("ONE"), 1);
}

TEST_F(RedemptionLimitsTest, HoldInPreviewsToo) {
    const std::string details = "&subscription_details[items][0]";
    const std::string twice = details + "[price]=" + ten_ + details +
                              "[discounts][0][coupon]=ONE&discounts[0][coupon]=ONE";
    EXPECT_EQ(
        sandbox_.refused("/v1/invoices/create_preview", "customer=" + customer_ + twice).message,
        "Coupon expired: ONE");
    const Json made = subscribe(ten_);
    sandbox_.new_events();
    EXPECT_EQ(sandbox_
                  .refused("/v1/invoices/create_preview",
                           "subscription=" + text_of(made, "id") + details +
                               "[id]=" + text_of(made.at("items").at("data").at(0), "id") +
                               details + "[discounts][0][coupon]=ONE&discounts[0][coupon]=ONE")
                  .message,
              "Coupon expired: ONE");
    expect_untouched();
}

// Reference of promotion codes: for customers without any successful payments or invoices. All of
// one request comes before its payment.
TEST_F(RedemptionLimitsTest, OneRequestIsOneFirstTransaction) {
    const std::string first = code("ANY", "&restrictions[first_time_transaction]=true");
    sandbox_.post("/v1/subscriptions", both() + "&discounts[0][promotion_code]=" + first +
                                           "&items[0][discounts][0][promotion_code]=" + first);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/promotion_codes/" + first), "times_redeemed"), 2);
    EXPECT_THAT(
        sandbox_.refused("/v1/subscriptions", both() + "&discounts[0][promotion_code]=" + first)
            .message,
        HasSubstr("prior transactions"));
}

// Reference of promotion codes: "a purchase must be $100 or more". What is bought is what the
// request makes of the subscription.
TEST_F(RedemptionLimitsTest, AMinimumIsComparedWithWhatAnUpdateBuys) {
    const std::string from_15 = "&discounts[0][promotion_code]=" + code_from(1500);
    subscribe(ten_);
    const struct {
        const char* name;
        std::string change;
    } enough[] = {
        {"a larger price", "&items[0][price]=" + twenty_},       // 20.00
        {"more of it", "&items[0][quantity]=2"},                 // 2 × 10.00
        {"another item", "&items[1][price]=" + twenty_},         // 10.00 + 20.00
        {"a charge", "&add_invoice_items[0][price]=" + setup_},  // 10.00 + 5.00
    };
    for (const auto& c : enough) {
        SCOPED_TRACE(c.name);
        subscribe(ten_);
        EXPECT_THAT(sandbox_.refused(path_, item_ + from_15).message, HasSubstr("$15.00"));
        EXPECT_EQ(sandbox_.post(path_, item_ + c.change + from_15).at("discounts").size(), 1U);
    }
    subscribe(twenty_);
    EXPECT_THAT(sandbox_.refused(path_, item_ + "&items[0][price]=" + ten_ + from_15).message,
                HasSubstr("$15.00"));
    EXPECT_EQ(sandbox_.post(path_, item_ + from_15).at("discounts").size(), 1U);
}

TEST_F(RedemptionLimitsTest, AMinimumIsComparedWithAllThatACreationBuys) {
    const std::string from_15 = "&discounts[0][promotion_code]=" + code_from(1500);
    const std::string setup = "&add_invoice_items[0][price]=" + setup_;
    const std::string ten = "customer=" + customer_ + "&items[0][price]=" + ten_;
    EXPECT_THAT(sandbox_.refused("/v1/subscriptions", ten + from_15).message, HasSubstr("$15.00"));
    // 10.00 + 5.00; a trial makes nothing cheaper but the first invoice.
    EXPECT_EQ(subscribe(ten_, setup + from_15).at("discounts").size(), 1U);
    EXPECT_EQ(subscribe(twenty_, "&trial_period_days=7" + from_15).at("discounts").size(), 1U);
}

TEST_F(RedemptionLimitsTest, AMinimumIsComparedWithWhatAPreviewBuys) {
    const Json made = subscribe(ten_);
    const std::string details = "&subscription_details[items][0]";
    const std::string preview = "subscription=" + text_of(made, "id") + details +
                                "[id]=" + text_of(made.at("items").at("data").at(0), "id") +
                                "&discounts[0][promotion_code]=" + code_from(1500);
    EXPECT_THAT(sandbox_.refused("/v1/invoices/create_preview", preview).message,
                HasSubstr("$15.00"));
    EXPECT_EQ(sandbox_.post("/v1/invoices/create_preview", preview + details + "[quantity]=2")
                  .at("discounts")
                  .size(),
              1U);
}

}  // namespace
}  // namespace turnpike::twin
