#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/portal_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(PortalTest, ShowsPlanCardsAndInvoicesEscaped) {
    EXPECT_EQ(session_["object"], "billing_portal.session");
    EXPECT_THAT(text_of(session_, "url"), HasSubstr("/p/session/bps_"));
    const PageAnswer page = show();
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.html, HasSubstr("Starter: $29.00 per month"));
    EXPECT_THAT(page.html, HasSubstr("Renews on 1 April 2026"));
    EXPECT_THAT(page.html, HasSubstr("Visa ending in 4242"));
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
                ::testing::IsSupersetOf({"customer.subscription.updated", "invoice.paid"}));
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=price_none"),
                HasSubstr("does not offer"));
}

TEST_F(PortalTest, AChangeThatIsNotPaidChangesNothing) {
    show();
    act("action=replace_card&number=4000+0000+0000+0341");
    const Json before = subscription();
    const auto objects = sandbox_.rows("objects");
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("Your card was declined."));
    EXPECT_EQ(subscription(), before);
    EXPECT_EQ(sandbox_.rows("objects"), objects);
}

TEST_F(PortalTest, AChangeThatTheBankMustConfirmSaysWhatToDo) {
    show();
    act("action=replace_card&number=4000002760003184");
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + pro_),
                HasSubstr("Nothing has been changed; use another card."));
    EXPECT_EQ(text_of(subscription()["items"]["data"][0], "price"), starter_);
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

TEST_F(PortalTest, CancelsAPlanOnlyOnce) {
    enter_with(
        "features[subscription_cancel][enabled]=true"
        "&features[subscription_cancel][mode]=immediately");
    show();
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_),
                HasSubstr("Your plan has ended."));
    const Json ended = subscription();
    EXPECT_EQ(ended["status"], "canceled");
    sandbox_.set_now(sandbox_.now() + std::chrono::seconds(5));
    sandbox_.new_events();
    for (const char* action : {"cancel", "keep", "change_plan"})
        EXPECT_THAT(act("action=" + std::string(action) + "&subscription=" + subscription_ +
                        "&price=" + pro_),
                    HasSubstr("does not offer"));
    EXPECT_EQ(subscription(), ended);
    EXPECT_TRUE(sandbox_.new_events().empty());
}

TEST_F(PortalTest, ReplacesTheCard) {
    show();
    EXPECT_THAT(act("action=replace_card&number=5555+5555+5555+4444"), HasSubstr("4444"));
    const Json customer = sandbox_.get("/v1/customers/" + customer_,
                                       "expand[]=invoice_settings.default_payment_method");
    EXPECT_EQ(customer["invoice_settings"]["default_payment_method"]["card"]["last4"], "4444");
    EXPECT_THAT(act("action=replace_card&number=1234"), HasSubstr("incorrect"));
    EXPECT_THAT(act("action=replace_card&number=4000000000000002"), HasSubstr("declined"));
}

TEST_F(PortalTest, AReplacedCardIsGone) {
    show();
    const auto last4s = [&] {
        std::vector<std::string> found;
        for (const Json& method :
             sandbox_.get("/v1/payment_methods", "customer=" + customer_)["data"])
            found.push_back(text_of(method["card"], "last4"));
        return found;
    };
    sandbox_.post(
        "/v1/subscriptions/" + subscription_,
        "default_payment_method=" +
            text_of(sandbox_.get("/v1/payment_methods", "customer=" + customer_)["data"][0], "id"));
    sandbox_.new_events();
    act("action=replace_card&number=5555555555554444");
    EXPECT_THAT(last4s(), ::testing::ElementsAre("4444"));
    EXPECT_THAT(sandbox_.new_events(),
                ::testing::IsSupersetOf({"payment_method.attached", "payment_method.detached"}));
    // The same number again is still one card.
    const std::string page = act("action=replace_card&number=5555555555554444");
    EXPECT_THAT(last4s(), ::testing::ElementsAre("4444"));
    EXPECT_THAT(page, HasSubstr("Mastercard ending in 4444"));
    const std::string chosen = text_of(subscription(), "default_payment_method");
    EXPECT_EQ(
        sandbox_.get("/v1/customers/" + customer_)["invoice_settings"]["default_payment_method"],
        chosen);
}

TEST_F(PortalTest, ShowsAndChangesEachOfSeveralPlans) {
    const Json second =
        sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + pro_ +
                                               "&items[0][quantity]=3");
    const std::string page = show().html;
    EXPECT_THAT(page, HasSubstr("Plan 1 of 2"));
    EXPECT_THAT(page, HasSubstr("<strong>3 × Pro: $99.00 per month"));
    EXPECT_THAT(page, HasSubstr("<strong>Starter: $29.00 per month"));
    EXPECT_THAT(page, HasSubstr("value=\"" + subscription_ + "\""));
    EXPECT_THAT(page, HasSubstr("value=\"" + text_of(second, "id") + "\""));
    EXPECT_THAT(page, HasSubstr("id=\"price2\""));
    for (const char* button : {"Change plan", "Cancel plan"})
        for (const char* plan : {": Plan 1 of 2", ": Plan 2 of 2"})
            EXPECT_THAT(page, HasSubstr(button + ("<span class=\"unseen\">" + std::string(plan))));
    act("action=cancel&subscription=" + subscription_);
    EXPECT_NE(subscription()["cancel_at"], nullptr);
    EXPECT_EQ(sandbox_.get("/v1/subscriptions/" + text_of(second, "id"))["cancel_at"], nullptr);
}

