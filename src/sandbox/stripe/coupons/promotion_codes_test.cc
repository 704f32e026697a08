#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::shape_of;
using testing::TwinUnderTest;

const std::string kOfTen = "promotion[type]=coupon&promotion[coupon]=TEN";
const http::Headers kClover = {{"Stripe-Version", "2026-02-25.clover"}};

class PromotionCodes : public ::testing::Test {
protected:
    PromotionCodes() { twin_.post("/v1/coupons", "percent_off=10&id=TEN"); }

    std::vector<std::string> words(const std::string& query) {
        std::vector<std::string> found;
        for (const auto& code : twin_.get("/v1/promotion_codes?" + query).body.at("data"))
            found.push_back(code.at("code").get<std::string>());
        return found;
    }

    TwinUnderTest twin_;
};

// Required members of Stripe.PromotionCode in stripe@20.4.1's types.
TEST_F(PromotionCodes, HaveEveryMemberOfTheOfficialType) {
    const auto reply = twin_.post("/v1/promotion_codes", kOfTen, kClover);
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_THAT(shape_of(reply.body),
                ElementsAre("active", "code", "created", "customer", "customer_account",
                            "expires_at", "id", "livemode", "max_redemptions", "metadata", "object",
                            "promotion", "promotion.coupon", "promotion.type", "restrictions",
                            "restrictions.first_time_transaction", "restrictions.minimum_amount",
                            "restrictions.minimum_amount_currency", "times_redeemed"));
    EXPECT_EQ(reply.body.at("promotion").at("coupon"), "TEN");
    EXPECT_EQ(reply.body.at("code").get<std::string>().size(), 8U);
    EXPECT_EQ(reply.body.at("active"), true);
    EXPECT_THAT(twin_.event_types(), ElementsAre("coupon.created", "promotion_code.created"));
}

TEST_F(PromotionCodes, TakeTheRetiredSpellingFromWhoNamesNoVersion) {
    const auto reply = twin_.post("/v1/promotion_codes", "coupon=TEN&expand[]=promotion.coupon");
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.body.at("promotion").at("coupon").at("percent_off"), 10);
    const auto refused = twin_.post("/v1/promotion_codes", kOfTen + "&coupon=TEN", kClover);
    EXPECT_EQ(refused.error("code"), "parameter_unknown");
    EXPECT_EQ(refused.error("param"), "coupon");
}

