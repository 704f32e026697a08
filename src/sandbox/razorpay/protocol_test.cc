#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::TwinUnderTest;

TEST(RazorpayProtocol, RefusesKeysAsRazorpayDoes) {
    struct Case {
        const char* name;
        std::string header;
        const char* description;
    };
    const Case cases[] = {
        {"another scheme", "Bearer rzp_test_a", "Authentication failed"},
        {"the scheme in small letters", "basic " + to_base64("rzp_test_a:b"),
         "Authentication failed"},
        {"no base64", "Basic ???", "Authentication failed"},
        {"no colon", "Basic " + to_base64("rzp_test_a"), "Authentication failed"},
        {"a live key", "Basic " + to_base64("rzp_live_a:b"), "The api key provided is invalid"},
        {"no secret", "Basic " + to_base64("rzp_test_a:"), "The api key provided is invalid"},
        {"another secret", "Basic " + to_base64("rzp_test_first:other"), "Authentication failed"},
    };
    TwinUnderTest twin;
    ASSERT_EQ(twin.get("/v1/plans").status, 200);
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto reply =
            twin.call(http::Method::Get, "/v1/plans", "", {{"Authorization", c.header}});
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.error("code"), "BAD_REQUEST_ERROR");
        EXPECT_EQ(reply.error("description"), c.description);
    }
}

TEST(RazorpayProtocol, RefusesWrongInputByName) {
    struct Case {
        const char* name;
        const char* path;
        std::string body;
        const char* description;
        const char* field;
    };
    const std::string order = R"("currency": "INR")";
    const Case cases[] = {
        {"missing", "/v1/orders", "{" + order + "}", "The amount field is required.", "amount"},
        {"null is missing", "/v1/orders", R"({"amount": null, )" + order + "}",
         "The amount field is required.", "amount"},
        {"a fraction", "/v1/orders", R"({"amount": 10.5, )" + order + "}",
         "The amount must be an integer.", "amount"},
        {"a word", "/v1/orders", R"({"amount": "ten", )" + order + "}",
         "The amount must be an integer.", "amount"},
        {"an object", "/v1/orders", R"({"amount": {}, )" + order + "}",
         "The amount must be an integer.", "amount"},
        {"too little", "/v1/orders", R"({"amount": 99, )" + order + "}",
         "The amount must be at least INR 1.00", "amount"},
        {"negative", "/v1/orders", R"({"amount": -9223372036854775808, )" + order + "}",
         "The amount must be at least INR 1.00", "amount"},
        {"more than 63 bits", "/v1/orders", R"({"amount": 18446744073709551615, )" + order + "}",
         "The amount must be an integer.", "amount"},
        {"a currency of nowhere", "/v1/orders", R"({"amount": 100, "currency": "ZZZ"})",
         "The currency is not supported", "currency"},
        {"a long receipt", "/v1/orders",
         R"({"amount": 100, "receipt": ")" + std::string(41, 'r') + "\", " + order + "}",
         "The receipt may not be greater than 40 characters.", "receipt"},
        {"notes that are a text", "/v1/orders", R"({"amount": 100, "notes": "n", )" + order + "}",
         "The notes must be an array.", "notes"},
        {"unknown parameters", "/v1/orders", R"({"amount": 100, "a": 1, "b": 2, )" + order + "}",
         "a, b is/are not required and should not be sent", ""},
        {"an unknown period", "/v1/plans", R"({"period": "hourly", "interval": 1, "item":
          {"name": "n", "amount": 100, "currency": "INR"}})",
         "The selected period is invalid.", "period"},
        {"days too short", "/v1/plans", R"({"period": "daily", "interval": 6, "item":
          {"name": "n", "amount": 100, "currency": "INR"}})",
         "The minimum interval for daily plans should be 7.", "interval"},
        {"inside the item", "/v1/plans", R"({"period": "weekly", "interval": 1, "item":
          {"name": "n", "amount": 100, "currency": "INR", "x": 1}})",
         "item.x is/are not required and should not be sent", ""},
        {"a plan of nobody", "/v1/subscriptions",
         R"({"plan_id": "plan_00000000000001", "total_count": 1})",
         "The id provided does not exist", ""},
        {"an offer", "/v1/subscriptions",
         R"({"plan_id": "plan_00000000000001", "total_count": 1, "offer_id": "offer_1"})",
         "The id provided does not exist", ""},
        {"an unknown event", "/v1/webhooks", R"({"url": "http://h/", "events": ["x.y"]})",
         "Invalid event name/names: x.y", "events"},
        {"no address", "/v1/webhooks", R"({"url": "ftp://h/", "events": ["order.paid"]})",
         "The url format is invalid.", "url"},
        {"broken JSON", "/v1/orders", R"({"amount": )",
         "The request body is not a valid JSON object", ""},
        {"a text for a body", "/v1/orders", R"("amount")",
         "The request body is not a valid JSON object", ""},
    };
    TwinUnderTest twin;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto reply = twin.post(c.path, c.body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("code"), "BAD_REQUEST_ERROR");
        EXPECT_EQ(reply.error("description"), c.description);
        EXPECT_EQ(reply.error("field"), c.field);
    }
    EXPECT_EQ(twin.get("/v1/orders").body.at("count"), 0);
}

TEST(RazorpayProtocol, KnowsNoOtherUrls) {
    TwinUnderTest twin;
    for (const char* path : {"/v1/nothing", "/v1/plans/", "/v1", "/v1/invoices/a/b/c"}) {
        SCOPED_TRACE(path);
        const auto reply = twin.post(path, "{}");
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("description"), "The requested URL was not found on the server.");
        EXPECT_EQ(reply.error("reason"), "NA");
    }
}

