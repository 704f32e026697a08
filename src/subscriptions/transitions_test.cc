#include "subscriptions/transitions.h"

#include <array>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::days;
using enum SubscriptionStatus;

const Instant june = from_unix_seconds(1'780'272'000);  // 2026-06-01

Subscription in_status(SubscriptionStatus status) {
    Subscription subscription{.id = SubscriptionId::trusted("sub_1"),
                              .customer = CustomerId::trusted("cus_1"),
                              .plan_version = PlanVersionId::trusted("pv_1"),
                              .price = PriceId::trusted("price_1"),
                              .provider = "stripe",
                              .status = status,
                              .period = {june, june + days(30)},
                              .created_at = june};
    if (is_terminal(status)) subscription.ended_at = june;
    return subscription;
}

SubscriptionCommand wish(CommandKind kind) {
    return {.id = CommandId::trusted("cmd_1"),
            .subscription = SubscriptionId::trusted("sub_1"),
            .kind = kind,
            .actor = "test",
            .request_id = "",
            .created_at = june};
}

/// The whole table as docs/subscriptions.md has it; "" is done, or is so already.
struct Line {
    SubscriptionStatus status;
    // change, change at period end, drop change, cancel now, cancel at period end, cancel on a
    // date, keep, pause, resume, end trial
    std::array<const char*, 10> answers;
};
const Line kLines[] = {
    {Creating, {"busy", "busy", "busy", "busy", "busy", "busy", "busy", "busy", "busy", "busy"}},
    {Incomplete,
     {"incomplete", "incomplete", "", "", "incomplete", "incomplete", "", "incomplete",
      "incomplete", "incomplete"}},
    {IncompleteExpired,
     {"ended", "ended", "ended", "", "", "", "ended", "ended", "ended", "ended"}},
    {Trialing, {"", "", "", "", "", "", "", "trialing", "", ""}},
    {Active, {"", "", "", "", "", "", "", "", "", "not_trialing"}},
    {PastDue, {"past_due", "past_due", "", "", "", "", "", "past_due", "", "not_trialing"}},
    {Unpaid, {"past_due", "past_due", "", "", "", "", "", "past_due", "", "not_trialing"}},
    {Paused, {"paused", "paused", "", "", "", "", "", "", "", "not_trialing"}},
    {Canceled, {"ended", "ended", "ended", "", "", "", "ended", "ended", "ended", "ended"}},
};

TEST(Transitions, EveryCellIsDecided) {
    for (const Line& line : kLines) {
        for (std::size_t i = 0; i < kCommandsOnRunning.size(); ++i) {
            const auto kind = kCommandsOnRunning.at(i);
            SCOPED_TRACE(std::string(to_text(line.status)) + " x " + std::string(to_text(kind)));
            const auto refusal = refusal_of(in_status(line.status), wish(kind), june);
            const std::string reason = refusal ? std::string(refusal->reason.text()) : "";
            const std::string expected = line.answers.at(i);
            EXPECT_EQ(reason, expected.empty() ? "" : "subscription." + expected);
            if (refusal) EXPECT_EQ(refusal->code, ErrorCode::Conflict);
        }
    }
}

TEST(Transitions, PlansForWhatIsToComeExcludeEachOther) {
    Subscription ending = in_status(Active);
    ending.cancel_at_period_end = true;
    EXPECT_EQ(refusal_of(ending, wish(CommandKind::ChangeAtPeriodEnd), june)->reason.text(),
              "subscription.canceling");
    EXPECT_FALSE(refusal_of(ending, wish(CommandKind::Change), june));

    Subscription planned = in_status(Trialing);
    planned.pending_change = PendingChange{PriceId::trusted("price_2"), 1, june + days(30)};
    for (const auto kind : {CommandKind::CancelAt, CommandKind::EndTrial})
        EXPECT_EQ(refusal_of(planned, wish(kind), june)->reason.text(),
                  "subscription.change_pending");
    for (const auto kind : {CommandKind::CancelAtPeriodEnd, CommandKind::ChangeAtPeriodEnd})
        EXPECT_FALSE(refusal_of(planned, wish(kind), june));
}

TEST(Transitions, WhatIsSoAlreadyNeedsNothing) {
    Subscription subscription = in_status(Active);
    auto change = wish(CommandKind::Change);
    change.price = subscription.price;
    EXPECT_TRUE(is_so_already(subscription, change));
    change.quantity = 2;
    EXPECT_FALSE(is_so_already(subscription, change));
    EXPECT_TRUE(is_so_already(subscription, wish(CommandKind::Keep)));
    EXPECT_TRUE(is_so_already(subscription, wish(CommandKind::Resume)));
    EXPECT_TRUE(is_so_already(subscription, wish(CommandKind::DropChange)));

    subscription.pause = Pause{PauseBehavior::Void, june + days(9)};
    auto pause = wish(CommandKind::Pause);
    pause.behavior = "void";
    EXPECT_FALSE(is_so_already(subscription, pause)) << "without an end is another pause";
    pause.at = june + days(9);
    EXPECT_TRUE(is_so_already(subscription, pause));

    auto cancel = wish(CommandKind::CancelAt);
    cancel.at = june + days(12);
    EXPECT_FALSE(is_so_already(subscription, cancel));
    subscription.cancel_at = june + days(12);
    EXPECT_TRUE(is_so_already(subscription, cancel));
}

// A change to the running price, while another one is planned, takes that back.
TEST(Transitions, StayingAsItIsTakesAPlannedChangeBack) {
    Subscription subscription = in_status(Active);
    subscription.pending_change = PendingChange{PriceId::trusted("price_2"), 1, june + days(30)};
    auto change = wish(CommandKind::Change);
    change.price = subscription.price;
    EXPECT_FALSE(is_so_already(subscription, change));
}

TEST(Direction, IsThePlansThenTheIntervalsThenTheQuantitysThenTheAmounts) {
    const auto usd = [](std::int64_t cents) { return Money(cents, Currency::Usd); };
    const Offering pro{20, 30, 5, usd(900)};
    struct Case {
        Offering to;
        Direction direction;
    };
    const Case cases[] = {
        {{30, 30, 1, usd(900)}, Direction::Up},
        {{10, 365, 9, usd(900)}, Direction::Down},
        {{20, 365, 1, usd(900)}, Direction::Up},
        {{20, 7, 9, usd(900)}, Direction::Down},
        {{20, 30, 6, usd(900)}, Direction::Up},
        {{20, 30, 4, usd(900)}, Direction::Down},
        {{20, 30, 5, usd(900)}, Direction::Up},
        {{20, 30, 5, usd(899)}, Direction::Down},
        {{20, 30, 5, usd(901)}, Direction::Up},
        // The amount is asked last: more seats of a cheaper price are more.
        {{20, 30, 6, usd(1)}, Direction::Up},
        {{30, 30, 5, usd(1)}, Direction::Up},
        {{20, 30, 4, usd(9000)}, Direction::Down},
        // What is less of another currency, nobody knows.
        {{20, 30, 5, Money(1, Currency::Inr)}, Direction::Up},
    };
    for (const Case& c : cases) EXPECT_EQ(direction_of(pro, c.to), c.direction);
}

struct Access {
    const char* what;
    AccessTerms terms;
    Instant now;
    SubscriptionStatus status;
    Instant until;
};

// Half-open like all periods: at the instant itself it is over.
TEST(Access, GraceAndPauseAreExactToTheInstant) {
    const Period period{june, june + days(30)};
    const Instant grace = june + days(7);
    const Instant instant_before = grace - std::chrono::microseconds(1);
    const Pause until_day_9{PauseBehavior::Void, june + days(9)};
    const Pause for_ever{PauseBehavior::KeepAsDraft, {}};
    const Instant paused = june + days(4);
    const Access cases[] = {
        {"in its grace", {PastDue, period, {}, {}, {}, grace}, instant_before, PastDue, grace},
        {"grace over", {PastDue, period, {}, {}, {}, grace}, grace, Unpaid, grace},
        {"grace without end", {PastDue, period}, june + days(29), PastDue, Instant::max()},
        {"paid again", {Active, period, {}, {}, {}, {}}, grace, Active, Instant::max()},
        {"unpaid at the provider",
         {Unpaid, period, {}, {}, {}, grace},
         june + days(8),
         Unpaid,
         grace},
        {"unpaid before its grace is over",
         {Unpaid, period, {}, {}, {}, grace},
         june + days(3),
         Unpaid,
         june},
        {"paused", {Active, period, {}, until_day_9, paused, {}}, june + days(5), Paused, paused},
        {"resumed by itself",
         {Active, period, {}, until_day_9, paused, {}},
         june + days(9),
         Active,
         Instant::max()},
        {"paused for ever",
         {Active, period, {}, for_ever, paused, {}},
         june + days(400),
         Paused,
         paused},
        {"paused by the provider",
         {Paused, period, {}, {}, paused, {}},
         june + days(5),
         Paused,
         paused},
        {"paused while a trial",
         {Trialing, period, {}, for_ever, paused, {}},
         june + days(5),
         Paused,
         paused},
        {"ends in its grace",
         {PastDue, period, {false, june + days(2)}, {}, {}, grace},
         june,
         PastDue,
         june + days(2)},
        {"incomplete", {Incomplete, period}, june, Incomplete, Instant::min()},
    };
    for (const Access& c : cases) {
        SCOPED_TRACE(c.what);
        EXPECT_EQ(status_at(c.terms, c.now), c.status);
        EXPECT_EQ(gives_plan_until(c.terms, c.now), c.until);
    }
    const AccessTerms pausing{Active, period, {}, until_day_9, paused, {}};
    EXPECT_EQ(gives_plan_again_at(pausing, june + days(5)), june + days(9));
    EXPECT_EQ(gives_plan_again_at(pausing, june + days(9)), std::nullopt);
}

}  // namespace
}  // namespace turnpike
