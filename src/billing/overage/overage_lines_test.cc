#include "billing/overage/overage_lines.h"

#include <limits>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using Heads = std::vector<std::optional<std::size_t>>;

TEST(ShareLines, NoLineComesToLessThanItMay) {
    constexpr auto kWaits = std::nullopt;
    struct Case {
        const char* name;
        std::vector<std::int64_t> amounts;
        Heads heads;
    };
    const Case cases[] = {
        {"nothing", {}, {}},
        {"each large enough", {100, 4'690}, {0, 1}},
        {"one too small", {99}, {kWaits}},
        {"none that is nothing", {0}, {kWaits}},
        {"a credit", {-50}, {kWaits}},
        {"small ones together", {60, 40}, {0, 0}},
        {"small ones that are not enough", {60, 39}, {kWaits, kWaits}},
        {"a small one with the smallest large one", {500, 20, 300}, {0, 2, 2}},
        {"a credit that one line bears", {500, -150, 300}, {0, 2, 2}},
        {"a credit that takes two", {500, -350, 300}, {0, 0, 0}},
        {"a credit of more than is owed", {500, -900, 300}, {kWaits, kWaits, kWaits}},
        {"exactly the least that is left", {600, -500}, {0, 0}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(share_lines(c.amounts, 100), c.heads);
    }
}

TEST(ShareLines, WhereAnythingGoesEachHasItsOwn) {
    const std::vector<std::int64_t> amounts{-500, 0, 1};
    EXPECT_EQ(share_lines(amounts, std::numeric_limits<std::int64_t>::min()), (Heads{0, 1, 2}));
}

}  // namespace
}  // namespace turnpike
