#include "base/id.h"

#include <set>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

TEST(Id, IsReadOnlyInItsExactForm) {
    const std::string body = "01J7T8Z0G0ABCDEFGHJKMNPQRS";
    EXPECT_TRUE(CustomerId::parse("cus_" + body));
    const std::string refused[] = {
        "",
        "cus_",
        "cus" + body,
        "sub_" + body,  // another kind
        "xcus_" + body,
        "cus_" + body + "0",      // 27
        "cus_" + body.substr(1),  // 25
        "cus_01j7t8z0g0abcdefghjkmnpqrs",
        "cus_01J7T8Z0G0ABCDEFGHIKMNPQRS",  // I is not in Crockford's alphabet
        "cus_01J7T8Z0G0ABCDEFGHLKMNPQRS",  // nor is L
        "cus_01J7T8Z0G0ABCDEFGHOKMNPQRS",  // nor O
        "cus_01J7T8Z0G0ABCDEFGHUKMNPQRS",  // nor U
        "cus_01J7T8Z0G0ABCDEFGHJKMNPQR/",
        "cus_01J7T8Z0G0ABCDEFGHJKMNPQR" + std::string(1, '\0'),
        " cus_" + body,
        "CUS_" + body,
    };
    for (const auto& text : refused) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(CustomerId::parse(text));
    }
}

TEST(Id, KindsAreDifferentTypes) {
    static_assert(!std::is_convertible_v<CustomerId, SubscriptionId>);
    static_assert(!std::is_constructible_v<CustomerId, std::string>);
    static_assert(!std::is_default_constructible_v<CustomerId>);
    EXPECT_EQ(CustomerId::kPrefix, "cus");
}

// 48 bits of milliseconds behind two zero bits are ten characters of five bits, the most
// significant first.
TEST(IdSource, PutsTheTimeInTheFirstTenCharacters) {
    const std::string alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const std::int64_t millis = 1'726'358'400'000;
    std::string expected;
    for (int shift = 45; shift >= 0; shift -= 5)
        expected += alphabet[static_cast<std::size_t>((millis >> shift) & 31)];
    SeededIdSource ids(1);
    const auto body = ids.body(from_unix_seconds(millis / 1000));
    EXPECT_EQ(body.size(), 26U);
    EXPECT_EQ(body.substr(0, 10), expected);
}

TEST(IdSource, MakesWhatParseReads) {
    RandomIdSource random;
    SeededIdSource seeded(42);
    const auto now = from_unix_seconds(1'726'358'400);
    for (IdSource* source : {static_cast<IdSource*>(&random), static_cast<IdSource*>(&seeded)}) {
        const auto id = source->make<SubscriptionId>(now);
        EXPECT_EQ(SubscriptionId::parse(id.text()), id);
    }
}

TEST(RandomIdSource, NeverRepeats) {
    RandomIdSource ids;
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) seen.insert(ids.body(from_unix_seconds(1'726'358'400)));
    EXPECT_EQ(seen.size(), 10'000U);
}

TEST(SeededIdSource, GivesTheSameSequenceForTheSameSeed) {
    SeededIdSource a(7), b(7), c(8);
    const auto now = from_unix_seconds(1'726'358'400);
    const auto first = a.body(now);
    EXPECT_EQ(first, b.body(now));
    EXPECT_NE(first, c.body(now));
    EXPECT_NE(first, a.body(now));
}

RC_GTEST_PROP(IdSource, LaterMillisecondsSortLater, ()) {
    const auto early = *rc::gen::inRange<std::int64_t>(0, 250'000'000'000'000'000);
    const auto gap = *rc::gen::inRange<std::int64_t>(1'000, 1'000'000'000'000);
    RandomIdSource ids;
    RC_ASSERT(ids.body(from_unix_micros(early)) < ids.body(from_unix_micros(early + gap)));
}

}  // namespace
}  // namespace turnpike
