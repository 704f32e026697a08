// What only a server can do to us: connections that break, other processes that write.
#include <atomic>
#include <thread>

#include "sql/postgres/schedule.h"
#include "sql/testing.h"

namespace turnpike::sql {
namespace {

class PostgresTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (postgres_test_url().empty())
            GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set: lost connections are NOT tried";
        schema_.emplace(postgres_test_url());
        db_ = open();
        db_->write_blocking([](Transaction& tx) {
            tx.run("CREATE TABLE t (key TEXT PRIMARY KEY, count BIGINT NOT NULL)");
            return tx.run("INSERT INTO t (key, count) VALUES ('a', 0)");
        });
    }
    std::unique_ptr<Database> open(std::size_t connections = 4) {
        auto database = Database::open({.url = schema_->url(), .connections = connections});
        if (!database) throw std::runtime_error(database.error().message);
        return *std::move(database);
    }
    static std::int64_t process_of(Transaction& tx) {
        return tx.one("SELECT pg_backend_pid()")->integer(0);
    }
    void kill_connection(std::int64_t process) {
        open(1)->read_blocking([&](Transaction& tx) {
            return tx.one("SELECT pg_terminate_backend($1::integer, 5000)", {process})->flag(0);
        });
    }
    std::int64_t count() {
        return db_->read_blocking(
            [](Transaction& tx) { return tx.one("SELECT count FROM t")->integer(0); });
    }
    std::optional<TestSchema> schema_;
    std::unique_ptr<Database> db_;
};

