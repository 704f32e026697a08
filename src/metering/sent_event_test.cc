#include "metering/sent_event.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

/// `members` as an object, with one replaced, added, or removed (empty text).
std::string with(const Members& members, const std::string& name, const std::string& value) {
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
std::string cloud(const std::string& name, const std::string& value) {
    return with({{"specversion", "\"1.0\""},
                 {"id", "\"e1\""},
                 {"source", "\"api\""},
                 {"type", "\"api.call\""},
                 {"subject", "\"alice\""},
                 {"data", "{\"quantity\":2}"}},
                name, value);
}
std::string plain(const std::string& name, const std::string& value) {
    return with({{"id", "\"e1\""},
                 {"source", "\"api\""},
                 {"customer", "\"alice\""},
                 {"meter", "\"api_calls\""},
                 {"quantity", "2"}},
                name, value);
}
std::string with_quantity(const std::string& json) {
    return cloud("data", "{\"quantity\":" + json + "}");
}

/// "" when it is read.
std::string code_of(const std::string& json) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const EventEntry event = read_event(scanner, json);
    return event ? "" : std::string(event.error().code);
}

TEST(SentEvent, ACloudEventSaysWhatWasUsed) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const std::string json =
        R"({"data":{"path":"/x","latency_ms":"12.5","quantity":2},"time":"2024-09-01T10:00:00Z",)"
        R"("subject":"alice","type":"api.call","source":"a\u0070i","id":"e1","specversion":"1.0",)"
        R"("customer":7,"quantity":"an extension attribute"})";
    const EventEntry event = read_event(scanner, json);
    ASSERT_TRUE(event) << event.error().detail;
    EXPECT_EQ(event->id, "e1");
    EXPECT_EQ(event->source, "api");
    EXPECT_EQ(event->type, "api.call");
    EXPECT_EQ(event->meter_key, "");
    EXPECT_EQ(event->subject, "alice");
    EXPECT_EQ(event->time, parse_rfc3339("2024-09-01T10:00:00Z"));
    EXPECT_EQ(event->data, SentEvent::Data::Present);
    EXPECT_EQ(event->quantity, Quantity::whole(2));
    EXPECT_EQ(event->latency_us, 12'500);
}

