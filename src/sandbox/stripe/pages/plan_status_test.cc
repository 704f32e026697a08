#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/pages/portal_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PlanStatusTest : public PortalTest {
protected:
    /// The portal of a new customer with this card ("" for none) on this plan.
    std::string portal_of(const std::string& card, const std::string& plan) {
        const std::string customer = sandbox_.customer(card);
        plan_ = sandbox_.post("/v1/subscriptions", "customer=" + customer + "&" + plan);
        session_ = sandbox_.post("/v1/billing_portal/sessions", "customer=" + customer);
        return show().html;
    }
    Json plan_;
};

TEST_F(PlanStatusTest, AnIncompletePlanWaitsForItsFirstPayment) {
    const std::string page =
        portal_of("", "items[0][price]=" + pro_ + "&payment_behavior=default_incomplete");
    EXPECT_THAT(page, HasSubstr("Status: incomplete. Its first payment has not gone through yet."));
    EXPECT_THAT(page, HasSubstr("/p/invoice/" + text_of(plan_, "latest_invoice")));
    EXPECT_THAT(page, HasSubstr("Pay its first invoice"));
    EXPECT_THAT(page, Not(HasSubstr("Renews on")));
}

// The API changes nothing of it, not even its end; it can only be canceled at once.
TEST_F(PlanStatusTest, AnIncompletePlanIsNotOfferedWhatTheApiRefuses) {
    const std::string page =
        portal_of("", "items[0][price]=" + pro_ + "&payment_behavior=default_incomplete");
    EXPECT_THAT(page, Not(HasSubstr("Change plan")));
    EXPECT_THAT(page, Not(HasSubstr("Cancel plan")));
    customer_ = text_of(plan_, "customer");
    enter_with(
        "features[payment_method_update][enabled]=true"
        "&features[subscription_cancel][enabled]=true"
        "&features[subscription_cancel][mode]=immediately"
        "&features[subscription_update][enabled]=true"
        "&features[subscription_update][default_allowed_updates][]=price");
    EXPECT_THAT(show().html, Not(HasSubstr("Change plan")));
    EXPECT_THAT(show().html, HasSubstr("Cancel plan"));
    EXPECT_THAT(act("action=cancel&subscription=" + text_of(plan_, "id")),
                HasSubstr("Your plan has ended."));
}

TEST_F(PlanStatusTest, APausedPlanIsNotBilled) {
    const std::string page = portal_of("", "items[0][price]=" + pro_ +
                                               "&trial_period_days=7&trial_settings[end_behavior]"
                                               "[missing_payment_method]=pause");
    EXPECT_THAT(page, HasSubstr("Status: trialing. Renews on 8 March 2026."));
    sandbox_.run_until(sandbox_.now() + std::chrono::days(8));
    session_ =
        sandbox_.post("/v1/billing_portal/sessions", "customer=" + text_of(plan_, "customer"));
    EXPECT_THAT(show().html,
                ::testing::AllOf(HasSubstr("Status: paused. Its trial ended without a payment"),
                                 Not(HasSubstr("Renews on"))));
}

TEST_F(PlanStatusTest, SaysThatPaymentsArePaused) {
    sandbox_.post("/v1/subscriptions/" + subscription_, "pause_collection[behavior]=void");
    EXPECT_THAT(show().html, HasSubstr("Renews on 1 April 2026. Payments are paused.</p>"));
    // 2026-06-01T00:00:00Z
    sandbox_.post("/v1/subscriptions/" + subscription_,
                  "pause_collection[behavior]=void&pause_collection[resumes_at]=1780272000");
    EXPECT_THAT(show().html, HasSubstr("Payments are paused until 1 June 2026.</p>"));
}

TEST_F(PlanStatusTest, ShowsWhatIsTakenOff) {
    sandbox_.post("/v1/coupons", "id=spring&name=%3CSpring%3E&percent_off=12.5&duration=forever");
    sandbox_.post("/v1/coupons",
                  "id=five&amount_off=500&currency=usd&duration=repeating&duration_in_months=2");
    EXPECT_THAT(show().html, Not(HasSubstr("% off")));
    sandbox_.post("/v1/subscriptions/" + subscription_, "discounts[0][coupon]=spring");
    EXPECT_THAT(show().html, HasSubstr("<p>&lt;Spring&gt;: 12.5% off</p>"));
    sandbox_.post("/v1/subscriptions/" + subscription_, "discounts[0][coupon]=five");
    EXPECT_THAT(show().html, HasSubstr("<p>Discount: $5.00 off until 1 May 2026</p>"));
    sandbox_.post("/v1/subscriptions/" + subscription_, "discounts=");
    EXPECT_THAT(show().html, Not(HasSubstr(" off")));
}

TEST_F(PlanStatusTest, ShowsTheCustomersOwnDiscount) {
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    sandbox_.post("/v1/customers/" + customer_, "coupon=tenth");
    EXPECT_THAT(show().html, HasSubstr("<p>Discount: 10% off</p>"));
}

}  // namespace
}  // namespace turnpike::twin
