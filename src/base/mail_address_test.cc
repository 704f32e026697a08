#include "base/mail_address.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

const std::string kLongestLocal(64, 'a');
const std::string kLongestLabel(63, 'd');
/// 64 + 1 + (63 + 1 + 63 + 1 + 61) = 254 bytes.
const std::string kLongest =
    kLongestLocal + "@" + kLongestLabel + "." + kLongestLabel + "." + std::string(61, 'd');

// RFC 5321, 4.1.2: Dot-string of atext (RFC 5322, 3.2.3); RFC 6531, 3.3: with UTF-8.
TEST(MailAddress, Takes) {
    const std::string good[] = {"a@b", "a@example.com", "a.b+c@example.com", "o'neil@example.com",
                                "=a@x.example", "!#$%&'*+-/=?^_`{|}~@example.com",
                                "m\xc3\xbcller@b.de", "\u043F\u043E\u0447\u0442\u0430@b.de",
                                "\u0BA4\u0BAE\u0BBF\u0BB4\u0BCD@b.de",  // letters and marks
                                "\u6536\u4EF6\u0665@b.de",
                                // A domain with a non-joiner where RFC 5892, A.1 has it.
                                "a@\u0646\u0627\u0645\u0647\u200C\u0627\u06CC.example",
                                "a@1.example", "a@b-c.example", kLongestLocal + "@b",
                                "a@" + kLongestLabel + ".example", kLongest};
    for (const std::string& text : good) EXPECT_TRUE(is_mail_address(text)) << text;
}

TEST(MailAddress, RefusesWhatWouldBeReadOtherwise) {
    ASSERT_EQ(kLongest.size(), 254u);
    const std::string bad[] = {
        "", "ab", "alice.example", "@b.c", "a@", "a@b@c", "@",
        // What SMTP and header lines end an address with.
        "a>b<c@x.com", "\"><script>@x.com", "a(b)@x.com", "a,b@x.com", "a:b@x.com", "a;b@x.com",
        "a[b]@x.com", "a\\b@x.com", "\"a b\"@x.com", "\"a\"@x.com", "<a@x.com>", "A <a@x.com>",
        "a b@c.d", " a@c.d", "a@c.d ", "a@b\r\nBcc: x@y.z", "a\n@example.com", "a@b\x7f",
        "a\tb@c.d", "a@x.com>", "a@exa mple.com", "a@<x>.com", "a@x.com(b)", "a@[192.0.2.1]",
        "a@x/y.com",
        // Parts between dots that are empty.
        "a..b@x.com", ".a@x.com", "a.@x.com", ".@x.com", "a@x..com", "a@.x.com", "a@x.com.", "a@.",
        // Labels.
        "a@-x.com", "a@x-.com", "a@x.-com", "a@x.com-", "a@-", "a@x_y.com", "a@x!.com",
        "a@" + kLongestLabel + "d.example",
        // Lengths.
        kLongestLocal + "a@b", kLongest + "d",
        // A fullwidth '<', which IDNA maps to ASCII's.
        "a@x\uFF1Cy.com",
        // What is not to be seen, before the '@' and behind it: blanks, format characters, fillers,
        // joiners, selectors, the byte order mark.
        "a\u00A0@x.com", "a\u00AD@x.com", "a\u200B@x.com", "a\u200C@x.com", "a\u200D@x.com",
        "a\u200E@x.com", "a\u202E@x.com", "a\u2028@x.com", "a\u2066@x.com", "a\u3164@x.com",
        "a\uFE0F@x.com", "a\uFEFF@x.com", "a\u0085@x.com", "a\U000E0041@x.com", "a@x\u200By.com",
        "a@x\u00ADy.com", "a@x\u2060y.com", "a@x\uFE0Fy.com", "a@x\uFEFFy.com", "a@x\u3164y.com",
        // A joiner where RFC 5892, A.2 has none.
        "a@x\u200Dy.com",
        // No letters, marks or digits: punctuation, signs, emoji, private use, not assigned.
        "a\u2019b@x.com", "\u20AC@x.com", "\U0001F600@x.com", "a\uE000@x.com", "a\uFFFF@x.com",
        "a\u0378@x.com", "a\uFF1E@x.com", "a@\uE000.com", "a@\U0001F600.com",
        // Bytes.
        "a@\xff.com", "\xff@x.com", "a\xc3@x.com", std::string("a@b\0.com", 8),
        std::string("a\0b@c.com", 9)};
    for (const std::string& text : bad) EXPECT_FALSE(is_mail_address(text)) << text;
}

struct Spelling {
    std::string_view text, domain;
};

// RFC 3492 writes "bücher" as "bcher-kva".
TEST(MailAddress, HasItsDomainAsTheDnsHasIt) {
    const Spelling cases[] = {
        {"Jo@B\u00DCCHER.example", "xn--bcher-kva.example"},
        {"Jo@bu\u0308cher.example", "xn--bcher-kva.example"},
        {"Jo@XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        {"Jo@\uFF45xample.com", "example.com"},
        {"Jo@Example.COM", "example.com"},
    };
    for (const auto& [text, domain] : cases)
        EXPECT_EQ(parse_mail_address(text), (MailAddress{"Jo", std::string(domain)})) << text;
}

// RFC 6532, 3.1: NFC.
TEST(MailAddress, HasItsLocalPartComposed) {
    const MailAddress jose{"jos\u00E9", "example.com"};
    EXPECT_EQ(parse_mail_address("jos\u00E9@example.com"), jose);
    EXPECT_EQ(parse_mail_address("jose\u0301@example.com"), jose);
    EXPECT_EQ(parse_mail_address("jos\uFF45@example.com")->local, "jos\uFF45") << "another letter";
    // 32 letters of two bytes that were three: as they are sent.
    std::string local;
    for (int i = 0; i < 32; ++i) local += "e\u0301";
    EXPECT_EQ(local.size(), 96u);
    EXPECT_TRUE(is_mail_address(local + "@b"));
    EXPECT_FALSE(is_mail_address(local + "e@b"));
}

// 60 labels of "ü." are 180 bytes as they are written and 60 * 8 = 480 in the DNS ("xn--tda.").
TEST(MailAddress, IsMeasuredAsItIsSent) {
    std::string domain;
    for (int i = 0; i < 60; ++i) domain += "\u00FC.";
    EXPECT_FALSE(is_mail_address("a@" + domain + "example"));
}

}  // namespace
}  // namespace turnpike
