#include "entitlements/consume_scan.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

Result<ConsumeBody> read(const std::string& body, const char* content_type) {
    http::Request request;
    request.headers = {{"Content-Type", content_type}};
    request.body = body;
    return read_consume(request);
}

/// Says of a body what it says when it is not scanned, which a parameter of its type prevents.
bool is_read_alike(const std::string& body) {
    const auto fast = read(body, "application/json");
    const auto slow = read(body, "application/json; charset=utf-8");
    if (fast && slow) return *fast == *slow;
    if (fast || slow) return false;
    return fast.error().reason == slow.error().reason &&
           fast.error().message == slow.error().message;
}

TEST(ConsumeScan, ReadsTheUsualBody) {
    const auto scanned = scan_consume(
        R"( {"customer": "ext:alice", "meter":"api_calls","quantity":"1.5", "source":"shop",)"
        R"("id":"order\u002d1","latency_ms":12} )");
    ASSERT_TRUE(scanned);
    EXPECT_EQ(scanned->customer, "ext:alice");
    EXPECT_EQ(scanned->meter_key, "api_calls");
    EXPECT_EQ(scanned->quantity, *Quantity::parse("1.5"));
    EXPECT_EQ(scanned->source, "shop");
    EXPECT_EQ(scanned->id, "order-1");
    EXPECT_EQ(scanned->latency_us, 12'000);
    const auto least = scan_consume(R"({"feature":"api_calls","quantity":3})");
    ASSERT_TRUE(least);
    EXPECT_EQ(least->meter_key, "api_calls");
    EXPECT_EQ(least->quantity, Quantity::whole(3));
    EXPECT_FALSE(least->customer || least->source || least->id || least->latency_us);
}

TEST(ConsumeScan, LeavesWhatIsWrongOrRareToTheOtherReader) {
    const std::string id_256(256, 'i');
    const std::string bodies[] = {"",
                                  "{",
                                  "[]",
                                  "3",
                                  R"({"meter":"m"}x)",
                                  "\xff",
                                  R"({"meter":"m","meter":"m"})",
                                  R"({"quantity":1})",
                                  R"({"meter":"m","feature":"m"})",
                                  R"({"meter":""})",
                                  R"({"meter":7})",
                                  R"({"meter":null})",
                                  R"({"meter":"m","customer":null})",
                                  R"({"meter":"m","quantity":-1})",
                                  R"({"meter":"m","quantity":-0})",
                                  R"({"meter":"m","quantity":1.5})",
                                  R"({"meter":"m","quantity":1e3})",
                                  R"({"meter":"m","quantity":"1e3"})",
                                  R"({"meter":"m","quantity":"-0"})",
                                  R"({"meter":"m","quantity":"1.1234567"})",
                                  R"({"meter":"m","quantity":"0x1"})",
                                  R"({"meter":"m","quantity":1000000000000})",
                                  R"({"meter":"m","quantity":1000000000001})",
                                  R"({"meter":"m","quantity":99999999999999999999})",
                                  R"({"meter":"m","quantity":true})",
                                  R"({"meter":"m","quantity":""})",
                                  R"({"meter":"m","quantity":"01"})",
                                  R"({"meter":"m","source":"s"})",
                                  R"({"meter":"m","source":"s","id":"i"})",
                                  R"({"meter":"m","source":"turnpike.x","id":"i"})",
                                  R"({"meter":"m","id":"i"})",
                                  R"({"meter":"m","id":"a\nb"})",
                                  R"({"meter":"m","id":"ä"})",
                                  R"({"meter":"m","id":"\u0080"})",
                                  R"({"meter":"m","id":")" + id_256 + "\"}",
                                  R"({"meter":"m","latency_ms":86400000})",
                                  R"({"meter":"m","latency_ms":86400001})",
                                  R"({"meter":"m","latency_ms":"1"})",
                                  R"({"meter":"m","latency_ms":1.5})",
                                  R"({"meter":"m","latency_ms":"12.5"})",
                                  R"({"meter":"m","latency_ms":"0.0001"})",
                                  R"({"meter":"m","latency_ms":"86400000.001"})",
                                  R"({"meter":"m","latency_ms":"soon"})",
                                  R"({"meter":"m","latency_ms":null})",
                                  R"({"meter":"m","latency_ms":-1})",
                                  R"({"meter":"m","latency_ms":99999999999})",
                                  R"({"meter":"m","properties":{"a":"b"}})",
                                  R"({"meter":"m","properties":{}})",
                                  R"({"meter":"m","note":1})",
                                  R"({"m\u0065ter":"m"})"};
    for (const std::string& body : bodies) EXPECT_TRUE(is_read_alike(body)) << body;
}

TEST(ConsumeBody, LatencyIsADecimalAsTextOrAWholeNumber) {
    struct Case {
        const char* latency_ms;
        std::optional<std::int64_t> us;  // nullopt: refused
    };
    const Case cases[] = {
        {"12", 12'000},
        {"\"12.5\"", 12'500},
        {"\"0.001\"", 1},
        {"\"86400000\"", 86'400'000'000},
        {"0", 0},
        {"\"0.0001\"", std::nullopt},
        {"\"86400000.001\"", std::nullopt},
        {"86400001", std::nullopt},
        {"\"-1\"", std::nullopt},
        {"1.5", std::nullopt},  // as of a quantity: a number has lost digits before we see it
        {"\"soon\"", std::nullopt},
    };
    for (const Case& c : cases)
        for (const char* type : {"application/json", "application/json; charset=utf-8"}) {
            SCOPED_TRACE(c.latency_ms);
            const auto body =
                read(R"({"meter":"m","latency_ms":)" + std::string(c.latency_ms) + "}", type);
            EXPECT_EQ(body.has_value(), c.us.has_value());
            if (body) EXPECT_EQ(body->latency_us, c.us);
        }
}

RC_GTEST_PROP(ConsumeScan, ReadsWhatTheOtherReaderReads, ()) {
    const std::vector<std::string> members = {R"("customer":"alice")",
                                              R"("customer":"\u0061lice")",
                                              R"("customer":"ü")",
                                              R"("meter":"api_calls")",
                                              R"("feature":"api_calls")",
                                              R"("quantity":2)",
                                              R"("quantity":"0.25")",
                                              R"("quantity":0)",
                                              R"("quantity":"-1")",
                                              R"("source":"shop")",
                                              R"("source":"turnpike.")",
                                              R"("id":"1")",
                                              R"("latency_ms":5)",
                                              R"("latency_ms":0.5)",
                                              R"("latency_ms":"2.25")",
                                              R"("properties":{"p":"q"})",
                                              R"("other":1)"};
    std::string body;
    for (int i = *rc::gen::inRange(0, 7); i > 0; --i)
        body += (body.empty() ? "" : ",") + *rc::gen::elementOf(members);
    body = "{" + body + "}";
    // Now and then it is cut.
    if (*rc::gen::inRange(0, 8) == 0)
        body.resize(static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(body.size()))));
    RC_ASSERT(is_read_alike(body));
}

}  // namespace
}  // namespace turnpike
