#include "sandbox/stripe/cards/card_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

class CardSourceTest : public ::testing::Test {
protected:
    std::string with_source(const std::string& token) {
        return text_of(sandbox_.post("/v1/customers", "source=" + token), "id");
    }
    Json customer(const std::string& id, const std::string& query = "") {
        return sandbox_.get("/v1/customers/" + id, query);
    }

    BillingSandbox sandbox_;
};

TEST_F(CardSourceTest, ATokenMakesTheCustomersDefault) {
    const std::string id = with_source("tok_mastercard");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.source.created",
                                                   "payment_method.attached", "customer.created"));
    const Json shown = customer(id, "expand[]=default_source&expand[]=sources");
    const Json& card = shown["default_source"];
    EXPECT_TRUE(text_of(card, "id").starts_with("card_1"));
    EXPECT_EQ(card["object"], "card");
    EXPECT_EQ(card["brand"], "MasterCard");
    EXPECT_EQ(card["last4"], "4444");
    EXPECT_EQ(card["customer"], id);
    EXPECT_EQ(card["address_zip"], nullptr);
    EXPECT_EQ(shown["sources"]["data"], Json::array({card}));
    EXPECT_EQ(shown["invoice_settings"]["default_payment_method"], nullptr);
    // The same card as a payment method.
    const Json method = sandbox_.get("/v1/payment_methods/" + text_of(card, "id"));
    EXPECT_EQ(method["customer"], id);
    EXPECT_EQ(method["card"]["brand"], "mastercard");
    EXPECT_EQ(method["card"]["fingerprint"], card["fingerprint"]);
}

TEST_F(CardSourceTest, PaysSubscriptions) {
    const std::string price = sandbox_.price("Pro", 9900);
    const auto subscribe = [&](const std::string& customer) {
        return sandbox_.post("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" +
                                                      price + "&expand[]=latest_invoice.payments");
    };
    EXPECT_EQ(subscribe(with_source("tok_visa"))["status"], "active");
    EXPECT_EQ(subscribe(with_source("tok_chargeCustomerFail"))["status"], "incomplete");
}

TEST_F(CardSourceTest, ASubscriptionForgetsTheSourceThatEnds) {
    const std::string id = with_source("tok_visa");
    const std::string card = text_of(customer(id), "default_source");
    const Json subscription =
        sandbox_.post("/v1/subscriptions", "customer=" + id + "&default_source=" + card +
                                               "&items[0][price]=" + sandbox_.price("Pro", 9900));
    EXPECT_EQ(subscription["default_source"], card);
    sandbox_.remove("/v1/customers/" + id + "/sources/" + card);
    EXPECT_EQ(sandbox_.get("/v1/subscriptions/" + text_of(subscription, "id"))["default_source"],
              nullptr);
}

TEST_F(CardSourceTest, ANewTokenReplacesTheDefault) {
    const std::string id = with_source("tok_visa");
    const std::string former = text_of(customer(id), "default_source");
    sandbox_.new_events();
    const Json updated = sandbox_.post("/v1/customers/" + id, "source=tok_amex&name=Ada");
    EXPECT_EQ(updated["name"], "Ada");
    EXPECT_NE(updated["default_source"], former);
    EXPECT_THAT(
        sandbox_.new_events(),
        ElementsAre("customer.source.created", "payment_method.attached", "customer.updated",
                    "customer.source.deleted", "payment_method.detached"));
    const Json shown = customer(id, "expand[]=sources");
    ASSERT_EQ(shown["sources"]["data"].size(), 1);
    EXPECT_EQ(shown["sources"]["data"][0]["brand"], "American Express");
    EXPECT_EQ(shown["name"], "Ada");
    EXPECT_EQ(sandbox_.get("/v1/payment_methods/" + former)["customer"], nullptr);
}

TEST_F(CardSourceTest, AFirstTokenCanComeLater) {
    const std::string id = sandbox_.customer("");
    sandbox_.new_events();
    const Json updated = sandbox_.post("/v1/customers/" + id, "source=tok_visa");
    EXPECT_TRUE(text_of(updated, "default_source").starts_with("card_1"));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.source.created",
                                                   "payment_method.attached", "customer.updated"));
    EXPECT_EQ(sandbox_.post("/v1/customers/" + id,
                            "default_source=" + text_of(updated, "default_source"))["id"],
              id);
}

