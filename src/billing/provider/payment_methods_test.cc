#include "billing/provider/payment_methods.h"

#include <gmock/gmock.h>

#include "access/handler_testing.h"
#include "audit/audit.h"
#include "billing/provider/portal.h"
#include "billing/provider/price_adoption.h"
#include "billing/routes/customer_api.h"
#include "billing/testing/testing.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "json/value.h"

namespace turnpike {
namespace {

class PaymentMethods : public BillingTest {
protected:
    Result<Subscription> start(const CustomerId& customer, const std::string& plan,
                               const std::string& card) {
        return world.run(
            start_subscription(world.billing, world.start_request(customer, plan, card)));
    }
    std::vector<PaymentMethodOnFile> on_file(const CustomerId& customer) {
        const auto methods = world.run(payment_methods_of(world.billing, customer));
        EXPECT_TRUE(methods) << methods.error().message;
        return *methods;
    }
    PaymentMethodOnFile attached(const CustomerId& customer, const std::string& card) {
        const auto method = world.run(attach_method(world.billing, {customer, tester}, card));
        EXPECT_TRUE(method) << method.error().message;
        return *method;
    }

    /// Applies the catalog with one text of it replaced.
    void change_catalog(const std::string& before, const std::string& after) {
        std::string text(*preset_catalog("api-metering"));
        text.replace(text.find(before), before.size(), after);
        const auto file = read_catalog_file(text);
        ASSERT_TRUE(file) << file.error().message;
        ledger->write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, *file, world.clock.now(), world.ids).value();
        });
        world.catalog.reload(*ledger);
    }
};

TEST_F(PaymentMethods, TheCardOfASubscriptionIsTheDefault) {
    const auto customer = world.customer("first");
    ASSERT_TRUE(start(customer, "starter", "pm_card_visa"));
    const auto methods = on_file(customer);
    ASSERT_EQ(methods.size(), 1U);
    EXPECT_EQ(methods[0].last4, "4242");
    EXPECT_TRUE(methods[0].is_default);
}

// What the list calls the default is what the subscription that runs is charged with.
TEST_F(PaymentMethods, TheChosenCardIsCharged) {
    const auto customer = world.customer("chooser");
    const auto subscription = start(customer, "starter", "pm_card_visa");
    ASSERT_TRUE(subscription);
    const auto method = attached(customer, "pm_card_mastercard");
    ASSERT_TRUE(world.run(choose_method(world.billing, {customer, tester}, method.id)));
    const auto* pro = world.catalog.get()->plan("pro");
    ASSERT_TRUE(world.run(
        change_subscription(world.billing, {subscription->id, pro->prices.front().id, tester})));
    const auto charges = world.sandbox_get("/v1/charges?limit=10").at("data");
    ASSERT_EQ(charges.size(), 2U);
    const auto last4 = [](const Json& charge) {
        return charge.at("payment_method_details").at("card").at("last4").get<std::string>();
    };
    EXPECT_EQ(last4(charges[0]), "4444");  // newest first
    EXPECT_EQ(last4(charges[1]), "4242");
}

TEST_F(PaymentMethods, ACardThatIsDeclinedAtTheStartDoesNotStay) {
    const auto customer = world.customer("declined");
    const auto refused = start(customer, "starter", "pm_card_chargeCustomerFail");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::PaymentRequired);
    EXPECT_TRUE(on_file(customer).empty());
}

TEST_F(PaymentMethods, ACardThatWasOnFileBeforeStays) {
    const auto customer = world.customer("kept");
    const auto good = attached(customer, "pm_card_visa");
    ASSERT_TRUE(world.run(choose_method(world.billing, {customer, tester}, good.id)));
    const auto bad = attached(customer, "pm_card_chargeCustomerFail");
    ASSERT_FALSE(start(customer, "starter", bad.id));
    const auto methods = on_file(customer);
    ASSERT_EQ(methods.size(), 2U);
    for (const auto& method : methods) EXPECT_EQ(method.is_default, method.id == good.id);
}

TEST_F(PaymentMethods, ACardNumberIsRefusedBeforeItIsWrittenDown) {
    const auto customer = world.customer("number");
    for (const auto* number : {"4242424242424242", "4000 0000 0000 0002", "", "pm_1/../x"}) {
        SCOPED_TRACE(number);
        const auto refused = start(customer, "starter", number);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason.text(), "payment.not_a_method_id");
        EXPECT_FALSE(world.run(attach_method(world.billing, {customer, tester}, number)));
    }
    const auto rows = ledger->read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT COUNT(*) FROM subscription_commands", {})->integer(0) +
               tx.one("SELECT COUNT(*) FROM provider_intents", {})->integer(0);
    });
    EXPECT_EQ(rows, 0);
}

