#include "sandbox/stripe/pages/portal_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/html.h"
#include "sandbox/stripe/pages/portal_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PortalFlowTest : public PortalTest {
protected:
    std::string form(const std::string& flow) const { return "customer=" + customer_ + "&" + flow; }
    void enter(const std::string& flow) {
        session_ = sandbox_.post("/v1/billing_portal/sessions",
                                 form("return_url=https://shop.example/account&" + flow));
    }
    StripeError refused(const std::string& flow) {
        return sandbox_.refused("/v1/billing_portal/sessions", form(flow));
    }
    PageAnswer send(const std::string& fields) {
        return visit("POST", "/p/session/{id}", "billing_portal.session", text_of(session_, "id"),
                     fields);
    }
    std::string item() { return text_of(subscription()["items"]["data"][0], "id"); }
    std::string confirm(const std::string& changes) {
        const std::string data = "flow_data[subscription_update_confirm]";
        return "flow_data[type]=subscription_update_confirm&" + data +
               "[subscription]=" + subscription_ + "&" + data + "[items][0][id]=" + item() +
               changes;
    }
    static std::string offer(const std::string& coupon) {
        const std::string retention = "&flow_data[subscription_cancel][retention]";
        return retention + "[type]=coupon_offer" + retention + "[coupon_offer][coupon]=" + coupon;
    }
    std::string cancel_ =
        "flow_data[type]=subscription_cancel"
        "&flow_data[subscription_cancel][subscription]=";
    std::string update_ =
        "flow_data[type]=subscription_update"
        "&flow_data[subscription_update][subscription]=";
    std::string after_ = "&flow_data[after_completion]";
    std::string confirm_item_ = "&flow_data[subscription_update_confirm][items][0]";
};

TEST_F(PortalFlowTest, ASessionWithoutOneHasNone) { EXPECT_EQ(session_["flow"], nullptr); }

TEST_F(PortalFlowTest, ReplacesTheCardAndGoesOnToThePortal) {
    enter("flow_data[type]=payment_method_update");
    EXPECT_EQ(session_["flow"], Json::parse(R"({
        "after_completion": {"hosted_confirmation": null, "redirect": null,
                             "type": "portal_homepage"},
        "subscription_cancel": null, "subscription_update": null,
        "subscription_update_confirm": null, "type": "payment_method_update"})"));
    EXPECT_THAT(show().html, AllOf(HasSubstr("<h1>Update your payment method</h1>"),
                                   HasSubstr("name=\"number\""), Not(HasSubstr("Starter")),
                                   Not(HasSubstr("Invoices"))));
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_), HasSubstr("does not offer"));
    EXPECT_THAT(act("action=replace_card&number=1"),
                AllOf(HasSubstr("card number is incorrect"), HasSubstr("Update your payment")));
    EXPECT_THAT(
        act("action=replace_card&number=5555555555554444"),
        AllOf(HasSubstr("<h1>Billing</h1>"), HasSubstr("in use now"), HasSubstr("Starter")));
}

TEST_F(PortalFlowTest, CancelsAndReturnsToTheShop) {
    enter(cancel_ + subscription_ + after_ + "[type]=redirect" + after_ +
          "[redirect][return_url]=https://shop.example:8443/bye?a=1");
    EXPECT_TRUE(show().leads_to_shop);
    EXPECT_THAT(show().html, HasSubstr("<h1>Cancel your plan</h1>"));
    EXPECT_THAT(act("action=cancel&subscription=sub_other"), HasSubstr("does not offer"));
    EXPECT_EQ(send("action=cancel&subscription=" + subscription_).location,
              "https://shop.example:8443/bye?a=1");
    EXPECT_NE(subscription()["cancel_at"], nullptr);
    EXPECT_THAT(show().html, AllOf(HasSubstr("<h1>All done</h1>"), Not(HasSubstr("<form")),
                                   HasSubstr("https://shop.example:8443/bye?a=1")));
    EXPECT_THAT(act("action=keep&subscription=" + subscription_), HasSubstr("All done"));
    EXPECT_NE(subscription()["cancel_at"], nullptr);
}

