#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/html.h"
#include "sandbox/stripe/pages/portal_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HostedInvoiceTest : public PortalTest {
protected:
    /// A subscription of a new customer with this card; its latest invoice, with the payments.
    Json subscribe(const std::string& card, const std::string& more = "") {
        payer_ = sandbox_.customer(card, more);
        return sandbox_.post("/v1/subscriptions",
                             "customer=" + payer_ + "&items[0][price]=" + pro_ +
                                 "&expand[]=latest_invoice.payments")["latest_invoice"];
    }
    PageAnswer page_of(const std::string& method, const Json& invoice, const std::string& form) {
        return visit(method, "/p/invoice/{id}", "invoice", text_of(invoice, "id"), form);
    }
    /// An invoice of its own for two of something at $25.00, due in ten days.
    std::string open_invoice(const std::string& more = "") {
        const std::string id =
            text_of(sandbox_.post("/v1/invoices", "customer=" + customer_ +
                                                      "&collection_method=send_invoice"
                                                      "&days_until_due=10" +
                                                      more),
                    "id");
        sandbox_.post("/v1/invoiceitems",
                      "customer=" + customer_ + "&invoice=" + id +
                          "&currency=usd&quantity=2&unit_amount_decimal=2500&description=Lamp");
        sandbox_.post("/v1/invoices/" + id + "/finalize");
        return id;
    }
    std::string html_of(const std::string& invoice) {
        return visit("GET", "/p/invoice/{id}", "invoice", invoice, "").html;
    }
    std::string payer_;
};

constexpr const char* kStatus = "role=\"status\">";

TEST_F(HostedInvoiceTest, SaysWhatIsDueAndUntilWhen) {
    const std::string invoice =
        open_invoice("&description=Thank+you+%3Cb%3E&footer=Goods+stay+ours");
    const std::string page = html_of(invoice);
    EXPECT_THAT(page, HasSubstr("<strong>$50.00 due</strong> on 11 March 2026"));
    EXPECT_THAT(page, HasSubstr("Thank you &lt;b&gt;</p>"));
    EXPECT_THAT(page, HasSubstr("Goods stay ours</p>"));
    EXPECT_THAT(page, HasSubstr("2 × $25.00"));
    EXPECT_THAT(page, HasSubstr("Amount due</th><td class=\"amount\">$50.00"));
    EXPECT_THAT(page, HasSubstr(">Pay $50.00 with Visa ending in 4242</button>"));
    EXPECT_THAT(page, HasSubstr(">Pay $50.00 with another card</button>"));
    EXPECT_THAT(page, Not(HasSubstr(kStatus)));
}

// Stripe's words for a subscription's line say how many, and the price of one.
TEST_F(HostedInvoiceTest, SaysAQuantityOnce) {
    const std::string plan = html_of(text_of(subscribe("pm_card_visa"), "id"));
    EXPECT_THAT(plan,
                HasSubstr("1 × Pro (at $99.00 / month)\u2069<br><span class=\"soft\">1 March"));
    const auto billed = [&](const std::string& what) {
        const std::string id = text_of(
            sandbox_.post("/v1/invoices", "customer=" + customer_ + "&auto_advance=false"), "id");
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&invoice=" + id +
                                              "&currency=usd&unit_amount_decimal=2500&quantity=2"
                                              "&description=" +
                                              what);
        sandbox_.post("/v1/invoices/" + id + "/finalize");
        return html_of(id);
    };
    EXPECT_THAT(billed("2+%C3%97+Lamp"), HasSubstr("2 × Lamp\u2069<br><span class=\"soft\">$25.00 "
                                                   "each</span>"));
    EXPECT_THAT(billed("2+seat+%C3%97+Pro"), HasSubstr("$25.00 each</span>"));
    // Other numbers are not the quantity.
    EXPECT_THAT(billed("12+%C3%97+8+cm"), HasSubstr("<span class=\"soft\">2 × $25.00</span>"));
}

