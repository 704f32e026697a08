#include "metering/log/identity/identity_hash.h"

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "metering/log/files/durable_file.h"
#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::bytes_of;
using testing::ScratchFolder;
using testing::write_bytes;

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(IdentityHash, IsSipHashOfTheLengthAndBothTexts) {
    EXPECT_EQ(identity_hash(kKey, "gw", "id-1"),
              siphash128(kKey, std::string("\2\0\0\0\0\0\0\0", 8) + "gwid-1"));
}

TEST(IdentityHash, IsAnotherForEveryOtherPair) {
    const std::string nul(1, '\0');
    const std::pair<std::string, std::string> pairs[] = {
        {"", ""},
        {"ab", ""},
        {"a", "b"},
        {"", "ab"},
        {"a", nul + "b"},
        {"a" + nul, "b"},
        {"a\x1f", "b"},
        {"a",
         "\x1f"
         "b"},
        {"b", "a"},
        {"a", "bb"},
        {"a", "b" + nul},
        {nul, nul},
        {nul + nul, ""},
        {"", nul + nul},
    };
    std::set<IdentityHash> hashes;
    for (const auto& [source, id] : pairs) hashes.insert(identity_hash(kKey, source, id));
    EXPECT_EQ(hashes.size(), std::size(pairs));
}

TEST(IdentityHash, TakesTextsOfAnyLength) {
    std::set<IdentityHash> hashes;
    for (const std::size_t length : {500U, 502U, 510U, 511U, 512U, 1'000U, 100'000U})
        hashes.insert(identity_hash(kKey, "s", std::string(length, 'x')));
    EXPECT_EQ(hashes.size(), 7U);
}

TEST(IdentityHash, DependsOnTheKey) {
    EXPECT_NE(identity_hash(kKey, "a", "b"), identity_hash({1, 2}, "a", "b"));
    EXPECT_NE(check_value_of(kKey), check_value_of({1, 2}));
}

TEST(IdentityKey, IsMadeOnceAndKept) {
    const ScratchFolder folder;
    const auto made = load_or_make_identity_key(folder / "key");
    const auto kept = load_or_make_identity_key(folder / "key");
    const auto other = load_or_make_identity_key(folder / "other");
    ASSERT_TRUE(made && kept && other);
    EXPECT_EQ(check_value_of(*made), check_value_of(*kept));
    EXPECT_NE(check_value_of(*made), check_value_of(*other));
    EXPECT_EQ(std::filesystem::status(folder / "key").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_FALSE(exists(folder / "key.new"));
}

TEST(IdentityKey, ADamagedOneIsRefusedAndStays) {
    const ScratchFolder folder;
    ASSERT_TRUE(load_or_make_identity_key(folder / "key"));
    const std::string good = bytes_of(folder / "key");
    ASSERT_EQ(good.size(), 20U);
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        write_bytes(folder / "key", bad);
        const auto refused = load_or_make_identity_key(folder / "key");
        ASSERT_FALSE(refused) << at;
        EXPECT_EQ(refused.error().reason, Reason("metering.identity_damaged"));
        EXPECT_TRUE(refused.error().message.contains(folder / "key"));
        EXPECT_EQ(bytes_of(folder / "key"), bad);
    }
    for (const std::size_t length : {0U, 1U, 16U, 19U, 21U}) {
        write_bytes(folder / "key", (good + good).substr(0, length));
        EXPECT_FALSE(load_or_make_identity_key(folder / "key")) << length;
    }
}

TEST(IdentityKey, AFolderThatIsNotThereIsAnError) {
    const auto refused = load_or_make_identity_key("/nowhere/at/all/key");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("file.refused"));
}

}  // namespace
}  // namespace turnpike
