#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// What Stripe refuses must not work here either: a test against the sandbox would pass for
/// nothing.
namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;

class WrongInputTest : public ::testing::Test {
protected:
    std::string subscribe(const std::string& more = "") {
        return "customer=" + customer_ + "&items[0][price]=" + ten_ + more;
    }
    [[nodiscard]] std::string seconds_from_now(std::chrono::seconds wait) const {
        return std::to_string(unix_seconds(sandbox_.now() + wait));
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string ten_ = sandbox_.price("Ten", 1000);
};

TEST_F(WrongInputTest, APaymentInACurrencyThatDoesNotExist) {
    const StripeError error = sandbox_.refused("/v1/payment_intents", "amount=1000&currency=zzz");
    EXPECT_EQ(error.http_status, 400);
    EXPECT_EQ(error.param, "currency");
    EXPECT_THAT(error.message, HasSubstr("Invalid currency: zzz."));
    EXPECT_EQ(sandbox_.post("/v1/payment_intents", "amount=1000&currency=USD")["currency"], "usd");
    const std::string customer = "customer=" + customer_;
    EXPECT_EQ(sandbox_.refused("/v1/invoices", customer + "&currency=zzz").param, "currency");
    EXPECT_EQ(sandbox_.refused("/v1/invoiceitems", customer + "&amount=100&currency=zzz").param,
              "currency");
}

TEST_F(WrongInputTest, AnUnknownMemberOfAnObjectIsNamed) {
    const std::string customer = "customer=" + customer_;
    const std::string subscription = text_of(sandbox_.post("/v1/subscriptions", subscribe()), "id");
    const std::string session =
        "mode=subscription&success_url=https://shop.example/&line_items[0]"
        "[quantity]=1&line_items[0][price]=";
    struct Case {
        std::string path, form;
        const char* param;
    };
    const Case cases[] = {
        {"/v1/customers", "name=Ada", "tax"},
        {"/v1/customers", "name=Ada", "invoice_settings[rendering_options]"},
        {"/v1/subscriptions", subscribe(), "invoice_settings"},
        {"/v1/subscriptions/" + subscription, "metadata[a]=b", "invoice_settings"},
        {"/v1/invoices", customer, "payment_settings"},
        {"/v1/invoices", customer, "rendering"},
        {"/v1/invoices", customer, "automatic_tax"},
        {"/v1/invoices/create_preview", "subscription=" + subscription, "automatic_tax"},
        {"/v1/products", "name=Box", "package_dimensions"},
        {"/v1/payment_intents", "amount=500&currency=usd", "radar_options"},
        {"/v1/checkout/sessions", session + ten_, "adaptive_pricing"},
        {"/v1/checkout/sessions", session + ten_, "automatic_tax"},
        {"/v1/checkout/sessions", session + ten_, "phone_number_collection"},
        {"/v1/checkout/sessions", session + ten_, "tax_id_collection"},
        {"/v1/billing_portal/configurations", "features[invoice_history][enabled]=true",
         "login_page"},
    };
    for (const Case& c : cases) {
        const std::string name = std::string(c.param) + "[zz]";
        SCOPED_TRACE(c.path + " " + name);
        const StripeError error = sandbox_.refused(c.path, c.form + "&" + name + "=1");
        EXPECT_EQ(error.code, "parameter_unknown");
        EXPECT_EQ(error.param, name);
        EXPECT_EQ(error.message, "Received unknown parameter: " + name);
    }
    for (const char* path : {"/v1/invoices", "/v1/invoices/create_preview"}) {
        const std::string form = "subscription=" + subscription + "&automatic_tax[enabled]=";
        sandbox_.post(path, form + "false");
        EXPECT_EQ(sandbox_.refused(path, form + "true").param, "automatic_tax[enabled]");
    }
}

TEST_F(WrongInputTest, AnUnknownPaymentIntentIsNotFound) {
    for (const auto& [method, path] : {std::pair{"GET", "/v1/payment_intents/pi_nope"},
                                       std::pair{"POST", "/v1/payment_intents/pi_nope"},
                                       std::pair{"POST", "/v1/payment_intents/pi_nope/confirm"},
                                       std::pair{"POST", "/v1/payment_intents/pi_nope/cancel"}}) {
        SCOPED_TRACE(path);
        const auto answer = sandbox_.call(method, path, "");
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().http_status, 404);
        EXPECT_EQ(answer.error().code, "resource_missing");
        EXPECT_EQ(answer.error().param, "intent");
        EXPECT_EQ(answer.error().message, "No such payment_intent: 'pi_nope'");
    }
}

TEST_F(WrongInputTest, ATrialThatEndedBeforeItBegan) {
    for (const std::string& end : {std::string("100"), seconds_from_now(std::chrono::seconds(0))}) {
        const StripeError error =
            sandbox_.refused("/v1/subscriptions", subscribe("&trial_end=" + end));
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.param, "trial_end");
    }
    const Json running = sandbox_.post("/v1/subscriptions", subscribe("&trial_period_days=7"));
    const std::string path = "/v1/subscriptions/" + text_of(running, "id");
    EXPECT_EQ(sandbox_.refused(path, "trial_end=100").param, "trial_end");
    const std::string this_second = seconds_from_now(std::chrono::seconds(0));
    EXPECT_EQ(sandbox_.refused(path, "trial_end=" + this_second).param, "trial_end");
    EXPECT_EQ(sandbox_.post(path, "trial_end=now")["status"], "active");
}

