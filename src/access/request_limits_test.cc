#include "access/request_limits.h"

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

const Instant kNow = from_unix_seconds(1'700'000'000);

TEST(RequestLimits, CountHowOftenOneCallerAsks) {
    RequestLimits limits({.per_minute = 60});
    for (int i = 0; i < 60; ++i) ASSERT_EQ(limits.enter("key:a", kNow, 0).shed, Shed::No) << i;
    const auto refused = limits.enter("key:a", kNow, 0);
    EXPECT_EQ(refused.shed, Shed::Rate);
    EXPECT_EQ(refused.rate.reset, std::chrono::seconds(1));
    EXPECT_EQ(limits.enter("key:b", kNow, 0).shed, Shed::No);
    EXPECT_EQ(limits.enter("key:a", kNow + std::chrono::seconds(1), 0).shed, Shed::No);
    EXPECT_EQ(limits.in_flight(), 0U);
}

TEST(RequestLimits, CountWhatIsInFlightOfOneCallerAndOfAll) {
    RequestLimits limits({.in_flight_each = 2, .in_flight_all = 3});
    std::optional<RequestLimits::Verdict> first(limits.enter("key:a", kNow, 0));
    const auto second = limits.enter("key:a", kNow, 0);
    EXPECT_EQ(limits.enter("key:a", kNow, 0).shed, Shed::Caller);
    const auto other = limits.enter("key:b", kNow, 0);
    EXPECT_EQ(limits.enter("key:c", kNow, 0).shed, Shed::Everyone);
    EXPECT_EQ(limits.in_flight(), 3U);
    first.reset();
    EXPECT_EQ(limits.enter("key:c", kNow, 0).shed, Shed::No);
    EXPECT_EQ(limits.enter("key:a", kNow, 0).shed, Shed::No);
}

TEST(RequestLimits, LeaveRoomWhenTheLedgerIsBehind) {
    RequestLimits limits({.ledger_backlog = 10});
    EXPECT_EQ(limits.enter("key:a", kNow, 9).shed, Shed::No);
    EXPECT_EQ(limits.enter("key:a", kNow, 10).shed, Shed::Ledger);
}

TEST(RequestLimits, GiveBackEveryPlace) {
    RequestLimits limits({.in_flight_each = 3, .in_flight_all = 5});
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i)
        callers.emplace_back([&, who = "key:" + std::to_string(i % 3)] {
            for (int n = 0; n < 1'000; ++n) (void)limits.enter(who, kNow, 0);
        });
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(limits.in_flight(), 0U);
    EXPECT_EQ(limits.enter("key:0", kNow, 0).shed, Shed::No);
}

TEST(RequestLimits, AreNotForWhatMustGoOn) {
    const auto critical = [](const char* method, const char* pattern) {
        return is_critical(*policy_of(method, pattern));
    };
    EXPECT_TRUE(critical("POST", "/v1/entitlements/check"));
    EXPECT_TRUE(critical("POST", "/v1/usage/consume"));
    EXPECT_TRUE(critical("POST", "/v1/events"));
    EXPECT_TRUE(critical("GET", "/v1/gateway/authorize"));
    EXPECT_TRUE(critical("POST", "/webhooks/stripe"));
    EXPECT_TRUE(critical("POST", "/v1/subscriptions"));
    EXPECT_TRUE(critical("POST", "/billing/subscribe"));
    EXPECT_TRUE(critical("GET", "/readyz"));
    EXPECT_FALSE(critical("GET", "/v1/customers"));
    EXPECT_FALSE(critical("POST", "/v1/customers"));
    EXPECT_FALSE(critical("GET", "/v1/audit_events"));
}

}  // namespace
}  // namespace turnpike
