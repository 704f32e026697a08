// What a state forgets of the past of counters that no event can reach any more, and that nobody
// could tell.

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/state/usage_state.h"
#include "metering/usage_event.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

using std::chrono::days;
using std::chrono::hours;

// Sunday, 2024-09-01T00:00:00Z.
const Instant kBegin = from_unix_seconds(1'725'148'800);
const Period kFirstDay{kBegin, kBegin + days(1)};
const Instant kForgottenAt = kFirstDay.end + days(62 + 8);

UsageWindow window(Meter::Aggregation aggregation, const char* reset, Instant time) {
    UsageWindow window{.contract = std::nullopt,
                       .meter_key = "users",
                       .aggregation = aggregation,
                       .reset = *parse_reset(reset),
                       .plan_version = PlanVersionId::trusted("pv_1"),
                       .included = Quantity::whole(1'000'000)};
    window.period = window_at(window.reset, {kBegin, kBegin + days(30)}, time);
    return window;
}

/// A process, what it wrote, and a snapshot of somewhere in between.
class Process {
public:
    Counted use(UsageWindow where, Quantity value, std::uint64_t unique, Instant time,
                Instant received_at, const std::string& customer = "cus_a") {
        const UsageCount count{std::make_shared<const UsageWindow>(std::move(where)), value,
                               unique};
        state_.begin_arrival(received_at);
        return state_.count({.customer = customer,
                             .source = "test",
                             .id = std::to_string(state_.events()),
                             .counts = {&count, 1},
                             .time = time,
                             .latency_us = {},
                             .content = 1},
                            records_);
    }
    /// Another user of a day.
    void add_user(std::uint64_t user, Instant time, Instant received_at,
                  const std::string& customer = "cus_a") {
        auto where = window(Meter::Aggregation::Unique, "day", time);
        where.is_on_test_clock = is_on_test_clock_;
        EXPECT_EQ(use(std::move(where), Quantity::whole(1), user, time, received_at, customer),
                  Counted::Accepted);
    }
    /// An arrival that says nothing of any counter that is looked at.
    void pass_time(Instant received_at) {
        use(window(Meter::Aggregation::Sum, "lifetime", received_at), Quantity{}, 0, received_at,
            received_at, "cus_other");
    }
    void keep_snapshot() {
        snapshot_ = snapshot_of(state_);
        snapshot_at_ = records_.size();
    }
    void put_customer_on_test_clock() { is_on_test_clock_ = true; }

    [[nodiscard]] const UsageState& state() const { return state_; }
    [[nodiscard]] UsageState replayed() const { return read({records_}); }
    [[nodiscard]] UsageState restored() const {
        return read({snapshot_, std::string_view(records_).substr(snapshot_at_)});
    }
    [[nodiscard]] Quantity users(Instant day = kBegin) const {
        return state_.counter({"cus_a", ""}, "users", day, *parse_reset("day"))->used;
    }
    static std::string snapshot_of(const UsageState& state) {
        std::string all;
        EXPECT_TRUE(state.write_snapshot([&](std::string_view records) {
            all += records;
            return Result<std::monostate>();
        }));
        return all;
    }
    /// How many counters remember different values, and how many buckets there are.
    struct Past {
        std::size_t sets = 0, buckets = 0;
    };
    static Past past_of(const UsageState& state) {
        Past past;
        const std::string snapshot = snapshot_of(state);
        RecordReader reader(snapshot);
        while (const auto record = reader.next()) {
            if (std::holds_alternative<UniqueRecord>(*record)) ++past.sets;
            if (const auto* trail = std::get_if<TrailRecord>(&*record))
                past.buckets += read_buckets(trail->buckets)->size();
        }
        return past;
    }

private:
    static UsageState read(std::initializer_list<std::string_view> parts) {
        UsageState state;
        for (const std::string_view part : parts) {
            const auto applied = state.apply_all(part);
            EXPECT_TRUE(applied) << applied.error().message;
        }
        return state;
    }

    UsageState state_;
    std::string records_, snapshot_;
    std::size_t snapshot_at_ = 0;
    bool is_on_test_clock_ = false;
};

TEST(UsageForgetting, DifferentValuesGoWhenNoEventCanCountThereAndTheirNumberStays) {
    Process process;
    for (const std::uint64_t user : {1U, 2U, 1U, 3U}) process.add_user(user, kBegin, kBegin);
    process.pass_time(kForgottenAt - Duration(1));
    EXPECT_EQ(Process::past_of(process.state()).sets, 1U);
    EXPECT_EQ(process.users(), Quantity::whole(3));
    process.pass_time(kForgottenAt);
    EXPECT_EQ(Process::past_of(process.state()).sets, 0U);
    EXPECT_EQ(process.users(), Quantity::whole(3));
}

TEST(UsageForgetting, AnEventThatComesAllTheSameIsNoNewValue) {
    Process process;
    process.add_user(1, kBegin, kBegin);
    process.pass_time(kForgottenAt);
    process.keep_snapshot();
    // By a system clock that was set back by more than is allowed for.
    process.add_user(1, kBegin, kBegin + days(1));
    process.add_user(2, kBegin, kBegin + days(1));
    EXPECT_EQ(process.users(), Quantity::whole(1));
    EXPECT_EQ(process.state().events(), 4U);
    const std::string now = Process::snapshot_of(process.state());
    EXPECT_EQ(Process::snapshot_of(process.replayed()), now);
    EXPECT_EQ(Process::snapshot_of(process.restored()), now);
}

TEST(UsageForgetting, ACustomerOnATestClockIsNeverForgotten) {
    Process process;
    process.put_customer_on_test_clock();
    // His clock stands still, years behind.
    for (const std::uint64_t user : {1U, 2U}) process.add_user(user, kBegin, kBegin + days(800));
    process.keep_snapshot();
    for (const std::uint64_t user : {1U, 3U}) process.add_user(user, kBegin, kBegin + days(900));
    EXPECT_EQ(process.users(), Quantity::whole(3));
    const std::string now = Process::snapshot_of(process.state());
    EXPECT_EQ(Process::snapshot_of(process.replayed()), now);
    EXPECT_EQ(Process::snapshot_of(process.restored()), now);
}

TEST(UsageForgetting, OneArrivalForgetsAThousandAtMost) {
    Process process;
    for (int i = 0; i < 1'500; ++i) process.add_user(1, kBegin, kBegin, "cus_" + std::to_string(i));
    process.pass_time(kForgottenAt);
    EXPECT_EQ(Process::past_of(process.state()).sets, 500U);
    process.keep_snapshot();
    process.pass_time(kForgottenAt);
    EXPECT_EQ(Process::past_of(process.state()).sets, 0U);
    EXPECT_EQ(Process::past_of(process.restored()).sets, 0U);
}

TEST(UsageForgetting, WhatHasLeftARollingWindowGoesWithoutAnEvent) {
    const auto rolling = [](Instant time) {
        return window(Meter::Aggregation::Sum, "rolling_48h", time);
    };
    const auto used = [&](const Process& process, Instant now) {
        const auto counter =
            process.state().counter({"cus_a", ""}, "users", Instant{}, *parse_reset("rolling_48h"));
        return as_of(*counter, now).used;
    };
    Process process;
    for (int hour = 0; hour < 5; ++hour)
        process.use(rolling(kBegin), Quantity::whole(2), 0, kBegin + hours(hour),
                    kBegin + hours(hour));
    const Instant last = kBegin + hours(4), forgotten_at = last + hours(48) + days(62 + 8);
    process.pass_time(forgotten_at - Duration(1));
    EXPECT_EQ(Process::past_of(process.state()).buckets, 5U);
    process.pass_time(forgotten_at);
    EXPECT_EQ(Process::past_of(process.state()).buckets, 0U);
    EXPECT_EQ(used(process, forgotten_at), Quantity{});
    // The oldest event that may still come.
    const Instant oldest = forgotten_at - kEventAgeMax;
    process.use(rolling(oldest), Quantity::whole(3), 0, oldest, forgotten_at);
    EXPECT_EQ(used(process, oldest), Quantity::whole(3));
}

/// Events of every age that is let in, over most of a year; of two twins one forgets nothing.
RC_GTEST_PROP(UsageForgettingProperties, NobodyCouldTell, ()) {
    Process forgets, remembers;
    Instant now = kBegin;
    const int events = *rc::gen::inRange(1, 60), snapshot_at = *rc::gen::inRange(0, events);
    for (int i = 0; i < events; ++i) {
        if (i == snapshot_at) forgets.keep_snapshot();
        now += hours(*rc::gen::element(0, 1, 30, 24 * 9, 24 * 33, 24 * 71));
        const Instant time =
            std::max(kBegin, now - hours(*rc::gen::element(0, 0, 2, 24 * 20, 24 * 62)));
        const auto [aggregation, reset] =
            *rc::gen::element(std::pair(Meter::Aggregation::Unique, "day"),
                              std::pair(Meter::Aggregation::Unique, "billing_period"),
                              std::pair(Meter::Aggregation::Unique, "lifetime"),
                              std::pair(Meter::Aggregation::Sum, "rolling_24h"),
                              std::pair(Meter::Aggregation::Sum, "rolling_9d"));
        auto where = window(aggregation, reset, time);
        where.included = Quantity::whole(4);
        // A period's end may be told anew, nearer or further away.
        if (where.reset == Reset{}) {
            where.period.start = kBegin + (time - kBegin) / days(30) * days(30);
            where.period.end = where.period.start + days(*rc::gen::inRange(30, 38));
        }
        where.revision = i;
        where.plan_version = PlanVersionId::trusted("pv_" + std::to_string(i));
        const auto value = *rc::gen::inRange<std::uint64_t>(0, 4);
        const auto quantity = Quantity::whole(1);
        const auto counted = forgets.use(where, quantity, value, time, now);
        where.is_on_test_clock = true;
        RC_ASSERT(counted == remembers.use(where, quantity, value, time, now));
        RC_ASSERT(forgets.state().counters() == remembers.state().counters());
        for (std::uint32_t n = 0; n < forgets.state().counters(); ++n) {
            const auto shown = as_of(forgets.state().counter_numbered(n).counter, now);
            const auto expected = as_of(remembers.state().counter_numbered(n).counter, now);
            RC_ASSERT(shown.used == expected.used);
            RC_ASSERT(shown.hard_limit == expected.hard_limit);
        }
    }
    const std::string state = Process::snapshot_of(forgets.state());
    RC_ASSERT(Process::snapshot_of(forgets.replayed()) == state);
    RC_ASSERT(Process::snapshot_of(forgets.restored()) == state);
}

}  // namespace
}  // namespace turnpike
