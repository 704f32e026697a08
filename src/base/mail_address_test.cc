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
    const std::string good[] = {"a@b",
                                "a@example.com",
                                "a.b+c@example.com",
                                "o'neil@example.com",
                                "=a@x.example",
                                "!#$%&'*+-/=?^_`{|}~@example.com",
                                "m\xc3\xbcller@b.de",
                                "a@1.example",
                                "a@b-c.example",
                                kLongestLocal + "@b",
                                "a@" + kLongestLabel + ".example",
                                kLongest};
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

// 60 labels of "ü." are 180 bytes as they are written and 60 * 8 = 480 in the DNS ("xn--tda.").
TEST(MailAddress, IsMeasuredAsItIsSent) {
    std::string domain;
    for (int i = 0; i < 60; ++i) domain += "\u00FC.";
    EXPECT_FALSE(is_mail_address("a@" + domain + "example"));
}

}  // namespace
}  // namespace turnpike
