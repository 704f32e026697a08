#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedule_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- of a subscription that is there already -------------------------------------------------
TEST_F(ScheduleTest, MirrorsASubscription) {
    const Json subscription =
        subscribe(one_, "&items[0][quantity]=3&description=Print&metadata[seat]=window");
    sandbox_.new_events();
    const Json schedule = sandbox_.post("/v1/subscription_schedules",
                                        "from_subscription=" + text_of(subscription, "id"));
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.updated", "subscription_schedule.created"));
    EXPECT_EQ(schedule["status"], "active");
    EXPECT_EQ(schedule["phases"].size(), 1);
    EXPECT_EQ(schedule["phases"][0]["items"][0]["price"], one_);
    EXPECT_EQ(schedule["phases"][0]["items"][0]["quantity"], 3);
    EXPECT_EQ(day_of(schedule["phases"][0]["end_date"]), "2026-04-01");
    EXPECT_EQ(schedule["default_settings"]["description"], "Print");
    EXPECT_EQ(subscription_of(schedule)["schedule"], schedule["id"]);
    EXPECT_EQ(
        refusal("/v1/subscription_schedules", "from_subscription=" + text_of(subscription, "id")),
        "from_subscription: You cannot migrate a subscription that is already attached to a "
        "schedule: " +
            text_of(schedule, "id") + ".");
}

// The subscription is the older object, and yet its renewal must find the next phase begun.
TEST_F(ScheduleTest, ADowngradeWaitsForTheRenewal) {
    const Json subscription = subscribe(two_);
    const Json schedule = sandbox_.post("/v1/subscription_schedules",
                                        "from_subscription=" + text_of(subscription, "id"));
    sandbox_.post(path_of(schedule),
                  running(two_) + phase(1, one_, months(1)) + "&end_behavior=release");
    until("2026-04-01");
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    EXPECT_EQ(invoices().at(0)["billing_reason"], "subscription_cycle");
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_EQ(invoices().size(), 2);
}

