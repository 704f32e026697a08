#include "entitlements/standing.h"

#include <gtest/gtest.h>

#include "entitlements/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::add_subscription;
using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;
using testing::SubscriptionRow;

Instant at(const char* text) { return *parse_rfc3339(text); }
Period span(const char* start, const char* end) { return {at(start), at(end)}; }

class Standings : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (!IsSkipped()) world_.emplace(db());
    }
    Result<Standing> standing(const std::string& ref, Instant now) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return load_standing(tx, world_->catalog(), ref, now); });
    }
    MeteredWorld& world() { return *world_; }
    std::optional<MeteredWorld> world_;
};

TEST_P(Standings, TheSubscriptionDecidesWhileItGrantsAccess) {
    struct Case {
        const char* name;
        SubscriptionRow row;
        Instant now;
        const char* plan;
        Period period;
    };
    const Instant mid = at("2024-09-15T00:00:00Z");
    const Case cases[] = {
        {"active", {}, mid, "pro", kSeptember},
        {"trialing", {.status = "trialing"}, mid, "pro", kSeptember},
        {"past due", {.status = "past_due"}, mid, "pro", kSeptember},
        {"unpaid", {.status = "unpaid"}, mid, "free", kSeptember},
        {"paused", {.status = "paused"}, mid, "free", kSeptember},
        {"being made", {.status = "creating"}, mid, "free", kSeptember},
        {"incomplete", {.status = "incomplete"}, mid, "free", kSeptember},
        {"ended", {.status = "canceled", .ended_at = kStart}, mid, "free", kSeptember},
        {"to end, not yet", {.cancel_at_period_end = true}, mid, "pro", kSeptember},
        {"to end, and past it",
         {.cancel_at_period_end = true},
         at("2024-10-01T00:00:00Z"),
         "free",
         span("2024-10-01T00:00:00Z", "2024-11-01T00:00:00Z")},
        {"cancel_at is reached", {.cancel_at = mid}, mid, "free", kSeptember},
        {"cancel_at is ahead", {.cancel_at = mid + Duration(1)}, mid, "pro", kSeptember},
        {"the last microsecond", {}, kSeptember.end - Duration(1), "pro", kSeptember},
        {"the renewal is not mirrored yet",
         {},
         kSeptember.end,
         "pro",
         span("2024-10-01T00:00:00Z", "2024-11-01T00:00:00Z")},
        {"two renewals are missing",
         {},
         at("2024-11-20T00:00:00Z"),
         "pro",
         span("2024-11-01T00:00:00Z", "2024-12-01T00:00:00Z")},
        {"the mirror is ahead of us",
         {.period = span("2024-10-01T00:00:00Z", "2024-11-01T00:00:00Z")},
         mid,
         "pro",
         span("2024-10-01T00:00:00Z", "2024-11-01T00:00:00Z")},
        {"month ends keep their anchor",
         {.period = span("2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z"),
          .started_at = at("2024-01-31T00:00:00Z")},
         at("2024-04-02T00:00:00Z"),
         "pro",
         span("2024-03-31T00:00:00Z", "2024-04-30T00:00:00Z")},
        {"a cycle that was moved starts where it ended",
         {.period = span("2024-09-10T00:00:00Z", "2024-10-10T00:00:00Z")},
         at("2024-10-11T00:00:00Z"),
         "pro",
         span("2024-10-10T00:00:00Z", "2024-11-10T00:00:00Z")},
    };
    int number = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto name = "customer" + std::to_string(number++);
        const auto customer = world().add_customer(name);
        const auto id = add_subscription(world(), customer, c.row);
        const auto found = standing(name, c.now);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->plan->key, c.plan);
        EXPECT_EQ(format_rfc3339(found->period.start), format_rfc3339(c.period.start));
        EXPECT_EQ(format_rfc3339(found->period.end), format_rfc3339(c.period.end));
        EXPECT_EQ(found->subscription,
                  std::string_view(c.plan) == "pro" ? std::optional(id) : std::nullopt);
        EXPECT_EQ(found->status.has_value(), !c.row.ended_at);
    }
}

