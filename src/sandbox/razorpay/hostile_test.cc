#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::kDay;
using testing::Reply;
using testing::TwinUnderTest;

/// What a client can get wrong, or wants to be wrong.
constexpr auto kValues = std::to_array<const char*>({"null",
                                                     "true",
                                                     "false",
                                                     "-1",
                                                     "0",
                                                     "1",
                                                     "1.5",
                                                     "1e308",
                                                     "-1e-308",
                                                     "9223372036854775807",
                                                     "-9223372036854775808",
                                                     "18446744073709551615",
                                                     "99999999999999999999",
                                                     R"("")",
                                                     R"("x")",
                                                     R"("1")",
                                                     R"("-1")",
                                                     R"("\u0000")",
                                                     R"("\ud83d\ude00")",
                                                     R"("<b>'\"")",
                                                     "[]",
                                                     "{}",
                                                     "[[]]",
                                                     R"([{}])",
                                                     R"({"a": {}})",
                                                     R"([null])",
                                                     R"({"": ""})",
                                                     R"("9999999999")",
                                                     R"("%s%n../../etc/passwd")"});

struct Call {
    http::Method method;
    std::string path;
    Json body;
};

/// A refusal is Razorpay's; whatever else happens is an answer.
void expect_no_fall(const Reply& reply) {
    EXPECT_TRUE(reply.status == 200 || reply.status == 400) << reply.status << reply.text;
    if (reply.status == 200) return;
    EXPECT_EQ(reply.error("code"), "BAD_REQUEST_ERROR");
    EXPECT_NE(reply.error("description"), "");
}