TEST_F(HostedInvoiceTest, SaysThatNothingIsDueAnyMore) {
    const std::string paid = open_invoice();
    visit("POST", "/p/invoice/{id}", "invoice", paid, "action=pay");
    EXPECT_THAT(html_of(paid),
                ::testing::AllOf(HasSubstr(kStatus + std::string("Paid on 1 March")),
                                 HasSubstr("Amount paid</th>"), Not(HasSubstr("Amount due"))));
    const std::string voided = open_invoice();
    sandbox_.post("/v1/invoices/" + voided + "/void");
    EXPECT_THAT(html_of(voided),
                ::testing::AllOf(HasSubstr(kStatus + std::string("This invoice is void")),
                                 Not(HasSubstr("Amount due")), Not(HasSubstr("Amount paid"))));
    const std::string lost = open_invoice();
    sandbox_.post("/v1/invoices/" + lost + "/mark_uncollectible");
    EXPECT_THAT(html_of(lost),
                ::testing::AllOf(HasSubstr(kStatus + std::string("This invoice is uncollectible")),
                                 HasSubstr("Amount due"), HasSubstr("Pay $50.00 with Visa")));
}

// https://docs.stripe.com/invoicing/overview, "Invoice statuses": uncollectible ones are voided or
// paid.
TEST_F(HostedInvoiceTest, TakesThePaymentOfAnUncollectibleInvoice) {
    const std::string invoice = open_invoice();
    sandbox_.post("/v1/invoices/" + invoice + "/mark_uncollectible");
    visit("POST", "/p/invoice/{id}", "invoice", invoice, "action=pay");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + invoice)["status"], "paid");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + invoice)["amount_paid"], 5000);
}

/// What is written from right to left is kept by itself (U+2068 .. U+2069).
TEST_F(HostedInvoiceTest, KeepsForeignNamesFromTheirSurroundings) {
    sandbox_.post("/v1/customers/" + customer_, "name=%D7%90%D7%91&email=a%40b.co");
    EXPECT_THAT(html_of(open_invoice()), HasSubstr("Billed to \u2068\u05D0\u05D1\u2069, a@b.co"));
}

TEST_F(HostedInvoiceTest, SaysThatAPaymentWasDeclined) {
    const Json invoice = subscribe("pm_card_chargeCustomerFail");
    EXPECT_EQ(page_of("POST", invoice, "action=pay").status, 303);
    EXPECT_THAT(page_of("GET", invoice, "").html,
                HasSubstr("The payment did not go through: Your card was declined."));
}

TEST_F(HostedInvoiceTest, PaysOnlyWhenItsFormSaysSo) {
    const Json invoice =
        sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + pro_ +
                                               "&payment_behavior=default_incomplete"
                                               "&expand[]=latest_invoice")["latest_invoice"];
    for (const char* form : {"", "action=", "action=zzz", "number=4242424242424242"}) {
        EXPECT_EQ(page_of("POST", invoice, form).status, 303) << form;
        EXPECT_EQ(sandbox_.get("/v1/invoices/" + text_of(invoice, "id"))["status"], "open") << form;
    }
    page_of("POST", invoice, "action=pay");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + text_of(invoice, "id"))["status"], "paid");
}

TEST_F(HostedInvoiceTest, TheBankTakesOnlyYesOrNo) {
    const Json invoice = subscribe("pm_card_authenticationRequired");
    page_of("POST", invoice, "action=pay");
    const std::string intent = text_of(invoice["payments"]["data"][0]["payment"], "payment_intent");
    const auto answered = [&](const std::string& form) {
        visit("POST", "/p/authenticate/{id}", "payment_intent", intent, form);
        return sandbox_.get("/v1/payment_intents/" + intent)["status"];
    };
    for (const char* form : {"", "action=zzz", "action=YES"})
        EXPECT_EQ(answered(form), "requires_action") << form;
    EXPECT_EQ(answered("action=no"), "requires_payment_method");
}

