#include "entitlements/ofrep.h"

#include <gtest/gtest.h>

#include "entitlements/testing.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::FragileDatabase;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;

/// As the SDK's provider sends it: the context, and whatever the application put into it.
std::string context_of(const std::string& targeting_key) {
    return to_text(
        Json{{"context", {{"targetingKey", targeting_key}, {"country", "CA"}, {"n", {1, 2}}}}});
}

class Ofrep : public ::testing::Test {
protected:
    http::Response call(const std::string& flag, const std::string& body,
                        const Principal& caller = testing::seller(), http::Headers headers = {}) {
        http::Request request;
        request.method = http::Method::Post;
        request.path = "/ofrep/v1/evaluate/flags";
        request.headers = std::move(headers);
        request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
        request.body = body;
        if (!flag.empty()) request.path_values = {{"key", flag}};
        auto answer =
            run(flag.empty() ? ofrep_.post_all(caller, request) : ofrep_.post_one(caller, request));
        EXPECT_TRUE(answer);
        return answer ? *answer : http::Response{};
    }
    Json flag(const std::string& customer, const Principal& caller = testing::seller()) {
        return *parse_json(call("api_calls", context_of(customer), caller).body);
    }
    void consume(const std::string& customer, std::int64_t units) {
        http::Request request;
        request.headers = {{"Content-Type", "application/json"}};
        request.body =
            to_text(Json{{"customer", customer}, {"meter", "api_calls"}, {"quantity", units}});
        const Principal seller = testing::seller();
        const auto answer = run(api_.post_consume(seller, request));
        EXPECT_TRUE(answer && answer->status == 200);
    }
    static std::string tag(const http::Response& response) {
        const std::string* value = http::find_header(response.headers, "ETag");
        return value == nullptr ? "" : *value;
    }

    std::unique_ptr<sql::Database> ledger_ = sql::open_test_database();
    FragileDatabase db_{*ledger_};
    MeteredWorld world_{*ledger_};
    CustomerId alice_ = world_.add_customer("alice");
    ManualClock clock_{kStart + std::chrono::hours(1)};
    StandingCache standings_{{}};
    SqlUsage usage_{db_, world_.ids()};
    EntitlementsApi api_{db_, usage_, clock_, world_.ids(), world_.catalog(), standings_, ""};
    OfrepApi ofrep_{api_};
};

TEST_F(Ofrep, AMeterIsAFlagThatIsTrueWithinItsLimit) {
    EXPECT_EQ(flag("alice"), Json::parse(R"({
        "key": "api_calls", "value": true, "reason": "TARGETING_MATCH",
        "variant": "within_allowance",
        "metadata": {"plan": "free", "limit": "100", "used": "0", "remaining": "100",
                     "overage_allowed": false, "reset": "billing_period",
                     "resets_at": "2024-10-01T00:00:00Z"}})"));
    consume("alice", 99);
    EXPECT_EQ(flag("alice")["value"], true);
    consume("alice", 1);
    const Json over = flag("alice");
    EXPECT_EQ(over["value"], false);
    EXPECT_EQ(over["variant"], "limit_exceeded");
    EXPECT_EQ(over["metadata"]["used"], "100");
    EXPECT_EQ(over["metadata"]["remaining"], "0");
}