TEST_F(PortalFlowTest, ChangesThePlanAndConfirmsThatOnAPage) {
    enter(update_ + subscription_ + after_ + "[type]=hosted_confirmation" + after_ +
          "[hosted_confirmation][custom_message]=%3Cb%3EThanks");
    EXPECT_THAT(show().html,
                AllOf(HasSubstr("<h1>Update your plan</h1>"), HasSubstr("Pro: $99.00")));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                AllOf(HasSubstr("&lt;b&gt;Thanks"), Not(HasSubstr("<b>")),
                      HasSubstr("https://shop.example/account")));
    EXPECT_EQ(text_of(subscription()["items"]["data"][0], "price"), pro_);
}

TEST_F(PortalFlowTest, ConfirmsTheChangeThatTheShopHasChosen) {
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    enter(confirm(confirm_item_ + "[price]=" + pro_ + confirm_item_ + "[quantity]=2" +
                  "&flow_data[subscription_update_confirm][discounts][0][coupon]=tenth"));
    EXPECT_EQ(
        session_["flow"]["subscription_update_confirm"],
        (Json{{"discounts", Json::array({{{"coupon", "tenth"}, {"promotion_code", nullptr}}})},
              {"items", Json::array({{{"id", item()}, {"price", pro_}, {"quantity", 2}}})},
              {"subscription", subscription_}}));
    EXPECT_THAT(show().html,
                AllOf(HasSubstr("<h1>Confirm your update</h1>"),
                      HasSubstr("2 × Pro: $99.00 per month"), HasSubstr("A discount is applied.")));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("does not offer"));
    EXPECT_THAT(act("action=confirm_update"), HasSubstr("Your plan has been changed."));
    const Json changed = subscription();
    EXPECT_EQ(text_of(changed["items"]["data"][0], "price"), pro_);
    EXPECT_EQ(changed["items"]["data"][0]["quantity"], 2);
    EXPECT_EQ(changed["discounts"].size(), 1U);
}

// Starter costs $29.00 and Pro $99.00 a month; what counts is what the change buys.
TEST_F(PortalFlowTest, ComparesACodesMinimumWithTheChange) {
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    const auto with_code_from = [&](const std::string& minimum) {
        const Json code = sandbox_.post("/v1/promotion_codes",
                                        "promotion[type]=coupon&promotion[coupon]=tenth"
                                        "&restrictions[minimum_amount_currency]=usd"
                                        "&restrictions[minimum_amount]=" +
                                            minimum);
        return "&flow_data[subscription_update_confirm][discounts][0][promotion_code]=" +
               text_of(code, "id");
    };
    const std::string to_pro = confirm_item_ + "[price]=" + pro_;
    const std::string two = confirm_item_ + "[quantity]=2";
    EXPECT_THAT(refused(confirm(with_code_from("2901"))).message, HasSubstr("$29.01"));
    EXPECT_THAT(refused(confirm(two + with_code_from("5801"))).message, HasSubstr("$58.01"));
    EXPECT_THAT(refused(confirm(to_pro + two + with_code_from("19801"))).message,
                HasSubstr("$198.01"));
    for (const std::string& enough :
         {two + with_code_from("5800"), to_pro + two + with_code_from("19800")}) {
        enter(confirm(enough));
        EXPECT_THAT(act("action=confirm_update"), HasSubstr("Your plan has been changed."));
        EXPECT_EQ(subscription()["discounts"].size(), 1U);
    }
    const std::string to_starter = confirm_item_ + "[price]=" + starter_;
    EXPECT_THAT(refused(confirm(to_starter + two + with_code_from("9900"))).message,
                HasSubstr("$99.00"));
}

