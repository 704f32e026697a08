#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;

/// Prices of a product API, which a session sells.
class SessionPricesTest : public ::testing::Test {
protected:
    std::string price(const std::string& form) {
        return text_of(sandbox_.post("/v1/prices", "currency=usd&product=" + api_ + "&" + form),
                       "id");
    }
    static std::string lines(const std::string& price, const std::string& quantity) {
        return "&success_url=https://shop.example/&line_items[0][price]=" + price +
               (quantity.empty() ? "" : "&line_items[0][quantity]=" + quantity);
    }
    Json open(const std::string& mode, const std::string& price, const std::string& quantity) {
        return sandbox_.post("/v1/checkout/sessions", "mode=" + mode + lines(price, quantity));
    }
    Json pay(const Json& session) {
        return sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                             "payment_method=pm_card_visa&expected_amount=" +
                                 std::to_string(integer_of(session, "amount_total")));
    }
    std::int64_t paid(const Json& done) {
        return integer_of(sandbox_.get("/v1/invoices/" + text_of(done, "invoice")), "amount_paid");
    }
    std::string page_of(const Json& session) {
        const Json nothing = Json::object();
        return sandbox_.in_transaction([&](Context& ctx) {
            PageRequest page{.ctx = ctx,
                             .object = *ctx.find("checkout.session", text_of(session, "id")),
                             .form = Params(nothing),
                             .path = "/here"};
            return checkout_page_feature().pages.front().handler(page).html;
        });
    }

    BillingSandbox sandbox_;
    std::string api_ = text_of(sandbox_.post("/v1/products", "name=API"), "id");
};

// 5 at $10.00 and 2 at $8.00 are $66.00; by volume all 7 at $8.00 are $56.00.
TEST_F(SessionPricesTest, AreByTiers) {
    for (const auto& [mode, amount] : {std::pair{"graduated", 6600}, {"volume", 5600}}) {
        SCOPED_TRACE(mode);
        const Json session =
            open("subscription",
                 price("tiers[0][up_to]=5&tiers[0][unit_amount]=1000&tiers[1][up_to]=inf"
                       "&tiers[1][unit_amount]=800&recurring[interval]=month&billing_scheme=tiered"
                       "&tiers_mode=" +
                       std::string(mode)),
                 "7");
        EXPECT_EQ(integer_of(session, "amount_total"), amount);
        EXPECT_THAT(page_of(session), HasSubstr("7 × API: by tiers per month"));
        EXPECT_EQ(paid(pay(session)), amount);
    }
}

// 21 in packages of 10, rounded up, are 3 packages.
TEST_F(SessionPricesTest, AreByPackages) {
    const std::string packages =
        "unit_amount=500&transform_quantity[divide_by]=10&transform_quantity[round]=up";
    const Json once = open("payment", price(packages), "21");
    EXPECT_EQ(integer_of(once, "amount_total"), 1500);
    EXPECT_EQ(text_of(pay(once), "payment_status"), "paid");
    const Json monthly = open("subscription", price(packages + "&recurring[interval]=month"), "21");
    EXPECT_THAT(page_of(monthly), HasSubstr("21 × API: $5.00 per 10 per month"));
    EXPECT_EQ(paid(pay(monthly)), 1500);
}

TEST_F(SessionPricesTest, OfUsageCostNothingToday) {
    const std::string meter =
        text_of(sandbox_.post("/v1/billing/meters",
                              "display_name=c&event_name=calls&default_aggregation[formula]=sum"),
                "id");
    const std::string calls = price(
        "unit_amount_decimal=0.4&recurring[interval]=month&recurring[usage_type]=metered"
        "&recurring[meter]=" +
        meter);
    EXPECT_EQ(
        sandbox_.refused("/v1/checkout/sessions", "mode=subscription" + lines(calls, "1")).param,
        "line_items[0][quantity]");
    const Json session = open("subscription", calls, "");
    EXPECT_EQ(integer_of(session, "amount_total"), 0);
    EXPECT_THAT(page_of(session),
                HasSubstr("<td>API: $0.004 each, per month by what is used</td>"));
    const Json done = pay(session);
    EXPECT_EQ(text_of(done, "status"), "complete");
    const Json made = sandbox_.get("/v1/subscriptions/" + text_of(done, "subscription"));
    EXPECT_EQ(text_of(made, "status"), "active");
    EXPECT_FALSE(made.at("items").at("data").at(0).contains("quantity"));
    EXPECT_NE(text_of(made, "default_payment_method"), "");
}

}  // namespace
}  // namespace turnpike::twin
