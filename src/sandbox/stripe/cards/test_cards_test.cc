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
        EXPECT_TRUE(names.insert(card.name).second) << card.name;
        EXPECT_TRUE(card.alias.empty() || names.insert(card.alias).second) << card.alias;
        EXPECT_EQ(card_by_name(card.name), &card);
        if (card.name.starts_with("tok_")) {
            EXPECT_NE(card_by_number(card.number), &card);
            continue;
        }
        EXPECT_TRUE(numbers.insert(card.number).second) << card.number;
        EXPECT_EQ(card_by_number(card.number), &card);
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

TEST_F(TestCards, AnswerToEveryPublishedName) {
    struct Named {
        std::string_view name, number;
    };
    static constexpr Named kNamed[] = {
        {"pm_card_th_credit", "4000007640000003"},
        {"pm_card_visa_debit_eftposAuCoBranded", "4000050360000001"},
        {"pm_card_mastercard_debit_eftposAuCoBranded", "5555050360000080"},
        {"pm_card_amex_threeDSecureNotSupported", "378282246310005"},
        {"pm_card_debit_visaFsaProductCode", "4000051230000072"},
        {"pm_card_debit_visaHsaProductCode", "4000051230000072"},
        {"pm_card_mastercard_debit_mastercardFsaProductCode", "5200828282828897"},
        {"pm_card_highFraudDisputeScore", "4000008400000407"},
        {"pm_card_highEfwScore", "4000008400000159"},
        {"pm_card_radarDynamicRiskThreshold", "4000008400001017"},
        {"pm_card_adaptive3dsChallenge", "4000008405600003"},
        {"pm_card_cvcCheckFailElevatedRisk", "4000058400307872"},
        {"pm_card_avsZipFailElevatedRisk", "4000058400306072"},
        {"pm_card_createCe3EligibleDispute", "4000000404000038"},
        {"pm_card_createAutoRepresentmentEligibleDispute", "4000000001000043"},
        {"pm_card_createRapidDisputeResolutionDispute", "4000000404004816"},
        {"pm_card_createCe3BlockDispute", "4000000404005649"},
        {"pm_card_createEthocaAlert", "5105000300000018"},
        {"tok_visa_chargeDeclinedExpiredCard", "4000000000000069"},
        {"tok_visa_chargeDeclinedIncorrectCvc", "4000000000000127"},
        {"tok_visa_chargeDeclinedProcessingError", "4000000000000119"},
        {"tok_visa_createDispute", "4000000000000259"},
        {"tok_visa_createDisputeInquiry", "4000000000001976"},
        {"tok_visa_createDisputeProductNotReceived", "4000000000002685"},
    };
    for (const Named& named : kNamed) {
        SCOPED_TRACE(named.name);
        const TestCard* card = card_by_name(named.name);
        ASSERT_NE(card, nullptr);
        EXPECT_EQ(card, card_by_number(named.number));
        std::string token(named.name);
        if (token.starts_with("pm_card_")) token.replace(0, 8, "tok_");
        const Json made =
            sandbox_.post("/v1/payment_methods", "type=card&card[token]=" + token).at("card");
        EXPECT_EQ(made.at("last4"), named.number.substr(named.number.size() - 4));
    }
    EXPECT_EQ(card_by_name("pm_card_th"), nullptr);
    EXPECT_EQ(card_by_name("pm_card_visa_chargeDeclinedExpiredCard"), nullptr);
}

TEST_F(TestCards, PublishedAsTokensOnlyDeclineInTheirOwnWay) {
    EXPECT_EQ(card_by_name("pm_card_visa_chargeCustomerFailLostCard"), nullptr);
    const TestCard* debit = card_by_name("tok_visa_debit_chargeDeclinedInsufficientFunds");
    ASSERT_NE(debit, nullptr);
    EXPECT_EQ(debit->funding, "debit");
    EXPECT_EQ(debit->on_attach->decline_code, "insufficient_funds");
    EXPECT_EQ(card_by_name("tok_visa_chargeDeclinedFraudulent")->on_charge->decline_code,
              "fraudulent");
}

TEST_F(TestCards, AskForAuthenticationOrPassByNumber) {
    struct Case {
        std::string_view number, country;
        Authentication asks;
    };
    static constexpr Case kCases[] = {
        {"4000000000003220", "IE", Authentication::Always},
        {"4000008400000027", "US", Authentication::Always},
        {"4000582600000094", "US", Authentication::Always},
        {"4000582600000045", "US", Authentication::Always},
        {"4000582600000102", "US", Authentication::Always},
        {"4000582600000110", "US", Authentication::Always},
        {"4000000032200000", "US", Authentication::Never},
        {"4000000000001208", "US", Authentication::Never},
        {"4000000000003725", "US", Authentication::Never},
        {"5062210000000009", "MX", Authentication::Never},
    };
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.number);
        const TestCard* card = card_by_number(c.number);
        ASSERT_NE(card, nullptr);
        EXPECT_EQ(card->country, c.country);
        EXPECT_EQ(card->authentication, c.asks);
        EXPECT_EQ(card->on_charge, nullptr);
    }
}

TEST_F(TestCards, ThatNothingHereKnowsAreRefusedByName) {
    for (const std::string number :
         {"4000000000005423", "4000000404000079", "4000008400000779", "5105008400000002"}) {
        const StripeError error = sandbox_.refused("/v1/payment_methods", with_number(number));
        EXPECT_EQ(error.param, "number");
        EXPECT_EQ(error.message, "This sandbox does not support the test card " + number +
                                     ": see docs/sandbox.md.");
    }
    const std::string intent =
        text_of(sandbox_.post("/v1/payment_intents", "amount=2900&currency=usd"), "id");
    for (const std::string name :
         {"pm_card_createIssuerFraudRecord", "pm_card_createMultipleDisputes",
          "pm_card_createComplianceDispute", "pm_card_createMastercardComplianceDispute",
          "pm_usBankAccount_success", "pm_sepaDebit_success_at", "pm_bacsDebit_success",
          "pm_auBecsDebit_success"}) {
        const StripeError error =
            sandbox_.refused("/v1/payment_intents/" + intent + "/confirm",
                             "payment_method=" + name + "&return_url=https://shop.example");
        EXPECT_THAT(error.message, HasSubstr("This sandbox does not support the test"));
        EXPECT_THAT(error.message, HasSubstr(name));
    }
    const StripeError token =
        sandbox_.refused("/v1/customers", "source=tok_createMultipleDisputes");
    EXPECT_THAT(token.message, HasSubstr("tok_createMultipleDisputes"));
    EXPECT_THAT(sandbox_
                    .refused("/v1/payment_methods/pm_card_createMultipleDisputes/attach",
                             "customer=" + sandbox_.customer())
                    .message,
                HasSubstr("This sandbox does not support the test card"));
}

}  // namespace
}  // namespace turnpike::twin
