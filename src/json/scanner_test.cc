#include "json/scanner.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

using Fault = JsonScanner::Fault;

Fault fault_of(std::string_view text) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    scanner.begin(text);
    if (scanner.skip() && !scanner.at_end()) return Fault::Malformed;
    return scanner.fault();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonScanner, IsAsStrictAsTheSlowReader) {
    struct Case {
        const char* name;
        std::string text;
        Fault fault;
    };
    using std::string_literals::operator""s;
    const Case cases[] = {
        {"nothing", "", Fault::Malformed},
        {"white space only", " \n", Fault::Malformed},
        {"an empty object", "{}", Fault::None},
        {"white space everywhere", " { \"a\" :\t[ 1 , 2 ]\r\n} ", Fault::None},
        {"every kind", R"({"a":[true,false,null,"x",-1.5e+3,{}]})", Fault::None},
        {"a byte order mark", "\xEF\xBB\xBF{}", Fault::Malformed},
        {"something behind", "{} 1", Fault::Malformed},
        {"a comma too many in an array", "[1,]", Fault::Malformed},
        {"a comma too many in an object", R"({"a":1,})", Fault::Malformed},
        {"no comma", "[1 2]", Fault::Malformed},
        {"no colon", R"({"a" 1})", Fault::Malformed},
        {"a name that is no text", "{1:1}", Fault::Malformed},
        {"the wrong bracket", "[1}", Fault::Malformed},
        {"an open array", "[1", Fault::Malformed},
        {"an open text", "\"abc", Fault::Malformed},
        {"an open escape", "\"abc\\", Fault::Malformed},
        {"single quotes", "'a'", Fault::Malformed},
        {"a comment", "/**/1", Fault::Malformed},
        {"a word in capitals", "True", Fault::Malformed},
        {"half a word", "nul", Fault::Malformed},
        {"a longer word", "nullx", Fault::Malformed},
        {"a leading zero", "01", Fault::Malformed},
        {"a leading plus", "+1", Fault::Malformed},
        {"minus alone", "-", Fault::Malformed},
        {"no digit before the point", ".5", Fault::Malformed},
        {"no digit behind the point", "1.", Fault::Malformed},
        {"no digit in the exponent", "1e", Fault::Malformed},
        {"no digit behind the exponent's sign", "1e-", Fault::Malformed},
        {"zero", "-0", Fault::None},
        {"hexadecimal", "0x1", Fault::Malformed},
        {"NaN", "NaN", Fault::Malformed},
        {"a line end in a text", "\"a\nb\"", Fault::Malformed},
        {"NUL in a text", "\"a\0b\""s, Fault::Malformed},
        {"NUL outside", "1\0"s, Fault::Malformed},
        {"DEL in a text", "\"\x7f\"", Fault::None},
        {"an escaped NUL", R"("\u0000")", Fault::Malformed},
        {"an unknown escape", R"("\x41")", Fault::Malformed},
        {"three hexadecimal digits", R"("\u041")", Fault::Malformed},
        {"a high surrogate alone", R"("\ud800")", Fault::Malformed},
        {"a low surrogate alone", R"("\udc00")", Fault::Malformed},
        {"two high surrogates", R"("\ud800\ud800")", Fault::Malformed},
        {"a pair of surrogates", R"("\ud83d\ude00")", Fault::None},
        {"two bytes of UTF-8", "\"\xC3\xA9\"", Fault::None},
        {"three bytes of UTF-8", "\"\xE2\x82\xAC\"", Fault::None},
        {"four bytes of UTF-8", "\"\xF0\x9F\x98\x80\"", Fault::None},
        {"the last code point", "\"\xF4\x8F\xBF\xBF\"", Fault::None},
        {"above the last code point", "\"\xF4\x90\x80\x80\"", Fault::Malformed},
        {"a continuation alone", "\"\x80\"", Fault::Malformed},
        {"a cut character", "\"\xE2\x82\"", Fault::Malformed},
        {"a cut character at the end", "\"\xE2\x82", Fault::Malformed},
        {"an overlong slash", "\"\xC0\xAF\"", Fault::Malformed},
        {"three overlong bytes", "\"\xE0\x9F\xBF\"", Fault::Malformed},
        {"four overlong bytes", "\"\xF0\x8F\xBF\xBF\"", Fault::Malformed},
        {"a surrogate in UTF-8", "\"\xED\xA0\x80\"", Fault::Malformed},
        {"Latin-1", "\"caf\xE9\"", Fault::Malformed},
        {"a byte of 0xFF", "\"\xFF\"", Fault::Malformed},
        {"depth 32", nested(32), Fault::None},
        {"depth 33", nested(33), Fault::TooDeep},
        {"a repeated name", R"({"a":1,"b":2,"a":3})", Fault::RepeatedName},
        {"a repeated name, escaped", R"({"a":1,"\u0061":3})", Fault::RepeatedName},
        {"a repeated long name", R"({"abcdefghij":1,"abcdefghij":3})", Fault::RepeatedName},
        {"long names that begin alike", R"({"abcdefghij":1,"abcdefghik":3})", Fault::None},
        {"a name again inside", R"({"a":{"a":1},"b":{"a":1}})", Fault::None},
        {"repeated further down", R"({"a":[{"x":1,"x":1}]})", Fault::RepeatedName},
        {"an empty name twice", R"({"":1,"":1})", Fault::RepeatedName},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(fault_of(c.text), c.fault);
        EXPECT_EQ(parse_json(c.text).has_value(), c.fault == Fault::None);
    }
}

