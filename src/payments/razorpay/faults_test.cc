#include <random>
#include <thread>

#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Longer than a request can be under way.
constexpr seconds kCertain{121};

class RazorpayFaults : public ProviderTest {
protected:
    Result<ProviderSubscription> start(const std::string& obligation) {
        return run(provider->start_subscription(wanted(who, plan, obligation)));
    }

    const std::string who = customer();
    const std::string plan = price();
};

constexpr const char* kStart = "POST /v1/subscriptions";

/// What was done is found; nothing is done twice.
TEST_F(RazorpayFaults, ALostAnswerIsHealedWithinTheCall) {
    std::size_t made = 0;
    for (const char* misfortune : {"error_after_commit", "timeout_after_commit", "truncate"}) {
        SCOPED_TRACE(misfortune);
        order(kStart, misfortune);
        const auto started = start(misfortune);
        ASSERT_TRUE(started) << started.error().message;
        EXPECT_EQ(started->status, "incomplete");
        EXPECT_TRUE(started->authorization_url);
        EXPECT_EQ(count("subscriptions"), ++made);
        EXPECT_EQ(intent(misfortune).state, IntentState::Succeeded);
    }
}

/// How many cycles it is for was decided the first time.
TEST_F(RazorpayFaults, ARepeatedStartDoesNotReadThePlanAgain) {
    const auto started = must(start("once"));
    order("GET /v1/plans/*", "error", 100);
    EXPECT_EQ(must(start("once")).id, started.id);
    EXPECT_EQ(reason_of(run(provider->start_subscription(wanted(who, "plan_other", "once")))),
              "payment.obligation_changed");
    EXPECT_EQ(reason_of(start("another")), "payment.provider_down");
    EXPECT_EQ(count("subscriptions"), 1U);
}

TEST_F(RazorpayFaults, EveryKindOfObjectIsFoundAgain) {
    order("POST /v1/customers", "timeout_after_commit");
    EXPECT_EQ(customer("second"), customer("second"));
    EXPECT_EQ(count("customers"), 2U);
    order("POST /v1/plans", "error_after_commit");
    EXPECT_EQ(price(70'000, "price_2"), price(70'000, "price_2"));
    EXPECT_EQ(count("plans"), 2U);
    order("PUT /v1/customers/*", "timeout_after_commit");
    EXPECT_TRUE(run(provider->update_customer({"details:2", who, std::nullopt, "Bob"})));
}

/// Not there yet is not absent: the request may still be under way.
TEST_F(RazorpayFaults, WhatDidNotHappenIsTriedAgainOnceItIsCertain) {
    for (const char* misfortune : {"error", "timeout"}) {
        SCOPED_TRACE(misfortune);
        order(kStart, misfortune);
        const auto lost = start(misfortune);
        EXPECT_EQ(reason_of(lost), "payment.outcome_unknown");
        EXPECT_EQ(reason_of(start(misfortune)), "payment.outcome_unknown");
        EXPECT_EQ(intent(misfortune).attempts, 1);
        clock.advance(kCertain);
        const auto started = start(misfortune);
        ASSERT_TRUE(started) << started.error().message;
        EXPECT_EQ(intent(misfortune).attempts, 2);
    }
    EXPECT_EQ(count("subscriptions"), 2U);
}

TEST_F(RazorpayFaults, ReconciliationSettlesWhatNobodyAsksForAgain) {
    order(kStart, "error");
    EXPECT_EQ(reason_of(start("absent")), "payment.outcome_unknown");
    order(kStart, "timeout_after_commit");
    order("GET /v1/subscriptions", "error", 4);
    EXPECT_EQ(reason_of(start("there")), "payment.outcome_unknown") << "and nobody could look";
    EXPECT_EQ(run(provider->health()).unknown_intents, 2);

    clock.advance(seconds(90));
    const auto early = must(run(provider->settle_unknown(10)));
    EXPECT_EQ(early.found, 1);
    EXPECT_EQ(early.open, 1);
    clock.advance(minutes(1));
    EXPECT_EQ(must(run(provider->settle_unknown(10))).absent, 1);
    EXPECT_EQ(run(provider->health()).unknown_intents, 0);
    EXPECT_EQ(intent("absent").state, IntentState::Pending);
    EXPECT_TRUE(start("absent"));
    EXPECT_TRUE(start("there"));
    EXPECT_EQ(count("subscriptions"), 2U);
}

TEST_F(RazorpayFaults, WhoIsTurnedAwayAtTheDoorComesBack) {
    order(kStart, "rate_limit", 2);
    ASSERT_TRUE(start("limited"));
    order(kStart, "rate_limit", 4);
    const auto refused = start("limited for longer");
    EXPECT_EQ(reason_of(refused), "payment.provider_down");
    EXPECT_TRUE(refused.error().retry_after_s);
    EXPECT_EQ(intent("limited for longer").state, IntentState::Pending) << "nothing happened";
    EXPECT_TRUE(start("limited for longer"));
    EXPECT_EQ(count("subscriptions"), 2U);
}

