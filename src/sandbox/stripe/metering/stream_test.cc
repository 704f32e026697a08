#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using testing::Reply;
using testing::TwinUnderTest;

constexpr std::int64_t kStreamStart = 1'762'799'351;  // 2025-11-10T18:29:11Z
constexpr const char* kStream = "/v2/billing/meter_event_stream";

class MeterEventStream : public ::testing::Test {
protected:
    MeterEventStream() {
        twin_.post("/v1/billing/meters",
                   "display_name=n&event_name=api_calls&default_aggregation[formula]=sum");
    }
    static http::Headers json_headers(const std::string& version = "2024-09-30.acacia") {
        return {{"Content-Type", "application/json"}, {"Stripe-Version", version}};
    }
    Reply post_v2(const std::string& path, const std::string& body) {
        return twin_.post(path, body, json_headers());
    }
    std::string open_session() {
        return text_of(post_v2("/v2/billing/meter_event_session", "").body, "authentication_token");
    }
    Reply stream(const std::string& token, const std::string& body) {
        auto headers = json_headers();
        headers.emplace_back("Authorization", "Bearer " + token);
        return twin_.post(kStream, body, headers);
    }
    [[nodiscard]] std::string event(const std::string& identifier, const std::string& more = "",
                                    const std::string& name = "api_calls") const {
        return R"({"event_name":")" + name + R"(","identifier":")" + identifier +
               R"(","payload":{"stripe_customer_id":")" + customer_ + R"(","value":"5"})" + more +
               "}";
    }
    static std::string batch(const std::vector<std::string>& events) {
        std::string text;
        for (const auto& one : events) text += (text.empty() ? "" : ",") + one;
        return R"({"events":[)" + text + "]}";
    }
    /// What the meter has counted from two hours ago to the next full hour.
    std::int64_t counted() {
        const auto meter = text_of(twin_.get("/v1/billing/meters").body.at("data").at(0), "id");
        const auto hour = kStreamStart - kStreamStart % 3'600;
        const auto reply =
            twin_.get("/v1/billing/meters/" + meter + "/event_summaries?customer=" + customer_ +
                      "&start_time=" + std::to_string(hour - 7'200) +
                      "&end_time=" + std::to_string(hour + 3'600));
        return integer_of(reply.body.at("data").at(0), "aggregated_value");
    }
    std::vector<Json> reports(const std::string& query = "") {
        return twin_.get("/v2/core/events" + query).body.at("data").get<std::vector<Json>>();
    }

    TwinUnderTest twin_;
    std::string customer_ = twin_.post_id("/v1/customers", "email=a%40b.co");
};

TEST_F(MeterEventStream, TakesEventsOfASession) {
    const auto session = post_v2("/v2/billing/meter_event_session", "{}").body;
    EXPECT_EQ(text_of(session, "object"), "v2.billing.meter_event_session");
    EXPECT_EQ(text_of(session, "created"), "2025-11-10T18:29:11.000Z");
    EXPECT_EQ(text_of(session, "expires_at"), "2025-11-10T18:44:11.000Z");

    const auto reply =
        stream(text_of(session, "authentication_token"),
               batch({event("a"), event("b", R"(,"timestamp":"2025-11-10T18:00:00Z")")}));
    EXPECT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.text, "{}\n");
    EXPECT_EQ(counted(), 10);
    EXPECT_TRUE(reports().empty());
}

TEST_F(MeterEventStream, LeavesOutWhatItHas) {
    const auto token = open_session();
    EXPECT_EQ(stream(token, batch({event("a"), event("a")})).status, 200);
    EXPECT_EQ(stream(token, batch({event("a")})).status, 200);
    EXPECT_EQ(counted(), 5);
    EXPECT_TRUE(reports().empty());
}

TEST_F(MeterEventStream, SessionLasts15Minutes) {
    const auto token = open_session();
    twin_.clock().set(from_unix_seconds(kStreamStart + 15 * 60 - 1));
    EXPECT_EQ(stream(token, batch({event("a")})).status, 200);
    twin_.clock().set(from_unix_seconds(kStreamStart + 15 * 60));
    const auto late = stream(token, batch({event("b")}));
    EXPECT_EQ(late.status, 401);
    EXPECT_EQ(late.error("type"), "temporary_session_expired");
    EXPECT_EQ(late.error("code"), "billing_meter_event_session_expired");
    EXPECT_EQ(stream("sk_test_first", batch({event("b")})).status, 401);
    EXPECT_EQ(stream("", batch({event("b")})).status, 401);
    EXPECT_EQ(counted(), 5);
}

TEST_F(MeterEventStream, ReportsAllProblemsOfAMeterTogether) {
    const auto token = open_session();
    const std::string unknown = R"({"event_name":"api_calls","identifier":"d","payload":{}})";
    const auto reply =
        stream(token, batch({event("a"), event("b", R"(,"timestamp":"2025-01-01T00:00:00Z")"),
                             event("c", R"(,"timestamp":"2026-01-01T00:00:00Z")"), unknown,
                             event("e", R"(,"timestamp":"2025-01-02T00:00:00Z")"),
                             event("f", "", "no.such.name")}));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(counted(), 5);

    const auto found = reports();
    ASSERT_EQ(found.size(), 2U);
    const auto of_meter = reports("?types[]=v1.billing.meter.error_report_triggered");
    ASSERT_EQ(of_meter.size(), 1U);
    const Json& data = of_meter.front().at("data");
    EXPECT_EQ(text_of(data, "developer_message_summary"), "There are 4 invalid events");
    EXPECT_EQ(text_of(data, "validation_start"), "2025-11-10T18:29:10.000Z");
    EXPECT_EQ(text_of(data, "validation_end"), "2025-11-10T18:29:20.000Z");
    std::vector<std::pair<std::string, std::int64_t>> counts;
    for (const auto& type : data.at("reason").at("error_types"))
        counts.emplace_back(text_of(type, "code"), integer_of(type, "error_count"));
    EXPECT_THAT(counts, ElementsAre(std::pair("meter_event_no_customer_defined", 1),
                                    std::pair("timestamp_in_future", 1),
                                    std::pair("timestamp_too_far_in_past", 2)));

    const auto of_none = reports("?types[]=v1.billing.meter.no_meter_found");
    ASSERT_EQ(of_none.size(), 1U);
    EXPECT_FALSE(of_none.front().contains("related_object"));
    EXPECT_EQ(text_of(of_none.front().at("data"), "developer_message_summary"),
              "There is 1 invalid event");
}

TEST_F(MeterEventStream, ThinEventsAreFoundOneByOne) {
    stream(open_session(), batch({event("a", "", "no.such.name")}));
    const auto event = reports().front();
    EXPECT_EQ(text_of(event, "object"), "v2.core.event");
    EXPECT_EQ(text_of(event, "created"), "2025-11-10T18:29:11.000Z");
    const std::string path = "/v2/core/events/" + text_of(event, "id");
    EXPECT_EQ(twin_.get(path, json_headers()).body, event);
    EXPECT_EQ(twin_.get("/v2/core/events/evt_none").status, 404);
    twin_.clock().set(from_unix_seconds(kStreamStart + 30 * 86'400 + 1));
    EXPECT_EQ(twin_.get(path).status, 404);
    EXPECT_TRUE(reports().empty());
}

TEST_F(MeterEventStream, ThinEventsComeInPages) {
    const auto token = open_session();
    for (int i = 0; i < 5; ++i) {
        twin_.clock().set(from_unix_seconds(kStreamStart + i));
        stream(token, batch({event("e" + std::to_string(i), "", "no.such.name")}));
    }
    std::vector<std::string> seen;
    std::string page = "/v2/core/events?limit=2&types[]=v1.billing.meter.no_meter_found";
    while (!page.empty()) {
        const auto body = twin_.get(page).body;
        for (const auto& event : body.at("data")) seen.push_back(text_of(event, "created"));
        page = text_of(body, "next_page_url");
    }
    EXPECT_THAT(seen, ElementsAre("2025-11-10T18:29:15.000Z", "2025-11-10T18:29:14.000Z",
                                  "2025-11-10T18:29:13.000Z", "2025-11-10T18:29:12.000Z",
                                  "2025-11-10T18:29:11.000Z"));
    EXPECT_EQ(reports("?created[gt]=2025-11-10T18:29:13Z").size(), 2U);
    EXPECT_EQ(reports("?object_id=mtr_none").size(), 0U);
    EXPECT_EQ(twin_.get("/v2/core/events?limit=101").status, 400);
    EXPECT_EQ(twin_.get("/v2/core/events?page=first").status, 400);
}

TEST_F(MeterEventStream, SingleEventsAreCheckedAtOnce) {
    const std::string path = "/v2/billing/meter_events";
    const auto made = post_v2(path, event("a", R"(,"timestamp":"2025-11-10T18:00:00Z")"));
    EXPECT_EQ(made.body, (Json{{"object", "v2.billing.meter_event"},
                               {"created", "2025-11-10T18:29:11.000Z"},
                               {"event_name", "api_calls"},
                               {"identifier", "a"},
                               {"livemode", false},
                               {"payload", {{"stripe_customer_id", customer_}, {"value", "5"}}},
                               {"timestamp", "2025-11-10T18:00:00.000Z"}}));
    EXPECT_EQ(post_v2(path, event("a")).error("code"), "duplicate_meter_event");
    EXPECT_EQ(post_v2(path, event("b", "", "nothing")).error("code"), "no_meter");
    EXPECT_EQ(post_v2(path, R"({"event_name":"api_calls","payload":{"value":"5"}})").error("code"),
              "meter_event_no_customer_defined");
    EXPECT_EQ(post_v2(path, event("b", R"(,"timestamp":"yesterday")")).error("param"), "timestamp");
    EXPECT_TRUE(reports().empty());
    EXPECT_EQ(counted(), 5);

    const auto canceled =
        post_v2("/v2/billing/meter_event_adjustments",
                R"({"event_name":"api_calls","type":"cancel","cancel":{"identifier":"a"}})");
    EXPECT_EQ(text_of(canceled.body, "object"), "v2.billing.meter_event_adjustment");
    EXPECT_EQ(counted(), 0);
}

TEST_F(MeterEventStream, BodiesAreJson) {
    const std::string path = "/v2/billing/meter_events";
    for (const char* body : {"{", "[]", "5", "event_name=api_calls", R"({"a":1,"a":2})"}) {
        SCOPED_TRACE(body);
        EXPECT_EQ(post_v2(path, body).status, 400);
    }
    EXPECT_EQ(twin_.post(path, "event_name=api_calls").status, 400);
    EXPECT_EQ(post_v2(path, R"({"event_name":7,"payload":{}})").error("param"), "event_name");
    EXPECT_EQ(post_v2(path, R"({"event_name":"api_calls","payload":{"value":5}})").error("param"),
              "payload[value]");
    EXPECT_EQ(post_v2(path, R"({"event_name":"api_calls","payload":{},"x":"1"})").error("code"),
              "parameter_unknown");
    EXPECT_EQ(stream(open_session(), batch(std::vector<std::string>(101, event("a")))).status, 400);
    // There was no v2 before acacia.
    EXPECT_EQ(twin_.get("/v1/customers", {{"Stripe-Version", "2024-06-20"}}).status, 200);
    EXPECT_EQ(twin_.post(path, event("z"), json_headers("2024-06-20")).status, 400);
}

}  // namespace
}  // namespace turnpike::twin
