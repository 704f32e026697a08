#include "metering/recount.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/usage_model_testing.h"

namespace turnpike {
namespace {

using enum Meter::Aggregation;

/// An event of a counter. Times are minutes.
struct Event {
    std::size_t segment;
    int time;
    std::int64_t value;
    std::uint64_t unique = 0;
};
using Events = std::vector<Event>;

Instant minute(int number) { return testing::kModelStart + std::chrono::minutes(number); }

/// What counting them in this order leaves, each segment under another plan.
Counter counted(Meter::Aggregation aggregation, const Events& events) {
    const auto window = [&](std::size_t plan) {
        auto one = testing::model_window({aggregation, {}}, static_cast<int>(plan));
        one.included = Quantity::whole(100);
        one.overage_unit_price = std::nullopt;
        return one;
    };
    Counter counter = open_counter(window(0));
    std::vector<std::uint64_t> seen;
    for (const Event& event : events) {
        counter = under_window(counter, window(event.segment));
        const bool is_known = std::ranges::find(seen, event.unique) != seen.end();
        seen.push_back(event.unique);
        const bool counts_as_one = aggregation == Unique;
        const auto value = counts_as_one ? (is_known ? 0 : 1) : event.value;
        EXPECT_TRUE(count_into(counter, Quantity::whole(value), minute(event.time)));
    }
    return counter;
}

OtherEvents others_of(const Events& events, std::size_t but) {
    OtherEvents others;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i == but) continue;
        const Event& event = events[i];
        const Quantity value = Quantity::whole(event.value);
        others.most.resize(std::max(others.most.size(), event.segment + 1));
        others.most[event.segment] = std::max(others.most[event.segment], value);
        others.least = std::min(others.least.value_or(value), value);
        if (!others.latest || minute(event.time) >= others.latest->time)
            others.latest = {minute(event.time), value, i > but};
        if (event.unique == events[but].unique && !others.same_value_in)
            others.same_value_in = event.segment;
    }
    return others;
}

struct RecountCase {
    const char* name;
    Meter::Aggregation aggregation;
    Events events;
    std::size_t corrected;
    std::optional<std::int64_t> to;
    bool rests_on_others;
    std::vector<std::int64_t> ends;
    std::optional<int> last_at{};
};

const RecountCase kRecountCases[] = {
    // What was used by the end of each segment, of the events that are left: by hand.
    {"not the greatest", Max, {{0, 1, 5}, {0, 2, 9}}, 0, {}, false, {9}},
    {"the greatest", Max, {{0, 1, 5}, {0, 2, 9}}, 1, {}, true, {5}},
    {"one of two", Max, {{0, 1, 9}, {0, 2, 9}}, 1, {}, true, {9}},
    {"the only one", Max, {{0, 1, 9}}, 0, {}, true, {0}},
    {"nothing", Max, {{0, 1, 0}}, 0, {}, false, {0}},
    {"of the first plan", Max, {{0, 1, 9}, {0, 1, 4}, {1, 2, 7}}, 0, {}, true, {4, 7}},
    {"of the second plan", Max, {{0, 1, 4}, {1, 2, 9}, {1, 3, 7}}, 1, {}, true, {4, 7}},
    {"not above the first plan's", Max, {{0, 1, 9}, {1, 2, 9}}, 1, {}, false, {9, 9}},
    {"no longer the greatest", Max, {{0, 1, 5}, {0, 2, 9}}, 1, 3, true, {5}},
    {"less, the greatest still", Max, {{0, 1, 5}, {0, 2, 9}}, 1, 7, true, {7}},
    {"the greatest now", Max, {{0, 1, 5}, {1, 2, 9}}, 0, 11, false, {11, 11}},
    {"more than its plan's others", Max, {{0, 1, 5}, {1, 2, 9}}, 0, 7, false, {7, 9}},
    {"as it was", Max, {{0, 1, 9}}, 0, 9, false, {9}},

    {"not the least", Min, {{0, 1, 9}, {0, 2, 5}}, 0, {}, false, {5}, 2},
    {"the least", Min, {{0, 1, 3}, {0, 2, 5}}, 0, {}, true, {5}, 2},
    {"the latest", Min, {{0, 1, 3}, {0, 2, 5}}, 1, {}, true, {3}, 1},
    {"the only", Min, {{0, 1, 3}}, 0, {}, true, {0}, {}},
    {"the least now", Min, {{0, 1, 3}, {0, 2, 5}}, 1, 2, false, {2}, 2},
    {"no longer the least", Min, {{0, 1, 3}, {0, 2, 5}}, 0, 7, true, {5}, 2},
    {"more, the least still", Min, {{0, 1, 3}, {0, 2, 5}}, 0, 4, true, {4}, 2},
    {"more of the only one", Min, {{0, 1, 3}}, 0, 4, true, {4}, 1},

    {"not the last", Last, {{0, 1, 3}, {0, 2, 5}}, 0, {}, false, {5}, 2},
    {"the last", Last, {{0, 1, 3}, {0, 2, 5}}, 1, {}, true, {3}, 1},
    {"late, and not the last", Last, {{0, 2, 5}, {0, 1, 3}}, 1, {}, false, {5}, 2},
    {"the first of one time", Last, {{0, 2, 5}, {0, 2, 3}}, 0, {}, false, {3}, 2},
    {"the last of one time", Last, {{0, 2, 5}, {0, 2, 3}}, 1, {}, true, {5}, 2},
    {"the same twice", Last, {{0, 2, 5}, {0, 2, 5}}, 0, 7, true, {5}, 2},
    {"the last one's value", Last, {{0, 2, 5}, {0, 2, 5}}, 1, 7, true, {7}, 2},
    {"an earlier one's value", Last, {{0, 1, 5}, {0, 2, 5}}, 0, 7, false, {5}, 2},
    {"all there was", Last, {{0, 2, 5}}, 0, {}, true, {0}, {}},

    {"a value of its own", Unique, {{0, 1, 1, 7}, {0, 2, 1, 8}}, 0, {}, true, {1}},
    {"a value that came again", Unique, {{0, 1, 1, 7}, {0, 2, 1, 7}}, 0, {}, true, {1}},
    {"again under another plan", Unique, {{0, 1, 1, 7}, {1, 2, 1, 7}}, 0, {}, true, {0, 1}},
    {"known before", Unique, {{0, 1, 1, 7}, {1, 2, 1, 7}}, 1, {}, true, {1, 1}},
    {"a measure of it changes nothing", Unique, {{0, 1, 1, 7}}, 0, 1, false, {1}},
};

