#include "subscriptions/subscription_event.h"

#include <functional>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using Kind = SubscriptionEventKind;
using Status = SubscriptionStatus;

Instant day(int number) { return from_unix_seconds(1'767'225'600) + std::chrono::days(number); }

Subscription running() {
    return {.id = SubscriptionId::trusted("sub_01"),
            .customer = CustomerId::trusted("cus_01"),
            .plan_version = PlanVersionId::trusted("pv_01"),
            .price = PriceId::trusted("price_01"),
            .provider = "stripe",
            .status = Status::Active,
            .period = {day(0), day(31)},
            .started_at = day(0),
            .created_at = day(0),
            .version = 2};
}

struct Case {
    const char* name;
    std::function<void(Subscription& before, Subscription& after)> difference;
    Kind kind;
    int effective;  ///< on this day; now is day 40
};

const Case kCases[] = {
    {"a start", [](auto& b, auto&) { b.status = Status::Creating; }, Kind::Started, 0},
    {"a trial", [](auto& b, auto& a) { b.status = Status::Creating, a.status = Status::Trialing; },
     Kind::TrialStarted, 0},
    {"a start that waits for its payment",
     [](auto& b, auto& a) { b.status = Status::Creating, a.status = Status::Incomplete; },
     Kind::Incomplete, 40},
    {"its payment", [](auto& b, auto&) { b.status = Status::Incomplete; }, Kind::Activated, 40},
    {"a trial that is paid for, from where its next period begins",
     [](auto& b, auto& a) { b.status = Status::Trialing, a.period = {day(14), day(45)}; },
     Kind::Converted, 14},
    {"a renewal", [](auto&, auto& a) { a.period = {day(31), day(59)}; }, Kind::Renewed, 31},
    {"a renewal that is not paid",
     [](auto&, auto& a) { a.status = Status::PastDue, a.period = {day(31), day(59)}; },
     Kind::PastDue, 40},
    {"a late payment", [](auto& b, auto&) { b.status = Status::PastDue; }, Kind::Recovered, 40},
    {"a payment after all", [](auto& b, auto&) { b.status = Status::Unpaid; }, Kind::Recovered, 40},
    {"nobody tries any more",
     [](auto& b, auto& a) { b.status = Status::PastDue, a.status = Status::Unpaid; }, Kind::Unpaid,
     40},
    {"a pause", [](auto&, auto& a) { a.status = Status::Paused; }, Kind::Paused, 40},
    {"its end", [](auto& b, auto&) { b.status = Status::Paused; }, Kind::Resumed, 40},
    {"a pause of its own beside the status", [](auto&, auto& a) { a.pause = Pause{}; },
     Kind::Paused, 40},
    {"a pause by the status too",
     [](auto& b, auto& a) { b.pause = a.pause = Pause{}, a.status = Status::Paused; },
     Kind::Updated, 40},
    {"by the status alone instead",
     [](auto& b, auto& a) { b.pause = Pause{}, a.status = Status::Paused; }, Kind::Updated, 40},
    {"not by the status any more",
     [](auto& b, auto& a) { b.pause = a.pause = Pause{}, b.status = Status::Paused; },
     Kind::Updated, 40},
    {"another plan", [](auto&, auto& a) { a.price = PriceId::trusted("price_02"); }, Kind::Changed,
     40},
    {"an end to come", [](auto&, auto& a) { a.cancel_at_period_end = true; }, Kind::CancelPlanned,
     40},
    {"an end on a day", [](auto&, auto& a) { a.cancel_at = day(50); }, Kind::CancelPlanned, 40},
    {"none after all", [](auto& b, auto&) { b.cancel_at_period_end = true; }, Kind::CancelWithdrawn,
     40},
    {"the end", [](auto&, auto& a) { a.status = Status::Canceled, a.ended_at = day(31); },
     Kind::Ended, 31},
    {"a start that was never paid",
     [](auto& b, auto& a) {
         b.status = Status::Incomplete, a.status = Status::IncompleteExpired, a.ended_at = day(1);
     },
     Kind::Ended, 1},
    {"an end that was none", [](auto& b, auto&) { b.ended_at = day(30); }, Kind::Reopened, 40},
    {"something else", [](auto&, auto& a) { a.provider_item_id = "si_2"; }, Kind::Updated, 40},
};

TEST(SubscriptionEvents, AreNamedByWhatChangedAboveAll) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        Subscription before = running();
        Subscription after = running();
        c.difference(before, after);
        const Kind kind = kind_of_change(before, after);
        EXPECT_EQ(to_text(kind), to_text(c.kind));
        EXPECT_EQ(effective_at(kind, after, day(40)), day(c.effective));
        EXPECT_EQ(parse_subscription_event_kind(to_text(kind)), kind);
    }
}

}  // namespace
}  // namespace turnpike
