#include "webhooks/signature_alarm.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(SignatureAlarm, TellsOnceAnHourAtMost) {
    const Instant start = from_unix_seconds(1'700'000'000);
    const auto at = [&](int minutes) { return start + std::chrono::minutes(minutes); };
    SignatureAlarm alarm;
    EXPECT_FALSE(alarm.is_due(0, at(0)));
    EXPECT_TRUE(alarm.is_due(1, at(1)));
    EXPECT_FALSE(alarm.is_due(900, at(60)));
    EXPECT_TRUE(alarm.is_due(900, at(61)));
    EXPECT_FALSE(alarm.is_due(0, at(200)));
}

}  // namespace
}  // namespace turnpike