TEST_F(PortalTest, OffersNoChangeToTheSamePlan) {
    const std::string option = "<option value=\"" + starter_ + "\"";
    EXPECT_THAT(show().html, Not(HasSubstr(option)));
    sandbox_.new_events();
    EXPECT_THAT(act("action=change_plan&subscription=" + subscription_ + "&price=" + starter_),
                HasSubstr("You are on this plan already."));
    EXPECT_TRUE(sandbox_.new_events().empty());
}

TEST_F(PortalTest, RemovesACardThatPaysForNothing) {
    const auto attach = [&](const std::string& card, const std::string& customer) {
        return text_of(
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer), "id");
    };
    const auto remove = [&](const std::string& method) {
        return act("action=remove_card&payment_method=" + method);
    };
    show();
    const std::string second = attach("pm_card_mastercard", customer_);
    EXPECT_THAT(show().html,
                HasSubstr("Remove<span class=\"unseen\">: Mastercard ending in 4444</span>"));
    EXPECT_THAT(show().html, Not(HasSubstr(": Visa ending in 4242</span>")));
    EXPECT_THAT(remove(second), HasSubstr("Your card ending in 4444 has been removed."));
    EXPECT_EQ(sandbox_.get("/v1/payment_methods", "customer=" + customer_)["data"].size(), 1U);
    const auto chosen = text_of(sandbox_.get("/v1/customers/" + customer_)["invoice_settings"],
                                "default_payment_method");
    EXPECT_THAT(remove(chosen), HasSubstr("Replace it instead."));
    EXPECT_THAT(remove(attach("pm_card_mastercard", sandbox_.customer(""))),
                HasSubstr("does not offer"));
    EXPECT_THAT(remove(""), HasSubstr("does not offer"));
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
    act("action=replace_card&number=4000002760003184");
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

TEST_F(PortalTest, AnInvoiceSaysWhomItIsFor) {
    const struct {
        std::string identity, billed_to;
    } cases[] = {
        {"name=Ada&email=a%40b.co", "<p>Billed to Ada, a@b.co</p>"},
        {"name=Ada&email=", "<p>Billed to Ada</p>"},
        {"name=&email=a%40b.co", "<p>Billed to a@b.co</p>"},
        {"name=%3Cb%3E&email=", "<p>Billed to &lt;b&gt;</p>"},
    };
    const auto page_of = [&](const std::string& customer, const std::string& identity) {
        sandbox_.post("/v1/customers/" + customer, identity);
        const Json made = sandbox_.post("/v1/subscriptions",
                                        "customer=" + customer + "&items[0][price]=" + starter_);
        return visit("GET", "/p/invoice/{id}", "invoice", text_of(made, "latest_invoice"), "").html;
    };
    for (const auto& c : cases)
        EXPECT_THAT(page_of(sandbox_.customer(), c.identity), HasSubstr(c.billed_to));
    const std::string nameless = sandbox_.customer();
    EXPECT_THAT(page_of(nameless, "name=&email="), HasSubstr("<p>Billed to " + nameless + "</p>"));
}

TEST_F(PortalTest, APriceMadeForOneCustomerIsNobodyElsesToChoose) {
    const std::string product = text_of(sandbox_.get("/v1/prices/" + pro_), "product");
    const std::string data = "items[0][price_data]";
    const Json made = sandbox_.post(
        "/v1/subscriptions", "customer=" + sandbox_.customer() + "&" + data +
                                 "[product]=" + product + "&" + data + "[currency]=usd&" + data +
                                 "[unit_amount]=123&" + data + "[recurring][interval]=month&" +
                                 data + "[recurring][trial_period_days]=7");
    const Json& price = made["items"]["data"][0]["price"];
    EXPECT_EQ(price["recurring"]["trial_period_days"], 7);
    EXPECT_FALSE(price.contains("_inline"));
    EXPECT_EQ(sandbox_.get("/v1/prices/" + text_of(price, "id")), price);
    EXPECT_THAT(texts_of(sandbox_.get("/v1/prices", "product=" + product)["data"], "id"),
                ::testing::ElementsAre(pro_));
    EXPECT_THAT(show().html, Not(HasSubstr("$1.23")));
}

TEST(ReturnAddress, KeepsItsParametersBeforeTheFragment) {
    const auto back = [](const char* address) {
        return return_address({{"_return_url", address},
                               {"object", "payment_intent"},
                               {"id", "pi_1"},
                               {"client_secret", "s"},
                               {"status", "succeeded"}});
    };
    const std::string told =
        "payment_intent=pi_1&payment_intent_client_secret=s&redirect_status=succeeded";
    EXPECT_EQ(back("https://a.example/x"), "https://a.example/x?" + told);
    EXPECT_EQ(back("https://a.example/x?y=1"), "https://a.example/x?y=1&" + told);
    EXPECT_EQ(back("https://a.example/#/cart?y"), "https://a.example/?" + told + "#/cart?y");
    EXPECT_EQ(back("https://a.example/?y=1#done"), "https://a.example/?y=1&" + told + "#done");
}

TEST(EscapeHtml, LeavesNoWayOutOfTextOrAttributes) {
    EXPECT_EQ(escape_html("<a href=\"x\" title='y'>&"),
              "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
}

}  // namespace
}  // namespace turnpike::twin
