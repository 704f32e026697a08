#include "retry.h"

#include <gtest/gtest.h>

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, IsForWhatMayBeAnsweredOtherwiseLater) {
    for (const int status : {408, 429, 500, 502, 503, 504, 599}) EXPECT_TRUE(is_retryable(status));
    for (const int status : {200, 301, 400, 401, 402, 403, 404, 409, 413, 422})
        EXPECT_FALSE(is_retryable(status)) << status;
}

TEST(WaitAfter, GrowsByDoublingUpToItsBoundWithFullJitter) {
    const Backoff backoff{milliseconds(100), milliseconds(1'000)};
    struct Case {
        const char* name;
        int attempt;
        std::optional<seconds> retry_after;
        std::uint64_t random;
        std::int64_t wait_ms;
    };
    const Case cases[] = {
        {"the least is a millisecond", 1, std::nullopt, 0, 1},
        {"the most after one attempt is first_wait", 1, std::nullopt, 99, 100},
        {"anything between", 1, std::nullopt, 36, 37},
        {"beyond it begins anew", 1, std::nullopt, 100, 1},
        {"twice as much after two", 2, std::nullopt, 199, 200},
        {"four times after three", 3, std::nullopt, 399, 400},
        {"eight times after four", 4, std::nullopt, 799, 800},
        {"wait_max after five, not 1,600", 5, std::nullopt, 999, 1'000},
        {"and for ever", 1'000'000, std::nullopt, 999, 1'000},
        {"Retry-After comes first", 1, seconds(7), 0, 7'001},
        {"and jitter on top", 1, seconds(7), 99, 7'100},
        {"but no longer than five minutes", 1, seconds(1'000'000), 0, 300'001},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(wait_after(backoff, c.attempt, c.retry_after, c.random).count(), c.wait_ms);
    }
}

}  // namespace
}  // namespace turnpike::client