TEST_F(PostgresTest, AJobWhoseConnectionBreaksRunsAgainOnAnother) {
    int runs = 0;
    db_->write_blocking([&](Transaction& tx) {
        ++runs;
        tx.run("UPDATE t SET count = count + 1");
        if (runs == 1) kill_connection(process_of(tx));
        return tx.run("UPDATE t SET count = count + 10");
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(count(), 11);
}

TEST_F(PostgresTest, AReadWhoseConnectionBreaksRunsAgainOnAnother) {
    int runs = 0;
    const auto seen = db_->read_blocking([&](Transaction& tx) {
        if (++runs == 1) kill_connection(process_of(tx));
        return tx.one("SELECT count FROM t")->integer(0);
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(seen, 0);
}

TEST_F(PostgresTest, AnIdleConnectionThatBrokeIsReplaced) {
    const auto lonely = open(1);
    const auto process = lonely->read_blocking(process_of);
    kill_connection(process);
    EXPECT_NE(lonely->read_blocking(process_of), process);
}

TEST_F(PostgresTest, ACommitWithoutAnAnswerIsUnknown) {
    int runs = 0;
    try {
        db_->write_blocking([&](Transaction& tx) {
            ++runs;
            kill_connection(process_of(tx));
            return 0;
        });
        FAIL() << "the connection was gone";
    } catch (const Failure& failure) {
        EXPECT_TRUE(failure.outcome_unknown()) << failure.what();
    }
    EXPECT_EQ(runs, 1) << "a commit may have happened: nothing may run twice";
    EXPECT_EQ(count(), 0);
}

TEST_F(PostgresTest, TwoProcessesLoseNoUpdate) {
    constexpr int kCallers = 8;
    constexpr int kTries = 10;
    const auto other = open();
    {
        std::vector<std::jthread> threads;
        for (int caller = 0; caller < kCallers; ++caller)
            threads.emplace_back([&, caller] {
                Database& mine = caller % 2 == 0 ? *db_ : *other;
                for (int i = 0; i < kTries; ++i)
                    mine.write_blocking([](Transaction& tx) {
                        const auto seen = tx.one("SELECT count FROM t")->integer(0);
                        return tx.run("UPDATE t SET count = $1", {seen + 1});
                    });
            });
    }
    EXPECT_EQ(count(), kCallers * kTries);
}

TEST_F(PostgresTest, AChangedColumnTypeDoesNotStopPreparedStatements) {
    const auto look = [&] {
        return db_->write_blocking(
            [](Transaction& tx) { return tx.one("SELECT * FROM t")->size(); });
    };
    for (int i = 0; i < 10; ++i) EXPECT_EQ(look(), 2);
    open(1)->write_blocking(
        [](Transaction& tx) { return tx.run("ALTER TABLE t ADD COLUMN note TEXT"); });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(look(), 3);
}

TEST_F(PostgresTest, SessionsAreSetUp) {
    const auto shown = [&](const std::string& name) {
        return db_->read_blocking([&](Transaction& tx) { return tx.one("SHOW " + name)->text(0); });
    };
    EXPECT_EQ(shown("TimeZone"), "UTC");
    EXPECT_EQ(shown("transaction_isolation"), "repeatable read");
    EXPECT_EQ(shown("transaction_read_only"), "on");
    EXPECT_EQ(shown("statement_timeout"), "30s");
    EXPECT_EQ(shown("synchronous_commit"), "on");
    const auto relaxed = Database::open({.url = schema_->url(), .durability = Durability::Relaxed});
    ASSERT_TRUE(relaxed);
    EXPECT_EQ((*relaxed)->read_blocking(
                  [](Transaction& tx) { return tx.one("SHOW synchronous_commit")->text(0); }),
              "off");
}

TEST_F(PostgresTest, ErrorsShowNoValueThatTheServerCouldNotRead) {
    try {
        db_->read_blocking([](Transaction& tx) {
            return tx.one("SELECT CAST($1 AS BIGINT)", {"s3cret"}).has_value();
        });
        FAIL() << "that is no number";
    } catch (const Failure& failure) {
        EXPECT_FALSE(std::string(failure.what()).contains("s3cret")) << failure.what();
        EXPECT_TRUE(std::string(failure.what()).contains("22P02")) << failure.what();
    }
}

TEST(PostgresOpen, SaysWhyItCannotConnectWithoutThePassword) {
    const auto database = Database::open({.url = "postgres://u:s3cret@127.0.0.1:1/x"});
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(database.error().reason, Reason("database.unreachable"));
    EXPECT_FALSE(database.error().message.contains("s3cret")) << database.error().message;
}

TEST(PostgresOpen, RefusesAUrlThatLibpqCannotRead) {
    const auto database = Database::open({.url = "postgres://u:s3%zzcret@127.0.0.1/x"});
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().reason, Reason("database.bad_url"));
    EXPECT_FALSE(database.error().message.contains("cret")) << database.error().message;
}

// --- the schedule of write groups ---------------------------------------------------------------

Task nothing() {
    return {[](Transaction&) { return true; }, [](const std::exception_ptr&) {}};
}

TEST(Schedule, SharesWaitingWritesAmongTheFreePlaces) {
    postgres::Schedule schedule(1000, 4);
    for (int i = 0; i < 100; ++i) schedule.push_write(nothing());
    EXPECT_EQ(schedule.next()->tasks.size(), 25);
    EXPECT_EQ(schedule.next()->tasks.size(), 25);
    EXPECT_EQ(schedule.next()->tasks.size(), 25);
    EXPECT_EQ(schedule.next()->tasks.size(), 25);
    EXPECT_EQ(schedule.size(), 0);
}

TEST(Schedule, GroupsAreBounded) {
    postgres::Schedule schedule(1000, 1);
    for (int i = 0; i < 100; ++i) schedule.push_write(nothing());
    EXPECT_EQ(schedule.next()->tasks.size(), postgres::Schedule::kGroupMax);
}

TEST(Schedule, AConflictHalvesTheWidthAndCalmWidensItAgain) {
    postgres::Schedule schedule(1000, 8);
    const auto one_group = [&] {
        schedule.push_write(nothing());
        ASSERT_EQ(schedule.next()->tasks.size(), 1);
    };
    one_group();
    schedule.start_over();
    EXPECT_EQ(schedule.width(), 4);
    schedule.start_over();
    schedule.start_over();
    schedule.start_over();
    EXPECT_EQ(schedule.width(), 1);
    schedule.finish();
    for (int i = 0; i < 7 * 64; ++i) {
        one_group();
        schedule.finish();
    }
    EXPECT_EQ(schedule.width(), 8);
}

TEST(Schedule, ReadsGoOnWhileWritersWaitForAPlace) {
    postgres::Schedule schedule(1000, 1);
    schedule.push_write(nothing());
    ASSERT_TRUE(schedule.next()->writes);
    schedule.push_write(nothing());
    schedule.push_read(nothing());
    EXPECT_FALSE(schedule.next()->writes);
    schedule.finish();
    EXPECT_TRUE(schedule.next()->writes);
}

TEST(Schedule, TheOlderOfAReadAndAWriteGoesFirst) {
    postgres::Schedule schedule(1000, 2);
    schedule.push_read(nothing());
    schedule.push_write(nothing());
    schedule.push_read(nothing());
    EXPECT_FALSE(schedule.next()->writes);
    EXPECT_TRUE(schedule.next()->writes);
    EXPECT_FALSE(schedule.next()->writes);
}

TEST(Schedule, GivesOutWhatItHoldsAfterClosing) {
    postgres::Schedule schedule(1000, 2);
    schedule.push_write(nothing());
    schedule.push_read(nothing());
    schedule.close();
    EXPECT_TRUE(schedule.next());
    EXPECT_TRUE(schedule.next());
    EXPECT_FALSE(schedule.next());
}

}  // namespace
}  // namespace turnpike::sql