TEST(RazorpayProtocol, TellsWhichIdsCannotBe) {
    TwinUnderTest twin;
    EXPECT_EQ(twin.get("/v1/payments/pay_1").error("description"), "pay_1 is not a valid id");
    EXPECT_EQ(twin.get("/v1/payments/pay_00000000000000").error("description"),
              "The id provided does not exist");
    EXPECT_EQ(twin.get("/v1/payments/" + twin.plan()).error("description"),
              "The id provided does not exist");
}

TEST(RazorpayProtocol, ShowsAPlanAsDocumented) {
    TwinUnderTest twin;
    const auto plan = twin.post("/v1/plans", R"({"period": "weekly", "interval": "2", "item":
        {"name": "Test", "amount": "69900", "currency": "INR", "description": "d"},
        "notes": {"key": "value", "number": 7}})");
    ASSERT_EQ(plan.status, 200) << plan.text;
    std::vector<std::string> names;
    for (const auto& [name, value] : plan.body.items()) names.push_back(name);
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("id", "entity", "interval", "period", "item",
                                                       "notes", "created_at"));
    EXPECT_EQ(plan.body.at("interval"), 2);
    EXPECT_EQ(plan.body.at("item").at("unit_amount"), 69'900);
    EXPECT_EQ(plan.body.at("notes"), (Json{{"key", "value"}, {"number", "7"}}));
    EXPECT_THAT(plan.body.at("id").get<std::string>(),
                ::testing::MatchesRegex("plan_[0-9A-Za-z]+"));
    EXPECT_EQ(plan.body.at("id").get<std::string>().size(), 19U);
}

TEST(RazorpayProtocol, TakesTheSdksEmptyFormForABody) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    const auto reply = twin.submit("/v1/subscriptions/" + id + "/cancel", "");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("status"), "cancelled");
}

TEST(RazorpayProtocol, CutsListsByTime) {
    TwinUnderTest twin;
    const auto start = unix_seconds(twin.clock().now());
    std::vector<std::string> plans;
    for (int day = 0; day < 3; ++day) {
        plans.push_back(twin.plan());
        twin.advance(testing::kDay);
    }
    const auto second = std::to_string(start + testing::kDay);
    EXPECT_EQ(twin.get("/v1/plans?from=" + second).body.at("count"), 2);
    EXPECT_EQ(twin.get("/v1/plans?to=" + second).body.at("count"), 2);
    const auto both = twin.get("/v1/plans?from=" + second + "&to=" + second).body;
    ASSERT_EQ(both.at("count"), 1);
    EXPECT_EQ(both.at("items").at(0).at("id"), plans[1]);
    EXPECT_EQ(twin.get("/v1/plans?count=101").error("field"), "count");
    EXPECT_EQ(twin.get("/v1/plans?count=0").error("field"), "count");
}

TEST(RazorpayProtocol, MakesACustomerOnce) {
    TwinUnderTest twin;
    const std::string body = R"("name": "A", "email": "a@b.co", "contact": "9876543210")";
    const auto made = twin.post("/v1/customers", "{" + body + "}");
    ASSERT_EQ(made.status, 200);
    EXPECT_EQ(made.body.at("notes"), Json::array());
    EXPECT_EQ(twin.post("/v1/customers", "{" + body + "}").error("description"),
              "Customer already exists for the merchant");
    EXPECT_EQ(twin.post("/v1/customers", "{" + body + R"(, "fail_existing": "0"})").body,
              made.body);
}

TEST(RazorpayRefunds, AreMadeOncePerKey) {
    TwinUnderTest twin;
    const auto order = text_of(
        twin.post("/v1/orders", R"({"amount": 50000, "currency": "INR", "payment_capture": 1})")
            .body,
        "id");
    twin.submit("/p/order/" + order, "action=authorise");
    const auto payment =
        text_of(twin.get("/v1/orders/" + order + "/payments").body.at("items").at(0), "id");
    const auto refund = [&](const char* body, const char* key) {
        return twin.call(http::Method::Post, "/v1/payments/" + payment + "/refund", body,
                         {{"X-Refund-Idempotency", key}});
    };
    const auto first = refund(R"({"amount": 20000})", "key-number-1");
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_EQ(refund(R"({"amount": 20000})", "key-number-1").body, first.body);
    EXPECT_EQ(refund(R"({"amount": 20001})", "key-number-1").status, 409);
    EXPECT_EQ(refund(R"({"amount": 100})", "short").status, 400);
    EXPECT_EQ(refund(R"({"amount": 30001})", "key-number-2").error("description"),
              "The refund amount provided is greater than amount captured");
    EXPECT_EQ(twin.get("/v1/payments/" + payment).body.at("amount_refunded"), 20'000);
    EXPECT_EQ(twin.get("/v1/refunds").body.at("count"), 1);
}

TEST(RazorpayPages, AreMarkedAndEscaped) {
    TwinUnderTest twin;
    const auto plan = twin.plan(R"({"period": "monthly", "interval": 1, "item":
        {"name": "<b>&", "amount": 50000, "currency": "INR"}})");
    const auto page = twin.get("/p/subscription/" + twin.subscription(plan));
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.text, ::testing::HasSubstr("<strong>Sandbox.</strong>"));
    EXPECT_THAT(page.text, ::testing::HasSubstr("&lt;b&gt;&amp;"));
    EXPECT_THAT(page.text, ::testing::Not(::testing::HasSubstr("<b>&")));
    EXPECT_EQ(twin.get("/p/subscription/sub_00000000000000").status, 404);
    EXPECT_EQ(twin.submit("/p/subscription/" + twin.subscription(plan), "action=x").status, 400);
    EXPECT_EQ(twin.submit("/p/subscription/" + twin.subscription(plan), "%").status, 400);
}

}  // namespace
}  // namespace turnpike::twin::razorpay
