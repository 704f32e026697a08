#include "sandbox/stripe/cards/test_cards.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// Numbers and what they do: https://docs.stripe.com/testing.
namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;

class TestCards : public ::testing::Test {
protected:
    static std::string with_number(std::string_view number) {
        return "type=card&card[number]=" + std::string(number) +
               "&card[exp_month]=12&card[exp_year]=34&card[cvc]=123";
    }
    /// The charge that a payment with this card makes, whether it succeeds or not.
    Json charge_with(const std::string& number) {
        const auto method =
            text_of(sandbox_.post("/v1/payment_methods", with_number(number)), "id");
        const std::string form = "amount=2900&currency=usd&payment_method=" + method;
        const auto intent = text_of(sandbox_.post("/v1/payment_intents", form), "id");
        static_cast<void>(sandbox_.call("POST", "/v1/payment_intents/" + intent + "/confirm",
                                        "return_url=https://shop.example"));
        return sandbox_.get("/v1/charges", "payment_intent=" + intent)["data"].at(0);
    }

    BillingSandbox sandbox_;
};

TEST_F(TestCards, HaveOneNumberAndNamesOfTheirOwn) {
    std::set<std::string_view> numbers, names;
    for (const TestCard& card : test_cards()) {
        EXPECT_TRUE(numbers.insert(card.number).second) << card.number;
        EXPECT_TRUE(names.insert(card.name).second) << card.name;
        EXPECT_TRUE(card.alias.empty() || names.insert(card.alias).second) << card.alias;
        EXPECT_EQ(card_by_number(card.number), &card);
        EXPECT_EQ(card_by_name(card.name), &card);
        // A payment page or a call takes every number: none is misspelt.
        const Json made = sandbox_.post("/v1/payment_methods", with_number(card.number));
        EXPECT_EQ(made.at("card").at("last4"), card.last4());
    }
}

TEST_F(TestCards, TellBrandFundingAndCountry) {
    struct Case {
        std::string_view number, brand, funding, country;
    };
    static constexpr Case kCases[] = {
        {"2223003122003222", "mastercard", "credit", "US"},
        {"6011981111111113", "discover", "debit", "US"},
        {"36227206271667", "diners", "credit", "US"},
        {"6200000000000047", "unionpay", "debit", "US"},
        {"6205500000000000004", "unionpay", "credit", "US"},
        {"4000000400000008", "visa", "credit", "AT"},
        {"4000007560000009", "visa", "credit", "CH"},
        {"5200007840000022", "mastercard", "credit", "AE"},
        {"4000058260000005", "visa", "debit", "GB"},
        {"3530111333300000", "jcb", "credit", "JP"},
    };
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.number);
        const Json card = sandbox_.post("/v1/payment_methods", with_number(c.number)).at("card");
        EXPECT_EQ(card.at("brand"), c.brand);
        EXPECT_EQ(card.at("funding"), c.funding);
        EXPECT_EQ(card.at("country"), c.country);
    }
}

TEST_F(TestCards, MayBelongToTwoNetworks) {
    const Json card = sandbox_.post("/v1/payment_methods", with_number("5555552500001001"));
    EXPECT_EQ(card.at("card").at("networks").at("available"),
              Json::array({"cartes_bancaires", "mastercard"}));
    EXPECT_EQ(card.at("card").at("brand"), "mastercard");
}

TEST_F(TestCards, FailTheirChecksAndAreChargedAllTheSame) {
    struct Case {
        std::string_view number;
        Json cvc, postal_code, line1;
    };
    const Case cases[] = {
        {"4242424242424242", "pass", nullptr, nullptr},
        {"4000000000000101", "fail", nullptr, nullptr},
        {"4000000000000036", "pass", "fail", nullptr},
        {"4000000000000028", "pass", nullptr, "fail"},
        {"4000000000000010", "pass", "fail", "fail"},
        {"4000000000000044", "pass", "unavailable", "unavailable"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.number);
        const Json charge = charge_with(std::string(c.number));
        EXPECT_EQ(charge.at("status"), "succeeded");
        const Json& checks = charge.at("payment_method_details").at("card").at("checks");
        EXPECT_EQ(checks.at("cvc_check"), c.cvc);
        EXPECT_EQ(checks.at("address_postal_code_check"), c.postal_code);
        EXPECT_EQ(checks.at("address_line1_check"), c.line1);
    }
}

TEST_F(TestCards, AreBlockedByRadarWhereTheRiskIsHighest) {
    for (const std::string number : {"4100000000000019", "4000000000004954"}) {
        SCOPED_TRACE(number);
        const Json charge = charge_with(number);
        EXPECT_EQ(charge.at("status"), "failed");
        EXPECT_EQ(charge.at("failure_code"), "card_declined");
        const Json& outcome = charge.at("outcome");
        EXPECT_EQ(outcome.at("type"), "blocked");
        EXPECT_EQ(outcome.at("network_status"), "not_sent_to_network");
        EXPECT_EQ(outcome.at("reason"), "highest_risk_level");
        EXPECT_EQ(outcome.at("risk_level"), "highest");
    }
    const Json charge = charge_with("4000000000009235");
    EXPECT_EQ(charge.at("status"), "succeeded");
    EXPECT_EQ(charge.at("outcome").at("risk_level"), "elevated");
    EXPECT_EQ(charge.at("outcome").at("type"), "authorized");
}

TEST_F(TestCards, ThatNothingHereKnowsAreRefusedByName) {
    const StripeError error =
        sandbox_.refused("/v1/payment_methods", with_number("4000000000005423"));
    EXPECT_EQ(error.param, "number");
    EXPECT_THAT(error.message, HasSubstr("This sandbox does not support"));
}

}  // namespace
}  // namespace turnpike::twin
