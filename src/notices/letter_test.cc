#include "notices/letter.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace turnpike {
namespace {

constexpr std::string_view kPattern =
    "Subject: Receipt from {{seller}}\n\nHello {{name}},\n\nthank you & bye.\n\n"
    "See it: {{page_url}}\n\nOnly with {{nothing}}\n";

TEST(RenderLetter, SaysTheSameTwiceAndEscapes) {
    const auto letter = render_letter(kPattern, {{"seller", "Ann & Co"},
                                                 {"name", "<script>\"x\"</script>"},
                                                 {"page_url", "https://example.com/?a=1&b=2"}});
    EXPECT_EQ(letter.subject, "Receipt from Ann & Co");
    EXPECT_EQ(letter.text,
              "Hello <script>\"x\"</script>,\n\nthank you & bye.\n\n"
              "See it: https://example.com/?a=1&b=2\n\n");
    EXPECT_NE(letter.html.find("<p>Hello &lt;script&gt;&quot;x&quot;&lt;/script&gt;,</p>"),
              std::string::npos);
    EXPECT_NE(letter.html.find("<a href=\"https://example.com/?a=1&amp;b=2\">"), std::string::npos);
    EXPECT_EQ(letter.html.find("Only with"), std::string::npos);
}

TEST(RenderLetter, AScriptIsNoLink) {
    const auto letter =
        render_letter("Subject: x\n\n{{page_url}}\n", {{"page_url", "javascript:alert(1)"}});
    EXPECT_EQ(letter.html.find("<a"), std::string::npos);
}

TEST(RenderLetter, ANameThatSomebodyChoseIsNoLink) {
    const auto letter = render_letter("Subject: x\n\n{{organization}}\n",
                                      {{"organization", "https://evil.example"}});
    EXPECT_EQ(letter.html.find("<a"), std::string::npos);
}

Envelope envelope() {
    return {.from = "billing@example.com",
            .seller = "Ann \"A\" & Co",
            .to = "bob@example.org",
            .id = "ntc_1",
            .opt_out = "",
            .at = from_unix_seconds(784'111'777)};  // RFC 9110's date
}

TEST(WriteMessage, HasTheHeadersOfAMessage) {
    const auto text = write_message({"Hi", "text", "<p>html</p>"}, envelope());
    EXPECT_NE(text.find("From: \"Ann \\\"A\\\" & Co\" <billing@example.com>\r\n"),
              std::string::npos);
    EXPECT_NE(text.find("To: <bob@example.org>\r\n"), std::string::npos);
    EXPECT_NE(text.find("Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"), std::string::npos);
    EXPECT_NE(text.find("Message-ID: <ntc_1@example.com>\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\n\r\n" + to_base64("text") + "\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\n\r\n" + to_base64("<p>html</p>") + "\r\n"), std::string::npos);
    EXPECT_EQ(text.find("List-Unsubscribe"), std::string::npos);
}

TEST(WriteMessage, NoValueBeginsAHeader) {
    auto hostile = envelope();
    hostile.seller = "A\r\nBcc: x@example.com";
    const auto letter = render_letter("Subject: {{s}}\n\nx\n", {{"s", "a\r\nBcc: y@example.com"}});
    const auto text = write_message(letter, hostile);
    EXPECT_EQ(text.find("\nBcc:"), std::string::npos);
}

TEST(WriteMessage, EncodesOtherCharactersInWords) {
    auto other = envelope();
    other.opt_out = "https://example.com/v1/unsubscribe/t";
    const std::string subject =
        "Gr\xc3\xbc\xc3\x9f"
        "e";
    const auto text = write_message({subject, "t", "h"}, other);
    EXPECT_NE(text.find("Subject: =?utf-8?B?" + to_base64(subject) + "?=\r\n"), std::string::npos);
    EXPECT_NE(text.find("List-Unsubscribe: <https://example.com/v1/unsubscribe/t>\r\n"),
              std::string::npos);
    EXPECT_NE(text.find("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
              std::string::npos);
}

}  // namespace
}  // namespace turnpike
