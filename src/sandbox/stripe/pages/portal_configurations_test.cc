#include "sandbox/stripe/pages/portal_configurations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/html.h"
#include "sandbox/stripe/pages/portal_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(PortalTest, ConfigurationsSwitchFeaturesOff) {
    enter_with(
        "features[subscription_cancel][enabled]=false&features[invoice_history][enabled]=false");
    EXPECT_THAT(show().html, Not(HasSubstr("Invoices")));
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_), HasSubstr("does not offer"));
    EXPECT_EQ(sandbox_
                  .refused("/v1/billing_portal/sessions",
                           "customer=" + customer_ + "&return_url=javascript%3Aalert(1)")
                  .code,
              "url_invalid");
}

TEST_F(PortalTest, AConfigurationOffersTheProductsThatItLists) {
    const std::string team = sandbox_.price("Team", 19'900);
    const auto product_of = [&](const std::string& price) {
        return text_of(sandbox_.get("/v1/prices/" + price), "product");
    };
    const auto listing = [&](const std::string& product, const std::string& price) {
        const std::string first = "features[subscription_update][products][0]";
        return "features[subscription_update][enabled]=true"
               "&features[payment_method_update][enabled]=true&" +
               first + "[product]=" + product + "&" + first + "[prices][0]=" + price;
    };
    const std::string configurations = "/v1/billing_portal/configurations";
    enter_with(listing(product_of(team), team) +
               "&features[subscription_update][products][0][adjustable_quantity][enabled]=true");
    EXPECT_THAT(show().html, HasSubstr("Team: $199.00"));
    EXPECT_THAT(show().html, Not(HasSubstr("Pro: $99.00")));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("does not offer"));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + team),
                HasSubstr("Your plan has been changed."));

    const std::string where = "features[subscription_update][products][0]";
    EXPECT_EQ(sandbox_.refused(configurations, listing("prod_none", team)).param,
              where + "[product]");
    EXPECT_EQ(sandbox_.refused(configurations, listing(product_of(team), "price_none")).param,
              where + "[prices][0]");
    EXPECT_EQ(sandbox_.refused(configurations, listing(product_of(team), pro_)).param,
              where + "[prices][0]");
}

TEST_F(PortalTest, AConfigurationWithAnEmptyListOffersEverything) {
    enter_with(
        "features[subscription_update][enabled]=true&features[subscription_update][products]="
        "&features[payment_method_update][enabled]=true");
    EXPECT_THAT(show().html, HasSubstr("Pro: $99.00"));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("Your plan has been changed."));
}

TEST_F(PortalTest, AConfigurationCanBeChanged) {
    const std::string configurations = "/v1/billing_portal/configurations";
    const Json made = sandbox_.post(
        configurations, "business_profile[headline]=Hello&features[invoice_history][enabled]=true");
    const std::string path = configurations + "/" + text_of(made, "id");
    sandbox_.new_events();
    const Json changed = sandbox_.post(
        path, "metadata[foo]=bar&features[subscription_cancel][enabled]=false&name=Shop");
    EXPECT_EQ(changed["metadata"]["foo"], "bar");
    EXPECT_EQ(changed["features"]["subscription_cancel"]["enabled"], false);
    EXPECT_EQ(changed["features"]["subscription_cancel"]["mode"], "at_period_end");
    EXPECT_EQ(changed["business_profile"]["headline"], "Hello");
    EXPECT_EQ(sandbox_.get(path), changed);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("billing_portal.configuration.updated"));
    EXPECT_EQ(
        sandbox_.last_event("billing_portal.configuration.updated")["previous_attributes"]["name"],
        nullptr);
    EXPECT_EQ(sandbox_.post(path, "name=")["name"], nullptr);
    EXPECT_EQ(sandbox_.refused(configurations + "/bpc_none", "name=x").http_status, 404);
    EXPECT_EQ(sandbox_.refused(path, "colour=red").code, "parameter_unknown");
    // The portal's pages link there.
    EXPECT_EQ(sandbox_.refused(path, "default_return_url=javascript:alert(1)").code, "url_invalid");
    EXPECT_EQ(sandbox_.refused(path, "business_profile[privacy_policy_url]=private").param,
              "business_profile[privacy_policy_url]");
}

