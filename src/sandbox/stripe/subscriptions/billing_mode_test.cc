#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kClassic = "&billing_mode[type]=classic";
constexpr const char* kInvoiced = "&proration_behavior=always_invoice&expand[]=latest_invoice";

/// Prices of 10 and 20 dollars a month, and a coupon of 5 off. April has 30 days.
class BillingModeTest : public ::testing::Test {
protected:
    BillingModeTest() {
        ten_ = sandbox_.price("Ten", 1000);
        twenty_ = sandbox_.price("Twenty", 2000);
        sandbox_.post("/v1/coupons", "id=FIVE&amount_off=500&currency=usd&duration=forever");
        sandbox_.post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    }
    Json subscribe(const std::string& more) {
        Json made =
            sandbox_.post("/v1/subscriptions", "customer=" + sandbox_.customer() + "&" + more);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        item_ = "items[0][id]=" + text_of(made.at("items").at("data").at(0), "id");
        return made;
    }
    std::string one(const std::string& price) { return "items[0][price]=" + price; }
    void at(const char* moment) { sandbox_.set_now(*parse_rfc3339(moment)); }
    static std::vector<std::int64_t> lines_of(const Json& subscription) {
        return amounts_of(subscription.at("latest_invoice").at("lines").at("data"));
    }

    BillingSandbox sandbox_{*parse_rfc3339("2026-04-01T00:00:00Z")};
    std::string ten_, twenty_, path_, item_;
};

// The vector of Stripe's documentation: 10 from 1 April, 20 from 11 April without proration, back
// to 10 on 21 April: -667 + 333 = -334, where flexible billing has 0.
TEST_F(BillingModeTest, ClassicCreditsTheCurrentPrice) {
    subscribe(one(ten_) + kClassic);
    at("2026-04-11T00:00:00Z");
    sandbox_.post(path_, item_ + "&items[0][price]=" + twenty_ + "&proration_behavior=none");
    at("2026-04-21T00:00:00Z");
    const Json back = sandbox_.post(path_, item_ + "&items[0][price]=" + ten_ + kInvoiced);
    EXPECT_THAT(lines_of(back), ElementsAre(-667, 333));
    EXPECT_EQ(back.at("latest_invoice").at("total"), -334);
}

// The other one: 5 off 10 and 20, the item of 10 deleted half way. 1000 / 2 - 500 / 2 items = 250,
// where flexible billing has 417.
TEST_F(BillingModeTest, ClassicSharesAnAmountOffEvenly) {
    subscribe(one(ten_) + "&items[1][price]=" + twenty_ + "&discounts[0][coupon]=FIVE" + kClassic);
    at("2026-04-16T00:00:00Z");
    const Json changed = sandbox_.post(path_, item_ + "&items[0][deleted]=true" + kInvoiced);
    EXPECT_THAT(lines_of(changed), ElementsAre(-250));
}

