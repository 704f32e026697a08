#include <string>

#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::TwinUnderTest;

/// A parameter that Razorpay takes, where, and how the error names it.
struct Lacking {
    http::Method method;
    std::string path, body, field;
};

TEST(MissingAtTheSandbox, ParametersAreRefusedInItsOwnName) {
    TwinUnderTest twin;
    const auto plan = twin.plan();
    const auto running = "/v1/subscriptions/" + twin.active_subscription(plan);
    const auto paid = text_of(twin.get("/v1/payments").body.at("items").at(0), "id");
    const std::string order = R"({"amount": 500, "currency": "INR", )";
    const std::string invoice = R"({"line_items": [{"name": "a", "amount": 100}], )";
    using http::Method;
    const Lacking cases[] = {
        {Method::Post, "/v1/orders", order + R"("method": "upi"})", "method"},
        {Method::Post, "/v1/orders", order + R"("payment": {"capture": "manual"}})", "payment"},
        {Method::Post, "/v1/orders", order + R"("partial_payment": true})", "partial_payment"},
        {Method::Post, "/v1/subscriptions",
         R"({"plan_id": ")" + plan + R"(", "total_count": 1, "notify_info": {}})", "notify_info"},
        {Method::Post, "/v1/subscriptions",
         R"({"plan_id": ")" + plan + R"(", "total_count": 1, "addons": [{"item": {"name": "a",
            "amount": 100, "currency": "INR", "tax_rate": 5}}]})",
         "addons.0.item.tax_rate"},
        {Method::Patch, running, R"({"total_count": 3})", "total_count"},
        {Method::Post, "/v1/payments/" + paid + "/refund", R"({"reverse_all": 1})", "reverse_all"},
        {Method::Post, "/v1/invoices", invoice + R"("callback_url": "http://a"})", "callback_url"},
        {Method::Post, "/v1/invoices", R"({"line_items": [{"item_id": "item_1"}]})",
         "line_items.0.item_id"},
        {Method::Get, "/v1/orders?expand[]=payments", "", "expand"},
        {Method::Get, "/v1/payments/" + paid + "?expand[]=card", "", "expand"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path + " " + c.body);
        const auto reply = twin.call(c.method, c.path, c.body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("description"), "The sandbox does not take " + c.field + ".");
        EXPECT_EQ(reply.error("field"), c.field);
    }
    EXPECT_EQ(twin.post("/v1/orders", order + R"("partial_payment": false})").status, 200);
    EXPECT_EQ(twin.post("/v1/orders", order + R"("colour": "red"})").error("description"),
              "colour is/are not required and should not be sent");
}

TEST(MissingAtTheSandbox, OperationsAreRefusedInItsOwnName) {
    TwinUnderTest twin;
    twin.active_subscription(twin.plan());
    const auto paid = text_of(twin.get("/v1/payments").body.at("items").at(0), "id");
    const auto refused = twin.get("/v1/payments/" + paid + "/card");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("description"),
              "The sandbox does not have GET /v1/payments/{id}/card.");
    for (const char* path : {"/v1/payments/downtimes", "/v1/items", "/v1/payment_links/plink_1",
                             "/v1/methods", "/v2/accounts/acc_1"})
        EXPECT_TRUE(twin.get(path).error("description").starts_with("The sandbox does not have "))
            << path;
    EXPECT_EQ(twin.get("/v1/nothing").error("description"),
              "The requested URL was not found on the server.");
    EXPECT_EQ(twin.get("/v2/accounts/acc_1/webhooks").error("description"),
              "The id provided does not exist")
        << "this one it has";
}

// As the parameter stands in the body, so that a form can mark it.
TEST(MissingAtTheSandbox, FieldIsTheWholePath) {
    TwinUnderTest twin;
    const auto plan = twin.plan();
    const auto field = [&](const std::string& addon) {
        return twin
            .post("/v1/subscriptions",
                  R"({"plan_id": ")" + plan + R"(", "total_count": 1, "addons": [)" + addon + "]}")
            .error("field");
    };
    EXPECT_EQ(field(R"("x")"), "addons.0.item");
    EXPECT_EQ(field(R"({"item": {"name": "a", "amount": 500, "currency": "USD"}})"),
              "addons.0.item.currency");
    EXPECT_EQ(field(R"({"item": {"name": "a", "amount": 5, "currency": "INR"}})"),
              "addons.0.item.amount");
    EXPECT_EQ(twin.post("/v1/invoices", R"({"line_items": [{"name": "a", "amount": 100,
                  "currency": "USD"}]})")
                  .error("field"),
              "line_items.0.currency");
}

}  // namespace
}  // namespace turnpike::twin::razorpay