TEST(JsonScanner, FindsARepeatedNameAmongMany) {
    for (const int count : {15, 16, 17, 1'000}) {
        std::string text = "{";
        for (int i = 0; i < count; ++i) text += "\"n" + std::to_string(i) + "\":0,";
        EXPECT_EQ(fault_of(text + "\"m\":0}"), Fault::None) << count;
        EXPECT_EQ(fault_of(text + "\"n7\":0}"), Fault::RepeatedName) << count;
    }
}

/// Texts of every length, so that a special byte comes at each place of a word of eight.
TEST(JsonScanner, FindsTheEndOfATextWhereverItIs) {
    for (std::size_t length = 0; length < 40; ++length) {
        const std::string plain(length, 'x');
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        std::string_view text;
        for (const std::string& behind : {std::string(), std::string(20, '"')}) {
            const std::string json = "\"" + plain + "\"" + behind;
            scanner.begin(json);
            ASSERT_TRUE(scanner.text(text));
            EXPECT_EQ(text.size(), length);
        }
        const std::string escaped = "\"" + plain + "\\n\xC3\xA9" + plain + "\"";
        scanner.begin(escaped);
        ASSERT_TRUE(scanner.text(text));
        EXPECT_EQ(text, plain + "\n\xC3\xA9" + plain);
        for (const char* bad : {"\x1f", "\n", "\xff"})
            EXPECT_EQ(fault_of("\"" + plain + bad + plain + "\""), Fault::Malformed) << length;
    }
}

TEST(JsonScanner, TextsAreViewsUnlessTheyHoldEscapes) {
    const std::string json = R"(["plain","a\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00z"])";
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    scanner.begin(json);
    std::vector<std::string_view> texts;
    ASSERT_TRUE(scanner.array([&] { return scanner.text(texts.emplace_back()); }));
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(texts[0].data(), json.data() + 2);
    EXPECT_EQ(texts[1], "a\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
    EXPECT_EQ(decoded.size(), 1U);
}

TEST(JsonScanner, NumbersKeepTheirDigits) {
    for (const char* digits :
         {"0", "-0", "12.500", "0.1234567890123456789", "1e400", "99999999999999999999", "2E-7"}) {
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        const std::string text = std::string(digits) + " ,";
        scanner.begin(text);
        std::string_view number;
        ASSERT_TRUE(scanner.number(number));
        EXPECT_EQ(number, digits);
    }
}

TEST(JsonScanner, GoesOnBehindAValueThatIsWrongInside) {
    struct Case {
        const char* name;
        std::string value;
        bool has_end;
    };
    const Case cases[] = {
        {"a repeated name", R"({"a":1,"a":2})", true},
        {"rubbish", R"({"a":,,,nope})", true},
        {"brackets in a text", R"({"a":"}]\"}","a":1})", true},
        {"too deep", nested(50), true},
        {"bytes that are no UTF-8", "{\"a\":\"\xff\"}", true},
        {"a bracket too few", R"({"a":[1 2})", false},
        {"an open text", R"({"a":"x})", false},
        {"no object or array", "nope", false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const std::string text = "[ " + c.value + " , 7 ]";
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        scanner.begin(text);
        int element = 0;
        std::string_view number;
        const bool read = scanner.array([&] {
            if (element++ > 0) return scanner.number(number);
            const auto mark = scanner.mark();
            EXPECT_FALSE(scanner.skip());
            return scanner.recover(mark);
        });
        EXPECT_EQ(read, c.has_end);
        EXPECT_EQ(number, c.has_end ? "7" : "");
    }
}

}  // namespace
}  // namespace turnpike