TEST_F(CardSourceTest, FollowsItsPaymentMethod) {
    const std::string id = with_source("tok_visa");
    const std::string card = text_of(customer(id), "default_source");
    sandbox_.new_events();
    sandbox_.post("/v1/payment_methods/" + card,
                  "card[exp_month]=7&billing_details[name]=Ada&metadata[k]=v");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("payment_method.updated", "customer.source.updated"));
    const Json source = customer(id, "expand[]=default_source")["default_source"];
    EXPECT_EQ(source["exp_month"], 7);
    EXPECT_EQ(source["name"], "Ada");
    EXPECT_EQ(source["metadata"]["k"], "v");

    sandbox_.post("/v1/payment_methods/" + card + "/detach");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.source.deleted", "customer.updated",
                                                   "payment_method.detached"));
    const Json left = customer(id, "expand[]=sources");
    EXPECT_EQ(left["default_source"], nullptr);
    EXPECT_EQ(left["sources"]["data"], Json::array());
}

// The trigger fixtures customer.source.created and customer.source.updated.
TEST_F(CardSourceTest, AreAddedUpdatedListedAndDeleted) {
    const std::string path = "/v1/customers/" + sandbox_.customer("") + "/sources";
    sandbox_.new_events();
    const Json first = sandbox_.post(path, "source=tok_visa&metadata[k]=v");
    EXPECT_EQ(first["object"], "card");
    EXPECT_EQ(first["metadata"]["k"], "v");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.source.created",
                                                   "payment_method.attached", "customer.updated"));
    const Json second = sandbox_.post(path, "source=tok_amex");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.source.created", "payment_method.attached"));
    const std::string id = text_of(first, "customer");
    EXPECT_EQ(customer(id)["default_source"], first["id"]);
    EXPECT_THAT(texts_of(sandbox_.get(path)["data"], "id"),
                ElementsAre(text_of(second, "id"), text_of(first, "id")));
    EXPECT_EQ(sandbox_.get(path, "object=bank_account")["data"].size(), 0);

    const std::string of_first = path + "/" + text_of(first, "id");
    const Json updated = sandbox_.post(
        of_first, "metadata[foo]=bar&name=Ada&address_zip=12345&exp_month=3&exp_year=2031");
    EXPECT_EQ(to_text(updated["metadata"]), R"({"foo":"bar","k":"v"})");
    EXPECT_EQ(updated["address_zip"], "12345");
    EXPECT_EQ(updated["exp_month"], 3);
    EXPECT_EQ(sandbox_.get(of_first), updated);
    EXPECT_EQ(
        sandbox_.get("/v1/payment_methods/" + text_of(first, "id"))["billing_details"]["name"],
        "Ada");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("payment_method.updated", "customer.source.updated"));
    const StripeError wrong = sandbox_.refused(of_first, "exp_month=13");
    EXPECT_EQ(wrong.code, "invalid_expiry_month");
    EXPECT_EQ(wrong.param, "exp_month");
    EXPECT_EQ(sandbox_.post(of_first, "exp_year=32")["exp_year"], 2032);
    sandbox_.new_events();

    const Json deleted = sandbox_.remove(of_first);
    EXPECT_EQ(to_text(deleted),
              R"({"id":")" + text_of(first, "id") + R"(","object":"card","deleted":true})");
    EXPECT_EQ(customer(id)["default_source"], second["id"]);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.source.deleted", "customer.updated",
                                                   "payment_method.detached"));
    const auto gone = sandbox_.call("GET", of_first, "");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().http_status, 404);
    EXPECT_EQ(gone.error().message, "No such source: '" + text_of(first, "id") + "'");
    EXPECT_EQ(sandbox_.refused(path, "").param, "source");
}

TEST_F(CardSourceTest, RefusesWhatIsNoSource) {
    struct Case {
        const char* form;
        int status;
        const char* code;
        const char* param;
        const char* message;
    };
    const Case cases[] = {
        {"source=tok_nope", 400, "resource_missing", "source", "No such token: 'tok_nope'"},
        {"source=pm_card_visa", 400, "resource_missing", "source", "No such token: 'pm_card_visa'"},
        {"source=", 400, "parameter_invalid_empty", "source", nullptr},
        {"source=tok_chargeDeclined", 402, "card_declined", "", "Your card was declined."},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.form);
        const StripeError error = sandbox_.refused("/v1/customers", c.form);
        EXPECT_EQ(error.http_status, c.status);
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.param, c.param);
        if (c.message != nullptr) EXPECT_EQ(error.message, c.message);
    }
    EXPECT_EQ(sandbox_.rows("objects"), 0);
    const std::string other = text_of(customer(with_source("tok_visa")), "default_source");
    const StripeError error =
        sandbox_.refused("/v1/customers/" + sandbox_.customer(""), "default_source=" + other);
    EXPECT_EQ(error.param, "default_source");
    EXPECT_EQ(error.message, "No such source: '" + other + "'");
}

}  // namespace
}  // namespace turnpike::twin
