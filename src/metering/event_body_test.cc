#include "metering/event_body.h"

#include <gtest/gtest.h>
#include <zstd.h>

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

/// A CloudEvent with this id; `more` comes behind its members.
std::string event(const std::string& id, const std::string& more = "") {
    return R"({"specversion":"1.0","source":"api","type":"api.call","subject":"alice","id":")" +
           id + "\"" + more + "}";
}

/// The ids of the events that were read, and the codes of the others.
std::vector<std::string> summary_of(const std::vector<EventEntry>& entries) {
    std::vector<std::string> summary;
    for (const auto& entry : entries) summary.emplace_back(entry ? entry->id : entry.error().code);
    return summary;
}
std::vector<std::string> summary_of(const http::Request& from) {
    const auto batch = read_events(from, event_mode(from), from.body);
    return batch ? summary_of(batch->entries)
                 : std::vector{"refused " + std::string(batch.error().reason.text())};
}

TEST(EventBody, TheContentTypeSaysHowItIsRead) {
    const http::Headers binary{{"ce-specversion", "1.0"}};
    struct Case {
        const char* name;
        http::Request from;
        EventMode mode;
    };
    const Case cases[] = {
        {"structured", request("application/cloudevents+json; charset=utf-8", "{}"),
         EventMode::Structured},
        {"batch", request("application/cloudevents-batch+json", "[]"), EventMode::Batch},
        {"JSON", request("Application/JSON", "[]"), EventMode::Json},
        {"NDJSON", request("application/x-ndjson; charset=utf-8", "{}"), EventMode::Lines},
        {"binary", request("application/json", "{}", binary), EventMode::Binary},
        {"binary without data", request("", "", binary), EventMode::Binary},
        {"a body without a type", request("", "{}", binary), EventMode::Unsupported},
        {"nothing", request("", ""), EventMode::Unsupported},
        {"text", request("text/plain", "{}"), EventMode::Unsupported},
        {"XML", request("application/xml", "{}"), EventMode::Unsupported},
        {"another CloudEvents format", request("application/cloudevents+avro", "{}"),
         EventMode::Unsupported},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(event_mode(c.from), c.mode);
    }
}

