// From an event to the counters that it moved, by its id and by its sender's name, in every store.

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/store_testing.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::calls;
using testing::count_of;
using testing::events_of;
using testing::Kind;
using testing::kind_name;
using testing::kSeptember;
using testing::kStart;
using testing::record;
using testing::run;
using testing::Verdicts;

const auto kSubscription = SubscriptionId::trusted("sub_1");

class FollowedEvents : public testing::StoreTest {
protected:
    [[nodiscard]] UsageWindow pro() { return world().window("pro", kSeptember, kSubscription); }

    std::vector<RecordedEvent> named(const std::string& source, const std::string& id,
                                     std::optional<CustomerId> customer = {}) {
        EventFilter filter;
        filter.customer = std::move(customer);
        filter.name = EventName{source, id};
        return events_of(store(), filter);
    }
    std::optional<FollowedEvent> follow(const UsageEventId& id) {
        const auto found = run(store().follow_event(id));
        EXPECT_TRUE(found) << found.error().message;
        return *found;
    }
};

TEST_P(FollowedEvents, AnEventIsFoundByItsSendersName) {
    const auto bob = world().add_customer("bob");
    record(store(), {calls(alice_, "a", 1, pro()), calls(alice_, "b", 2, pro()),
                     calls(bob, "c", 3, world().window("pro"))});
    const auto found = named("test", "b");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().event.quantity, Quantity::whole(2));
    EXPECT_EQ(named("test", "b", alice_).size(), 1U);
    EXPECT_TRUE(named("test", "b", bob).empty());
    EXPECT_TRUE(named("other", "b").empty());
    EXPECT_TRUE(named("test", "d").empty());
}

TEST_P(FollowedEvents, ItsCountersAreShownAsTheyAreNow) {
    record(store(), {calls(alice_, "a", 9'000, pro()), calls(alice_, "b", 500, pro())});
    record(store(), {calls(alice_, "c", 1'000, pro())});
    const auto followed = follow(named("test", "b").front().id);
    ASSERT_TRUE(followed);
    EXPECT_EQ(followed->recorded.event.id, "b");
    EXPECT_EQ(followed->recorded.event.customer, alice_);
    ASSERT_EQ(followed->recorded.counts.size(), 1U);
    EXPECT_EQ(followed->recorded.counts.front().value, Quantity::whole(500));
    ASSERT_EQ(followed->counters.size(), 1U);
    const Counter& counter = followed->counters.front();
    EXPECT_EQ(counter.contract, kSubscription);
    EXPECT_EQ(counter.meter_key, "api_calls");
    EXPECT_EQ(counter.period.start, kSeptember.start);
    EXPECT_EQ(counter.period.end, kSeptember.end);
    EXPECT_EQ(counter.used, Quantity::whole(10'500));
    EXPECT_EQ(overage_of(counter), Quantity::whole(500));  // PRO includes 10,000
}

TEST_P(FollowedEvents, EachCounterOfAnEventIsFollowed) {
    auto day = world().window("free");
    day.reset = {Reset::Kind::Day};
    day.period = {kStart, kStart + std::chrono::hours(24)};
    auto event = calls(alice_, "wide", 3, world().window("free"));
    event.counts.push_back(count_of(day, 3));
    record(store(), {event, calls(alice_, "later", 4, world().window("free"))});
    const auto followed = follow(named("test", "wide").front().id);
    ASSERT_TRUE(followed);
    ASSERT_EQ(followed->counters.size(), 2U);
    EXPECT_EQ(followed->counters[0].reset, Reset{});
    EXPECT_EQ(followed->counters[0].used, Quantity::whole(7));
    EXPECT_EQ(followed->counters[0].contract, std::nullopt);
    EXPECT_EQ(followed->counters[1].reset, Reset{Reset::Kind::Day});
    EXPECT_EQ(followed->counters[1].used, Quantity::whole(3));
    EXPECT_EQ(followed->counters[1].hard_limit, Quantity::whole(100));  // FREE's
}

TEST_P(FollowedEvents, NobodysIdIsNoEvent) {
    record(store(), {calls(alice_, "a", 1, pro())});
    for (const char* id : {"ue_00000000000000000000000000", "ue_00000000000010000000000001",
                           "ue_0000000000002000000000000A", "ue_ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
                           // The log's first place in numbers of more than 64 bits.
                           "ue_G0000000000010000000000000"})
        EXPECT_FALSE(follow(*UsageEventId::parse(id))) << id;
}

INSTANTIATE_TEST_SUITE_P(, FollowedEvents,
                         ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log), kind_name);

}  // namespace
}  // namespace turnpike
