#include "crypto/secret_box.h"

#include <set>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Secret key(char fill) { return Secret(std::string(SecretBox::kKeyBytes, fill)); }
SecretBox box(char fill) { return SecretBox({key(fill)}); }

constexpr SecretPlace kPlace{"webhook_endpoints.sealed_secret", "whe_1"};

std::string_view reason_of(const Result<Secret>& opened) {
    return opened ? "" : opened.error().reason.text();
}

TEST(SecretBox, OpensWhatItSealed) {
    for (const std::string& text :
         {std::string(), std::string("whsec_abc"), std::string("\0\xff", 2)}) {
        const auto sealed = box('a').seal(kPlace, Secret(text));
        const auto opened = box('a').open(kPlace, sealed);
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->reveal(), text);
    }
}

TEST(SecretBox, SealsTheSameTextIntoAnotherTextEachTime) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(box('a').seal(kPlace, Secret("same")));
    EXPECT_EQ(seen.size(), 100U);
    for (const auto& sealed : seen) EXPECT_FALSE(sealed.contains("same"));
}

TEST(SecretBox, OpensOnlyInThePlaceThatItWasSealedFor) {
    const auto sealed = box('a').seal(kPlace, Secret("whsec_abc"));
    EXPECT_EQ(reason_of(box('a').open({kPlace.column, "whe_2"}, sealed)), "secrets.damaged");
    EXPECT_EQ(reason_of(box('a').open({"users.sealed_secret", kPlace.row}, sealed)),
              "secrets.damaged");
}

TEST(SecretBox, FindsEveryChangedByte) {
    const auto sealed = box('a').seal(kPlace, Secret("whsec_abc"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(box('a').open(kPlace, changed)) << i;
        EXPECT_FALSE(box('a').open(kPlace, sealed.substr(0, i))) << i;
    }
}

TEST(SecretBox, SaysThatTheKeyIsAnother) {
    const auto sealed = box('a').seal(kPlace, Secret("whsec_abc"));
    EXPECT_EQ(reason_of(box('b').open(kPlace, sealed)), "secrets.wrong_key");
    EXPECT_EQ(reason_of(box('b').open(kPlace, "whsec_plain")), "secrets.wrong_key");
}

TEST(SecretBox, SealsWithTheFirstKeyAndOpensWithAll) {
    const auto old = box('a').seal(kPlace, Secret("old"));
    const SecretBox both({key('b'), key('a')});
    EXPECT_EQ(both.open(kPlace, old)->reveal(), "old");
    EXPECT_FALSE(both.is_of_first_key(old));
    const auto fresh = both.seal(kPlace, Secret("fresh"));
    EXPECT_TRUE(both.is_of_first_key(fresh));
    EXPECT_EQ(box('b').open(kPlace, fresh)->reveal(), "fresh");
    EXPECT_EQ(reason_of(box('a').open(kPlace, fresh)), "secrets.wrong_key");
}

TEST(SecretBox, ReadsKeysInHexadecimalAndBase64) {
    const std::string hex(64, '6');
    const auto keys =
        read_master_keys(hex + ",\n" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 2U);
    EXPECT_EQ((*keys)[0].reveal(), std::string(32, 'f'));
    EXPECT_EQ((*keys)[1].reveal(), std::string(32, '\0'));
    EXPECT_TRUE(read_master_keys(make_master_key().reveal()));
    for (const std::string bad : {"", "\n", "password", "66", "zz"})
        EXPECT_FALSE(read_master_keys(bad)) << bad;
    const auto refused = read_master_keys("correct horse battery staple");
    EXPECT_FALSE(refused.error().message.contains("horse"));
}

// A formatter, a stream or a comparison would be a way out of the type.
template <class T>
concept Shown = requires(T secret, std::ostream& out) { out << secret; };
static_assert(!Shown<Secret> && !std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<std::string, Secret> && !std::equality_comparable<Secret>);

TEST(Secret, LeavesNothingBehindWhenItIsMoved) {
    Secret from("short");
    const Secret to(std::move(from));
    EXPECT_EQ(to.reveal(), "short");
    EXPECT_TRUE(from.is_empty());  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace turnpike
