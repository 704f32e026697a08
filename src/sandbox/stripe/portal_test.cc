#include "sandbox/stripe/portal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/billing_testing.h"
#include "sandbox/stripe/portal_html.h"

namespace turnpike::twin {
namespace {

using testing::HasSubstr;
using testing::Not;

class PortalTest : public testing::Test {
protected:
    PortalTest() {
        sandbox_.post("/v1/customers/" + customer_, "name=%3Cb%3EAda%3C%2Fb%3E");
        subscription_ =
            text_of(sandbox_.post("/v1/subscriptions",
                                  "customer=" + customer_ + "&items[0][price]=" + starter_),
                    "id");
        session_ = sandbox_.post(
            "/v1/billing_portal/sessions",
            "customer=" + customer_ + "&return_url=http%3A%2F%2F127.0.0.1%2Fback%3Fa%3D1%26b%3D2");
    }

    PageAnswer visit(std::string_view method, const std::string& pattern, const std::string& kind,
                     const std::string& id, const std::string& form) {
        const Json parameters = *decode_form(form);
        for (const PageRoute& route : portal_pages()) {
            if (route.method != method || route.pattern != pattern) continue;
            return sandbox_.in_transaction([&](Context& ctx) {
                PageRequest page{.ctx = ctx,
                                 .object = *ctx.find(kind, id),
                                 .form = Params(parameters),
                                 .path = "/here"};
                return route.handler(page);
            });
        }
        ADD_FAILURE() << "no such page";
        return {};
    }
    PageAnswer show() {
        return visit("GET", "/p/session/{id}", "billing_portal.session", text_of(session_, "id"),
                     "");
    }
    /// Posts a form and returns the page that follows.
    std::string act(const std::string& form) {
        const PageAnswer answer = visit("POST", "/p/session/{id}", "billing_portal.session",
                                        text_of(session_, "id"), form);
        EXPECT_EQ(answer.status, 303);
        EXPECT_EQ(answer.location, "/here");
        return show().html;
    }
    Json subscription() { return sandbox_.get("/v1/subscriptions/" + subscription_); }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string starter_ = sandbox_.price("Starter", 2900), pro_ = sandbox_.price("Pro", 9900);
    std::string subscription_;
    Json session_;
};

TEST_F(PortalTest, ShowsPlanCardsAndInvoicesEscaped) {
    EXPECT_EQ(session_["object"], "billing_portal.session");
    EXPECT_THAT(text_of(session_, "url"), HasSubstr("/p/session/bps_"));
    const PageAnswer page = show();
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.html, HasSubstr("Starter: $29.00 per month"));
    EXPECT_THAT(page.html, HasSubstr("Renews on 1 April 2026"));
    EXPECT_THAT(page.html, HasSubstr("visa ending in 4242"));
    EXPECT_THAT(page.html, HasSubstr("-0001"));
    EXPECT_THAT(page.html, HasSubstr("&lt;b&gt;Ada&lt;/b&gt;"));
    EXPECT_THAT(page.html, Not(HasSubstr("<b>Ada")));
    EXPECT_THAT(page.html, HasSubstr("href=\"http://127.0.0.1/back?a=1&amp;b=2\""));
    EXPECT_THAT(page.html, Not(HasSubstr("<script")));
}

TEST_F(PortalTest, ChangesThePlanWithTheSameEventsAsTheApi) {
    show();
    sandbox_.set_now(sandbox_.now() + std::chrono::minutes(1));
    sandbox_.new_events();
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("Your plan has been changed."));
    EXPECT_EQ(text_of(subscription()["items"]["data"][0], "price"), pro_);
    EXPECT_THAT(sandbox_.new_events(),
                testing::IsSupersetOf({"customer.subscription.updated", "invoice.paid"}));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=price_none"),
                HasSubstr("does not offer"));
}

TEST_F(PortalTest, AChangeThatIsNotPaidChangesNothing) {
    show();
    act("action=add_card&number=4000+0000+0000+0341");
    const Json before = subscription();
    const auto objects = sandbox_.rows("objects");
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("Your card was declined."));
    EXPECT_EQ(subscription(), before);
    EXPECT_EQ(sandbox_.rows("objects"), objects);
}

