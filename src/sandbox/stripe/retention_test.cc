// What Stripe's twin forgets, by the real clock.

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

std::int64_t rows(testing::TwinUnderTest& twin, const std::string& table) {
    return twin.twin().database().write_blocking(
        [&](sql::Transaction& tx) { return tx.one("SELECT COUNT(*) FROM " + table)->integer(0); });
}

void prune(testing::TwinUnderTest& twin) {
    PruneWalk walk;
    const auto step = [&](sql::Transaction& tx) {
        return twin.twin().prune(tx, twin.clock().now(), walk);
    };
    while (twin.twin().database().write_blocking(step)) {
    }
}

TEST(Retention, OfEventsIsThirtyDays) {
    testing::TwinUnderTest twin;
    for (int i = 0; i < 450; ++i) twin.post("/v1/customers");
    twin.clock().advance(days(20));
    twin.post("/v1/products", "name=Pro");
    prune(twin);
    EXPECT_EQ(rows(twin, "events"), 451);
    twin.clock().advance(days(10) + 1s);
    EXPECT_EQ(twin.event_types(), std::vector<std::string>{"product.created"});
    prune(twin);
    EXPECT_EQ(rows(twin, "events"), 1);
    EXPECT_EQ(twin.event_types(), std::vector<std::string>{"product.created"});
    EXPECT_EQ(rows(twin, "objects"), 451);
}

TEST(Retention, OfATestClocksEventsIsByTheRealClockToo) {
    testing::TwinUnderTest twin;
    const auto clock = twin.post_id("/v1/test_helpers/test_clocks", "frozen_time=1600000000");
    twin.post("/v1/customers", "test_clock=" + clock);
    prune(twin);
    EXPECT_EQ(rows(twin, "events"), 2);  // of the year 2020, recorded just now
    twin.clock().advance(days(31));
    prune(twin);
    EXPECT_EQ(rows(twin, "events"), 0);
}

TEST(Retention, OfIdempotencyKeysIsADay) {
    testing::TwinUnderTest twin;
    for (int i = 0; i < 250; ++i)
        twin.post("/v1/customers", "", {{"Idempotency-Key", std::to_string(i)}});
    twin.use_key("sk_test_second");
    twin.post("/v1/customers", "", {{"Idempotency-Key", "second"}});
    twin.clock().advance(23h);
    twin.use_key("sk_test_third");
    twin.post("/v1/customers", "", {{"Idempotency-Key", "third"}});
    twin.clock().advance(1h + 1s);
    EXPECT_EQ(rows(twin, "idempotency_keys"), 252);
    prune(twin);
    EXPECT_EQ(rows(twin, "idempotency_keys"), 1);
}

}  // namespace
}  // namespace turnpike::twin
