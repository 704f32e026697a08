#include "metering/usage_event.h"

#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(UsageEvent, ADeniedOneIsToldWhichAllowanceItWouldPass) {
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
        const EventComplaint complaint = beyond_allowance("tokens", c.reset);
        EXPECT_EQ(complaint.code, "limit_exceeded");
        EXPECT_EQ(complaint.detail,
                  std::string("it would pass the allowance of tokens for ") + c.words);
    }
}

}  // namespace
}  // namespace turnpike