// Grace and pause end at their instant, and the standing says until when it holds, so that no cache
// holds it longer.
TEST_P(Standings, GraceAndPauseAreExactToTheInstant) {
    const Instant mid = at("2024-09-15T00:00:00Z");
    const Duration instant(1);
    struct Case {
        const char* name;
        const char* status;
        const char* pause;
        std::optional<Instant> resumes_at, grace_ends_at;
        Instant now;
        const char* plan;
        SubscriptionStatus shown;
        Instant until;
    };
    const Case cases[] = {
        {"in its grace",
         "past_due",
         nullptr,
         {},
         mid,
         mid - instant,
         "pro",
         SubscriptionStatus::PastDue,
         mid},
        {"grace over",
         "past_due",
         nullptr,
         {},
         mid,
         mid,
         "free",
         SubscriptionStatus::Unpaid,
         kSeptember.end},
        {"paused",
         "active",
         "void",
         mid,
         {},
         mid - instant,
         "free",
         SubscriptionStatus::Paused,
         mid},
        {"resumed by itself",
         "active",
         "void",
         mid,
         {},
         mid,
         "pro",
         SubscriptionStatus::Active,
         kSeptember.end},
        {"paused for ever",
         "active",
         "keep_as_draft",
         {},
         {},
         mid,
         "free",
         SubscriptionStatus::Paused,
         kSeptember.end},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto customer = world().add_customer(c.name);
        const auto id = add_subscription(world(), customer, {.status = c.status});
        const std::optional<std::string> pause =
            c.pause == nullptr ? std::nullopt : std::optional<std::string>(c.pause);
        db().write_blocking([&](sql::Transaction& tx) {
            return tx.run(R"sql(
                UPDATE subscriptions SET pause_behavior = $2, resumes_at = $3, grace_ends_at = $4
                 WHERE id = $1)sql",
                          {id, pause, c.resumes_at, c.grace_ends_at});
        });
        const auto found = standing(customer.text(), c.now);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->plan->key, c.plan);
        EXPECT_EQ(found->status, c.shown);
        EXPECT_EQ(format_rfc3339(found->until), format_rfc3339(c.until));
    }
}

TEST_P(Standings, WithoutASubscriptionMonthsCountFromTheCustomersCreation) {
    world().add_customer("late", at("2024-01-31T12:30:00Z"));
    const auto found = standing("late", at("2024-03-05T00:00:00Z"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->plan->key, "free");
    EXPECT_EQ(found->period, span("2024-02-29T12:30:00Z", "2024-03-31T12:30:00Z"));
    EXPECT_FALSE(found->subscription);
    EXPECT_FALSE(found->status);
}

TEST_P(Standings, ATestClockIsTheCustomersNow) {
    const auto customer = world().add_customer("timely");
    db().write_blocking([&](sql::Transaction& tx) {
        tx.run(R"sql(
            INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time, created_at)
            VALUES ('clock_1', 'test', 'stripe', 'clock_x', $1, $1))sql",
               {at("2030-05-05T00:00:00Z")});
        return tx.run("UPDATE customers SET test_clock_id = 'clock_1' WHERE id = $1", {customer});
    });
    const auto found = standing("timely", kStart);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->now, at("2030-05-05T00:00:00Z"));
    EXPECT_EQ(found->time, Standing::Time::Frozen);
    EXPECT_EQ(found->period, span("2030-05-01T00:00:00Z", "2030-06-01T00:00:00Z"));
}

TEST_P(Standings, ACustomerIsFoundByEveryName) {
    const auto customer = world().add_customer("acme");
    for (const std::string& ref : {std::string("acme"), std::string("ext:acme"), customer.text()})
        EXPECT_EQ(standing(ref, kStart)->customer, customer) << ref;
    for (const char* ref :
         {"nobody", "ext:", "", "cus_", "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV", "acme'--"})
        EXPECT_EQ(standing(ref, kStart).error().code, ErrorCode::NotFound) << ref;
}

TEST_P(Standings, AnOldPlanVersionStaysTheSubscribers) {
    const auto customer = world().add_customer("loyal");
    add_subscription(world(), customer, {});
    auto file = *read_catalog_file(*preset_catalog("api-metering"));
    file.plans[2].allowances[0].included = Quantity::whole(5);
    db().write_blocking([&](sql::Transaction& tx) {
        return apply_catalog(tx, file, kStart, world().ids()).value();
    });
    world().catalog().reload(db());
    const auto windows_of_meter = [&](const char* meter) {
        return windows_of(*standing("loyal", kStart), meter, Meter::Aggregation::Sum, kStart);
    };
    const auto windows = windows_of_meter("api_calls");
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_EQ(windows[0].included, Quantity::whole(10'000));
    EXPECT_TRUE(windows_of_meter("seats").empty());
}

INSTANTIATE_TEST_SUITE_P(, Standings, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