/// Calls that would be accepted as they are.
std::vector<Call> good_calls(TwinUnderTest& twin) {
    const auto plan = twin.plan();
    const auto running = twin.active_subscription(plan);
    const auto created = twin.subscription(plan);
    const Json invoices = twin.get("/v1/invoices?subscription_id=" + running).body.at("items");
    const auto paid = text_of(invoices.at(0), "payment_id");
    const Json item{{"name", "n"}, {"amount", 100}, {"currency", "INR"}};
    using http::Method;
    return {
        {Method::Post,
         "/v1/plans",
         {{"period", "weekly"}, {"interval", 1}, {"item", item}, {"notes", Json::object()}}},
        {Method::Post,
         "/v1/customers",
         {{"name", "n"},
          {"email", "a@b.in"},
          {"contact", "1"},
          {"gstin", "g"},
          {"fail_existing", 0},
          {"notes", {}}}},
        {Method::Post,
         "/v1/orders",
         {{"amount", 100},
          {"currency", "INR"},
          {"receipt", "r"},
          {"notes", Json::array()},
          {"payment_capture", true}}},
        {Method::Post,
         "/v1/subscriptions",
         {{"plan_id", plan},
          {"total_count", 2},
          {"quantity", 1},
          {"customer_notify", 1},
          {"start_at", 1'800'000'000},
          {"expire_by", 1'800'000'000},
          {"addons", Json::array({Json{{"item", item}}})},
          {"notes", {}}}},
        {Method::Post,
         "/v1/subscriptions/" + created + "/addons",
         {{"item", item}, {"quantity", 1}}},
        {Method::Patch,
         "/v1/subscriptions/" + running,
         {{"plan_id", plan},
          {"quantity", 2},
          {"remaining_count", 3},
          {"schedule_change_at", "cycle_end"},
          {"customer_notify", 0}}},
        {Method::Post, "/v1/subscriptions/" + created + "/cancel", {{"cancel_at_cycle_end", 1}}},
        {Method::Post, "/v1/subscriptions/" + created + "/pause", {{"pause_at", "now"}}},
        {Method::Post, "/v1/subscriptions/" + created + "/resume", {{"resume_at", "now"}}},
        {Method::Post, "/v1/payments/" + paid + "/capture", {{"amount", 100}, {"currency", "INR"}}},
        {Method::Post,
         "/v1/payments/" + paid + "/refund",
         {{"amount", 100}, {"speed", "normal"}, {"receipt", "r"}, {"notes", {}}}},
        {Method::Post,
         "/v1/invoices",
         {{"type", "invoice"},
          {"line_items", Json::array({Json{{"name", "n"}, {"amount", 100}}})},
          {"customer", Json{{"email", "a@b.in"}}},
          {"expire_by", 1'900'000'000},
          {"draft", "1"},
          {"currency", "INR"},
          {"description", "d"},
          {"partial_payment", false}}},
        {Method::Post,
         "/v1/webhooks",
         {{"url", "http://127.0.0.1:9/"},
          {"secret", "s"},
          {"alert_email", "a@b.in"},
          {"events", Json::array({"order.paid"})},
          {"active", true}}},
    };
}

TEST(HostileRazorpay, NoValueOfAnyParameterBreaksIt) {
    TwinUnderTest twin;
    for (const Call& call : good_calls(twin)) {
        for (const auto& [name, good] : call.body.items()) {
            for (const char* value : kValues) {
                SCOPED_TRACE(call.path + " " + name + " = " + value);
                Json body = call.body;
                const auto parsed = parse_json(value);
                if (!parsed) continue;
                body[name] = *parsed;
                expect_no_fall(twin.call(call.method, call.path, to_text(body)));
                if (body[name].is_object() && good.is_object()) continue;
                if (!good.is_object()) continue;
                for (const auto& [member, inner] : good.items()) {
                    body[name] = good;
                    body[name][member] = *parsed;
                    expect_no_fall(twin.call(call.method, call.path, to_text(body)));
                }
            }
        }
    }
    // And it still works.
    twin.advance(40 * kDay);
    EXPECT_EQ(twin.get("/v1/subscriptions").status, 200);
}

TEST(HostileRazorpay, NoBodyBreaksIt) {
    TwinUnderTest twin;
    const std::string deep(200'000, '[');
    const std::array<std::string, 9> bodies{"{",
                                            "null",
                                            "1",
                                            "\"x\"",
                                            "[1]",
                                            std::string("{\"a\": \"\xff\xfe\"}"),
                                            std::string("\0", 1),
                                            deep,
                                            "{\"notes\":" + std::string(100'000, '{')};
    for (const std::string& body : bodies) {
        SCOPED_TRACE(body.substr(0, 40));
        const auto reply = twin.post("/v1/orders", body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("description"), "The request body is not a valid JSON object");
    }
    for (const char* type : {"text/plain", "multipart/form-data; boundary=x", "application/xml"}) {
        SCOPED_TRACE(type);
        const auto reply =
            twin.call(http::Method::Post, "/v1/orders", "amount=100", {{"Content-Type", type}});
        EXPECT_EQ(reply.status, 400);
    }
    // Names of media types are the same in any case of letters.
    for (const char* type :
         {"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded; charset=utf-8"})
        EXPECT_EQ(twin.call(http::Method::Post, "/v1/orders", "amount=100&currency=INR",
                            {{"Content-Type", type}})
                      .status,
                  200)
            << type;
    for (const char* query : {"?count=%", "?count=%zz", "?count[]=1", "?from=x", "?skip=-1",
                              "?to=99999999999999999999", "?a[b][c]=1", "?count=1&count=2"})
        expect_no_fall(twin.get(std::string("/v1/orders") + query));
}

// A hundred years are the longest that a subscription lasts: calendars end.
TEST(HostileRazorpay, NoSubscriptionOutlivesTheCalendar) {
    TwinUnderTest twin;
    const auto plan_of = [&](const char* period, int interval) {
        return twin.plan(R"({"period": ")" + std::string(period) + R"(", "interval": )" +
                         std::to_string(interval) +
                         R"(, "item": {"name": "Long", "amount": 50000, "currency": "INR"}})");
    };
    struct Case {
        const char* period;
        int interval;
        int longest;  ///< total_count that makes a hundred years
    };
    const Case cases[] = {{"yearly", 1, 100},   {"yearly", 100, 1},    {"yearly", 3, 33},
                          {"monthly", 1, 1200}, {"quarterly", 4, 100}, {"weekly", 1, 5200},
                          {"weekly", 52, 100},  {"daily", 36'500, 1},  {"daily", 7, 5200}};
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.period) + " " + std::to_string(c.interval));
        const auto plan = plan_of(c.period, c.interval);
        const auto with = [&](int count) {
            return twin.post(
                "/v1/subscriptions",
                R"({"plan_id": ")" + plan + R"(", "total_count": )" + std::to_string(count) + "}");
        };
        EXPECT_EQ(with(c.longest).status, 200);
        const auto refused = with(c.longest + 1);
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.error("field"), "total_count");
    }
    // Neither by an update: of the count, or of the plan with the count that it has.
    const auto monthly = plan_of("monthly", 1);
    const auto running = twin.active_subscription(monthly);
    const auto path = "/v1/subscriptions/" + running;
    EXPECT_EQ(twin.patch(path, R"({"remaining_count": 1200})").error("field"), "remaining_count");
    EXPECT_EQ(twin.patch(path, R"({"plan_id": ")" + plan_of("yearly", 10) + "\"}").error("field"),
              "plan_id");
    EXPECT_EQ(twin.patch(path, R"({"remaining_count": 1199})").status, 200);
}

TEST(HostileRazorpay, NoKeySeesOrMovesAnothersObjects) {
    TwinUnderTest twin;
    const auto plan = twin.plan();
    const auto subscription = twin.active_subscription(plan);
    const auto invoice = text_of(twin.get("/v1/invoices").body.at("items").at(0), "id");
    const auto payment = text_of(twin.get("/v1/payments").body.at("items").at(0), "id");
    twin.use_keys("rzp_test_other:secret");
    for (const std::string& path :
         {"/v1/plans/" + plan, "/v1/subscriptions/" + subscription, "/v1/invoices/" + invoice,
          "/v1/payments/" + payment, "/v1/payments/" + payment + "/refunds"})
        EXPECT_EQ(twin.get(path).error("description"), "The id provided does not exist") << path;
    for (const std::string& path :
         {"/v1/subscriptions/" + subscription + "/cancel", "/v1/payments/" + payment + "/refund",
          "/v1/subscriptions/" + subscription + "/addons", "/v1/invoices/" + invoice + "/cancel"})
        EXPECT_EQ(twin.post(path, "{}").error("description"), "The id provided does not exist")
            << path;
    EXPECT_EQ(twin.post("/v1/subscriptions", R"({"plan_id": ")" + plan + R"(", "total_count": 1})")
                  .error("description"),
              "The id provided does not exist");
    for (const char* list : {"/v1/plans", "/v1/subscriptions", "/v1/invoices", "/v1/payments",
                             "/v1/orders", "/v1/refunds", "/v1/customers"})
        EXPECT_EQ(twin.get(list).body.at("count"), 0) << list;
}

}  // namespace
}  // namespace turnpike::twin::razorpay