TEST_F(PromotionCodes, RefuseBadInputByName) {
    twin_.post("/v1/coupons", "percent_off=10&id=FEW&max_redemptions=5&redeem_by=1765391351");
    const std::string of_few = "promotion[type]=coupon&promotion[coupon]=FEW";
    struct Case {
        std::string form, param;
        std::string_view message;
    };
    const Case cases[] = {
        {"active=true", "promotion", "Missing required param: promotion."},
        {"promotion[coupon]=TEN", "promotion[type]", "Missing required param: promotion[type]."},
        {"promotion[type]=coupon", "promotion.coupon",
         "You must pass promotion.coupon when passing promotion"},
        {"promotion[type]=coupon&promotion[coupon]=NO", "promotion[coupon]",
         "No such coupon: 'NO'"},
        {kOfTen + "&code=50%25", "code",
         "This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for "
         "the value 50%)."},
        {kOfTen + "&customer=cus_no", "customer", "No such customer: 'cus_no'"},
        {kOfTen + "&customer_account=acct_1", "customer_account", "This sandbox"},
        {kOfTen + "&expires_at=1000", "expires_at", "which is in the past."},
        {kOfTen + "&expires_at=1999999999", "expires_at",
         "Invalid timestamp: can be no more than five years in the future."},
        {kOfTen + "&max_redemptions=0", "max_redemptions", "greater than or equal to 1."},
        {of_few + "&max_redemptions=6", "max_redemptions", "cannot be greater than"},
        {of_few + "&expires_at=1765391352", "expires_at", "cannot expire after"},
        {kOfTen + "&restrictions[minimum_amount]=100", "restrictions[minimum_amount_currency]",
         "Missing required param"},
        {kOfTen + "&restrictions[minimum_amount_currency]=usd", "restrictions[minimum_amount]",
         "Missing required param"},
        {kOfTen + "&restrictions[currency_options][eur][minimum_amount]=5",
         "restrictions[currency_options]", "You must pass minimum_amount"},
        {kOfTen + "&restrictions[country]=de", "restrictions[country]", "unknown parameter"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin_.post("/v1/promotion_codes", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
    }
    EXPECT_EQ(twin_.post("/v1/promotion_codes", of_few + "&max_redemptions=5&expires_at=1765391351")
                  .status,
              200);
}

TEST_F(PromotionCodes, CompeteInAnyCaseWhileActive) {
    const auto first = twin_.post_id("/v1/promotion_codes", kOfTen + "&code=Spring");
    const auto refused = twin_.post("/v1/promotion_codes", kOfTen + "&code=SPRING");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("message"),
              "An active promotion code with `code: SPRING` already exists.");
    twin_.post("/v1/promotion_codes/" + first, "active=false");
    EXPECT_EQ(twin_.post("/v1/promotion_codes", kOfTen + "&code=SPRING").status, 200);
    EXPECT_EQ(twin_.post("/v1/promotion_codes/" + first, "active=true").status, 400);
}

TEST_F(PromotionCodes, OfDifferentCustomersDoNotCompete) {
    const auto ann = twin_.post_id("/v1/customers", "name=Ann");
    const auto ben = twin_.post_id("/v1/customers", "name=Ben");
    const std::string form = kOfTen + "&code=YOU";
    EXPECT_EQ(twin_.post("/v1/promotion_codes", form + "&customer=" + ann).status, 200);
    EXPECT_EQ(twin_.post("/v1/promotion_codes", form + "&customer=" + ben).status, 200);
    EXPECT_EQ(twin_.post("/v1/promotion_codes", form + "&customer=" + ben).status, 400);
    EXPECT_EQ(twin_.post("/v1/promotion_codes", form).status, 400);
}

TEST_F(PromotionCodes, ChangeOnlyWhatMayChange) {
    const auto id =
        twin_.post_id("/v1/promotion_codes", kOfTen +
                                                 "&restrictions[minimum_amount]=1000&"
                                                 "restrictions[minimum_amount_currency]=USD&"
                                                 "restrictions[first_time_transaction]=true");
    const std::string path = "/v1/promotion_codes/" + id;
    const auto reply = twin_.post(path,
                                  "metadata[k]=v&active=false&"
                                  "restrictions[currency_options][eur][minimum_amount]=900");
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(to_text(reply.body.at("restrictions")),
              R"({"currency_options":{"eur":{"minimum_amount":900}},)"
              R"("first_time_transaction":true,"minimum_amount":1000,)"
              R"("minimum_amount_currency":"usd"})");
    EXPECT_EQ(reply.body.at("active"), false);
    EXPECT_THAT(twin_.event_types(),
                ElementsAre("coupon.created", "promotion_code.created", "promotion_code.updated"));
    for (const char* form : {"code=NEW", "max_redemptions=3", "restrictions[minimum_amount]=5"}) {
        SCOPED_TRACE(form);
        EXPECT_EQ(twin_.post(path, form).error("code"), "parameter_unknown");
    }
    const auto missing = twin_.get("/v1/promotion_codes/promo_no");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.error("message"), "No such promotion code: 'promo_no'");
    EXPECT_EQ(missing.error("param"), "promotion_code");
}

TEST_F(PromotionCodes, AreListedByWhatTheyAre) {
    twin_.post("/v1/coupons", "percent_off=5&id=FIVE");
    const auto ann = twin_.post_id("/v1/customers", "name=Ann");
    twin_.post("/v1/promotion_codes", kOfTen + "&code=A&customer=" + ann);
    twin_.post("/v1/promotion_codes", kOfTen + "&code=B&active=false");
    twin_.post("/v1/promotion_codes", "coupon=FIVE&code=C");
    EXPECT_THAT(words(""), ElementsAre("C", "B", "A"));
    EXPECT_THAT(words("active=true"), ElementsAre("C", "A"));
    EXPECT_THAT(words("coupon=TEN"), ElementsAre("B", "A"));
    EXPECT_THAT(words("customer=" + ann), ElementsAre("A"));
    EXPECT_THAT(words("code=c"), ElementsAre("C"));
    EXPECT_THAT(words("created[gt]=1762799351"), ElementsAre());
}

TEST_F(PromotionCodes, EndWithTheirTimeOrTheirCoupon) {
    const auto timed =
        twin_.post_id("/v1/promotion_codes", kOfTen + "&code=A&expires_at=1762799411");
    const auto other = twin_.post_id("/v1/promotion_codes", kOfTen + "&code=B");
    twin_.clock().advance(std::chrono::seconds(60));
    twin_.run_due_work();
    EXPECT_EQ(twin_.get("/v1/promotion_codes/" + timed).body.at("active"), false);
    EXPECT_EQ(twin_.get("/v1/promotion_codes/" + other).body.at("active"), true);
    EXPECT_EQ(twin_.post("/v1/promotion_codes/" + timed, "active=true").error("param"), "active");
    twin_.del("/v1/coupons/TEN");
    EXPECT_EQ(twin_.get("/v1/promotion_codes/" + other).body.at("active"), false);
    EXPECT_EQ(twin_.post("/v1/promotion_codes/" + other, "active=true").error("code"),
              "coupon_expired");
}

}  // namespace
}  // namespace turnpike::twin
