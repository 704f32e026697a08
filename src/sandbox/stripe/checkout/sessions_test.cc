#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kShop = "&success_url=https://shop.example/done?s={CHECKOUT_SESSION_ID}";

std::string one_time_price(BillingSandbox& sandbox, std::int64_t amount,
                           const std::string& currency = "usd") {
    const Json product = sandbox.post("/v1/products", "name=Mug");
    return text_of(
        sandbox.post("/v1/prices", "product=" + text_of(product, "id") + "&currency=" + currency +
                                       "&unit_amount=" + std::to_string(amount)),
        "id");
}

/// A session that sells two mugs at 15.00.
Json open_session(BillingSandbox& sandbox, const std::string& more = "") {
    return sandbox.post("/v1/checkout/sessions",
                        "mode=payment&line_items[0][price]=" + one_time_price(sandbox, 1500) +
                            "&line_items[0][quantity]=2" + kShop + more);
}

std::string path_of(const Json& session) {
    return "/v1/checkout/sessions/" + text_of(session, "id");
}

Json pay_by_api(BillingSandbox& sandbox, const Json& session, const std::string& method) {
    return sandbox.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                        "payment_method=" + method);
}

TEST(CheckoutSessions, BeginOpen) {
    BillingSandbox sandbox;
    const Json session = open_session(sandbox, "&client_reference_id=cart_1&metadata[a]=b");
    EXPECT_EQ(text_of(session, "status"), "open");
    EXPECT_EQ(text_of(session, "payment_status"), "unpaid");
    EXPECT_EQ(text_of(session, "currency"), "usd");
    EXPECT_EQ(integer_of(session, "amount_subtotal"), 3000);
    EXPECT_EQ(integer_of(session, "amount_total"), 3000);
    EXPECT_EQ(integer_of(session, "expires_at"), integer_of(session, "created") + 86'400);
    EXPECT_EQ(text_of(session, "client_reference_id"), "cart_1");
    EXPECT_EQ(text_of(session.at("metadata"), "a"), "b");
    EXPECT_TRUE(session.at("payment_intent").is_null());
    EXPECT_TRUE(session.at("customer_details").is_null());
    EXPECT_FALSE(session.contains("line_items"));
    EXPECT_THAT(text_of(session, "url"), HasSubstr("/c/pay/" + text_of(session, "id")));
}

TEST(CheckoutSessions, ListTheirLines) {
    BillingSandbox sandbox;
    const Json session =
        sandbox.post("/v1/checkout/sessions",
                     "mode=payment&line_items[0][price]=" + one_time_price(sandbox, 1500) +
                         "&line_items[0][quantity]=2&line_items[1][quantity]=1"
                         "&line_items[1][price_data][currency]=usd"
                         "&line_items[1][price_data][unit_amount]=250"
                         "&line_items[1][price_data][product_data][name]=Spoon" +
                         kShop);
    const Json lines = sandbox.get(path_of(session) + "/line_items");
    ASSERT_EQ(lines.at("data").size(), 2U);
    EXPECT_EQ(text_of(lines.at("data").at(0), "description"), "Mug");
    EXPECT_EQ(integer_of(lines.at("data").at(0), "amount_total"), 3000);
    EXPECT_EQ(text_of(lines.at("data").at(1), "description"), "Spoon");
    EXPECT_EQ(integer_of(session, "amount_total"), 3250);
    const Json first = sandbox.get(path_of(session) + "/line_items", "limit=1");
    EXPECT_EQ(first.at("data").size(), 1U);
    EXPECT_TRUE(flag_of(first, "has_more"));
    const Json expanded = sandbox.get(path_of(session), "expand[]=line_items");
    EXPECT_EQ(expanded.at("line_items").at("data"), lines.at("data"));
}

TEST(CheckoutSessions, RefuseInStripesWords) {
    BillingSandbox sandbox;
    const std::string usd = "&line_items[0][price]=" + one_time_price(sandbox, 1500);
    const std::string eur = "&line_items[1][price]=" + one_time_price(sandbox, 1500, "eur");
    const std::string cheap = "&line_items[0][price]=" + one_time_price(sandbox, 49);
    const std::string monthly = "&line_items[0][price]=" + sandbox.price("Pro", 1000);
    const std::string one = "&line_items[0][quantity]=1";
    const std::string now = std::to_string(unix_seconds(sandbox.now()) + 1799);
    const std::string late = std::to_string(unix_seconds(sandbox.now()) + 86'401);
    const struct {
        std::string form, param, message;
    } cases[] = {
        {kShop + usd + one, "mode", "Missing required param: mode."},
        {"mode=payment" + usd + one, "success_url", "Missing required param: success_url."},
        {"mode=payment&success_url=shop" + usd + one, "success_url", "Not a valid URL"},
        {"mode=payment&success_url=javascript:alert(1)" + usd + one, "success_url",
         "Not a valid URL"},
        {std::string("mode=payment") + kShop, "line_items", "Missing required param: line_items."},
        {"mode=payment" + usd + kShop, "line_items[0][quantity]",
         "Quantity is required. Add `quantity` to `line_items[0]`"},
        {"mode=payment&line_items[0][price]=price_no" + one + kShop, "line_items[0][price]",
         "No such price: 'price_no'"},
        {"mode=payment" + monthly + one + kShop, "mode",
         "You specified `payment` mode but passed a recurring price. Either switch to "
         "`subscription` mode or use only one-time prices."},
        {"mode=subscription" + usd + one + kShop, "line_items",
         "You must provide at least one recurring price in `subscription` mode when using prices."},
        {"mode=payment" + usd + one + eur + "&line_items[1][quantity]=1" + kShop,
         "line_items[1][price]",
         "The price specified only supports `eur`. This doesn't match the expected currency: "
         "`usd`."},
        {std::string("mode=payment&line_items[0][price_data][currency]=usd") + one + kShop +
             "&line_items[0][price_data][unit_amount]=100",
         "line_items[0][price_data][product]",
         "Missing required param: line_items[0][price_data][product]."},
        {std::string("mode=payment&line_items[0][price_data][currency]=usd") + one + kShop +
             "&line_items[0][price_data][unit_amount]=100&line_items[0][price_data][product]=p"
             "&line_items[0][price_data][product_data][name]=P",
         "line_items[0][price_data][product]",
         "You may only specify one of these parameters: product, product_data."},
        {"mode=payment" + cheap + one + kShop, "",
         "The Checkout Session's total amount due must add up to at least $0.50 usd"},
        {"mode=payment" + usd + one + kShop + "&expires_at=" + now, "expires_at",
         "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."},
        {"mode=payment" + usd + one + kShop + "&expires_at=" + late, "expires_at",
         "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."},
        {"mode=payment" + usd + one + kShop + "&customer=cus_no", "customer",
         "No such customer: 'cus_no'"},
        {"mode=payment" + usd + one + kShop + "&customer=cus_no&customer_email=a@b.co", "customer",
         "You may only specify one of these parameters: customer, customer_email."},
        {"mode=payment" + usd + one + kShop + "&customer_email=nobody", "customer_email",
         "Invalid email address: nobody"},
        {"mode=payment" + usd + one + kShop + "&customer_email=ada@example.com@home",
         "customer_email", "Invalid email address: ada@example.com@home"},
        {"mode=payment" + usd + one + kShop + "&subscription_data[description]=x",
         "subscription_data", "You can not pass `subscription_data` in `payment` mode."},
        {"mode=subscription" + monthly + one + kShop + "&payment_intent_data[description]=x",
         "payment_intent_data", "You can not pass `payment_intent_data` in `subscription` mode."},
        {"mode=subscription" + monthly + one + kShop + "&customer_creation=always",
         "customer_creation", "`customer_creation` can only be used in `payment` mode."},
        {"mode=setup&currency=usd" + usd + one + kShop, "line_items",
         "You can not pass `line_items` in `setup` mode."},
        {std::string("mode=setup") + kShop, "currency", "Missing required param: currency."},
        {"mode=payment" + usd + one + kShop + "&payment_method_types[]=sepa_debit",
         "payment_method_types",
         "The currency provided (usd) is not supported by `sepa_debit`, which takes eur."},
        {"mode=payment" + usd + one + kShop + "&nonsense=1", "nonsense",
         "Received unknown parameter: nonsense"},
        {"mode=payment" + usd + one + kShop + "&line_items[0][nonsense]=1",
         "line_items[0][nonsense]", "Received unknown parameter: line_items[0][nonsense]"},
        {"mode=payment" + usd + one + kShop + "&ui_mode=embedded", "ui_mode",
         "This sandbox has Checkout's hosted page (`hosted`) only."},
        {"mode=payment" + usd + one + kShop + "&automatic_tax[enabled]=true",
         "automatic_tax[enabled]", "This sandbox does not compute taxes."},
        {"mode=subscription" + monthly + one + kShop + "&subscription_data[trial_end]=" + late,
         "subscription_data[trial_end]",
         "The `trial_end` date has to be at least 2 days in the future."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const StripeError error = sandbox.refused("/v1/checkout/sessions", c.form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.param, c.param);
        EXPECT_EQ(error.message, c.message);
    }
}

TEST(CheckoutSessions, ArePaidOnce) {
    BillingSandbox sandbox;
    const Json session = open_session(sandbox);
    sandbox.new_events();
    const Json paid = pay_by_api(sandbox, session, "pm_card_visa");
    EXPECT_EQ(text_of(paid, "status"), "complete");
    EXPECT_EQ(text_of(paid, "payment_status"), "paid");
    EXPECT_TRUE(paid.at("url").is_null());
    EXPECT_TRUE(paid.at("customer").is_null());
    EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.succeeded",
                                                  "payment_intent.succeeded",
                                                  "checkout.session.completed", "charge.updated"));
    const Json intent = sandbox.get("/v1/payment_intents/" + text_of(paid, "payment_intent"));
    EXPECT_EQ(integer_of(intent, "amount_received"), 3000);
    const StripeError again = sandbox.refused(
        "/v1/payment_pages/" + text_of(session, "id") + "/confirm", "payment_method=pm_card_visa");
    EXPECT_EQ(again.code, "checkout_succeeded_session");
}

TEST(CheckoutSessions, PassOnWhatIsForThePaymentIntent) {
    BillingSandbox sandbox;
    const Json session = open_session(
        sandbox,
        "&payment_intent_data[description]=Mugs&payment_intent_data[metadata][cart]=1"
        "&payment_intent_data[receipt_email]=a@b.co&payment_intent_data[shipping][name]=Jenny"
        "&payment_intent_data[shipping][address][line1]=Main%20St%201");
    const Json paid = pay_by_api(sandbox, session, "pm_card_visa");
    const Json intent = sandbox.get("/v1/payment_intents/" + text_of(paid, "payment_intent"));
    EXPECT_EQ(text_of(intent, "description"), "Mugs");
    EXPECT_EQ(text_of(intent.at("metadata"), "cart"), "1");
    EXPECT_EQ(text_of(intent, "receipt_email"), "a@b.co");
    EXPECT_EQ(text_of(intent.at("shipping"), "name"), "Jenny");
}

TEST(CheckoutSessions, StayOpenAfterADecline) {
    BillingSandbox sandbox;
    const Json session = open_session(sandbox);
    sandbox.new_events();
    const StripeError error =
        sandbox.refused("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                        "payment_method=pm_card_chargeDeclined");
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.code, "card_declined");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.failed",
                                                  "payment_intent.payment_failed"));
    const Json open = sandbox.get(path_of(session));
    EXPECT_EQ(text_of(open, "status"), "open");
    const Json paid = pay_by_api(sandbox, open, "pm_card_visa");
    EXPECT_EQ(paid.at("payment_intent"), open.at("payment_intent"));
    EXPECT_EQ(text_of(paid, "payment_status"), "paid");
}

