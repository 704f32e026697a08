#include "json/json.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

using namespace std::string_literals;

struct TextCase {
    const char* name;
    std::string text;
};

// After the n_ and i_ files of Nicolas Seriot's JSONTestSuite, with RFC 8259's free choices
// decided: no BOM, no repeated names, no lone surrogates, no number that loses its value.
TEST(ParseJson, RefusesWhatIsNotStrictJson) {
    const TextCase cases[] = {
        {"nothing", ""},
        {"white space only", " \t\r\n"},
        {"trailing bytes", "{} x"},
        {"second value", "[][]"},
        {"trailing comma in array", "[1,]"},
        {"double comma", "[1,,2]"},
        {"leading comma", "[,1]"},
        {"missing comma", "[1 2]"},
        {"colon in array", "[\"a\":1]"},
        {"trailing comma in object", R"({"a":1,})"},
        {"missing colon", R"({"a" 1})"},
        {"missing value", R"({"a":})"},
        {"member without name", "{:1}"},
        {"number as name", "{1:1}"},
        {"unquoted name", "{a:1}"},
        {"single quotes", "{'a':1}"},
        {"unclosed array", "[1"},
        {"unclosed object", R"({"a":1)"},
        {"unclosed string", "\"abc"},
        {"wrong bracket", "[1}"},
        {"comment", "[1] // no"},
        {"block comment", "/* no */[1]"},
        {"hash comment", "[1] # no"},
        {"capital literal", "[True]"},
        {"cut literal", "[nul]"},
        {"NaN", "[NaN]"},
        {"Infinity", "[Infinity]"},
        {"minus Infinity", "[-Infinity]"},
        {"undefined", "undefined"},
        {"leading plus", "[+1]"},
        {"leading zero", "[012]"},
        {"minus leading zero", "[-012]"},
        {"lone minus", "[-]"},
        {"dot first", "[.5]"},
        {"dot last", "[5.]"},
        {"dot without digits", "[1.e1]"},
        {"exponent without digits", "[1e]"},
        {"exponent sign only", "[1e+]"},
        {"hexadecimal", "[0x10]"},
        {"underscore", "[1_000]"},
        {"full-width digits", "[\xEF\xBC\x91\xEF\xBC\x92]"},
        {"2^64", "[18446744073709551616]"},
        {"below -2^63", "[-9223372036854775809]"},
        {"1e400", "[1e400]"},
        {"-1e400", "[-1e400]"},
        {"400 digits", "[" + std::string(400, '9') + "]"},
        {"tab in string", "\"a\tb\""},
        {"newline in string", "\"a\nb\""},
        {"unknown escape", R"("\x41")"},
        {"escaped quote left open", R"("\")"},
        {"short unicode escape", R"("\u12")"},
        {"bad unicode escape", R"("\u12G4")"},
        {"U+0000", R"(["\u0000"])"},
        {"U+0000 in a name", R"({"a\u0000":1})"},
        {"lone high surrogate", R"("\ud800")"},
        {"high surrogate and text", R"("\ud800abc")"},
        {"two high surrogates", R"("\ud800\ud800")"},
        {"lone low surrogate", R"("\udc00")"},
        {"overlong slash", "\"\xC0\xAF\""},
        {"overlong in three bytes", "\"\xE0\x80\xAF\""},
        {"surrogate in UTF-8", "\"\xED\xA0\x80\""},
        {"above U+10FFFF", "\"\xF4\x90\x80\x80\""},
        {"cut UTF-8", "\"\xE2\x82\""},
        {"lone continuation", "\"\x80\""},
        {"byte FF", "\"\xFF\""},
        {"byte order mark", "\xEF\xBB\xBF{}"},
        {"half byte order mark", "\xEF\xBB{}"},
        {"UTF-16", "[\0]\0"s},
        {"NUL byte after the value", "{}\0garbage"s},
        {"NUL byte before the value", "\0{}"s},
        {"NUL byte in a string", "\"a\0b\""s},
        {"form feed as space", "[\f1]"},
        {"no-break space",
         "[\xC2\xA0"
         "1]"},
        {"repeated name", R"({"a":1,"a":2})"},
        {"repeated name, escaped", "{\"a\":1,\"\\u0061\":2}"},
        {"repeated name, far apart and deep", R"([{"x":{"a":1,"b":2,"c":3,"a":4}}])"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto parsed = parse_json(c.text);
        ASSERT_FALSE(parsed);
        EXPECT_EQ(parsed.error().code, ErrorCode::InvalidArgument);
        EXPECT_EQ(parsed.error().reason.text(), "json.invalid");
        EXPECT_NE(parsed.error().message.find("at byte "), std::string::npos);
    }
}

// After the y_ files of JSONTestSuite.
TEST(ParseJson, AcceptsEveryStrictJsonText) {
    const TextCase cases[] = {
        {"empty object", "{}"},
        {"empty array", "[]"},
        {"scalar", "1"},
        {"white space around", " \t\r\n[ \n] \r"},
        {"literals", "[null,true,false]"},
        {"empty name", R"({"":0})"},
        {"names that differ in case", R"({"a":1,"A":2})"},
        {"same name in two objects", R"([{"a":1},{"a":2},{"b":{"a":1}}])"},
        {"all escapes", R"("\"\\\/\b\f\n\r\t")"},
        {"surrogate pair", R"("\uD834\uDD1E")"},
        {"four bytes", "\"\xF0\x9F\x98\x80\""},
        {"noncharacter", R"("\uFFFF")"},
        {"DEL", "\"\x7F\""},
        {"U+2028", "\"\xE2\x80\xA8\""},
        {"2^53 + 1", "[9007199254740993]"},
        {"2^63 - 1", "[9223372036854775807]"},
        {"-2^63", "[-9223372036854775808]"},
        {"2^64 - 1", "[18446744073709551615]"},
        {"minus zero", "[-0]"},
        {"fraction", "[0.1,-1.5e-3,1E5,1e+2]"},
        {"tiny", "[1e-400]"},
        {"depth 32", std::string(32, '[') + std::string(32, ']')},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto parsed = parse_json(c.text);
        EXPECT_TRUE(parsed) << parsed.error().message;
    }
}

TEST(ParseJson, KeepsIntegersExact) {
    const auto parsed = parse_json("[9007199254740993,18446744073709551615,-9223372036854775808]");
    ASSERT_TRUE(parsed);
    EXPECT_EQ((*parsed)[0].get<std::int64_t>(), 9007199254740993);
    EXPECT_EQ((*parsed)[1].get<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ((*parsed)[2].get<std::int64_t>(), INT64_MIN);
}

TEST(ParseJson, KeepsMembersInOrderAndTextsIntact) {
    const std::string text = R"({"z":1,"a":[true,null,{"m":"\u00e9\ud83d\ude00"}],"k":{}})";
    const auto parsed = parse_json(text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(to_text(*parsed),
              "{\"z\":1,\"a\":[true,null,{\"m\":\"\xC3\xA9\xF0\x9F\x98\x80\"}],"
              "\"k\":{}}");
}

TEST(ParseJson, NamesTheByteWhereItStopped) {
    struct OffsetCase {
        const char* name;
        std::string text;
        const char* at;
    };
    // The parser has read the byte that it cannot use: an offset counts the bytes read.
    const OffsetCase cases[] = {
        {"bad literal", "[1, x]", "at byte 5"},
        {"byte order mark", "\xEF\xBB\xBF{}", "at byte 0"},
        {"NUL", "[1]\0"s, "at byte 3"},
        {"repeated name: the end of its object", R"({"a":1,"a":2}    )", "at byte 13"},
        {"cut short", "[1", "at byte 2"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto parsed = parse_json(c.text);
        ASSERT_FALSE(parsed);
        EXPECT_TRUE(parsed.error().message.ends_with(c.at)) << parsed.error().message;
    }
}

TEST(ParseJson, LimitsDepthInArraysAndObjects) {
    EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')));
    EXPECT_FALSE(parse_json(std::string(100'000, '[')));
    std::string nested = "1";
    for (int i = 0; i < 32; ++i) nested = R"({"a":)" + nested + "}";
    EXPECT_TRUE(parse_json(nested));
    EXPECT_FALSE(parse_json(R"({"a":)" + nested + "}"));
    EXPECT_FALSE(parse_json("[[1]]", {.depth_max = 1}));
}

TEST(ParseJson, LimitsLength) {
    EXPECT_TRUE(parse_json("[1]", {.bytes_max = 3}));
    EXPECT_FALSE(parse_json("[1] ", {.bytes_max = 3}));
}

TEST(ParseJson, ManyMembersAreFoundDistinctQuickly) {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
    EXPECT_TRUE(parse_json(text + "\"last\":0}"));
    EXPECT_FALSE(parse_json(text + "\"k17\":0}"));
}

TEST(ToText, ReplacesWhatIsNotUtf8) {
    Json json;
    json["a"] = "x\xFFy";
    EXPECT_EQ(to_text(json), "{\"a\":\"x\xEF\xBF\xBDy\"}");
}

TEST(ToText, WritesEachKindOfValue) {
    const TextCase cases[] = {
        {"nothing in it", R"({})"},
        {"an empty list", R"([])"},
        {"lists in lists", R"([[],[[]],{}])"},
        {"brackets in texts", R"(["[","{",{"{":"["}])"},
        {"words", R"([true,false,null])"},
        {"integers", R"([0,-1,9223372036854775807,-9223372036854775808,18446744073709551615])"},
        {"a fraction", R"([1.5])"},
        {"members in their order", R"({"b":1,"a":{"d":[2],"c":"x"}})"},
        {"escapes", R"(["a\"b\\c\nd\u0001"])"},
        {"an escaped name", R"({"\"":1})"},
        {"beyond ASCII", "[\"\xC3\xA9\",\"\xE2\x82\xAC\"]"},
    };
    for (const TextCase& c : cases) {
        SCOPED_TRACE(c.name);
        const auto parsed = parse_json(c.text);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(to_text(*parsed), c.text);
    }
}

TEST(ToPrettyText, IndentsByTwo) {
    const auto parsed = parse_json(R"({"id":"evt_1","data":{"n":1},"list":[]})");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(to_pretty_text(*parsed),
              "{\n  \"id\": \"evt_1\",\n  \"data\": {\n    \"n\": 1\n  },\n  \"list\": []\n}");
}

}  // namespace
}  // namespace turnpike
