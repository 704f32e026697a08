#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedule_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Schedules that cancel their subscription (end_behavior=cancel) where no billing period ends. The
/// end is the subscription's cancel_at, and is prorated as that is: a day of March costs $1.00 at
/// the first price, and $2.00 at the second.
class PhaseEndsTest : public ScheduleTest {
protected:
    static std::string ending(const std::string& day) { return "[end_date]=" + seconds(day); }
    Json cancelling(const std::string& phases) { return create("&end_behavior=cancel" + phases); }
    std::string period_end(const Json& schedule) {
        return day_of(subscription_of(schedule)["items"]["data"][0]["current_period_end"]);
    }
    /// The running phase of March is to end on another day.
    Json move_end(const Json& schedule, const std::string& day, const std::string& more = "") {
        return sandbox_.post(
            path_of(schedule),
            phase(0, one_, "[start_date]=" + seconds("2026-03-01") + " " + ending(day)).substr(1) +
                more);
    }
};

TEST_F(PhaseEndsTest, TheFirstPeriodIsBilledAsFarAsItGoes) {
    struct Case {
        const char* more;
        std::int64_t billed;
    };
    const Case cases[] = {
        {"", 2000},  // 20 days
        {" [proration_behavior]=none", 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.more);
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        const Json schedule = cancelling(phase(0, one_, ending("2026-03-21") + c.more));
        EXPECT_THAT(newest_lines(), ElementsAre(c.billed));
        EXPECT_EQ(period_end(schedule), "2026-03-21");
        EXPECT_EQ(day_of(subscription_of(schedule)["cancel_at"]), "2026-03-21");
        until("2026-03-21");
        EXPECT_EQ(get(schedule)["status"], "completed");
        EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
        EXPECT_EQ(day_of(subscription_of(schedule)["ended_at"]), "2026-03-21");
        until("2026-04-02");
        EXPECT_EQ(invoices().size(), 1);
        EXPECT_THAT(pending(), IsEmpty());
    }
}

// 15 of April's 30 days.
TEST_F(PhaseEndsTest, TheLastPeriodIsBilledAsFarAsItGoes) {
    const Json schedule =
        cancelling(phase(0, one_, months(1)) + phase(1, two_, ending("2026-04-16")));
    EXPECT_EQ(period_end(schedule), "2026-04-01");
    const Json preview =
        sandbox_.post("/v1/invoices/create_preview", "schedule=" + text_of(schedule, "id"));
    EXPECT_THAT(amounts_of(preview["lines"]["data"]), ElementsAre(3100));
    until("2026-04-01");
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    EXPECT_EQ(period_end(schedule), "2026-04-16");
    until("2026-04-16");
    EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
    EXPECT_EQ(invoices().size(), 2);
}

// From 11 March on: 21 days of the first price are given back, 10 of the second one charged.
TEST_F(PhaseEndsTest, AShortLastPhaseIsProratedUpToItsEnd) {
    struct Case {
        const char* behavior;
        std::vector<std::int64_t> pending;
    };
    const Case cases[] = {{"create_prorations", {2000, -2100}}, {"none", {}}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.behavior);
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        const Json schedule = cancelling(
            phase(0, one_, ending("2026-03-11")) +
            phase(1, two_, ending("2026-03-21") + " [proration_behavior]=" + c.behavior));
        EXPECT_THAT(newest_lines(), ElementsAre(3100));
        until("2026-03-11");
        EXPECT_EQ(pending(), c.pending);
        EXPECT_EQ(period_end(schedule), "2026-03-21");
        until("2026-03-21");
        EXPECT_EQ(get(schedule)["status"], "completed");
        EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
        EXPECT_THAT(pending(), IsEmpty());
    }
}

// 16 March to 1 April are 16 days.
TEST_F(PhaseEndsTest, AnEndThatMovesNearerGivesTheRestBack) {
    struct Case {
        const char* more;
        std::vector<std::int64_t> pending, billed;
    };
    const Case cases[] = {
        {"", {-1600}, {3100}},
        {"&proration_behavior=none", {}, {3100}},
        {"&proration_behavior=always_invoice", {}, {-1600}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.more);
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        const Json schedule = cancelling(phase(0, one_, months(1)));
        until("2026-03-06");
        move_end(schedule, "2026-03-16", c.more);
        EXPECT_EQ(pending(), c.pending);
        EXPECT_EQ(newest_lines(), c.billed);
        EXPECT_EQ(period_end(schedule), "2026-03-16");
        until("2026-03-16");
        EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
    }
}

TEST_F(PhaseEndsTest, WhatTheScheduleDoesAtItsEndMayChange) {
    const Json schedule = create(phase(0, one_, ending("2026-03-16")));
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    sandbox_.post(path_of(schedule), "end_behavior=cancel");
    EXPECT_THAT(pending(), ElementsAre(-1600));
    EXPECT_EQ(period_end(schedule), "2026-03-16");
    sandbox_.post(path_of(schedule), "end_behavior=release");
    EXPECT_THAT(pending(), ElementsAre(1600, -1600));
    EXPECT_EQ(period_end(schedule), "2026-04-01");
    until("2026-03-16");
    EXPECT_EQ(get(schedule)["status"], "completed");
    EXPECT_EQ(subscription_of(schedule)["status"], "active");
}

// A phase behind the last one: the subscription lives on, and is charged for what was cut off.
TEST_F(PhaseEndsTest, ALaterPhaseTakesTheEndBack) {
    const Json schedule = cancelling(phase(0, one_, ending("2026-03-21")));
    EXPECT_THAT(newest_lines(), ElementsAre(2000));
    move_end(schedule, "2026-03-21", phase(1, one_, ending("2026-04-11")));
    EXPECT_THAT(pending(), ElementsAre(1100));
    EXPECT_EQ(period_end(schedule), "2026-04-01");
    EXPECT_EQ(subscription_of(schedule)["cancel_at"], nullptr);
    until("2026-03-21");
    EXPECT_EQ(day_of(subscription_of(schedule)["cancel_at"]), "2026-04-11");
    until("2026-04-01");
    // 10 of April's 30 days, to the nearest cent: 1033.33.
    EXPECT_THAT(newest_lines(), ElementsAre(1100, 1033));
}

TEST_F(PhaseEndsTest, AReleasedSubscriptionLivesOn) {
    const Json schedule = cancelling(phase(0, one_, ending("2026-03-21")));
    sandbox_.post(path_of(schedule) + "/release");
    EXPECT_EQ(subscription_of(schedule)["cancel_at"], nullptr);
    EXPECT_EQ(period_end(schedule), "2026-04-01");
    EXPECT_THAT(pending(), ElementsAre(1100));
    until("2026-04-01");
    EXPECT_THAT(newest_lines(), ElementsAre(1100, 3100));
}

TEST_F(PhaseEndsTest, AReleaseThatKeepsTheEndChargesNothing) {
    const Json schedule = cancelling(phase(0, one_, ending("2026-03-21")));
    sandbox_.post(path_of(schedule) + "/release", "preserve_cancel_date=true");
    EXPECT_EQ(period_end(schedule), "2026-03-21");
    EXPECT_THAT(pending(), IsEmpty());
    until("2026-03-21");
    EXPECT_EQ(subscription_of(get(schedule))["status"], "canceled");
}

}  // namespace
}  // namespace turnpike::twin