TEST(CheckoutSessions, CheckTheExpectedAmount) {
    BillingSandbox sandbox;
    const Json session = open_session(sandbox);
    const std::string confirm = "/v1/payment_pages/" + text_of(session, "id") + "/confirm";
    EXPECT_EQ(sandbox.refused(confirm, "payment_method=pm_card_visa&expected_amount=2999").code,
              "checkout_amount_mismatch");
    EXPECT_EQ(text_of(sandbox.post(confirm, "payment_method=pm_card_visa&expected_amount=3000"),
                      "status"),
              "complete");
}

TEST(CheckoutSessions, MakeACustomerWhenToldTo) {
    const struct {
        const char* more;
        bool customer;
    } cases[] = {
        {"", false},
        {"&customer_creation=if_required", false},
        {"&customer_creation=always", true},
        {"&payment_intent_data[setup_future_usage]=off_session", true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.more);
        BillingSandbox sandbox;
        const Json session =
            open_session(sandbox, std::string("&customer_email=ada@example.com") + c.more);
        EXPECT_EQ(text_of(session.at("customer_details"), "email"), "ada@example.com");
        const Json paid = pay_by_api(sandbox, session, "pm_card_visa");
        EXPECT_EQ(paid.at("customer").is_string(), c.customer);
        EXPECT_EQ(text_of(paid.at("customer_details"), "email"), "ada@example.com");
        if (!c.customer) continue;
        const Json customer = sandbox.get("/v1/customers/" + text_of(paid, "customer"));
        EXPECT_EQ(text_of(customer, "email"), "ada@example.com");
    }
}