TEST_F(PortalFlowTest, OffersADiscountToWhoeverCancels) {
    sandbox_.post("/v1/coupons", "id=third&percent_off=33.5&duration=forever");
    sandbox_.post("/v1/subscriptions/" + subscription_, "discounts[0][coupon]=third");
    sandbox_.post("/v1/coupons", "id=half&percent_off=50&duration=repeating&duration_in_months=3");
    enter(cancel_ + subscription_ + offer("half") + after_ + "[type]=hosted_confirmation");
    EXPECT_EQ(
        session_["flow"]["subscription_cancel"],
        (Json{{"retention", {{"coupon_offer", {{"coupon", "half"}}}, {"type", "coupon_offer"}}},
              {"subscription", subscription_}}));
    EXPECT_THAT(show().html,
                AllOf(HasSubstr("<strong>50% off for 3 months</strong>"),
                      HasSubstr("Keep the plan with the discount"), HasSubstr("Cancel plan")));
    sandbox_.new_events();
    EXPECT_THAT(act("action=accept_offer&subscription=" + subscription_),
                AllOf(HasSubstr("All done"), HasSubstr("Your plan goes on, with the discount.")));
    EXPECT_THAT(sandbox_.new_events(), ::testing::IsSupersetOf({"customer.discount.created",
                                                                "customer.subscription.updated"}));
    EXPECT_EQ(subscription()["cancel_at"], nullptr);
    EXPECT_EQ(subscription()["discounts"].size(), 2U);
    EXPECT_THAT(act("action=accept_offer&subscription=" + subscription_), HasSubstr("All done"));
    EXPECT_EQ(subscription()["discounts"].size(), 2U);
}

TEST_F(PortalFlowTest, AnOfferCanBeDeclinedOrGone) {
    sandbox_.post("/v1/coupons", "id=five&amount_off=500&currency=usd&duration=once");
    enter(cancel_ + subscription_ + offer("five"));
    EXPECT_THAT(show().html, HasSubstr("<strong>$5.00 off your next invoice</strong>"));
    sandbox_.remove("/v1/coupons/five");
    EXPECT_THAT(show().html, AllOf(Not(HasSubstr("Stay")), HasSubstr("Cancel plan")));
    EXPECT_THAT(act("action=accept_offer&subscription=" + subscription_),
                AllOf(HasSubstr("No such coupon"), HasSubstr("Cancel your plan")));
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_), HasSubstr("Ends on 1 April"));
    EXPECT_THAT(subscription()["discounts"], ::testing::IsEmpty());
}

TEST_F(PortalFlowTest, OnlyAnOfferCanBeAccepted) {
    enter(cancel_ + subscription_);
    EXPECT_THAT(act("action=accept_offer&subscription=" + subscription_),
                HasSubstr("does not offer"));
    enter(update_ + subscription_);
    EXPECT_THAT(act("action=accept_offer&subscription=" + subscription_),
                HasSubstr("does not offer"));
    sandbox_.post("/v1/coupons", "id=euro&amount_off=500&currency=eur&duration=once");
    EXPECT_EQ(refused(cancel_ + subscription_ + offer("euro")).message,
              "The coupon euro takes no amount off in usd.");
}

TEST_F(PortalFlowTest, ADeclineLeavesTheFlowOpen) {
    act("action=replace_card&number=4000000000000341");
    enter(confirm(confirm_item_ + "[price]=" + pro_));
    EXPECT_THAT(act("action=confirm_update"),
                AllOf(HasSubstr("Your card was declined."), HasSubstr("Confirm your update")));
    EXPECT_EQ(text_of(subscription()["items"]["data"][0], "price"), starter_);
}

