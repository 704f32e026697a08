#include "http/chunked_body.h"

#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

using Step = ChunkedBody::Step;

struct ChunkedCase {
    const char* name;
    std::string input;
    Step step;
    std::string body;
    std::string left = "";  ///< what belongs to the next request
};

struct Outcome {
    Step step;
    std::string body;
    std::string left;
};

Outcome read(const std::string& input, std::size_t piece) {
    Outcome outcome{Step::NeedMore, "", ""};
    ChunkedBody chunks(outcome.body, 20);
    std::string held;
    std::size_t fed = 0;
    while (outcome.step == Step::NeedMore && fed < input.size()) {
        const std::string more = input.substr(fed, piece);
        fed += more.size();
        held += more;
        std::string_view rest = held;
        outcome.step = chunks.read(rest);
        held = std::string(rest);
    }
    outcome.left = held + input.substr(fed);
    return outcome;
}

TEST(ChunkedBody, ReadsTheSameInPiecesOfAnySize) {
    const ChunkedCase cases[] = {
        {"one chunk", "5\r\nhello\r\n0\r\n\r\n", Step::Done, "hello"},
        {"no chunk", "0\r\n\r\n", Step::Done, ""},
        {"many zeros", "000\r\n\r\n", Step::Done, ""},
        {"the next request stays", "1\r\na\r\n0\r\n\r\nGET", Step::Done, "a", "GET"},
        {"line ends as data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", Step::Done, "\r\n\r\n"},
        {"extensions", "1;a\r\na\r\n1 ; b = c\r\nb\r\n1;d=\"\\\";\"\r\nc\r\n0;e\r\n\r\n",
         Step::Done, "abc"},
        {"trailers", "1\r\na\r\n0\r\nX: 1\r\nY:\r\n\r\n", Step::Done, "a"},
        {"as much as allowed", "14\r\n01234567890123456789\r\n0\r\n\r\n", Step::Done,
         "01234567890123456789"},
        {"cut in the size", "5", Step::NeedMore, "", "5"},
        {"cut in the data", "5\r\nhel", Step::NeedMore, "hel"},
        {"cut before the end", "1\r\na\r\n0\r\n", Step::NeedMore, "a"},
    };
    for (const auto& c : cases) {
        for (std::size_t piece = 1; piece <= c.input.size(); ++piece) {
            SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(piece));
            const Outcome outcome = read(c.input, piece);
            EXPECT_EQ(outcome.step, c.step);
            EXPECT_EQ(outcome.body, c.body);
            EXPECT_EQ(outcome.left, c.left);
        }
    }
}

TEST(ChunkedBody, RefusesInPiecesOfAnySize) {
    const std::string long_line(2'000, 'x');
    // 18 extensions of 903 bytes are 16,254, one more would pass 16,384; so for trailers.
    std::string many_extensions, many_trailers = "0\r\n";
    for (int i = 0; i < 19; ++i) {
        many_extensions += "1;a=" + long_line.substr(0, 900) + "\r\na\r\n";
        many_trailers += "X: " + long_line.substr(0, 900) + "\r\n";
    }
    const ChunkedCase cases[] = {
        {"empty size", "\r\n", Step::Malformed, ""},
        {"space before the size", " 1\r\na", Step::Malformed, ""},
        {"space after the size", "1 \r\na", Step::Malformed, ""},
        {"minus", "-1\r\na", Step::Malformed, ""},
        {"minus zero", "-0\r\n\r\n", Step::Malformed, ""},
        {"plus", "+1\r\na", Step::Malformed, ""},
        {"0x", "0x1\r\na", Step::Malformed, ""},
        {"underscore", "1_0\r\na", Step::Malformed, ""},
        {"letter", "g\r\na", Step::Malformed, ""},
        {"2^64", "10000000000000000\r\na", Step::Malformed, ""},
        {"2^64 - 1", "ffffffffffffffff\r\na", Step::TooLarge, ""},
        {"one above the limit", "15\r\na", Step::TooLarge, ""},
        {"above the limit together", "14\r\n01234567890123456789\r\n1\r\na", Step::TooLarge,
         "01234567890123456789"},
        {"bare newline", "1\na\r\n", Step::Malformed, ""},
        {"return without newline", "1\r\ra\r\n", Step::Malformed, ""},
        {"too much data", "1\r\nab\r\n", Step::Malformed, "a"},
        {"NUL in an extension", std::string("1;a\0\r\na\r\n", 9), Step::Malformed, ""},
        {"unclosed quote", "1;a=\"b\r\na\r\n", Step::Malformed, ""},
        {"extension without a name", "1;\r\na\r\n", Step::Malformed, ""},
        {"extension without a value", "1;a=\r\na\r\n", Step::Malformed, ""},
        {"endless line", "1;" + long_line, Step::Malformed, ""},
        {"many extensions", many_extensions, Step::Malformed, std::string(18, 'a')},
        {"trailer without a colon", "0\r\nX\r\n\r\n", Step::Malformed, ""},
        {"folded trailer", "0\r\nX: a\r\n b\r\n\r\n", Step::Malformed, ""},
        {"framing in a trailer", "0\r\ncontent-LENGTH: 1\r\n\r\n", Step::Malformed, ""},
        {"coding in a trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n", Step::Malformed, ""},
        {"many trailers", many_trailers, Step::Malformed, ""},
    };
    for (const auto& c : cases) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, c.input.size()}) {
            SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(piece));
            const Outcome outcome = read(c.input, piece);
            EXPECT_EQ(outcome.step, c.step);
            EXPECT_EQ(outcome.body, c.body);
        }
    }
}

}  // namespace
}  // namespace turnpike::http
