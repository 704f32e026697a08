#include "access/new_receipts.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kNow = from_unix_seconds(1'700'000'000);

// 600 in an hour is one in 6 s.
TEST(NewReceipts, AreSoManyOfOnePeer) {
    NewReceipts receipts;
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(receipts.take("203.0.113.7", kNow)) << i;
    const auto refused = receipts.take("203.0.113.7", kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "access.rate_limited");
    EXPECT_EQ(refused.error().retry_after_s, 6);
    EXPECT_TRUE(receipts.take("203.0.113.8", kNow));
    EXPECT_TRUE(receipts.take("203.0.113.7", kNow + 6s));
    EXPECT_FALSE(receipts.take("203.0.113.7", kNow + 6s));
}

TEST(NewReceipts, OfOneSubscribersAddressesAreOfOnePeer) {
    NewReceipts receipts;
    for (int i = 0; i < 600; ++i)
        ASSERT_TRUE(receipts.take("2001:db8:1:2::" + std::to_string(i), kNow)) << i;
    EXPECT_FALSE(receipts.take("2001:db8:1:2:ffff::1", kNow));
    EXPECT_TRUE(receipts.take("2001:db8:1:3::1", kNow));
}

}  // namespace
}  // namespace turnpike
