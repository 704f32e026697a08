#include "metering/usage_event.h"

#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(UsageEvent, ADeniedOneIsToldWhichCounterItWouldPass) {
    using enum Reset::Kind;
    const struct {
        Reset reset;
        const char* words;
    } cases[] = {
        {{BillingPeriod}, "its billing period"},
        {{Day}, "its day"},
        {{Week}, "its week"},
        {{Month}, "its month"},
        {{Lifetime}, "the lifetime of the contract"},
        {{Rolling, 1}, "the last hour"},
        {{Rolling, 48}, "the last 48 hours"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.words);
        const std::string counter = std::string("tokens for ") + c.words;
        const EventComplaint limit = complaint_of(Bound::Allowance, "tokens", c.reset);
        EXPECT_EQ(limit.code, "limit_exceeded");
        EXPECT_EQ(limit.detail, "it would pass the allowance of " + counter);
        const EventComplaint range = complaint_of(Bound::Range, "tokens", c.reset);
        EXPECT_EQ(range.code, "counter_full");
        EXPECT_EQ(range.detail, "it would pass the most that a counter holds, 1000000000000, in " +
                                    counter + "; count in a larger unit");
    }
}

}  // namespace
}  // namespace turnpike