TEST_F(WrongInputTest, ACycleThatIsLongerThanItsInterval) {
    const StripeError error = sandbox_.refused(
        "/v1/subscriptions",
        subscribe("&billing_cycle_anchor=" + seconds_from_now(std::chrono::days(60))));
    EXPECT_EQ(error.http_status, 400);
    EXPECT_EQ(error.param, "billing_cycle_anchor");
    EXPECT_THAT(error.message, HasSubstr("cannot be later than next natural billing date"));
    EXPECT_EQ(sandbox_.post("/v1/subscriptions",
                            subscribe("&billing_cycle_anchor=" +
                                      seconds_from_now(std::chrono::days(31))))["status"],
              "active");
}

TEST_F(WrongInputTest, WhatWouldChangeTheBillAndIsNotDoneHere) {
    const Json made = sandbox_.post("/v1/subscriptions", subscribe());
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::string item = text_of(made["items"]["data"][0], "id");
    const std::string invoice = "/v1/invoices/" + text_of(made, "latest_invoice");
    const struct {
        std::string path, form, param;
    } cases[] = {
        {"/v1/subscriptions", subscribe("&items[0][tax_rates][0]=txr_1"), "items[0][tax_rates]"},
        {"/v1/subscription_items/" + item, "billing_thresholds[usage_gte]=10",
         "billing_thresholds"},
        {invoice + "/pay", "forgive=true", "forgive"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const StripeError error = sandbox_.refused(c.path, c.form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.param, c.param);
        EXPECT_THAT(error.message, HasSubstr("This sandbox"));
    }
    // None of them is what there is anyway.
    sandbox_.post(path, "discounts=&items[0][id]=" + item + "&items[0][tax_rates]=");
}

TEST_F(WrongInputTest, TwoCurrenciesForOneCustomer) {
    const Json product = sandbox_.post("/v1/products", "name=P");
    const std::string euro =
        text_of(sandbox_.post("/v1/prices",
                              "currency=eur&unit_amount=900&recurring[interval]=month"
                              "&product=" +
                                  text_of(product, "id")),
                "id");
    const std::string wanted = "customer=" + customer_ + "&items[0][price]=" + euro;
    const Json first = sandbox_.post("/v1/subscriptions", subscribe());
    const StripeError error = sandbox_.refused("/v1/subscriptions", wanted);
    EXPECT_EQ(error.http_status, 400);
    EXPECT_THAT(error.message, HasSubstr("You cannot combine currencies on a single customer."));
    EXPECT_THAT(error.message, HasSubstr("with currency usd"));
    // Once nothing is left in the old currency, the new one is the customer's.
    sandbox_.remove("/v1/subscriptions/" + text_of(first, "id"));
    EXPECT_EQ(sandbox_.post("/v1/subscriptions", wanted)["currency"], "eur");
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["currency"], "eur");
}

// Observed in test mode in September 2026, words and all.
TEST_F(WrongInputTest, WhatIsMissingIsMissedInStripesWords) {
    const auto refusal = [&](const char* method, const std::string& path, const std::string& form) {
        const auto answer = sandbox_.call(method, path, form);
        EXPECT_FALSE(answer.has_value()) << path;
        return answer ? StripeError{} : answer.error();
    };
    const StripeError item = refusal("GET", "/v1/invoiceitems/ii_x", "");
    EXPECT_EQ(item.http_status, 404);
    EXPECT_EQ(item.message, "No such Invoice Item: 'ii_x'(livemode=false)");
    EXPECT_EQ(item.param, "id");
    const StripeError customer =
        refusal("POST", "/v1/subscriptions", "customer=cus_nope&items[0][price]=" + ten_);
    EXPECT_EQ(customer.http_status, 404);
    EXPECT_EQ(customer.code, "resource_missing");
    EXPECT_EQ(customer.message, "No such customer: 'cus_nope'");
    EXPECT_EQ(customer.param, "customer");
}

TEST_F(WrongInputTest, ChoicesAreToldInStripesOrder) {
    const auto message = [&](const char* method, const std::string& path, const std::string& form) {
        const auto answer = sandbox_.call(method, path, form);
        return answer ? std::string() : answer.error().message;
    };
    EXPECT_EQ(message("GET", "/v1/subscriptions", "status=x"),
              "Invalid status: must be one of active, past_due, unpaid, canceled, incomplete, "
              "incomplete_expired, trialing, paused, all, or ended");
    EXPECT_EQ(message("GET", "/v1/invoices", "status=x"),
              "Invalid status: must be one of draft, open, void, paid, or uncollectible");
    EXPECT_EQ(message("POST", "/v1/customers", "tax_exempt=x"),
              "Invalid tax_exempt: must be one of none, reverse, or exempt");
}

}  // namespace
}  // namespace turnpike::twin