TEST_F(PortalTest, OnlyAnActiveConfigurationMakesSessions) {
    const std::string configurations = "/v1/billing_portal/configurations";
    const std::string id =
        text_of(sandbox_.post(configurations, "features[invoice_history][enabled]=true"), "id");
    sandbox_.post(configurations + "/" + id, "active=false");
    const std::string session = "customer=" + customer_ + "&configuration=" + id;
    EXPECT_EQ(sandbox_.refused("/v1/billing_portal/sessions", session).param, "configuration");
    sandbox_.post("/v1/billing_portal/sessions", "customer=" + customer_);
    const std::string usual =
        text_of(sandbox_.get(configurations, "is_default=true")["data"][0], "id");
    EXPECT_EQ(sandbox_.refused(configurations + "/" + usual, "active=false").param, "active");
}

// Stripe makes no session without a configuration before the portal's settings are saved in the
// dashboard. Here they are saved from the first day, and listed as what they are at Stripe.
TEST_F(PortalTest, AnAccountHasSavedItsSettings) {
    const std::string configurations = "/v1/billing_portal/configurations";
    const Json usual = sandbox_.get(configurations)["data"];
    ASSERT_EQ(usual.size(), 1U);
    EXPECT_EQ(usual[0]["is_default"], true);
    EXPECT_EQ(usual[0]["active"], true);
    const std::string id = text_of(usual[0], "id");
    EXPECT_TRUE(id.starts_with("bpc_1"));
    EXPECT_EQ(sandbox_.get(configurations + "/" + id), usual[0]);
    EXPECT_EQ(
        sandbox_.post("/v1/billing_portal/sessions", "customer=" + customer_)["configuration"], id);
    EXPECT_EQ(sandbox_.post(configurations + "/" + id, "name=Shop")["name"], "Shop");
    const Json other = sandbox_.post(configurations, "features[invoice_history][enabled]=true");
    const Json newest = sandbox_.post(configurations, "features[invoice_history][enabled]=true");
    EXPECT_EQ(texts_of(sandbox_.get(configurations)["data"], "id"),
              (std::vector<std::string>{text_of(newest, "id"), text_of(other, "id"), id}));
    EXPECT_EQ(texts_of(sandbox_.get(configurations, "is_default=false")["data"], "id"),
              (std::vector<std::string>{text_of(newest, "id"), text_of(other, "id")}));
}

// As the API reference's example of a configuration with one feature shows.
TEST_F(PortalTest, AFeatureThatNobodyAskedForIsOff) {
    const std::string configurations = "/v1/billing_portal/configurations";
    EXPECT_EQ(sandbox_.refused(configurations, "name=Shop").message,
              "Missing required param: features.");
    const Json features =
        sandbox_.post(configurations, "features[invoice_history][enabled]=true")["features"];
    EXPECT_EQ(features["invoice_history"]["enabled"], true);
    for (const char* name :
         {"customer_update", "payment_method_update", "subscription_cancel", "subscription_update"})
        EXPECT_EQ(features[name]["enabled"], false) << name;
    EXPECT_EQ(
        sandbox_.refused(configurations, "features[subscription_update][enabled]=true").message,
        "Cannot enable subscription updates while payment method update is disabled.");
}

TEST_F(PortalTest, WhatIsOffIsNotOfferedAndRefused) {
    enter_with("features[subscription_update][enabled]=false");
    EXPECT_THAT(show().html, AllOf(Not(HasSubstr("Invoices")), Not(HasSubstr("Payment methods")),
                                   Not(HasSubstr("<form")), HasSubstr("Starter")));
    const std::string plan = "&subscription=" + subscription_;
    for (const std::string& form :
         {"action=cancel" + plan, "action=keep" + plan, "action=change_plan&price=" + pro_ + plan,
          "action=change_plan&quantity=2" + plan, "action=confirm_update" + plan,
          std::string("action=replace_card&number=5555555555554444"),
          std::string("action=remove_card&payment_method=x"),
          std::string("action=update_customer&name=Eve")})
        EXPECT_THAT(act(form), HasSubstr("does not offer")) << form;
    EXPECT_EQ(subscription()["cancel_at"], nullptr);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["name"], "<b>Ada</b>");
}

TEST_F(PortalTest, CustomersChangeOfThemselvesWhatIsAllowed) {
    const std::string feature = "features[customer_update]";
    enter_with(feature + "[enabled]=true&" + feature + "[allowed_updates][]=email");
    EXPECT_THAT(show().html, AllOf(HasSubstr("name=\"email\""), Not(HasSubstr("name=\"phone\""))));
    EXPECT_THAT(act("action=update_customer&email=eve%40example.com"),
                HasSubstr("Your details have been changed."));
    EXPECT_THAT(act("action=update_customer&email=eve%40example.com&name=Eve"),
                HasSubstr("does not offer"));
    const Json customer = sandbox_.get("/v1/customers/" + customer_);
    EXPECT_EQ(customer["email"], "eve@example.com");
    EXPECT_EQ(customer["name"], "<b>Ada</b>");
    EXPECT_EQ(sandbox_
                  .refused("/v1/billing_portal/configurations",
                           feature + "[enabled]=true&" + feature + "[allowed_updates][]=tax_id")
                  .param,
              feature + "[allowed_updates]");
}