TEST_F(PaymentMethods, WithoutAnyCardItSaysWhatToSend) {
    StartRequest request = world.start_request(world.customer("cardless"), "starter");
    request.payment_method.reset();
    const auto refused = world.run(start_subscription(world.billing, std::move(request)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.method_required");
}

// The seller acts for the customer, and the audit says so.
TEST_F(PaymentMethods, AreHandledOnTheCallersWord) {
    const auto customer = world.customer("watched");
    CursorCodec cursors(std::string(32, 'k'));
    CustomersApi customers{*ledger, world.clock, world.ids, cursors};
    const auto origins = AllowedOrigins::create("http://127.0.0.1", {}).value();
    CustomerBillingApi api{world.contexts, customers, origins};
    const auto asking = [&](const std::string& method, const std::string& body) {
        auto request = testing::request_with(body);
        request.path_values = {{"customer", customer.text()}, {"payment_method", method}};
        return request;
    };
    const auto caller = testing::seller({Scope::BillingWrite});
    const auto posted = world.run(api.post_payment_method(
        caller, asking("", R"({"payment_method": "pm_card_visa", "default": true})")));
    const auto card = testing::seen(posted).body.at("id").get<std::string>();
    ASSERT_TRUE(world.run(api.post_default_payment_method(caller, asking(card, ""))));
    ASSERT_TRUE(world.run(api.delete_payment_method(caller, asking(card, ""))));

    const auto records = ledger->read_blocking(
        [&](sql::Transaction& tx) { return list_audit(tx, customer, PageQuery{}); });
    std::vector<std::string> deeds;
    for (const auto& [id, entry] : records)
        if (entry.object_id == card)
            deeds.push_back(entry.action + " " + entry.actor + " " + entry.request_id);
    EXPECT_THAT(deeds,
                ::testing::UnorderedElementsAre("payment_method.attached key:key_test req_test",
                                                "payment_method.made_default key:key_test req_test",
                                                "payment_method.made_default key:key_test req_test",
                                                "payment_method.detached key:key_test req_test"));
}

// Somebody whom the provider has never met has no card there, and is not made there to be told so.
TEST_F(PaymentMethods, OfAStrangerAreNone) {
    const auto customer = world.customer("stranger");
    const auto refused =
        world.run(detach_method(world.billing, {customer, tester}, "pm_card_visa"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "payment.no_such_method");
    EXPECT_EQ(world.sandbox_get("/v1/customers").at("data").size(), 0U);
}

/// The pages that a customer is sent to.
class CustomerPortal : public PaymentMethods {
protected:
    std::string page(const CustomerId& customer) {
        const auto account = AllowedOrigins::create("http://127.0.0.1/account", {}).value().own();
        const auto url = world.run(open_customer_portal(world.billing, customer, account));
        EXPECT_TRUE(url) << url.error().message;
        const auto sent = world.http.send_blocking({.url = url ? *url : ""});
        EXPECT_TRUE(sent);
        return sent ? sent->body : "";
    }
    /// Applies a catalog in which STARTER costs 31.00 a month.
    void raise_the_price_of_starter() { change_catalog("\"29.00\"", "\"31.00\""); }
};

TEST_F(CustomerPortal, OffersEveryPlanToTheFirstCustomer) {
    using ::testing::HasSubstr;
    using ::testing::Not;
    const auto customer = world.customer("newcomer");
    ASSERT_TRUE(start(customer, "pro", "pm_card_visa"));
    const auto html = page(customer);
    EXPECT_THAT(html, HasSubstr("Change to"));
    EXPECT_THAT(html, HasSubstr(">STARTER: $29.00 per month<"));
    EXPECT_THAT(html, Not(HasSubstr("FREE")));
}

TEST_F(CustomerPortal, OffersWhatIsSoldNow) {
    using ::testing::HasSubstr;
    using ::testing::Not;
    const auto customer = world.customer("keeper");
    ASSERT_TRUE(start(customer, "starter", "pm_card_visa"));
    EXPECT_THAT(page(customer), Not(HasSubstr("STARTER: $31.00")));
    raise_the_price_of_starter();
    const auto html = page(customer);
    EXPECT_THAT(html, HasSubstr(">STARTER: $31.00 per month</option>"));
    EXPECT_THAT(html, Not(HasSubstr(">STARTER: $29.00 per month</option>")));
}

// Of a product that has prices in two currencies, Stripe offers one a month.
TEST_F(CustomerPortal, OffersTheCurrencyOfTheSubscriptionOnly) {
    change_catalog(R"({ currency = "usd", interval = "month", amount = "29.00" })",
                   R"({ currency = "usd", interval = "month", amount = "29.00" },
                      { currency = "eur", interval = "month", amount = "27.00" })");
    const auto customer = world.customer("dollars");
    const auto free_customer = world.customer("free");
    page(free_customer);
    EXPECT_EQ(world.sandbox_get("/v1/prices").at("data").size(), 0U);
    ASSERT_TRUE(start(customer, "pro", "pm_card_visa"));
    EXPECT_THAT(page(customer), ::testing::HasSubstr(">STARTER: $29.00 per month<"));
    const auto prices = world.sandbox_get("/v1/prices").at("data");
    EXPECT_EQ(prices.size(), 3U);
    for (const auto& price : prices) EXPECT_EQ(price.at("currency"), "usd");
}

/// The seller's own prices, named in the configuration.
class ConfiguredPrices : public PaymentMethods {
protected:
    std::string made(const std::string& form) {
        const auto product = world.sandbox_post("/v1/products", "name=Own");
        return world
            .sandbox_post("/v1/prices",
                          "product=" + product.at("id").get<std::string>() + "&" + form)
            .at("id")
            .get<std::string>();
    }
    Result<std::monostate> adopt(const std::string& plan, const std::string& provider_price) {
        const auto snapshot = world.catalog.get();
        return world.run(
            adopt_provider_price(world.billing, *snapshot->plan(plan), provider_price));
    }
    std::string outcome(const std::string& provider_price) {
        const auto adopted = adopt("starter", provider_price);
        return adopted ? "adopted" : adopted.error().message;
    }
    /// What somebody who subscribes to STARTER now pays at the provider.
    std::string price_of_a_new_starter(const std::string& name) {
        const auto sold = start(world.customer(name), "starter", "pm_card_visa");
        EXPECT_TRUE(sold) << sold.error().message;
        const auto theirs =
            world.sandbox_get("/v1/subscriptions/" + *sold->provider_subscription_id);
        return theirs.at("items").at("data").at(0).at("price").at("id").get<std::string>();
    }
};

TEST_F(ConfiguredPrices, AreSoldOnceTheyAreSeenToFit) {
    ASSERT_TRUE(start(world.customer("before"), "starter", "pm_card_visa"));
    const auto own = made("currency=usd&unit_amount=2900&recurring[interval]=month");
    EXPECT_EQ(outcome(own), "adopted");
    EXPECT_EQ(outcome(own), "adopted");
    EXPECT_EQ(price_of_a_new_starter("after"), own);
}

// What a customer pays says which version of the plan he has, so two versions cannot share a price.
TEST_F(ConfiguredPrices, StayWithTheVersionThatTheyWereAdoptedFor) {
    const auto own = made("currency=usd&unit_amount=2900&recurring[interval]=month");
    ASSERT_TRUE(adopt("starter", own));
    change_catalog("included = \"1000\"", "included = \"1500\"");
    const auto refused = adopt("starter", own);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
    EXPECT_EQ(refused.error().reason.text(), "billing.price_of_older_version");
    EXPECT_NE(price_of_a_new_starter("later"), own);
    const auto another = made("currency=usd&unit_amount=2900&recurring[interval]=month");
    EXPECT_EQ(outcome(another), "adopted");
    EXPECT_EQ(price_of_a_new_starter("last"), another);
}

TEST_F(ConfiguredPrices, OfOnePlanAreNotSoldAsAnother) {
    change_catalog("amount = \"99.00\"", "amount = \"29.00\"");
    const auto own = made("currency=usd&unit_amount=2900&recurring[interval]=month");
    ASSERT_TRUE(adopt("starter", own));
    const auto refused = adopt("pro", own);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "billing.price_unusable");
    EXPECT_THAT(refused.error().message, ::testing::HasSubstr("is sold as another plan already"));
}

// EUR comes before USD in the ledger, and theirs is what says which of the two is meant.
TEST_F(ConfiguredPrices, AreThoseOfTheirCurrency) {
    using ::testing::HasSubstr;
    change_catalog(R"({ currency = "usd", interval = "month", amount = "29.00" })",
                   R"({ currency = "usd", interval = "month", amount = "29.00" },
                      { currency = "eur", interval = "month", amount = "27.00" })");
    EXPECT_EQ(outcome(made("currency=usd&unit_amount=2900&recurring[interval]=month")), "adopted");
    EXPECT_EQ(outcome(made("currency=eur&unit_amount=2700&recurring[interval]=month")), "adopted");
    EXPECT_THAT(outcome(made("currency=eur&unit_amount=2900&recurring[interval]=month")),
                HasSubstr("for 29.00 USD every month or 27.00 EUR every month"));
}

TEST_F(ConfiguredPrices, AreRefusedWithTheReason) {
    using ::testing::HasSubstr;
    EXPECT_THAT(outcome("price_typo"), HasSubstr("price_typo does not exist there"));
    EXPECT_THAT(
        outcome(made("currency=usd&unit_amount=100&recurring[interval]=month")),
        HasSubstr("costs 1.00 USD every month, but the catalog sells starter for 29.00 USD"));
    EXPECT_THAT(outcome(made("currency=usd&unit_amount=2900&recurring[interval]=year")),
                HasSubstr("every year"));
    EXPECT_THAT(outcome(made("currency=eur&unit_amount=2900&recurring[interval]=month")),
                HasSubstr("costs"));
    EXPECT_THAT(outcome(made("currency=usd&unit_amount=2900")), HasSubstr("once"));
    EXPECT_TRUE(start(world.customer("unharmed"), "starter", "pm_card_visa"));
}

}  // namespace
}  // namespace turnpike