TEST_F(HostedInvoiceTest, TheBankAsksNotWhileAnotherPaymentIsOnItsWay) {
    const std::string payer = sandbox_.customer("pm_card_visa");
    sandbox_.post("/v1/invoiceitems", "customer=" + payer + "&currency=eur&amount=1500");
    const std::string invoice =
        "/v1/invoices/" +
        text_of(sandbox_.post("/v1/invoices",
                              "customer=" + payer + "&pending_invoice_items_behavior=include"),
                "id");
    sandbox_.post(invoice + "/finalize", "auto_advance=false");
    const auto attached = [&](const std::string& more) {
        std::string id = text_of(
            sandbox_.post("/v1/payment_intents",
                          "amount=1500&currency=eur&confirm=true&return_url=http://localhost/"
                          "&customer=" +
                              payer + more),
            "id");
        sandbox_.post(invoice + "/attach_payment", "payment_intent=" + id);
        return id;
    };
    const std::string asks = attached("&payment_method=pm_card_threeDSecure2Required");
    attached(
        "&payment_method_types[]=sepa_debit&payment_method_data[type]=sepa_debit"
        "&payment_method_data[billing_details][name]=Bob"
        "&payment_method_data[billing_details][email]=b@example.com"
        "&payment_method_data[sepa_debit][iban]=AT321904300235473204");
    const auto bank = [&](const std::string& method, const std::string& form) {
        return visit(method, "/p/authenticate/{id}", "payment_intent", asks, form);
    };
    EXPECT_THAT(bank("GET", "").html, AllOf(HasSubstr("Another payment of this invoice"),
                                            Not(HasSubstr("Confirm the payment</button>"))));
    bank("POST", "action=yes");
    EXPECT_EQ(sandbox_.get("/v1/payment_intents/" + asks)["status"], "requires_action");
    sandbox_.run_until(sandbox_.now() + std::chrono::days(1));
    EXPECT_EQ(sandbox_.get(invoice)["status"], "paid");
    EXPECT_EQ(sandbox_.get("/v1/payment_intents/" + asks)["status"], "canceled");
}

TEST_F(HostedInvoiceTest, TakesACardFromACustomerWhoHasNone) {
    const std::string payer = sandbox_.customer("");
    const Json invoice =
        sandbox_.post("/v1/subscriptions", "customer=" + payer + "&items[0][price]=" + pro_ +
                                               "&payment_behavior=default_incomplete"
                                               "&expand[]=latest_invoice")["latest_invoice"];
    const auto pay = [&](const std::string& number) {
        return page_of("POST", invoice, "action=pay_with_card&number=" + number);
    };
    EXPECT_THAT(page_of("GET", invoice, "").html, Not(HasSubstr("card on file")));
    const struct {
        std::string number, says;
    } refused[] = {{"4000+0000+0000+0002", "Your card was declined."},
                   {"4000000000009995", "insufficient funds"},
                   {"1234", "Your card number is incorrect."},
                   {"", "Your card number is incorrect."}};
    const auto objects = sandbox_.rows("objects");
    for (const auto& c : refused) {
        const PageAnswer answer = pay(c.number);
        EXPECT_EQ(answer.status, 303);
        EXPECT_THAT(page_of("GET", invoice, "").html, HasSubstr(c.says));
        EXPECT_THAT(page_of("GET", invoice, "").html, Not(HasSubstr(c.says)));
    }
    EXPECT_EQ(sandbox_.rows("objects"), objects);

    EXPECT_EQ(pay("4242+4242+4242+4242").status, 303);
    const std::string path = "/v1/invoices/" + text_of(invoice, "id");
    EXPECT_EQ(sandbox_.get(path)["status"], "paid");
    const Json kept = sandbox_.get("/v1/payment_methods", "customer=" + payer)["data"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + payer)["invoice_settings"]["default_payment_method"],
              kept[0]["id"]);
}

TEST_F(HostedInvoiceTest, AnotherCardPaysOnceAndLeavesTheDefault) {
    const Json invoice = subscribe("pm_card_chargeCustomerFail");
    const auto chosen = [&] {
        return sandbox_.get("/v1/customers/" +
                            payer_)["invoice_settings"]["default_payment_method"];
    };
    const Json before = chosen();
    EXPECT_EQ(page_of("POST", invoice, "action=pay_with_card&number=5555555555554444").status, 303);
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + text_of(invoice, "id"))["status"], "paid");
    EXPECT_EQ(chosen(), before);
}