// --- changes ---------------------------------------------------------------------------------
TEST_F(ScheduleTest, AnUpdateOfTheCurrentPhaseIsProrated) {
    struct Case {
        const char* behavior;
        std::vector<std::int64_t> pending;
    };
    const Case cases[] = {
        {"", {4200, -2100}},  // create_prorations
        {"&proration_behavior=none", {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.behavior);
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        const Json schedule = create(phase(0, one_, months(1)));
        until("2026-03-11");
        sandbox_.new_events();
        const Json updated =
            sandbox_.post(path_of(schedule), running(one_, "[items][0][quantity]=2") + c.behavior);
        EXPECT_EQ(updated["phases"][0]["items"][0]["quantity"], 2);
        EXPECT_EQ(updated["phases"].size(), 1);
        EXPECT_EQ(pending(), c.pending);
        EXPECT_EQ(sandbox_.new_events().front(), "subscription_schedule.updated");
        EXPECT_EQ(subscription_of(schedule)["items"]["data"][0]["quantity"], 2);
    }
}

TEST_F(ScheduleTest, TheCurrentPhaseCanEndNow) {
    const Json schedule = create(phase(0, one_, months(1)));
    until("2026-03-11");
    const std::string start = "[start_date]=" + seconds("2026-03-01");
    const Json updated =
        sandbox_.post(path_of(schedule),
                      "metadata[why]=upgrade" + phase(0, one_, start + " [end_date]=now") +
                          phase(1, two_, "[start_date]=now [end_date]=" + seconds("2026-05-01")));
    EXPECT_EQ(updated["metadata"]["why"], "upgrade");
    EXPECT_EQ(day_of(updated["phases"][0]["end_date"]), "2026-03-11");
    EXPECT_EQ(day_of(updated["current_phase"]["start_date"]), "2026-03-11");
    EXPECT_THAT(pending(), ElementsAre(4200, -2100));
    // Phases that are over stay in the answer, and may be left out of the next request.
    const Json again =
        sandbox_.post(path_of(schedule),
                      "end_behavior=cancel" + phase(0, two_,
                                                    "[start_date]=" + seconds("2026-03-11") +
                                                        " [end_date]=" + seconds("2026-06-01")));
    EXPECT_EQ(again["phases"].size(), 2);
    EXPECT_EQ(day_of(subscription_of(schedule)["cancel_at"]), "2026-06-01");
    const Json kept = sandbox_.post(path_of(schedule), "end_behavior=release");
    EXPECT_EQ(kept["phases"], again["phases"]);
    EXPECT_EQ(subscription_of(schedule)["cancel_at"], nullptr);
}

TEST_F(ScheduleTest, AWaitingScheduleCanBeMovedAndBegun) {
    const Json schedule = create("&start_date=" + seconds("2026-03-20") + phase(0, one_, ""));
    const Json moved = sandbox_.post(
        path_of(schedule),
        "end_behavior=cancel" +
            phase(0, two_, "[start_date]=" + seconds("2026-03-25") + " " + months(1)));
    EXPECT_EQ(moved["status"], "not_started");
    until("2026-03-21");
    EXPECT_EQ(get(schedule)["status"], "not_started");
    const Json begun =
        sandbox_.post(path_of(schedule), "metadata[a]=b" + phase(0, two_, "[start_date]=now"));
    EXPECT_EQ(begun["status"], "active");
    EXPECT_EQ(day_of(subscription_of(begun)["start_date"]), "2026-03-21");
    EXPECT_EQ(day_of(subscription_of(begun)["cancel_at"]), "2026-04-21");
}

TEST_F(ScheduleTest, ADirectChangeSplitsThePhase) {
    const Json schedule = create(phase(0, one_, months(2)) + phase(1, two_, months(1)));
    until("2026-03-11");
    const Json subscription = subscription_of(schedule);
    const std::string path = "/v1/subscriptions/" + text_of(subscription, "id");
    sandbox_.post(path, "metadata[a]=b");
    EXPECT_EQ(get(schedule)["phases"].size(), 2);
    sandbox_.post(path, "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                            "&items[0][quantity]=2");
    const Json split = get(schedule);
    ASSERT_EQ(split["phases"].size(), 3);
    EXPECT_EQ(split["phases"][0]["items"][0]["quantity"], 1);
    EXPECT_EQ(day_of(split["phases"][0]["end_date"]), "2026-03-11");
    EXPECT_EQ(split["phases"][1]["items"][0]["quantity"], 2);
    EXPECT_EQ(day_of(split["phases"][1]["end_date"]), "2026-05-01");
    EXPECT_EQ(day_of(split["current_phase"]["start_date"]), "2026-03-11");
    EXPECT_THAT(pending(), ElementsAre(4200, -2100));
}

TEST_F(ScheduleTest, TheScheduleSaysWhenItsSubscriptionEnds) {
    const Json schedule = create(phase(0, one_, months(2)));
    const std::string path = "/v1/subscriptions/" + text_of(schedule, "subscription");
    for (const char* form : {"cancel_at_period_end=true", "cancel_at=1780000000"})
        EXPECT_EQ(refusal(path, form),
                  ": The subscription is managed by the subscription schedule `" +
                      text_of(schedule, "id") +
                      "`, and updating any cancelation behavior directly is not allowed. Please "
                      "update the schedule instead.");
    sandbox_.new_events();
    sandbox_.remove(path);
    EXPECT_EQ(get(schedule)["status"], "canceled");
    EXPECT_THAT(sandbox_.new_events(), Contains("subscription_schedule.canceled"));
}

TEST_F(ScheduleTest, RefusesUpdatesThatMoveThePast) {
    const Json schedule = create(phase(0, one_, months(1)));
    until("2026-03-11");
    sandbox_.new_events();
    const std::string march = "[start_date]=" + seconds("2026-03-01");
    struct Case {
        const char* name;
        std::string form;
        const char* refusal;
    };
    const Case cases[] = {
        {"no start at all", phase(0, one_, months(2)).substr(1),
         "phases: The subscription schedule update is missing at least one phase with a "
         "`start_date` to anchor end dates to."},
        {"another start", phase(0, one_, "[start_date]=" + seconds("2026-03-02")).substr(1),
         "phases[0][start_date]: You can not modify the start date of the current phase."},
        {"now", phase(0, one_, "[start_date]=now").substr(1),
         "phases[0][start_date]: You can not modify the start date of the current phase."},
        {"over already", phase(0, one_, march + " [end_date]=" + seconds("2026-03-10")).substr(1),
         "phases: The last phase must end in the future."},
        {"the next phase began before now",
         phase(0, one_, march + " [end_date]=" + seconds("2026-03-10")).substr(1) +
             phase(1, two_, months(1)),
         "phases[0][end_date]: The current phase can end now or later, not in the past."},
        {"a hole", running(one_) + phase(1, two_, "[start_date]=" + seconds("2026-04-09")),
         "phases[1][start_date]: The start_date of a phase must be the end_date of the phase "
         "before it."},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refusal(path_of(schedule), c.form), c.refusal);
    }
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

}  // namespace
}  // namespace turnpike::twin