TEST(SentEvent, APlainEventSaysItInTheWordsOfConsume) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const std::string json =
        R"({"customer":"alice","meter":"api_calls","quantity":"0.5","source":"api","id":"e1",)"
        R"("time":"2024-09-01T10:00:00+02:00","latency_ms":3})";
    const EventEntry event = read_event(scanner, json);
    ASSERT_TRUE(event) << event.error().detail;
    EXPECT_EQ(event->id, "e1");
    EXPECT_EQ(event->source, "api");
    EXPECT_EQ(event->type, "");
    EXPECT_EQ(event->meter_key, "api_calls");
    EXPECT_EQ(event->subject, "alice");
    EXPECT_EQ(event->time, parse_rfc3339("2024-09-01T08:00:00Z"));
    EXPECT_EQ(event->data, SentEvent::Data::Present);
    EXPECT_EQ(event->quantity, Quantity::from_scaled(500'000));
    EXPECT_EQ(event->latency_us, 3'000);
}

TEST(SentEvent, IsRefusedWithACode) {
    const std::string nested = std::string(100, '[') + std::string(100, ']');
    struct Case {
        const char* name;
        std::string json;
        std::string_view code;  // "" is good
    };
    const Case cases[] = {
        {"good", cloud("id", "\"e1\""), ""},
        {"not an object", "3", "not_an_event"},
        {"an array", "[]", "not_an_event"},
        {"nothing", "", "bad_json"},
        {"cut", R"({"specversion":"1.0")", "bad_json"},
        {"something behind", cloud("id", "\"e1\"") + "x", "bad_json"},
        {"no UTF-8", cloud("id", "\"\xff\""), "bad_json"},
        {"no UTF-8 in a member that nobody reads", cloud("note", "\"\xff\""), "bad_json"},
        {"no id", cloud("id", ""), "missing_field"},
        {"null id", cloud("id", "null"), "missing_field"},
        {"empty id", cloud("id", "\"\""), "bad_field"},
        {"a number for an id", cloud("id", "7"), "bad_field"},
        {"a line end in the id", cloud("id", R"("a\nb")"), "bad_field"},
        {"DEL in the id", cloud("id", "\"a\x7f\""), "bad_field"},
        {"an id of 255 bytes", cloud("id", '"' + std::string(255, 'i') + '"'), ""},
        {"an id of 256 bytes", cloud("id", '"' + std::string(256, 'i') + '"'), "bad_field"},
        {"an id of 10 kB", cloud("id", '"' + std::string(10'000, 'i') + '"'), "bad_field"},
        {"a source of the server's", cloud("source", "\"turnpike.gateway GET /x\""),
         "reserved_source"},
        {"the same, escaped", cloud("source", R"("turnpi\u006be.")"), "reserved_source"},
        {"a source that only looks like it", cloud("source", "\"turnpike\""), ""},
        {"no subject", cloud("subject", ""), "missing_field"},
        {"no type", cloud("type", ""), "missing_field"},
        {"old version", cloud("specversion", "\"0.3\""), "bad_specversion"},
        {"a number for a version", cloud("specversion", "1.0"), "bad_specversion"},
        {"no version, so it is plain", cloud("specversion", ""), "missing_field"},
        {"an extension", cloud("traceparent", "\"00-x\""), ""},
        {"id twice", cloud("id", R"("a","id":"b")"), "repeated_member"},
        {"id twice, once escaped", cloud("id", R"("a","\u0069d":"b")"), "repeated_member"},
        {"quantity twice", cloud("data", R"({"quantity":1,"quantity":1})"), "repeated_member"},
        {"twice where nobody reads", cloud("x", R"({"a":{"b":1,"b":1}})"), "repeated_member"},
        {"depth 100", cloud("x", nested), "nested_too_deeply"},
        {"depth 100 in data", cloud("data", nested), "nested_too_deeply"},
        {"1 MB of properties", cloud("data", "{\"p\":\"" + std::string(1'000'000, 'p') + "\"}"),
         "event_too_large"},
        {"60 kB of properties",
         cloud("data", "{\"quantity\":1,\"p\":\"" + std::string(60'000, 'p') + "\"}"), ""},
        {"a time without a zone", cloud("time", "\"2024-09-01T10:00:00\""), "bad_time"},
        {"a time that is a number", cloud("time", "1725184800"), "bad_time"},
        {"leap second", cloud("time", "\"2016-12-31T23:59:60Z\""), "bad_time"},
        {"the year 1", cloud("time", "\"0001-01-01T00:00:00Z\""), "bad_time"},
        {"the year 9999 is for the ledger to judge", cloud("time", "\"9999-12-31T23:59:59Z\""), ""},
        {"data is a list", cloud("data", "[1]"), "bad_data"},
        {"data_base64", cloud("data_base64", "\"e30=\""), "bad_data"},
        {"no data", cloud("data", ""), ""},
        {"data is null", cloud("data", "null"), ""},
        {"negative quantity", with_quantity("-1"), "bad_quantity"},
        {"minus zero", with_quantity("-0"), ""},
        {"negative quantity as text", with_quantity("\"-1\""), "bad_quantity"},
        {"a fraction", with_quantity("0.1"), ""},
        {"a fraction as text", with_quantity("\"0.1\""), ""},
        {"six fraction digits", with_quantity("0.123456"), ""},
        {"seven fraction digits", with_quantity("0.1234567"), "bad_quantity"},
        {"nineteen decimals", with_quantity("0.1234567890123456789"), "bad_quantity"},
        {"nineteen decimals as text", with_quantity("\"0.1234567890123456789\""), "bad_quantity"},
        {"the most", with_quantity("1000000000000"), ""},
        {"too many units", with_quantity("1000000000001"), "bad_quantity"},
        {"2^64 - 1", with_quantity("18446744073709551615"), "bad_quantity"},
        {"a number of 400 digits", with_quantity(std::string(400, '9')), "bad_quantity"},
        {"an exponent", with_quantity("1e3"), "bad_quantity"},
        {"an exponent beyond any double", with_quantity("1e999"), "bad_quantity"},
        {"a quantity of true", with_quantity("true"), "bad_quantity"},
        {"a quantity of null", with_quantity("null"), "bad_quantity"},
        {"words", with_quantity("\"many\""), "bad_quantity"},
        {"NaN as text", with_quantity("\"NaN\""), "bad_quantity"},
        {"NaN", with_quantity("NaN"), "bad_json"},
        {"negative latency", cloud("data", R"({"quantity":1,"latency_ms":-1})"), "bad_latency"},
        {"two days of latency", cloud("data", R"({"quantity":1,"latency_ms":172800000})"),
         "bad_latency"},
        {"nanoseconds of latency", cloud("data", R"({"quantity":1,"latency_ms":1.2345})"),
         "bad_latency"},
        {"plain", plain("id", "\"e1\""), ""},
        {"plain without a customer", plain("customer", ""), "missing_field"},
        {"plain without a meter", plain("meter", ""), "missing_field"},
        {"plain without a source", plain("source", ""), "missing_field"},
        {"plain with a source of the server's", plain("source", "\"turnpike.consume\""),
         "reserved_source"},
        {"plain with a negative quantity", plain("quantity", "-1"), "bad_quantity"},
        {"plain with a bad time", plain("time", "\"now\""), "bad_time"},
        {"plain with data", plain("data", "[]"), "unknown_field"},
        {"plain with no data", plain("data", "null"), ""},
        {"plain with a type", plain("type", "\"x\""), "unknown_field"},
        {"plain with a subject", plain("subject", "\"x\""), "unknown_field"},
        {"plain with a member without a name", plain("", "1"), "unknown_field"},
        {"plain with a misspelt time", plain("tme", "\"2025-11-10T00:00:00Z\""), "unknown_field"},
        {"plain with properties", plain("properties", R"({"region":"eu"})"), ""},
        {"plain with no properties", plain("properties", "null"), ""},
        {"plain with a list of properties", plain("properties", "[]"), "bad_data"},
        {"plain with a text of properties", plain("properties", "\"eu\""), "bad_data"},
        {"plain with a property twice", plain("properties", R"({"a":1,"a":1})"), "repeated_member"},
        {"an extension named properties", cloud("properties", "7"), ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(code_of(c.json), c.code);
    }
}

/// "name=text" of each.
std::vector<std::string> properties_of(const std::string& json) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const EventEntry event = read_event(scanner, json);
    EXPECT_TRUE(event) << event.error().detail;
    std::vector<std::string> found;
    for (const auto& [name, text] : event->properties)
        found.push_back(std::string(name) + "=" + std::string(text));
    return found;
}

TEST(SentEvent, TheScalarsOfItsDataAreProperties) {
    using Properties = std::vector<std::string>;
    const std::string data =
        R"({"model":"gpt-\u0034","quantity":1,"tokens":12.50,"latency_ms":3,"cached":true,)"
        R"("batch":false,"note":null,"path":["/a"],"more":{"model":"x"},"":"unnamed","none":""})";
    EXPECT_EQ(properties_of(cloud("data", data)),
              (Properties{"model=gpt-4", "tokens=12.50", "cached=true", "batch=false", "=unnamed",
                          "none="}));
    EXPECT_EQ(properties_of(cloud("data", R"({"quantity":1})")), Properties{});
    EXPECT_EQ(properties_of(cloud("data", "")), Properties{});
    // Members of the event itself are not: they are attributes, or extensions.
    EXPECT_EQ(properties_of(cloud("region", "\"eu\"")), Properties{});
    EXPECT_EQ(properties_of(cloud("properties", R"({"region":"eu"})")), Properties{});
    EXPECT_EQ(properties_of(plain("properties", R"({"region":"eu","n":1e2,"o":{"p":1}})")),
              (Properties{"region=eu", "n=1e2"}));
}

TEST(SentEvent, APropertyIsFoundByItsName) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const std::string json = cloud("data", R"({"quantity":"1.50","latency_ms":2.5,"region":"eu"})");
    const EventEntry event = read_event(scanner, json);
    EXPECT_EQ(event->property("quantity"), "1.50");
    EXPECT_EQ(event->property("latency_ms"), "2.5");
    EXPECT_EQ(event->property("region"), "eu");
    EXPECT_EQ(event->property("model"), std::nullopt);
    const std::string bare = cloud("data", "{}");
    EXPECT_EQ(read_event(scanner, bare)->property("quantity"), std::nullopt);
    EXPECT_EQ(read_event(scanner, bare)->property("latency_ms"), std::nullopt);
}

TEST(SentEvent, HeadersMayCarryDataWithProperties) {
    http::Request request;
    request.headers = {{"ce-specversion", "1.0"},
                       {"ce-id", "1"},
                       {"ce-source", "api"},
                       {"ce-type", "api.call"},
                       {"ce-subject", "alice"}};
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const std::string body = R"({"region":"eu"})";
    EXPECT_EQ(read_binary_event(request, body, scanner, decoded)->property("region"), "eu");
}

/// 2^53 + 1 and a tenth have no double.
TEST(SentEvent, QuantitiesAreReadFromTheirDigits) {
    const std::pair<const char*, std::int64_t> cases[] = {
        {"999999999999.999999", 999'999'999'999'999'999},
        {"\"999999999999.999999\"", 999'999'999'999'999'999},
        {"9007199254.740993", 9'007'199'254'740'993},
        {"0.1", 100'000},
        {"1.50", 1'500'000},
    };
    for (const auto& [digits, scaled] : cases) {
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        const std::string json = with_quantity(digits);
        const EventEntry event = read_event(scanner, json);
        ASSERT_TRUE(event) << digits;
        EXPECT_EQ(event->quantity->scaled(), scaled) << digits;
    }
}

TEST(SentEvent, ACorrectionSaysWhichEventAndNothingElse) {
    const auto plain = [](const std::string& rest) {
        return R"({"id":"v","source":"s","customer":"alice",)" + rest + "}";
    };
    const auto cloud_of = [](const char* kind, const std::string& data) {
        return R"({"specversion":"1.0","id":"v","source":"s","subject":"alice","type":")"
               "turnpike.usage." +
               std::string(kind) + R"(","data":)" + data + "}";
    };
    const std::string event = R"("source":"t","id":"1")";
    const std::pair<std::string, const char*> cases[] = {
        {plain(R"("void":{)" + event + "}"), "void t 1"},
        {plain(R"("void":{)" + event + R"(,"quantity":1})"), "bad_correction"},
        {plain(R"("void":{)" + event + R"(,"note":"x"})"), "bad_correction"},
        {plain(R"("void":"1")"), "bad_correction"},
        {plain(R"("void":{"source":"t"})"), "missing_field"},
        {plain(R"("void":{"source":"t","id":""})"), "bad_field"},
        {plain(R"("meter":"m","void":{)" + event + "}"), "bad_correction"},
        {plain(R"("quantity":1,"void":{)" + event + "}"), "bad_correction"},
        {plain(R"("properties":{"a":1},"void":{)" + event + "}"), "bad_correction"},
        {plain(R"("void":{)" + event + R"(},"amend":{)" + event + R"(,"quantity":1})"),
         "bad_correction"},
        {plain(R"("void":null,"amend":{)" + event + R"(,"quantity":"2.5"})"), "amend t 1 2.5"},
        {plain(R"("amend":{)" + event + "}"), "missing_field"},
        {plain(R"("amend":{)" + event + R"(,"quantity":-1})"), "bad_quantity"},
        {cloud_of("void", "{" + event + "}"), "void t 1"},
        {cloud_of("amend", "{" + event + R"(,"quantity":3})"), "amend t 1 3"},
        {cloud_of("amend", "{" + event + "}"), "missing_field"},
        {cloud_of("void", "{" + event + R"(,"quantity":3})"), "bad_correction"},
        {cloud_of("void", "{" + event + R"(,"more":"x"})"), "bad_correction"},
        {cloud_of("void", R"({"source":"t","id":1})"), "bad_correction"},
        {cloud_of("void", "[]"), "bad_correction"},
        {cloud_of("void", "null"), "missing_field"},
    };
    for (const auto& [json, expected] : cases) {
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        const EventEntry read = read_event(scanner, json);
        if (!read) {
            EXPECT_EQ(read.error().code, expected) << json;
            continue;
        }
        ASSERT_TRUE(read->corrects) << json;
        std::string said(to_text(read->corrects->kind));
        said.append(" ").append(read->corrects->source).append(" ").append(read->corrects->id);
        if (read->quantity) said += " " + read->quantity->text();
        EXPECT_EQ(said, expected) << json;
    }
}

TEST(SentEvent, HeaderValuesAreDecodedOnce) {
    http::Request request;
    request.headers = {{"ce-specversion", "1.0"},
                       {"ce-id", "a%20%22b%2522"},
                       {"ce-source", "api"},
                       {"ce-type", "api.call"},
                       {"ce-subject", "alice"}};
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const auto read = [&](std::string_view body) {
        return read_binary_event(request, body, scanner, decoded);
    };
    ASSERT_TRUE(read(""));
    EXPECT_EQ(read("")->id, "a \"b%22");
    EXPECT_EQ(read("")->data, SentEvent::Data::Absent);
    EXPECT_EQ(read(" {\"quantity\":\"2.5\"} ")->quantity, Quantity::from_scaled(2'500'000));
    EXPECT_EQ(read("{}")->data, SentEvent::Data::Present);
    for (const std::string body : {"null", "[1]", "{", "{} 1"})
        EXPECT_EQ(read(body).error().code, "bad_data") << body;
    EXPECT_EQ(read(std::string(70'000, ' ')).error().code, "event_too_large");
    request.headers[1].second = "a%0D%0Ab";  // a decoded line end stays refused
    EXPECT_EQ(read("").error().code, "bad_field");
    for (const char* bad : {"a%2", "%FF", "\xff", "%C0%80", "%ED%A0%80"}) {
        request.headers[1].second = bad;
        EXPECT_EQ(read("").error().code, "bad_field") << bad;
    }
    request.headers[1].second = "caf%C3%A9";
    EXPECT_EQ(read("")->id, "caf\xc3\xa9");
    request.headers[1].second = "a";
    request.headers[0].second = "0.3";
    EXPECT_EQ(read("").error().code, "bad_specversion");
    request.headers[0].second = "1.0";
    request.headers.pop_back();
    EXPECT_EQ(read("").error().code, "missing_field");
}

}  // namespace
}  // namespace turnpike