TEST_F(Ofrep, APlanThatBillsStaysTrueAndSaysOverage) {
    const auto paul = world_.add_customer("paul");
    testing::add_subscription(world_, paul, {});
    consume("paul", 10'000);
    const Json over = flag("paul");
    EXPECT_EQ(over["value"], true);
    EXPECT_EQ(over["variant"], "overage");
    EXPECT_EQ(over["metadata"]["plan"], "pro");
}

TEST_F(Ofrep, EvaluatingConsumesNothingAndNeedsNoLedgerOnceKnown) {
    flag("alice");
    db_.set(FragileDatabase::State::Down);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(flag("alice")["metadata"]["used"], "0");
}

TEST_F(Ofrep, TheTargetingKeyIsAnyNameOfTheCustomer) {
    for (const auto& name : {std::string("alice"), "ext:" + std::string("alice"), alice_.text()})
        EXPECT_EQ(flag(name)["value"], true) << name;
}

TEST_F(Ofrep, ACustomerIsHimselfAndNobodyElse) {
    world_.add_customer("bob");
    const Principal alice = testing::user("alice");
    EXPECT_EQ(*parse_json(call("api_calls", R"({"context":{}})", alice).body), flag("alice"));
    EXPECT_EQ(flag("alice", alice)["value"], true);
    EXPECT_EQ(flag("bob", alice)["errorCode"], "INVALID_CONTEXT");
    EXPECT_EQ(flag("bob", alice), flag("nobody", alice));
}

TEST_F(Ofrep, SpeaksOfMistakesAsTheProtocolDoes) {
    struct Case {
        const char* name;
        const char* flag;  // "": all flags
        std::string body;
        int status;
        const char* code;
    };
    const Case cases[] = {
        {"no JSON", "api_calls", "{", 400, "PARSE_ERROR"},
        {"no object", "api_calls", "[]", 400, "PARSE_ERROR"},
        {"no context", "api_calls", "{}", 400, "TARGETING_KEY_MISSING"},
        {"a context that is null", "api_calls", R"({"context":null})", 400, "INVALID_CONTEXT"},
        {"a context that is a list", "api_calls", R"({"context":[]})", 400, "INVALID_CONTEXT"},
        {"no targeting key", "api_calls", R"({"context":{"a":1}})", 400, "TARGETING_KEY_MISSING"},
        {"an empty targeting key", "api_calls", context_of(""), 400, "TARGETING_KEY_MISSING"},
        {"a number as the key", "api_calls", R"({"context":{"targetingKey":7}})", 400,
         "INVALID_CONTEXT"},
        {"a control character", "api_calls", context_of("a\nb"), 400, "INVALID_CONTEXT"},
        {"a very long key", "api_calls", context_of(std::string(256, 'a')), 400, "INVALID_CONTEXT"},
        {"nobody", "api_calls", context_of("nobody"), 400, "INVALID_CONTEXT"},
        {"no such flag", "dark_mode", context_of("alice"), 404, "FLAG_NOT_FOUND"},
        {"all flags, no JSON", "", "", 400, "PARSE_ERROR"},
        {"all flags, no key", "", R"({"context":{}})", 400, "TARGETING_KEY_MISSING"},
        {"all flags, nobody", "", context_of("nobody"), 400, "INVALID_CONTEXT"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto answer = call(c.flag, c.body);
        EXPECT_EQ(answer.status, c.status);
        EXPECT_EQ(*http::find_header(answer.headers, "Content-Type"), "application/json");
        const Json body = *parse_json(answer.body);
        EXPECT_EQ(body["errorCode"], c.code);
        EXPECT_FALSE(body["errorDetails"].get<std::string>().empty());
        EXPECT_EQ(body.contains("key"), *c.flag != '\0');
        if (*c.flag != '\0') EXPECT_EQ(body["key"], c.flag);
    }
}

TEST_F(Ofrep, AllFlagsComeWithATagThatChangesWithThem) {
    const auto first = call("", context_of("alice"));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ((*parse_json(first.body))["flags"], Json::array({flag("alice")}));
    const std::string known = tag(first);
    EXPECT_EQ(known.front(), '"');
    EXPECT_EQ(known.back(), '"');

    const auto again = [&](const std::string& if_none_match) {
        return call("", context_of("alice"), testing::seller(), {{"If-None-Match", if_none_match}});
    };
    for (const auto& match : {known, "W/" + known, "\"x\", " + known, std::string("*")}) {
        const auto answer = again(match);
        EXPECT_EQ(answer.status, 304) << match;
        EXPECT_EQ(answer.body, "");
        EXPECT_EQ(tag(answer), known);
    }
    for (const auto& other : {std::string("\"x\""), std::string(), known.substr(1)})
        EXPECT_EQ(again(other).status, 200) << other;

    consume("alice", 1);
    const auto changed = again(known);
    EXPECT_EQ(changed.status, 200);
    EXPECT_NE(tag(changed), known);
}

}  // namespace
}  // namespace turnpike
