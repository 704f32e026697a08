#include "subscriptions/discount.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(DiscountTest, RunsFromItsStartUntilItsEnd) {
    const Instant start = from_unix_seconds(1'000), end = from_unix_seconds(2'000);
    const std::chrono::seconds second{1};
    Discount discount{.provider_id = "di_1", .starts_at = start, .ends_at = end};
    EXPECT_FALSE(runs_at(discount, start - second));
    EXPECT_TRUE(runs_at(discount, start));
    EXPECT_TRUE(runs_at(discount, end - second));
    EXPECT_FALSE(runs_at(discount, end));
    discount.ends_at = std::nullopt;
    EXPECT_TRUE(runs_at(discount, end));
}

TEST(DiscountTest, DurationsAreWordsBothWays) {
    for (const auto* word : {"once", "repeating", "forever", "unread"}) {
        const auto duration = parse_discount_duration(word);
        ASSERT_TRUE(duration) << word;
        EXPECT_EQ(to_text(*duration), word);
    }
    EXPECT_FALSE(parse_discount_duration("always"));
}

}  // namespace
}  // namespace turnpike
