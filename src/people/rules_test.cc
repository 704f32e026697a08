// The rules that need no ledger: e-mail addresses, passwords, back-off, names in links.

#include <string>

#include <gtest/gtest.h>

#include "people/back_off.h"
#include "people/email.h"
#include "people/organization.h"
#include "people/password_rules.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;

std::string folded(std::string_view email) {
    const auto key = fold_email(email);
    return key ? *key : std::string(key.error().reason.text());
}

// "xn--bcher-kva" is RFC 3492's form of "bücher"; fullwidth letters and capitals are mapped away by
// UTS 46.
TEST(FoldEmail, SpellingsOfOneMailboxAreOne) {
    EXPECT_EQ(folded("Alice@Example.COM"), "alice@example.com");
    EXPECT_EQ(folded("jo@BÜCHER.example"), "jo@xn--bcher-kva.example");
    EXPECT_EQ(folded("jo@XN--BCHER-KVA.example"), "jo@xn--bcher-kva.example");
    EXPECT_EQ(folded("jo@ｅxample.com"), "jo@example.com");
    EXPECT_EQ(folded("jo@bu\u0308cher.example"), "jo@xn--bcher-kva.example");
    EXPECT_EQ(folded("a.b+c@example.com"), "a.b+c@example.com");
    EXPECT_EQ(folded("Jose\u0301@example.com"), folded("jos\u00E9@example.com"));
}

TEST(FoldEmail, LookAlikesStayApart) {
    EXPECT_NE(folded("jo@p\u0430ypal.example"), folded("jo@paypal.example")) << "Cyrillic a";
    EXPECT_NE(folded("\u0430lice@example.com"), folded("alice@example.com"));
    EXPECT_NE(folded("a.lice@example.com"), folded("alice@example.com"));
    EXPECT_NE(folded("\u0130@example.com"), folded("i@example.com"));
}

TEST(FoldEmail, RefusesWhatIsNone) {
    for (const auto* text :
         {"", "alice", "@example.com", "alice@", "a b@example.com", "a@b@c", "a@exa mple.com",
          "a\n@example.com", "a@\xff.com", "a>b<c@x.com", "\"><script>@x.com", "a@x..com",
          "a..b@x.com", "a(b)@x.com", "a@-x.com", "ali\u200bce@example.com"})
        EXPECT_EQ(folded(text), "people.invalid_email") << text;
}

bool allowed(std::string_view password) {
    return check_password(password, "Alice.B@example.com").has_value();
}

TEST(CheckPassword, LengthAndNothingButLength) {
    EXPECT_FALSE(allowed("1234abc"));
    EXPECT_TRUE(allowed("1234abcx"));
    EXPECT_TRUE(allowed("correct horse battery staple"));
    EXPECT_TRUE(allowed(std::string(1'023, 'x') + "y"));
    EXPECT_FALSE(allowed(std::string(1'024, 'x') + "y"));
    EXPECT_TRUE(allowed("пароль12"));
}

TEST(CheckPassword, NotWhatIsTriedFirst) {
    for (const auto* text :
         {"password", "PassWord1", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "alice.b@EXAMPLE.com"})
        EXPECT_FALSE(allowed(text)) << text;
    EXPECT_FALSE(check_password("alice.longname", "alice.longname@example.com"));
    const auto weak = check_password("short", "a@example.com");
    ASSERT_FALSE(weak);
    EXPECT_EQ(weak.error().reason.text(), "people.weak_password");
    EXPECT_EQ(weak.error().fields.at(0).pointer, "/password");
}

constexpr BackOffRule kRule{.free = 3, .first = 1s, .longest = 5s, .forgotten_after = 1h};
const Instant kStart = from_unix_seconds(1'700'000'000);

TEST(BackOff, DoublesUpToTheLongest) {
    BackOff back_off;
    Instant now = kStart;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(begin_attempt(back_off, kRule, now), std::nullopt);
    for (const auto wait : {1s, 2s, 4s, 5s, 5s}) {
        EXPECT_EQ(begin_attempt(back_off, kRule, now), std::nullopt);
        EXPECT_EQ(begin_attempt(back_off, kRule, now), wait);
        EXPECT_EQ(begin_attempt(back_off, kRule, now + wait - 1us), 1us) << "costs nothing more";
        now += wait;
    }
}

// Of several at once, each takes back what it has brought itself.
TEST(BackOff, ASuccessForgivesOnlyItself) {
    BackOff back_off;
    EXPECT_FALSE(begin_attempt(back_off, kRule, kStart));
    for (int i = 1; i <= 3; ++i) EXPECT_FALSE(begin_attempt(back_off, kRule, kStart + i * 1us));
    forgive_one(back_off, kStart);
    EXPECT_EQ(back_off.failures, 3);
    EXPECT_EQ(begin_attempt(back_off, kRule, kStart + 4us), 1s - 1us);
    forgive_one(back_off, kStart + 3us);
    EXPECT_FALSE(begin_attempt(back_off, kRule, kStart + 4us));
}

TEST(BackOff, SuccessAndTimeForgive) {
    BackOff back_off;
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(begin_attempt(back_off, kRule, kStart));
    EXPECT_TRUE(begin_attempt(back_off, kRule, kStart));
    forgive_one(back_off, kStart);
    EXPECT_FALSE(begin_attempt(back_off, kRule, kStart));
    EXPECT_TRUE(begin_attempt(back_off, kRule, kStart));
    const Instant later = kStart + 1h + 1us;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(begin_attempt(back_off, kRule, later));
}

TEST(BackOff, AClockSetBackKeepsNobodyOut) {
    BackOff back_off;
    for (int i = 0; i < 9; ++i) (void)begin_attempt(back_off, kRule, kStart + i * 10s);
    const auto wait = begin_attempt(back_off, kRule, kStart - 24h);
    ASSERT_TRUE(wait);
    EXPECT_LE(*wait, kRule.longest);
}

TEST(Slug, IsMadeOfTheName) {
    EXPECT_EQ(slug_of("Acme, Inc."), "acme-inc");
    EXPECT_EQ(slug_of("  --A  B--  "), "a-b");
    EXPECT_EQ(slug_of("Ünïcode"), "n-code");
    EXPECT_EQ(slug_of("日本"), "organization");
    EXPECT_EQ(slug_of(std::string(100, 'a')), std::string(40, 'a'));
}

TEST(Slug, IsALabel) {
    for (const auto* good : {"acme", "acme-inc", "4u", "a-b-c"}) EXPECT_TRUE(check_slug(good));
    for (const auto* bad : {"", "-a", "a-", "a--b", "Acme", "a.b", "a b", "a/b"})
        EXPECT_FALSE(check_slug(bad)) << bad;
    EXPECT_FALSE(check_slug(std::string(61, 'a')));
}

}  // namespace
}  // namespace turnpike