TEST_F(PortalFlowTest, IsRefusedByName) {
    const std::string other =
        text_of(sandbox_.post("/v1/subscriptions",
                              "customer=" + sandbox_.customer() + "&items[0][price]=" + starter_),
                "id");
    const std::string type = "flow_data[type]=payment_method_update";
    const struct {
        std::string flow, param, message;
    } cases[] = {
        {"flow_data[after_completion][type]=portal_homepage", "flow_data[type]",
         "Missing required param: flow_data[type]."},
        {"flow_data[type]=subscription_cancel", "flow_data[subscription_cancel]",
         "Missing required param: flow_data[subscription_cancel]."},
        {cancel_ + other, "flow_data[subscription_cancel][subscription]",
         "No such subscription: '" + other + "'"},
        {cancel_ + subscription_ + "&flow_data[subscription_cancel][retention][type]=coupon_offer",
         "flow_data[subscription_cancel][retention][coupon_offer]",
         "Missing required param: flow_data[subscription_cancel][retention][coupon_offer]."},
        {cancel_ + subscription_ + offer("GONE"),
         "flow_data[subscription_cancel][retention][coupon_offer][coupon]",
         "No such coupon: 'GONE'"},
        {type + "&flow_data[subscription_cancel][subscription]=" + subscription_,
         "flow_data[subscription_cancel][subscription]",
         "`subscription_cancel` does not go with the flow's type."},
        {type + after_ + "[type]=redirect", "flow_data[after_completion][redirect]",
         "Missing required param: flow_data[after_completion][redirect]."},
        {type + after_ + "[type]=redirect" + after_ + "[redirect][return_url]=javascript:alert(1)",
         "flow_data[after_completion][redirect][return_url]", "Not a valid URL"},
        {confirm(confirm_item_ + "[price]=" + starter_), "",
         "Cannot update the subscription because there are no changes to confirm."},
        {confirm(confirm_item_ + "[price]=price_none"),
         "flow_data[subscription_update_confirm][items][0][price]", "No such price: 'price_none'"},
        {confirm(confirm_item_ + "[price]=" + pro_ +
                 "&flow_data[subscription_update_confirm][items][1][id]=si_1"),
         "flow_data[subscription_update_confirm][items]",
         "Only one subscription item can be updated through this flow."},
        {confirm(confirm_item_ + "[price]=" + pro_ +
                 "&flow_data[subscription_update_confirm][discounts][0][coupon]=none"),
         "flow_data[subscription_update_confirm][discounts][0][coupon]", "No such coupon: 'none'"},
        {type + "&flow_data[colour]=red", "flow_data[colour]",
         "Received unknown parameter: flow_data[colour]"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.flow);
        const StripeError error = refused(c.flow);
        EXPECT_EQ(error.param, c.param);
        EXPECT_EQ(error.message, c.message);
    }
    sandbox_.post("/v1/subscriptions/" + subscription_, "cancel_at_period_end=true");
    EXPECT_EQ(
        refused(cancel_ + subscription_).message,
        "The subscription " + subscription_ + " is already set to be canceled at period end.");
}

TEST_F(PortalFlowTest, IsNotAboutAPlanThatIsIncomplete) {
    subscription_ = text_of(sandbox_.post("/v1/subscriptions",
                                          "customer=" + customer_ + "&items[0][price]=" + starter_ +
                                              "&payment_behavior=default_incomplete"),
                            "id");
    const std::string why = " because its first payment has not gone through yet.";
    EXPECT_EQ(refused(update_ + subscription_).message,
              "This subscription cannot be updated" + why);
    EXPECT_EQ(refused(confirm(confirm_item_ + "[price]=" + pro_)).message,
              "This subscription cannot be updated" + why);
    EXPECT_EQ(refused(cancel_ + subscription_).message,
              "This subscription cannot be canceled" + why);
}

// The message for updates is Stripe's.
TEST_F(PortalFlowTest, AsksForWhatTheConfigurationOffers) {
    const std::string configuration =
        "&configuration=" + text_of(sandbox_.post("/v1/billing_portal/configurations",
                                                  "features[invoice_history][enabled]=true"),
                                    "id");
    EXPECT_EQ(refused(update_ + subscription_ + configuration).message,
              "This subscription cannot be updated because the subscription update feature in the "
              "portal configuration is disabled.");
    for (const std::string& flow :
         {cancel_ + subscription_, confirm(confirm_item_ + "[price]=" + pro_),
          std::string("flow_data[type]=payment_method_update")})
        EXPECT_THAT(refused(flow + configuration).message,
                    HasSubstr("feature in the portal configuration is disabled."));
}

}  // namespace
}  // namespace turnpike::twin