TEST(CheckoutSessions, KeepTheMethodForFutureUse) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json session = open_session(
        sandbox, "&payment_intent_data[setup_future_usage]=off_session&customer=" + customer);
    pay_by_api(sandbox, session, "pm_card_visa");
    const Json methods = sandbox.get("/v1/customers/" + customer + "/payment_methods");
    EXPECT_EQ(methods.at("data").size(), 1U);
}

TEST(CheckoutSessions, CompleteBeforeADebitIsPaid) {
    const struct {
        const char* iban;
        const char* event;
        const char* payment_status;
    } cases[] = {
        {"AT611904300234573201", "checkout.session.async_payment_succeeded", "paid"},
        {"AT861904300235473202", "checkout.session.async_payment_failed", "unpaid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.iban);
        BillingSandbox sandbox;
        const Json session =
            sandbox.post("/v1/checkout/sessions",
                         "mode=payment&payment_method_types[]=sepa_debit&line_items[0][quantity]=2"
                         "&line_items[0][price]=" +
                             one_time_price(sandbox, 1500, "eur") + kShop);
        const Json method = sandbox.post(
            "/v1/payment_methods",
            std::string("type=sepa_debit&billing_details[name]=J&billing_details[email]=j@b.co"
                        "&sepa_debit[iban]=") +
                c.iban);
        const Json done = pay_by_api(sandbox, session, text_of(method, "id"));
        EXPECT_EQ(text_of(done, "status"), "complete");
        EXPECT_EQ(text_of(done, "payment_status"), "unpaid");
        sandbox.new_events();
        sandbox.run_until(sandbox.now() + std::chrono::seconds(1));
        EXPECT_THAT(sandbox.new_events(), ElementsAre(::testing::_, ::testing::_, c.event));
        EXPECT_EQ(text_of(sandbox.get(path_of(session)), "payment_status"), c.payment_status);
    }
}

TEST(CheckoutSessions, ExpireByHandAndByTime) {
    BillingSandbox sandbox;
    const Json by_hand = open_session(sandbox);
    const Json expired = sandbox.post(path_of(by_hand) + "/expire");
    EXPECT_EQ(text_of(expired, "status"), "expired");
    EXPECT_TRUE(expired.at("url").is_null());
    EXPECT_EQ(sandbox.refused(path_of(by_hand) + "/expire", "").message,
              "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "
              "Session has a status of `expired`.");

    const std::string end = std::to_string(unix_seconds(sandbox.now()) + 1800);
    const Json by_time = open_session(sandbox, "&expires_at=" + end);
    sandbox.new_events();
    sandbox.run_until(sandbox.now() + std::chrono::seconds(1799));
    EXPECT_EQ(text_of(sandbox.get(path_of(by_time)), "status"), "open");
    sandbox.run_until(sandbox.now() + std::chrono::seconds(1));
    EXPECT_EQ(text_of(sandbox.get(path_of(by_time)), "status"), "expired");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("checkout.session.expired"));
    EXPECT_EQ(sandbox
                  .refused("/v1/payment_pages/" + text_of(by_time, "id") + "/confirm",
                           "payment_method=pm_card_visa")
                  .code,
              "checkout_not_active_session");
}

