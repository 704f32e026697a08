#include "metering/cloud_event.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

http::Request request(std::string type, std::string body, http::Headers more = {}) {
    http::Request made;
    made.method = http::Method::Post;
    if (!type.empty()) made.headers.emplace_back("Content-Type", std::move(type));
    for (auto& header : more) made.headers.push_back(std::move(header));
    made.body = std::move(body);
    return made;
}

constexpr const char* kEvent =
    R"({"specversion":"1.0","id":"e1","source":"api","type":"api.call","subject":"alice",)"
    R"("time":"2024-09-01T10:00:00Z","data":{"quantity":2,"latency_ms":"12.5","path":"/x"}})";

/// kEvent with one member replaced, added, or removed (empty text).
std::string with(const std::string& name, const std::string& value) {
    const std::pair<const char*, std::string> members[] = {
        {"specversion", "\"1.0\""}, {"id", "\"e1\""},         {"source", "\"api\""},
        {"type", "\"api.call\""},   {"subject", "\"alice\""}, {"data", "{\"quantity\":2}"}};
    std::string text;
    bool replaced = false;
    const auto add = [&](const std::string& key, const std::string& json) {
        if (!json.empty()) text += (text.empty() ? "\"" : ",\"") + key + "\":" + json;
    };
    for (const auto& [key, json] : members) {
        add(key, key == name ? value : json);
        replaced = replaced || key == name;
    }
    if (!replaced) add(name, value);
    return "{" + text + "}";
}

EventEntry read_one(const http::Request& from) {
    const auto entries = read_events(from, event_mode(from));
    if (!entries || entries->size() != 1)
        return std::unexpected(EventComplaint{"not_one", "not one event"});
    return entries->front();
}

TEST(CloudEvents, EveryModeReadsTheSameEvent) {
    const std::string batch = std::string("[") + kEvent + "]";
    const http::Headers headers{{"ce-specversion", "1.0"}, {"ce-id", "e1"},
                                {"ce-source", "api"},      {"ce-type", "api.call"},
                                {"ce-subject", "alice"},   {"ce-time", "2024-09-01T10:00:00Z"}};
    struct Case {
        const char* name;
        http::Request from;
        EventMode mode;
    };
    const Case cases[] = {
        {"structured", request("application/cloudevents+json; charset=utf-8", kEvent),
         EventMode::Structured},
        {"batch", request("application/cloudevents-batch+json", batch), EventMode::Batch},
        {"JSON array", request("Application/JSON", batch), EventMode::Json},
        {"JSON object", request("application/json", kEvent), EventMode::Json},
        {"binary", request("application/json", R"({"quantity":2,"latency_ms":"12.5"})", headers),
         EventMode::Binary},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(event_mode(c.from), c.mode);
        const EventEntry event = read_one(c.from);
        ASSERT_TRUE(event) << event.error().detail;
        EXPECT_EQ(event->id, "e1");
        EXPECT_EQ(event->source, "api");
        EXPECT_EQ(event->type, "api.call");
        EXPECT_EQ(event->subject, "alice");
        EXPECT_EQ(event->time, parse_rfc3339("2024-09-01T10:00:00Z"));
        EXPECT_EQ(event->quantity, Quantity::whole(2));
        EXPECT_EQ(event->latency_us, 12'500);
    }
}

TEST(CloudEvents, OtherTypesAreNotGuessed) {
    for (const char* type : {"", "text/plain", "application/x-ndjson", "application/xml"})
        EXPECT_EQ(event_mode(request(type, kEvent)), EventMode::Unsupported) << type;
    EXPECT_EQ(event_mode(request("application/json", "", {{"Content-Encoding", "gzip"}})),
              EventMode::Unsupported);
}

TEST(CloudEvents, AnEntryIsRefusedByItself) {
    struct Case {
        const char* name;
        std::string json;
        std::string_view code;  // "" is good
    };
    const Case cases[] = {
        {"good", with("id", "\"e1\""), ""},
        {"not an object", "3", "not_an_event"},
        {"no id", with("id", ""), "missing_field"},
        {"null id", with("id", "null"), "missing_field"},
        {"empty id", with("id", "\"\""), "bad_field"},
        {"a number for an id", with("id", "7"), "bad_field"},
        {"a line end in the id", with("id", R"("a\nb")"), "bad_field"},
        {"no subject", with("subject", ""), "missing_field"},
        {"old version", with("specversion", "\"0.3\""), "bad_specversion"},
        {"an extension", with("traceparent", "\"00-x\""), ""},
        {"a time without a zone", with("time", "\"2024-09-01T10:00:00\""), "bad_time"},
        {"leap second", with("time", "\"2016-12-31T23:59:60Z\""), "bad_time"},
        {"data is a list", with("data", "[1]"), "bad_data"},
        {"data_base64", with("data_base64", "\"e30=\""), "bad_data"},
        {"no data", with("data", ""), ""},
        {"negative quantity", with("data", R"({"quantity":-1})"), "bad_quantity"},
        {"a fraction that JSON has cut", with("data", R"({"quantity":0.1})"), "bad_quantity"},
        {"a fraction as text", with("data", R"({"quantity":"0.1"})"), ""},
        {"seven fraction digits", with("data", R"({"quantity":"0.1234567"})"), "bad_quantity"},
        {"too many units", with("data", R"({"quantity":1000000000001})"), "bad_quantity"},
        {"2^64 - 1", with("data", R"({"quantity":18446744073709551615})"), "bad_quantity"},
        {"a quantity of true", with("data", R"({"quantity":true})"), "bad_quantity"},
        {"negative latency", with("data", R"({"quantity":1,"latency_ms":-1})"), "bad_latency"},
        {"two days of latency", with("data", R"({"quantity":1,"latency_ms":172800000})"),
         "bad_latency"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const EventEntry event = read_one(request("application/cloudevents+json", c.json));
        EXPECT_EQ(event ? "" : event.error().code, c.code);
    }
}

TEST(CloudEvents, HeaderValuesAreDecodedOnce) {
    http::Headers headers{{"ce-specversion", "1.0"},
                          {"ce-id", "a%20%22b%2522"},
                          {"ce-source", "api"},
                          {"ce-type", "api.call"},
                          {"ce-subject", "alice"}};
    const EventEntry event = read_one(request("", "", headers));
    ASSERT_TRUE(event) << event.error().detail;
    EXPECT_EQ(event->id, "a \"b%22");
    headers[1].second = "a%0D%0Ab";  // a decoded line end stays refused
    EXPECT_EQ(read_one(request("", "", headers)).error().code, "bad_field");
    headers.erase(headers.begin() + 4);
    headers[1].second = "a";
    EXPECT_EQ(read_one(request("", "", headers)).error().code, "missing_field");
}

TEST(CloudEvents, ARequestIsRefusedAsAWhole) {
    const auto reason = [](const std::string& type, const std::string& body) {
        const auto from = request(type, body);
        return std::string(read_events(from, event_mode(from)).error().reason.text());
    };
    EXPECT_EQ(reason("application/json", "[1,]"), "json.invalid");
    EXPECT_EQ(reason("application/json", "3"), "event.not_an_array");
    EXPECT_EQ(reason("application/cloudevents-batch+json", kEvent), "event.not_an_array");
    std::string many = "[0";
    for (int i = 1; i < 1'001; ++i) many += ",0";
    EXPECT_EQ(reason("application/json", many + "]"), "event.too_many");
}

}  // namespace
}  // namespace turnpike