TEST_F(RazorpayFaults, NobodyThereMeansNothingHappened) {
    const auto subscription = start("first");
    connect(quick("http://127.0.0.1:1"));
    EXPECT_EQ(reason_of(run(provider->get_subscription(subscription->id))),
              "payment.provider_down");
    EXPECT_EQ(reason_of(run(provider->create_customer({.customer = CustomerId::trusted("cus_2"),
                                                       .external_id = "x",
                                                       .email = std::nullopt,
                                                       .name = std::nullopt,
                                                       .test_clock = std::nullopt}))),
              "payment.provider_down");
    EXPECT_EQ(intent("customer:cus_2").state, IntentState::Pending);
}

/// A change that charges money is never sent twice.
TEST_F(RazorpayFaults, ALostChangeChargesOnce) {
    const auto started = start("start");
    authorise(started->id);
    const auto dear = price(100'000, "price_dear");
    order("PATCH /v1/subscriptions/*", "timeout_after_commit");
    const SubscriptionChange change{
        .obligation = "up", .subscription = started->id, .item = started->item, .price = dear};
    const auto changed = run(provider->change_subscription(change));
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(changed->price, dear);
    std::int64_t taken = 0;
    for (const Json& payment : get("/v1/payments?count=100").at("items"))
        taken += payment.at("amount").get<std::int64_t>();
    EXPECT_EQ(taken, 100'000);

    const auto cheap = SubscriptionChange{
        .obligation = "down", .subscription = started->id, .item = started->item, .price = plan};
    order("PATCH /v1/subscriptions/*", "timeout");
    EXPECT_EQ(reason_of(run(provider->change_subscription(cheap))), "payment.outcome_unknown");
    clock.advance(kCertain);
    EXPECT_EQ(run(provider->change_subscription(cheap))->price, plan);
}

TEST_F(RazorpayFaults, TheProcessMayDieBetweenAnyTwoSteps) {
    struct Point {
        const char* name;
        int write;
        CrashAt where;
    };
    const Point points[] = {
        {"before the intent is kept", 1, CrashAt::BeforeCommit},
        {"when the intent is kept", 1, CrashAt::AfterCommit},
        {"before the answer is kept", 2, CrashAt::BeforeCommit},
        {"when the answer is kept", 2, CrashAt::AfterCommit},
    };
    std::size_t made = 0;
    for (const Point& point : points) {
        SCOPED_TRACE(point.name);
        CrashingDatabase dying(*db);
        auto crashing = Provider::create(quick(way_to_twin()), http, {dying, clock, ids}, {});
        dying.crash(point.write, point.where);
        EXPECT_ANY_THROW((void)run((*crashing)->start_subscription(wanted(who, plan, point.name))));
        EXPECT_TRUE(dying.crashed());

        clock.advance(kCertain);
        const auto again = start(point.name);
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(count("subscriptions"), ++made);
    }
}

TEST_F(RazorpayFaults, TheBreakerOpensAndFailsFast) {
    auto config = quick(way_to_twin());
    config.retry.retries_max = 0;
    config.breaker = {.failures_to_open = 3,
                      .window = std::chrono::milliseconds(10'000),
                      .cool_down = std::chrono::milliseconds(60'000)};
    connect(config);
    order("GET /v1/plans", "error", 3);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(reason_of(run(provider->probe())), "payment.provider_down");
    EXPECT_EQ(run(provider->health()).client.breaker, BreakerState::Open);
    EXPECT_EQ(reason_of(start("start")), "payment.provider_down");
    EXPECT_EQ(count("subscriptions"), 0U);
}

/// Any sequence of misfortunes, then calm: one subscription for each obligation.
TEST_F(RazorpayFaults, AnyMixOfFaultsEndsWithOneObjectEach) {
    std::mt19937 random(20'270'131);
    const char* const faults[] = {"error",   "error_after_commit",   "rate_limit",
                                  "timeout", "timeout_after_commit", "truncate"};
    constexpr int kObligations = 12;
    for (int i = 0; i < kObligations; ++i) {
        for (int n = 0; n < 2; ++n) {
            order(kStart, faults[random() % std::size(faults)]);
            order("GET /v1/subscriptions", faults[random() % std::size(faults)]);
            (void)start("start:" + std::to_string(i));
            if (random() % 2 == 0) clock.advance(kCertain);
        }
    }
    ask(http::Method::Delete, "/_sandbox/chaos");
    for (int i = 0; i < kObligations; ++i) {
        (void)start("start:" + std::to_string(i));
        clock.advance(kCertain);
        const auto started = start("start:" + std::to_string(i));
        EXPECT_TRUE(started) << i << ": " << started.error().message;
    }
    EXPECT_EQ(count("subscriptions"), static_cast<std::size_t>(kObligations));
}

}  // namespace
}  // namespace turnpike::razorpay