TEST_F(PortalTest, QuantitiesStayInTheirRange) {
    const std::string product = text_of(sandbox_.get("/v1/prices/" + starter_), "product");
    const std::string update = "features[subscription_update]", first = update + "[products][0]";
    enter_with("features[payment_method_update][enabled]=true&" + update + "[enabled]=true&" +
               first + "[product]=" + product + "&" + first + "[prices][]=" + starter_ + "&" +
               first + "[adjustable_quantity][enabled]=true&" + first +
               "[adjustable_quantity][minimum]=1&" + first + "[adjustable_quantity][maximum]=3");
    EXPECT_THAT(show().html, HasSubstr("name=\"quantity\""));
    const std::string form = "action=change_plan&subscription=" + subscription_ + "&quantity=";
    EXPECT_THAT(act(form + "4"), HasSubstr("must be at most 3."));
    EXPECT_THAT(act(form + "0"), HasSubstr("must be at least 1."));
    EXPECT_THAT(act(form + "x"), HasSubstr("must be a whole number."));
    EXPECT_THAT(act(form + "1"), HasSubstr("You are on this plan already."));
    EXPECT_THAT(act(form + "3"), HasSubstr("3 × Starter"));
    EXPECT_EQ(subscription()["items"]["data"][0]["quantity"], 3);
}

TEST_F(PortalTest, AChangeTakesAPromotionCodeWhereThatIsAllowed) {
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    sandbox_.post("/v1/promotion_codes",
                  "promotion[type]=coupon&promotion[coupon]=tenth&code=TENTH");
    const std::string update = "features[subscription_update]";
    enter_with("features[payment_method_update][enabled]=true&" + update + "[enabled]=true&" +
               update + "[default_allowed_updates][]=price&" + update +
               "[default_allowed_updates][]=promotion_code");
    EXPECT_THAT(show().html, HasSubstr("name=\"promotion_code\""));
    const std::string form =
        "action=change_plan&subscription=" + subscription_ + "&price=" + pro_ + "&promotion_code=";
    EXPECT_THAT(act(form + "NONE"), HasSubstr("This code is invalid."));
    EXPECT_EQ(text_of(subscription()["items"]["data"][0], "price"), starter_);
    EXPECT_THAT(act(form + "tenth"), HasSubstr("Your plan has been changed."));
    EXPECT_EQ(subscription()["discounts"].size(), 1U);
}

TEST_F(PortalTest, ATrialEndsWithAChangeUnlessItContinues) {
    for (const bool continues : {false, true}) {
        SCOPED_TRACE(continues);
        subscription_ = text_of(
            sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" +
                                                   starter_ + "&trial_period_days=14"),
            "id");
        enter_with(
            "features[payment_method_update][enabled]=true&features[subscription_update][enabled]="
            "true&features[subscription_update][trial_update_behavior]=" +
            std::string(continues ? "continue_trial" : "end_trial"));
        act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_);
        EXPECT_EQ(subscription()["status"], continues ? "trialing" : "active");
    }
}

TEST_F(PortalTest, ACancellationHasAReasonAndAProration) {
    const std::string cancel = "features[subscription_cancel]";
    enter_with(cancel + "[enabled]=true&" + cancel + "[mode]=immediately&" + cancel +
               "[proration_behavior]=create_prorations&" + cancel +
               "[cancellation_reason][enabled]=true&" + cancel +
               "[cancellation_reason][options][]=unused");
    EXPECT_THAT(show().html, AllOf(HasSubstr("value=\"unused\""), Not(HasSubstr("too_expensive"))));
    const std::string form = "action=cancel&subscription=" + subscription_ + "&reason=";
    EXPECT_THAT(act(form + "too_expensive"), HasSubstr("does not offer"));
    EXPECT_THAT(act(form + "unused"), HasSubstr("Your plan has ended."));
    EXPECT_EQ(subscription()["cancellation_details"]["feedback"], "unused");
    // All of the month that was paid for.
    const Json items = sandbox_.get("/v1/invoiceitems", "customer=" + customer_)["data"];
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0]["amount"], -2900);
}

}  // namespace
}  // namespace turnpike::twin
