// A server that is gone, or hangs. Bounds are several times what is expected, for busy machines.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "conformance/relay.h"
#include "sql/postgres/pulse.h"
#include "sql/testing.h"

namespace turnpike::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// A look takes 2 s at most and begins after 1 s of silence.
constexpr auto kSoon = seconds(12);
/// What is known needs no look, which would take 3 s in all.
constexpr auto kAtOnce = milliseconds(1'800);

template <class Probe>
bool comes_true(Probe probe, steady_clock::duration within = kSoon) {
    const auto end = steady_clock::now() + within;
    while (steady_clock::now() < end) {
        if (probe()) return true;
        std::this_thread::sleep_for(milliseconds(20));
    }
    return false;
}

class PostgresAway : public ::testing::Test {
protected:
    void SetUp() override {
        if (postgres_test_url().empty())
            GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set: a lost server is NOT tried";
        schema_.emplace(postgres_test_url());
        relay_.emplace(schema_->url());
        auto database = Database::open({.url = relay_->url(), .connections = 2});
        ASSERT_TRUE(database) << database.error().message;
        db_ = *std::move(database);
        db_->write_blocking(
            [](Transaction& tx) { return tx.run("CREATE TABLE t (count BIGINT NOT NULL)"); });
    }
    /// What a job ended with: "ok", "failed" or "unknown".
    std::string ending(Database::Kind kind, Job job) {
        std::promise<std::string> promise;
        db_->submit(kind, std::move(job), [&](const std::exception_ptr& error) {
            try {
                if (error) std::rethrow_exception(error);
                promise.set_value("ok");
            } catch (const Failure& failure) {
                promise.set_value(failure.outcome_unknown() ? "unknown" : "failed");
            }
        });
        auto ended = promise.get_future();
        // Without an end there is no way on: the job refers to this function's frame.
        if (ended.wait_for(seconds(60)) != std::future_status::ready) std::abort();
        return ended.get();
    }
    std::string look() {
        return ending(Database::Kind::Read,
                      [](Transaction& tx) { return tx.one("SELECT 1").has_value(); });
    }
    std::string insert() {
        return ending(Database::Kind::Write, [](Transaction& tx) {
            return tx.run("INSERT INTO t (count) VALUES (1)") == 1;
        });
    }
    std::int64_t rows() {
        return db_->read_blocking(
            [](Transaction& tx) { return tx.one("SELECT COUNT(*) FROM t")->integer(0); });
    }
    template <class Work>
    static steady_clock::duration time_of(Work work) {
        const auto began = steady_clock::now();
        work();
        return steady_clock::now() - began;
    }

    std::optional<TestSchema> schema_;
    std::optional<Relay> relay_;
    std::unique_ptr<Database> db_;
};

TEST_F(PostgresAway, AServerThatHangsFailsItsJobsAndThenAtOnce) {
    ASSERT_EQ(insert(), "ok");
    relay_->fall_silent();
    EXPECT_LT(time_of([&] { EXPECT_EQ(insert(), "failed"); }), kSoon);
    EXPECT_LT(time_of([&] { EXPECT_EQ(insert(), "failed"); }), kAtOnce);
    EXPECT_LT(time_of([&] { EXPECT_EQ(look(), "failed"); }), kAtOnce);

    relay_->speak();
    EXPECT_TRUE(comes_true([&] { return look() == "ok"; }));
    EXPECT_EQ(rows(), 1) << "what failed did not happen";
}

TEST_F(PostgresAway, ACommitThatHangsIsUnknownAndNotTriedAgain) {
    int runs = 0;
    const auto ended = ending(Database::Kind::Write, [&](Transaction& tx) {
        ++runs;
        tx.run("INSERT INTO t (count) VALUES (1)");
        relay_->fall_silent();
        return true;
    });
    EXPECT_EQ(ended, "unknown");
    EXPECT_EQ(runs, 1);
}

TEST_F(PostgresAway, JobsThatWaitBehindAHangingOneFailSoon) {
    relay_->fall_silent();
    constexpr int kJobs = 200;
    std::atomic<int> failed = 0;
    for (int i = 0; i < kJobs; ++i)
        db_->submit(
            i % 2 == 0 ? Database::Kind::Read : Database::Kind::Write,
            [](Transaction& tx) { return tx.one("SELECT 1").has_value(); },
            [&](const std::exception_ptr& error) { failed += error ? 1 : 0; });
    EXPECT_TRUE(comes_true([&] { return failed == kJobs; })) << failed;
    relay_->speak();
}

TEST_F(PostgresAway, AStoppedServerFailsJobsSoonAndIsFoundAgain) {
    ASSERT_EQ(insert(), "ok");
    relay_->close();
    EXPECT_LT(time_of([&] { EXPECT_EQ(insert(), "failed"); }), kSoon);
    EXPECT_LT(time_of([&] { EXPECT_EQ(look(), "failed"); }), kAtOnce);
    relay_->open();
    EXPECT_TRUE(comes_true([&] { return insert() == "ok"; }));
    EXPECT_EQ(rows(), 2);
}

TEST_F(PostgresAway, ASlowStatementIsWaitedFor) {
    EXPECT_EQ(ending(Database::Kind::Read,
                     [](Transaction& tx) {
                         return tx.one("SELECT 1 FROM pg_sleep(4)")->integer(0) == 1;
                     }),
              "ok");
}

TEST_F(PostgresAway, AServerThatRefusesOneConnectionIsThere) {
    const std::string url = schema_->url();
    postgres::Pulse pulse(url + "&dbname=no_such_database");
    pulse.doubt();
    EXPECT_FALSE(comes_true([&] { return pulse.away(); }, seconds(3)));
}

TEST_F(PostgresAway, AServerThatAnswersOthersIsThere) {
    relay_->fall_silent();
    postgres::Pulse pulse(relay_->url());
    pulse.doubt();
    const auto answered = [&] {
        pulse.answered();
        return pulse.away();
    };
    EXPECT_FALSE(comes_true(answered, seconds(4)));
    pulse.doubt();
    EXPECT_TRUE(comes_true([&] { return pulse.away(); }));
    relay_->speak();
    EXPECT_TRUE(comes_true([&] { return !pulse.away(); }));
}

}  // namespace
}  // namespace turnpike::sql