TEST(Recounted, IsWhatTheOtherEventsComeTo) {
    for (const RecountCase& c : kRecountCases) {
        SCOPED_TRACE(c.name);
        const Counter before = counted(c.aggregation, c.events);
        const Event& event = c.events[c.corrected];
        Revaluation change{event.segment, minute(event.time), {Quantity::whole(event.value), {}}};
        if (c.to) change.value.to = Quantity::whole(*c.to);
        EXPECT_EQ(rests_on_others(before, change), c.rests_on_others);
        const auto others = c.rests_on_others ? others_of(c.events, c.corrected) : OtherEvents{};
        const auto next = recounted(before, change, others);
        const Counter after = next ? moved_to(before, *next).value() : before;
        std::vector<std::int64_t> ends;
        for (std::size_t i = 0; i < after.segments.size(); ++i)
            ends.push_back(end_of_segment(after, i).scaled() / Quantity::kOne);
        EXPECT_EQ(ends, c.ends);
        if (c.last_at)
            EXPECT_EQ(after.trail.last_at, minute(*c.last_at));
        else
            EXPECT_FALSE(after.trail.last_at);
    }
}

TEST(Recounted, AValueIsGoneWithTheLastEventThatBroughtIt) {
    const Events events = {{0, 1, 1, 7}, {0, 2, 1, 7}, {0, 3, 1, 8}};
    const Counter counter = counted(Unique, events);
    const Revaluation change{0, minute(1), {Quantity::whole(1), {}}};
    EXPECT_FALSE(recounted(counter, change, others_of(events, 0)));
    EXPECT_TRUE(recounted(counter, change, others_of(events, 2))->is_value_gone);
}

/// What a later plan let in beside a greater value of an earlier one stays, and nothing more comes.
TEST(Recounted, AVoidAlwaysFits) {
    auto first = testing::model_window({Max, {}}, 1), second = testing::model_window({Max, {}}, 0);
    first.included = Quantity::whole(5);
    second.included = Quantity::whole(10);
    Counter counter = open_counter(first);
    ASSERT_TRUE(count_into(counter, Quantity::whole(30), minute(1)));
    counter = with_allowance(counter, second);
    ASSERT_EQ(counter.hard_limit, Quantity::whole(35)) << "5 of 10 are covered by the first plan";
    ASSERT_TRUE(count_into(counter, Quantity::whole(34), minute(2)));

    const auto next = recounted(counter, {0, minute(1), {Quantity::whole(30), {}}},
                                {.most = {{}, Quantity::whole(34)}});
    const Counter after = moved_to(counter, next.value()).value();
    EXPECT_EQ(after.segments[1].from_used, Quantity{});
    EXPECT_EQ(after.used, Quantity::whole(34));
    EXPECT_EQ(after.hard_limit, Quantity::whole(34)) << "and not 10";
    // What the first plan bills goes on, and the second lets no more in.
    const auto amended = [&](std::size_t segment, std::int64_t to) {
        const Revaluation more{segment, minute(1), {Quantity{}, Quantity::whole(to)}};
        return !bound_passed(after, moved_to(after, recounted(after, more, {}).value()).value(),
                             minute(3));
    };
    EXPECT_TRUE(amended(0, 9));
    EXPECT_TRUE(amended(0, 35)) << "all of it under the first plan";
    EXPECT_FALSE(amended(1, 35));
}

TEST(Recounted, ACounterComesToWhatItsKindCan) {
    const Counter most = counted(Max, {{0, 1, 5}, {1, 2, 9}}), last = counted(Last, {{0, 1, 5}});
    const Quantity one = Quantity::whole(1), two = Quantity::whole(2);
    EXPECT_TRUE(moved_to(most, {.ends = {one, two}}));
    EXPECT_FALSE(moved_to(most, {.ends = {two, one}}));
    EXPECT_FALSE(moved_to(most, {.ends = {one}}));
    EXPECT_FALSE(moved_to(most, {.ends = {Quantity{} - one, one}}));
    EXPECT_FALSE(moved_to(most, {.ends = {one, kMaxQuantity + one}}));
    EXPECT_FALSE(moved_to(most, {.ends = {one, two}, .last_at = minute(1)}));
    EXPECT_FALSE(moved_to(most, {.ends = {one, two}, .is_value_gone = true}));
    EXPECT_TRUE(moved_to(last, {.ends = {one}, .last_at = minute(1)}));
    EXPECT_FALSE(moved_to(counted(Sum, {{0, 1, 5}}), {.ends = {one}}));
}

}  // namespace
}  // namespace turnpike