TEST_F(BillingModeTest, ClassicStartsAnewWithAnotherInterval) {
    const std::string yearly = sandbox_.price("Year", 12'000, "year");
    const Json made = subscribe(one(ten_) + kClassic);
    EXPECT_EQ(made.at("billing_mode").at("type"), "classic");
    EXPECT_TRUE(made.at("billing_mode").at("flexible").is_null());
    at("2026-04-16T00:00:00Z");
    EXPECT_THAT(sandbox_.refused(path_, "items[0][price]=" + yearly).message,
                HasSubstr("Found mismatch in interval field"));
    const Json changed = sandbox_.post(path_, item_ + "&items[0][price]=" + yearly + kInvoiced);
    EXPECT_THAT(lines_of(changed), ElementsAre(-500, 12'000));
    EXPECT_EQ(changed.at("billing_cycle_anchor"),
              unix_seconds(*parse_rfc3339("2026-04-16T00:00:00Z")));
    EXPECT_EQ(changed.at("items").at("data").at(0).at("current_period_end"),
              unix_seconds(*parse_rfc3339("2027-04-16T00:00:00Z")));
}

TEST_F(BillingModeTest, ClassicStartsAnewWhenWhatWasFreeCosts) {
    const std::string free = sandbox_.price("Free", 0);
    subscribe(one(free) + kClassic);
    at("2026-04-16T00:00:00Z");
    const Json changed =
        sandbox_.post(path_, item_ + "&items[0][price]=" + ten_ + "&expand[]=latest_invoice");
    EXPECT_EQ(changed.at("latest_invoice").at("amount_paid"), 1000);
    EXPECT_EQ(changed.at("billing_cycle_anchor"),
              unix_seconds(*parse_rfc3339("2026-04-16T00:00:00Z")));
}

TEST_F(BillingModeTest, ClassicBecomesFlexible) {
    subscribe(one(ten_) + kClassic);
    at("2026-04-11T00:00:00Z");
    sandbox_.post(path_, item_ + "&items[0][price]=" + twenty_ + "&proration_behavior=none");
    const Json migrated = sandbox_.post(path_ + "/migrate", "billing_mode[type]=flexible");
    EXPECT_EQ(to_text(migrated.at("billing_mode").at("flexible")),
              R"({"proration_discounts":"included"})");
    EXPECT_EQ(migrated.at("billing_mode").at("updated_at"), unix_seconds(sandbox_.now()));
    EXPECT_EQ(sandbox_.last_event("customer.subscription.updated")
                  .at("previous_attributes")
                  .at("billing_mode")
                  .at("type"),
              "classic");
    at("2026-04-21T00:00:00Z");
    const Json back = sandbox_.post(path_, item_ + "&items[0][price]=" + ten_ + kInvoiced);
    EXPECT_THAT(lines_of(back), ElementsAre(-333, 333));
}

// 50 % off 10 -> 20 half way: -500 + 1000, of which 250 less and 500.
TEST_F(BillingModeTest, ItemizedShowsTheDiscountsOfProrations) {
    subscribe(one(ten_) + "&discounts[0][coupon]=HALF");
    sandbox_.post(path_ + "/migrate",
                  "billing_mode[type]=flexible"
                  "&billing_mode[flexible][proration_discounts]=itemized");
    at("2026-04-16T00:00:00Z");
    const Json changed = sandbox_.post(path_, item_ + "&items[0][price]=" + twenty_ + kInvoiced);
    EXPECT_THAT(lines_of(changed), ElementsAre(-500, 1000));
    const Json& invoice = changed.at("latest_invoice");
    EXPECT_THAT(amounts_of(invoice.at("lines").at("data").at(0).at("discount_amounts")),
                ElementsAre(-250));
    EXPECT_THAT(amounts_of(invoice.at("total_discount_amounts")), ElementsAre(250));
    EXPECT_EQ(invoice.at("subtotal"), 500);
    EXPECT_EQ(invoice.at("total"), 250);
    const auto error = sandbox_.refused(path_ + "/migrate",
                                        "billing_mode[type]=flexible"
                                        "&billing_mode[flexible][proration_discounts]=included");
    EXPECT_THAT(error.message, HasSubstr("from `itemized` to `included`"));
}

TEST_F(BillingModeTest, RefusesWhatThereIsNot) {
    const Json made = subscribe(one(ten_));
    EXPECT_EQ(made.at("billing_mode").at("type"), "flexible");
    const struct {
        std::string form, param;
    } cases[] = {{"", "billing_mode"},
                 {"billing_mode[flexible][proration_discounts]=itemized", "billing_mode[type]"},
                 {"billing_mode[type]=classic", "billing_mode[type]"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        EXPECT_EQ(sandbox_.refused(path_ + "/migrate", c.form).param, c.param);
    }
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscriptions",
                           "customer=" + sandbox_.customer() + "&" + one(ten_) + kClassic +
                               "&billing_mode[flexible][proration_discounts]=itemized")
                  .param,
              "billing_mode[flexible]");
}

}  // namespace
}  // namespace turnpike::twin
