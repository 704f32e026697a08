#include "metering/usage_import.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log_usage.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::calls;
using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;

/// A ledger that kept usage itself, and the log that it gets.
class UsageImport : public ::testing::Test {
protected:
    std::vector<std::string> record(UsageStore& store, std::vector<PendingUsage> events,
                                    Instant now = kStart) {
        AppendJob job{.subjects = {}, .look = {}, .place = {}, .system_now = now};
        job.place = [&](const SubjectWindows&) {
            return std::vector<Placed>(events.begin(), events.end());
        };
        std::vector<std::string> verdicts;
        for (const auto& outcome : run(store.append(std::move(job)))->outcomes)
            verdicts.emplace_back(to_text(outcome.verdict));
        return verdicts;
    }
    PendingUsage of(const CustomerId& customer, const char* id, std::int64_t units,
                    const char* plan, const Contract& contract = std::nullopt) {
        return calls(customer, id, units, world_.window(plan, kSeptember, contract));
    }
    Counter counter(UsageStore& store, const CustomerId& customer, const Contract& contract) {
        return db_->read_blocking([&](sql::Transaction& tx) {
            return store.counters(tx, customer, contract, kStart).at("api_calls");
        });
    }
    Result<std::unique_ptr<UsageLog>> open() {
        return open_usage_log({directory_, testing::kSmallSegmentBytes, 1'000}, *db_);
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    CustomerId alice_ = world_.add_customer("alice"), bob_ = world_.add_customer("bob");
    SubscriptionId paid_ = SubscriptionId::trusted("sub_1");
    testing::ScratchFolder folder_;
    std::string directory_ = folder_.path() + "/usage";
};

TEST_F(UsageImport, TakesOverEventsIdentitiesAndCounters) {
    UsageStore& before = world_.usage();
    auto timeless = of(alice_, "t", 2, "free");
    timeless.stated = TimeStated::No;
    record(before, {of(alice_, "a", 60, "free"), timeless, of(bob_, "b", 1'200, "starter", paid_)});
    const Instant later = kStart + std::chrono::seconds(5);
    record(before, {of(bob_, "c", 9'000, "pro", paid_), of(alice_, "d", 30, "free")}, later);

    const auto log = open();
    ASSERT_TRUE(log) << log.error().message;
    LogUsage after(*db_, **log);
    EXPECT_EQ((*log)->events(), 5U);
    for (const auto& [customer, contract] :
         {std::pair(alice_, Contract()), std::pair(bob_, Contract(paid_))}) {
        const auto old = counter(before, customer, contract);
        const auto taken = counter(after, customer, contract);
        EXPECT_EQ(taken.used, old.used);
        EXPECT_EQ(taken.hard_limit, old.hard_limit);
        EXPECT_EQ(taken.period, old.period);
        ASSERT_EQ(taken.segments.size(), old.segments.size());
        for (std::size_t i = 0; i < old.segments.size(); ++i) {
            EXPECT_EQ(taken.segments[i].plan_version, old.segments[i].plan_version);
            EXPECT_EQ(taken.segments[i].from_used, old.segments[i].from_used);
        }
    }
    auto retold = timeless;
    retold.event.time += std::chrono::hours(3);
    EXPECT_EQ(
        record(after, {of(alice_, "a", 60, "free"), of(alice_, "a", 61, "free"), retold,
                       of(alice_, "e", 9, "free"), of(alice_, "f", 8, "free")}),
        (std::vector<std::string>{"duplicate", "conflict", "duplicate", "rejected", "accepted"}));
    const auto listed = run(after.list_events({}));
    ASSERT_EQ(listed->size(), 6U);
    EXPECT_EQ(listed->at(1).event.id, "d");
    EXPECT_EQ(listed->at(1).received_at, later);
    EXPECT_EQ(listed->at(5).event.id, "a");
}

TEST_F(UsageImport, IsDoneOnce) {
    record(world_.usage(), {of(alice_, "a", 60, "free")});
    for (int start = 0; start < 3; ++start) EXPECT_EQ((*open())->events(), 1U);
}

TEST_F(UsageImport, BeginsAnewAfterACrash) {
    record(world_.usage(), {of(alice_, "a", 60, "free")});
    {
        const auto half =
            UsageLog::open({directory_ + ".importing", testing::kSmallSegmentBytes, 1'000});
        LogUsage store(*db_, **half);
        record(store, {of(alice_, "a", 60, "free")});
    }
    EXPECT_EQ((*open())->events(), 1U);
    EXPECT_FALSE(std::filesystem::exists(directory_ + ".importing"));
}

TEST_F(UsageImport, RefusesWhatDoesNotAddUp) {
    record(world_.usage(), {of(alice_, "a", 60, "free")});
    db_->write_blocking(
        [](sql::Transaction& tx) { return tx.run("UPDATE usage_counters SET used = used + 1"); });
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("usage_log.import_failed"));
    EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(UsageImport, AnUnusedLedgerGetsAnEmptyLog) { EXPECT_EQ((*open())->events(), 0U); }

}  // namespace
}  // namespace turnpike
