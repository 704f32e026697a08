#include "analytics/usage/rollup_check.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analytics/usage/usage_rollup.h"
#include "metering/log/log_testing.h"
#include "metering/log/verification.h"
#include "metering/log_usage.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;
using testing::run;

/// A server beside a usage log, which is stopped for a check.
class RollupChecks : public ::testing::Test {
protected:
    struct Server {
        Server(const std::string& directory, MeteredWorld& world, const Clock& clock)
            : log(*UsageLog::open({directory, testing::kSmallSegmentBytes, 1'000})),
              usage(world.db(), *log),
              rollup({world.db(), log.get(), clock, world.ids()}) {}
        std::unique_ptr<UsageLog> log;
        LogUsage usage;
        UsageRollup rollup;
    };

    void record(const std::vector<PendingUsage>& events) {
        Server server(folder_.path(), world_, clock_);
        AppendJob job{.subjects = {}, .look = {}, .place = {}, .system_now = clock_.now()};
        job.place = [&](const SubjectWindows&) {
            return std::vector<Placed>(events.begin(), events.end());
        };
        for (const PendingUsage& one : events) job.has_corrections |= one.correction.has_value();
        const auto report = run(server.usage.append(std::move(job)));
        ASSERT_TRUE(report);
        for (const auto& outcome : report->outcomes) EXPECT_EQ(outcome.verdict, Verdict::Accepted);
    }
    void roll_up() {
        Server server(folder_.path(), world_, clock_);
        EXPECT_TRUE(server.rollup.catch_up());
    }
    PendingUsage used(const CustomerId& customer, std::int64_t calls, Duration later,
                      const std::string& source = "test") {
        auto pending = testing::calls(customer, "event-" + std::to_string(++sent_), calls,
                                      world_.window("pro"));
        pending.event.source = source;
        pending.event.time = kStart + later;
        return pending;
    }
    /// Two customers in several hours, of days and routes; one event was amended and one voided.
    void use_much() {
        const std::string route = "turnpike.gateway GET /signals";
        const std::chrono::hours hour{1};
        record({used(alice_, 1, {}), used(alice_, 2, hour), used(alice_, 4, hour, route),
                used(bob_, 8, 30 * hour), used(bob_, 16, 30 * hour)});
        record({testing::correcting(
                    alice_, "a", {Correction::Kind::Amend, "test", "event-1", Quantity::whole(3)}),
                testing::correcting(bob_, "v", {Correction::Kind::Void, "test", "event-4", {}})});
    }
    void doctor(const std::string& statement) {
        db_->write_blocking([&](sql::Transaction& tx) { return tx.run(statement); });
    }
    std::vector<std::string> problems() {
        RollupCheck check(*db_);
        const auto state = verify_usage_log(
            folder_.path(),
            {.problem = [](const std::string& what) { ADD_FAILURE() << what; },
             .note = [](const std::string&) {},
             .progress = [](std::uint64_t, std::uint64_t) {},
             .records = [&](std::string_view records,
                            const UsageState& so_far) { check.count(records, so_far); }});
        EXPECT_TRUE(state);
        return db_->read_blocking([&](sql::Transaction& tx) { return check.compare(tx, *state); });
    }

    testing::ScratchFolder folder_;
    ManualClock clock_{kStart + std::chrono::days(3)};
    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    CustomerId alice_ = world_.add_customer("alice"), bob_ = world_.add_customer("bob");
    int sent_ = 0;
};

const std::vector<std::string> kNone;

TEST_F(RollupChecks, FindNothingWhereAllIsRight) {
    roll_up();
    EXPECT_EQ(problems(), kNone) << "of nothing";
    use_much();
    EXPECT_EQ(problems(), kNone) << "of what is not rolled up";
    roll_up();
    EXPECT_EQ(problems(), kNone);
    record({used(alice_, 32, {})});
    EXPECT_EQ(problems(), kNone) << "it came behind the mark";
    roll_up();
    EXPECT_EQ(problems(), kNone);
}

TEST_F(RollupChecks, NameWhoseRowsAreNotTheLogs) {
    use_much();
    roll_up();
    const std::string alice = alice_.text(), bob = bob_.text();
    const std::string of_alice = "usage_rollups of " + alice + ", api_calls, ";
    // alice: 3, amended from 1, and 2 and 4; bob: 16, and 8 that is voided.
    const struct {
        const char* name;
        std::string doctored, undone;
        std::vector<std::string> expected;
    } cases[] = {
        {"one unit more in an hour",
         "SET units = units + 1 WHERE span = 'hour' AND units = 4 AND customer_id = '" + alice +
             "'",
         "SET units = units - 1 WHERE span = 'hour' AND units = 5 AND customer_id = '" + alice +
             "'",
         {of_alice + "by hour: 3 events and 10 units, and the log has 3 events and 9 units"}},
        {"a unit less in a day of all",
         "SET units = units - 1 WHERE span = 'day' AND units = 16 AND customer_id = ''",
         "SET units = units + 1 WHERE span = 'day' AND units = 15 AND customer_id = ''",
         {"usage_rollups of all customers, api_calls, by day: 4 events and 24 units, and the log "
          "has 4 events and 25 units"}},
        {"one event too many",
         "SET events = events + 1 WHERE span = 'day' AND customer_id = '" + bob + "'",
         "SET events = events - 1 WHERE span = 'day' AND customer_id = '" + bob + "'",
         {"usage_rollups of " + bob +
          ", api_calls, by day: 2 events and 16 units, and the log has 1 events and 16 units"}},
        {"two hours changed about",
         "SET units = 5 - units WHERE span = 'hour' AND route = '' AND customer_id = '" + alice +
             "'",
         "SET units = 5 - units WHERE span = 'hour' AND route = '' AND customer_id = '" + alice +
             "'",
         {of_alice + "by hour: 3 events and 9 units, which the log has in other hours or routes"}},
        {"another customer",
         "SET customer_id = 'cus_x' WHERE span = 'day' AND customer_id = '" + bob + "'",
         "SET customer_id = '" + bob + "' WHERE customer_id = 'cus_x'",
         {"usage_rollups of " + bob +
              ", api_calls, by day: 0 events and 0 units, and the log has 1 events and 16 units",
          "usage_rollups of cus_x, api_calls, by day: 1 events and 16 units, and the log has 0 "
          "events and 0 units"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        doctor("UPDATE usage_rollups " + c.doctored);
        EXPECT_EQ(problems(), c.expected);
        doctor("UPDATE usage_rollups " + c.undone);
        EXPECT_EQ(problems(), kNone);
    }
}

TEST_F(RollupChecks, CountNoMoreThanTheLogHas) {
    use_much();
    roll_up();
    doctor("UPDATE usage_rollup_marks SET last_arrival = 9");
    ASSERT_EQ(problems().size(), 1U);
    EXPECT_TRUE(problems().front().starts_with(
        "usage_rollups: they count arrivals up to 9, and the log has "));
}

}  // namespace
}  // namespace turnpike