TEST_F(HostedInvoiceTest, AddsUpWhenABalanceIsApplied) {
    const std::string payer = sandbox_.customer("pm_card_visa", "&balance=-4000");
    const Json invoice =
        sandbox_.post("/v1/subscriptions", "customer=" + payer + "&items[0][price]=" + pro_ +
                                               "&expand[]=latest_invoice")["latest_invoice"];
    const std::string page = page_of("GET", invoice, "").html;
    EXPECT_THAT(page, HasSubstr("Total</th><td class=\"amount\">$99.00"));
    EXPECT_THAT(page, HasSubstr("Applied balance</th><td class=\"amount\">-$40.00"));
    EXPECT_THAT(page, HasSubstr("Amount paid</th><td class=\"amount\">$59.00"));
    EXPECT_THAT(page_of("GET", subscribe("pm_card_visa"), "").html, Not(HasSubstr("balance")));
}

TEST_F(HostedInvoiceTest, ShowsWhatDiscountsTakeOff) {
    sandbox_.post("/v1/coupons", "id=TENTH&percent_off=10");
    const Json invoice =
        sandbox_.post("/v1/subscriptions",
                      "customer=" + sandbox_.customer() + "&items[0][price]=" + pro_ +
                          "&discounts[0][coupon]=TENTH&expand[]=latest_invoice")["latest_invoice"];
    const std::string page = page_of("GET", invoice, "").html;
    EXPECT_THAT(page, HasSubstr("Discount</th><td class=\"amount\">-$9.90"));
    EXPECT_THAT(page, HasSubstr("Total</th><td class=\"amount\">$89.10"));
    EXPECT_THAT(page_of("GET", subscribe("pm_card_visa"), "").html, Not(HasSubstr("Discount")));
}

TEST_F(HostedInvoiceTest, LeadsBackToThePortalItCameFrom) {
    const std::string session = text_of(session_, "id");
    const std::string portal = show().html;
    const std::string invoice = text_of(subscription(), "latest_invoice");
    EXPECT_THAT(portal, HasSubstr("/p/invoice/" + invoice + "?session=" + session));
    const auto page = [&](const std::string& query) {
        return visit("GET", "/p/invoice/{id}", "invoice", invoice, query).html;
    };
    const std::string link = "href=\"/p/session/" + session + "\"";
    EXPECT_THAT(page("session=" + session), HasSubstr(link));
    EXPECT_THAT(page("session=bps_none"), Not(HasSubstr("/p/session/")));
    // Not to somebody else's portal.
    const Json other = sandbox_.post("/v1/billing_portal/sessions",
                                     "customer=" + sandbox_.customer() + "&return_url=http://x.y");
    EXPECT_THAT(page("session=" + text_of(other, "id")), Not(HasSubstr("/p/session/")));
}

TEST_F(HostedInvoiceTest, TheBanksPageLeadsBackToTheInvoice) {
    const Json invoice = subscribe("pm_card_authenticationRequired");
    const std::string session =
        text_of(sandbox_.post("/v1/billing_portal/sessions", "customer=" + payer_), "id");
    const PageAnswer paid = page_of("POST", invoice, "action=pay&session=" + session);
    const std::string intent = text_of(invoice["payments"]["data"][0]["payment"], "payment_intent");
    EXPECT_EQ(paid.location, "/p/authenticate/" + intent + "?session=" + session);
    const auto bank = [&](const std::string& method, const std::string& form) {
        return visit(method, "/p/authenticate/{id}", "payment_intent", intent, form);
    };
    EXPECT_EQ(bank("POST", "action=no&session=" + session).location, "/here?session=" + session);
    const std::string back =
        "/p/invoice/" + text_of(invoice, "id") + "?session=" + session + "\">Back to the invoice";
    EXPECT_THAT(bank("GET", "session=" + session).html,
                AllOf(HasSubstr(back), HasSubstr("did not confirm it.")));
    page_of("POST", invoice, "action=pay");
    bank("POST", "action=yes");
    EXPECT_THAT(bank("GET", "session=" + session).html,
                AllOf(HasSubstr(back), HasSubstr("The payment went through.")));
}

}  // namespace
}  // namespace turnpike::twin