TEST(CheckoutSessions, AreListedByWhatIsKnownOfThem) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json hers = open_session(sandbox, "&customer=" + customer);
    const Json paid = pay_by_api(sandbox, open_session(sandbox), "pm_card_visa");
    const auto ids = [&](const std::string& query) {
        return texts_of(sandbox.get("/v1/checkout/sessions", query).at("data"), "id");
    };
    EXPECT_THAT(ids(""), ElementsAre(text_of(paid, "id"), text_of(hers, "id")));
    EXPECT_THAT(ids("customer=" + customer), ElementsAre(text_of(hers, "id")));
    EXPECT_THAT(ids("status=complete"), ElementsAre(text_of(paid, "id")));
    EXPECT_THAT(ids("payment_intent=" + text_of(paid, "payment_intent")),
                ElementsAre(text_of(paid, "id")));
    EXPECT_THAT(ids("customer_details[email]=ada@example.com"), ElementsAre(text_of(hers, "id")));
    EXPECT_THAT(ids("subscription=sub_no"), ElementsAre());
}

TEST(CheckoutSessions, ChangeTheirMetadataOnly) {
    BillingSandbox sandbox;
    const Json session = open_session(sandbox, "&metadata[a]=1&metadata[b]=2");
    const Json changed = sandbox.post(path_of(session), "metadata[a]=&metadata[c]=3");
    EXPECT_EQ(changed.at("metadata"), Json({{"b", "2"}, {"c", "3"}}));
    EXPECT_EQ(sandbox.refused(path_of(session), "shipping_options[0][shipping_rate]=x").param,
              "shipping_options");
    const auto missing = sandbox.call("GET", "/v1/checkout/sessions/cs_no", "");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().http_status, 404);
    EXPECT_EQ(missing.error().message, "No such checkout.session: 'cs_no'");
}

}  // namespace
}  // namespace turnpike::twin