TEST_F(PortalTest, CancelsByDateAndTakesItBack) {
    show();
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_),
                HasSubstr("Ends on 1 April 2026"));
    // In flexible billing the portal sets the date, not the flag.
    EXPECT_EQ(subscription()["cancel_at_period_end"], false);
    EXPECT_EQ(subscription()["cancel_at"],
              subscription()["items"]["data"][0]["current_period_end"]);
    EXPECT_THAT(act("action=keep&subscription=" + subscription_),
                HasSubstr("Renews on 1 April 2026"));
    EXPECT_EQ(subscription()["cancel_at"], nullptr);
}

TEST_F(PortalTest, ReplacesTheCard) {
    show();
    EXPECT_THAT(act("action=add_card&number=5555+5555+5555+4444"), HasSubstr("4444"));
    const Json customer = sandbox_.get("/v1/customers/" + customer_,
                                       "expand[]=invoice_settings.default_payment_method");
    EXPECT_EQ(customer["invoice_settings"]["default_payment_method"]["card"]["last4"], "4444");
    EXPECT_THAT(act("action=add_card&number=1234"), HasSubstr("incorrect"));
    EXPECT_THAT(act("action=add_card&number=4000000000000002"), HasSubstr("declined"));
}

TEST_F(PortalTest, TouchesNobodyElsesSubscription) {
    const std::string other =
        text_of(sandbox_.post("/v1/subscriptions",
                              "customer=" + sandbox_.customer() + "&items[0][price]=" + starter_),
                "id");
    show();
    for (const char* action : {"cancel", "keep", "change_plan"})
        EXPECT_THAT(
            act("action=" + std::string(action) + "&subscription=" + other + "&price=" + pro_),
            HasSubstr("does not offer"));
    const Json untouched = sandbox_.get("/v1/subscriptions/" + other);
    EXPECT_EQ(untouched["cancel_at"], nullptr);
    EXPECT_EQ(text_of(untouched["items"]["data"][0], "price"), starter_);
}

TEST_F(PortalTest, TheLinkExpiresUnopenedAndIdle) {
    sandbox_.set_now(sandbox_.now() + std::chrono::minutes(5) + std::chrono::seconds(1));
    EXPECT_EQ(show().status, 404);
    session_ = sandbox_.post("/v1/billing_portal/sessions", "customer=" + customer_);
    EXPECT_EQ(show().status, 200);
    sandbox_.set_now(sandbox_.now() + std::chrono::minutes(59));
    EXPECT_EQ(show().status, 200);
    sandbox_.set_now(sandbox_.now() + std::chrono::minutes(61));
    EXPECT_EQ(show().status, 404);
}

TEST_F(PortalTest, TheBanksPageFinishesAPayment) {
    act("action=add_card&number=4000002760003184");
    const Json waiting =
        sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + pro_ +
                                               "&expand[]=latest_invoice.payments");
    ASSERT_EQ(waiting["status"], "incomplete");
    const std::string intent =
        text_of(waiting["latest_invoice"]["payments"]["data"][0]["payment"], "payment_intent");
    EXPECT_THAT(visit("GET", "/p/authenticate/{id}", "payment_intent", intent, "").html,
                HasSubstr("$99.00"));
    visit("POST", "/p/authenticate/{id}", "payment_intent", intent, "action=yes");
    EXPECT_EQ(sandbox_.get("/v1/subscriptions/" + text_of(waiting, "id"))["status"], "active");
    const std::string invoice = text_of(waiting["latest_invoice"], "id");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + invoice)["status"], "paid");
    EXPECT_THAT(visit("GET", "/p/invoice/{id}", "invoice", invoice, "").html, HasSubstr("$99.00"));
}

TEST_F(PortalTest, ConfigurationsSwitchFeaturesOff) {
    const Json configuration = sandbox_.post("/v1/billing_portal/configurations",
                                             "features[subscription_cancel][enabled]=false"
                                             "&features[invoice_history][enabled]=false");
    session_ =
        sandbox_.post("/v1/billing_portal/sessions",
                      "customer=" + customer_ + "&configuration=" + text_of(configuration, "id"));
    EXPECT_THAT(show().html, Not(HasSubstr("Invoices")));
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_), HasSubstr("does not offer"));
    EXPECT_EQ(sandbox_
                  .refused("/v1/billing_portal/sessions",
                           "customer=" + customer_ + "&return_url=javascript%3Aalert(1)")
                  .code,
              "url_invalid");
}

TEST(EscapeHtml, LeavesNoWayOutOfTextOrAttributes) {
    EXPECT_EQ(escape_html("<a href=\"x\" title='y'>&"),
              "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
}

}  // namespace
}  // namespace turnpike::twin