TEST(EventBody, IsRefusedAsAWholeOnlyWhenItsEventsCannotBeToldApart) {
    const std::string structured = "application/cloudevents+json";
    const std::string batch = "application/cloudevents-batch+json";
    const std::string json = "application/json";
    const std::string good = event("a"), twice = event("b", R"(,"id":"b")");
    struct Case {
        const char* name;
        std::string type, body;
        std::vector<std::string> summary;
    };
    const Case cases[] = {
        {"one", structured, good, {"a"}},
        {"one in JSON", json, " " + good + "\n", {"a"}},
        {"one that is wrong inside", structured, twice, {"repeated_member"}},
        {"an array where one belongs", structured, "[]", {"not_an_event"}},
        {"no JSON", structured, "hello", {"refused json.invalid"}},
        {"nothing", json, "", {"refused json.invalid"}},
        {"two without an array", json, good + good, {"refused json.invalid"}},
        {"no events", batch, "[]", {}},
        {"several", batch, "[" + good + "," + event("c") + "]", {"a", "c"}},
        {"a single one where an array belongs", batch, good, {"refused event.not_an_array"}},
        {"a number", json, "3", {"refused event.not_an_array"}},
        {"no UTF-8 in one of three",
         json,
         "[" + good + "," + event("\xff") + "," + event("c") + "]",
         {"a", "bad_json", "c"}},
        {"rubbish within one of three",
         json,
         "[" + good + ",{\"id\":::[1]}," + event("c") + "]",
         {"a", "bad_json", "c"}},
        {"numbers among events",
         json,
         "[1," + good + ",null,\"x\"]",
         {"not_an_event", "a", "not_an_event", "not_an_event"}},
        {"a plain event among others",
         json,
         "[" + good + R"(,{"id":"p","source":"s","customer":"alice","meter":"m"}])",
         {"a", "p"}},
        {"one too large of two",
         json,
         "[" + event("b", ",\"x\":\"" + std::string(1'000'000, 'x') + "\"") + "," + good + "]",
         {"event_too_large", "a"}},
        {"one too deep of two",
         json,
         "[" + event("b", ",\"x\":" + std::string(100, '[') + std::string(100, ']')) + "," + good +
             "]",
         {"nested_too_deeply", "a"}},
        {"a comma too many", json, "[" + good + ",]", {"refused json.invalid"}},
        {"a word that is none", json, "[" + good + ",nope]", {"refused json.invalid"}},
        {"cut", json, "[" + good + "," + good.substr(0, 40), {"refused json.invalid"}},
        {"something behind", json, "[" + good + "]]", {"refused json.invalid"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(summary_of(request(c.type, c.body)), c.summary);
    }
}

TEST(EventBody, HoldsAThousandEvents) {
    std::string many = "[0";
    for (int i = 1; i < 1'000; ++i) many += ",0";
    EXPECT_EQ(summary_of(request("application/json", many + "]")).size(), 1'000U);
    EXPECT_EQ(summary_of(request("application/json", many + ",0]")),
              std::vector<std::string>{"refused event.too_many"});
}

TEST(EventBody, AnEventIsAsDeepInAnArrayAsAlone) {
    // The event itself is one; 31 more may be open.
    const std::string deep = event("a", ",\"x\":" + std::string(31, '[') + std::string(31, ']'));
    const std::string deeper = event("a", ",\"x\":" + std::string(32, '[') + std::string(32, ']'));
    EXPECT_EQ(summary_of(request("application/json", deep)), std::vector<std::string>{"a"});
    EXPECT_EQ(summary_of(request("application/json", "[" + deep + "]")),
              std::vector<std::string>{"a"});
    EXPECT_EQ(summary_of(request("application/json", deeper)),
              std::vector<std::string>{"nested_too_deeply"});
    EXPECT_EQ(summary_of(request("application/json", "[" + deeper + "]")),
              std::vector<std::string>{"nested_too_deeply"});
}

std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
    return out;
}

/// "line id" or "line code" of every event, as one text.
std::string lines_of(http::ContentCoding coding, const std::string& body) {
    EventLines lines(coding, body, std::size_t{8} << 20);
    std::string text;
    while (!lines.at_end()) {
        if (const auto read = lines.read(); !read) return "refused";
        const auto summary = summary_of(lines.entries());
        EXPECT_EQ(lines.line_numbers().size(), summary.size());
        EXPECT_LE(summary.size(), EventLines::kChunkEvents);
        for (std::size_t i = 0; i < summary.size(); ++i)
            text += std::to_string(lines.line_numbers()[i]) + " " + summary[i] + ", ";
    }
    return text;
}

TEST(EventLines, EachLineIsReadByItself) {
    const std::string long_line(1'000'000, 'x');
    struct Case {
        const char* name;
        std::string body, lines;
    };
    const Case cases[] = {
        {"nothing", "", ""},
        {"one, with a line end", event("a") + "\n", "1 a, "},
        {"one, without", event("a"), "1 a, "},
        {"CRLF", event("a") + "\r\n" + event("b") + "\r\n", "1 a, 2 b, "},
        {"empty lines", "\n \t\r\n" + event("a") + "\n\n\n" + event("b") + "\n\n", "3 a, 6 b, "},
        {"a bad line", event("a") + "\nnope\n" + event("c"), "1 a, 2 bad_json, 3 c, "},
        {"an open text", event("a") + "\n{\"id\":\"\n" + event("c"), "1 a, 2 bad_json, 3 c, "},
        {"two on a line", event("a") + event("b") + "\n" + event("c"), "1 bad_json, 2 c, "},
        {"an array", "[" + event("a") + "]\n" + event("c"), "1 not_an_event, 2 c, "},
        {"a long line", event("a") + "\n" + long_line + "\n" + event("c"),
         "1 a, 2 event_too_large, 3 c, "},
        {"a long line first", long_line + "\n" + event("c"), "1 event_too_large, 2 c, "},
        {"a long line last", event("a") + "\n" + long_line, "1 a, 2 event_too_large, "},
        {"two long lines", long_line + "\n" + long_line + "\n" + event("c"),
         "1 event_too_large, 2 event_too_large, 3 c, "},
        {"a line that is just too long", std::string(65'537, ' ').replace(0, 1, "1") + "\n",
         "1 event_too_large, "},
        {"a line that is just not", std::string(65'536, ' ').replace(0, 1, "1") + "\n",
         "1 not_an_event, "},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(lines_of(http::ContentCoding::Identity, c.body), c.lines);
        EXPECT_EQ(lines_of(http::ContentCoding::Zstd, zstd(c.body)), c.lines);
    }
}

/// Lines of many lengths, so that windows end at every place of one.
TEST(EventLines, NoLineIsLostOrReadTwice) {
    std::string body, expected;
    for (int i = 1; i <= 5'000; ++i) {
        const auto id = std::to_string(i);
        body += event(id, ",\"x\":\"" + std::string(static_cast<std::size_t>(i % 977), 'x') + "\"");
        body += "\n";
        expected += id + " " + id + ", ";
    }
    EXPECT_TRUE(lines_of(http::ContentCoding::Identity, body) == expected);
    EXPECT_TRUE(lines_of(http::ContentCoding::Zstd, zstd(body)) == expected);
}

TEST(EventLines, SaysWhenTheBodyBreaks) {
    std::string body;
    for (int i = 0; i < 5'000; ++i) body += event(std::to_string(i)) + "\n";
    const std::string encoded = zstd(body);
    EventLines lines(http::ContentCoding::Zstd, encoded, body.size() - 1);
    std::size_t events = 0;
    Result<std::monostate> read;
    while (!lines.at_end() && (read = lines.read())) events += lines.entries().size();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().reason.text(), "http.decoded_too_large");
    EXPECT_GT(events, 1'000U);
    EXPECT_LT(events, 5'000U);
}

}  // namespace
}  // namespace turnpike
