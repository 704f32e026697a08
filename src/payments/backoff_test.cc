#include "payments/backoff.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::milliseconds;
using Wait = std::optional<milliseconds>;

TEST(Backoff, DoublesWithinHalfAStepOfJitter) {
    struct Case {
        const char* name;
        int number;
        std::uint32_t jitter;
        Wait wait;
    };
    const Case cases[] = {
        {"first, no jitter", 1, 0, milliseconds(100)},
        {"first, all of it", 1, 1'000, milliseconds(200)},
        {"second", 2, 1'000, milliseconds(400)},
        {"second, half", 2, 500, milliseconds(300)},
        {"third", 3, 1'000, milliseconds(800)},
        {"jitter is bounded", 3, 5'000, milliseconds(800)},
        {"no fourth", 4, 0, std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(backoff({}, {.number = c.number,
                               .retry_after = {},
                               .elapsed = milliseconds(0),
                               .jitter_permille = c.jitter}),
                  c.wait);
    }
}

TEST(Backoff, HonoursRetryAfterUpToItsBound) {
    const auto wait = [](milliseconds retry_after) {
        return backoff({}, {.number = 1,
                            .retry_after = retry_after,
                            .elapsed = milliseconds(0),
                            .jitter_permille = 1'000});
    };
    EXPECT_EQ(wait(milliseconds(0)), Wait(milliseconds(200)));
    EXPECT_EQ(wait(milliseconds(1'000)), Wait(milliseconds(1'000)));
    EXPECT_EQ(wait(milliseconds(5'000)), Wait(milliseconds(5'000)));
    EXPECT_EQ(wait(milliseconds(5'001)), Wait());
}

TEST(Backoff, NeverPassesTheTotal) {
    const auto wait = [](milliseconds elapsed) {
        return backoff(
            {}, {.number = 1, .retry_after = {}, .elapsed = elapsed, .jitter_permille = 1'000});
    };
    EXPECT_EQ(wait(milliseconds(24'799)), Wait(milliseconds(200)));
    EXPECT_EQ(wait(milliseconds(24'800)), Wait());
}

}  // namespace
}  // namespace turnpike
