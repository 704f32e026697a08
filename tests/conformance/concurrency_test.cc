#include <atomic>
#include <barrier>
#include <future>
#include <latch>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "conformance/things.h"

namespace turnpike::sql {
namespace {

constexpr std::string_view kInsert = "INSERT INTO things (key, count) VALUES ($1, $2)";
constexpr std::string_view kGrant =
    "UPDATE things SET count = count + 1 WHERE key = $1 AND count < $2";

class ConcurrencyTest : public ThingsTest {
protected:
    /// Runs `work(caller)` on many threads that start together.
    template <class Work>
    void together(int callers, Work work) {
        std::barrier start(callers);
        std::vector<std::jthread> threads;
        for (int caller = 0; caller < callers; ++caller)
            threads.emplace_back([&, caller] {
                start.arrive_and_wait();
                work(caller);
            });
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, ConcurrencyTest, both_engines(), engine_name);

TEST_P(ConcurrencyTest, SixtyFourCallersAreGrantedExactlyTheLimit) {
    constexpr int kCallers = 64;
    constexpr int kTries = 5;
    constexpr std::int64_t kLimit = 97;  // of 320 tries
    insert("hot", 0);
    std::atomic<std::int64_t> granted = 0;
    together(kCallers, [&](int) {
        for (int i = 0; i < kTries; ++i)
            granted += db().write_blocking(
                [&](Transaction& tx) { return tx.run(kGrant, {"hot", kLimit}); });
    });
    EXPECT_EQ(granted, kLimit);
    EXPECT_EQ(count_of("hot"), kLimit);
}

TEST_P(ConcurrencyTest, ReadThenWriteLosesNoUpdate) {
    constexpr int kCallers = 16;
    constexpr int kTries = 5;
    insert("n", 0);
    together(kCallers, [&](int) {
        for (int i = 0; i < kTries; ++i)
            db().write_blocking([](Transaction& tx) {
                const auto seen = tx.one("SELECT count FROM things WHERE key = 'n'")->integer(0);
                return tx.run("UPDATE things SET count = $1 WHERE key = 'n'", {seen + 1});
            });
    });
    EXPECT_EQ(count_of("n"), kCallers * kTries);
}

TEST_P(ConcurrencyTest, LookThenInsertEndsAsIfOneCameAfterTheOther) {
    constexpr int kCallers = 16;
    for (int round = 0; round < 10; ++round) {
        const auto key = "k" + std::to_string(round);
        std::atomic<int> inserted = 0;
        together(kCallers, [&](int) {
            inserted += db().write_blocking([&](Transaction& tx) {
                if (tx.one("SELECT 1 FROM things WHERE key = $1", {key})) return 0;
                tx.run(kInsert, {key, 1});
                return 1;
            });
        });
        EXPECT_EQ(inserted, 1);
    }
}

// At REPEATABLE READ a transaction would see the row that another one has deleted meanwhile, beside
// the one that it has inserted itself.
TEST_P(ConcurrencyTest, AKeyThatIsGivenFreeAndTakenAgainIsOneRow) {
    insert("k", 1);
    constexpr std::string_view kFree = "DELETE FROM things WHERE key = 'k' AND count = 1";
    int runs = 0;
    const auto seen = db().write_blocking([&](Transaction& tx) {
        tx.all("SELECT count FROM things");  // what it sees begins here
        const bool has_others = db().engine() == "postgres";
        if (has_others && runs == 0)
            db().write_blocking([&](Transaction& other) { return other.run(kFree); });
        if (!has_others) tx.run(kFree);
        ++runs;
        tx.run("INSERT INTO things (key, count) VALUES ('k', 2) ON CONFLICT DO NOTHING");
        return tx.one("SELECT count FROM things WHERE key = 'k'")->integer(0);
    });
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(count_of("k"), 2);
}

// Each takes the number after the last one, which may be another's by now.
TEST_P(ConcurrencyTest, NumbersAreTakenOneAfterTheOther) {
    constexpr int kCallers = 16;
    constexpr int kTries = 6;
    together(kCallers, [&](int) {
        for (int i = 0; i < kTries; ++i)
            db().write_blocking([](Transaction& tx) {
                const auto last = tx.one("SELECT COALESCE(MAX(count), 0) FROM things")->integer(0);
                return tx.run(kInsert, {"n" + std::to_string(last + 1), last + 1});
            });
    });
    EXPECT_EQ(rows(), kCallers * kTries);
}

TEST_P(ConcurrencyTest, AFailingJobLeavesItsNeighboursAlone) {
    constexpr int kCallers = 60;
    insert("taken", 1);
    std::atomic<int> committed = 0;
    std::atomic<int> rolled_back = 0;
    std::atomic<int> violated = 0;
    std::atomic<int> thrown = 0;
    together(kCallers, [&](int caller) {
        const auto key = "c" + std::to_string(caller);
        try {
            const auto result = db().write_blocking([&](Transaction& tx) -> Result<int> {
                tx.run(kInsert, {key, caller});
                if (caller % 4 == 1) return conflict("test.no", "no");
                if (caller % 4 == 2) tx.run(kInsert, {"taken", 1});
                if (caller % 4 == 3) throw std::logic_error("mine");
                return 0;
            });
            ++(result ? committed : rolled_back);
        } catch (const ConstraintViolation&) {
            ++violated;
        } catch (const std::logic_error&) {
            ++thrown;
        }
    });
    EXPECT_EQ(committed, 15);
    EXPECT_EQ(rolled_back, 15);
    EXPECT_EQ(violated, 15);
    EXPECT_EQ(thrown, 15);
    EXPECT_EQ(rows(), 16);
    for (int caller = 0; caller < kCallers; ++caller)
        EXPECT_EQ(count_of("c" + std::to_string(caller)), caller % 4 == 0 ? caller : -1);
}

TEST_P(ConcurrencyTest, AReadStaysAtOneMoment) {
    // In memory, SQLite has one connection and runs one job at a time: there it holds trivially.
    insert("a", 1);
    std::promise<void> looked;
    std::promise<void> changed;
    const bool one_thread = GetParam() == Engine::Sqlite;
    std::jthread reader([&] {
        const auto seen = db().read_blocking([&](Transaction& tx) {
            const auto first = tx.one("SELECT count FROM things WHERE key = 'a'")->integer(0);
            looked.set_value();
            if (!one_thread) changed.get_future().wait();
            const auto second = tx.one("SELECT count FROM things WHERE key = 'a'")->integer(0);
            return std::pair(first, second);
        });
        EXPECT_EQ(seen, std::pair(std::int64_t{1}, std::int64_t{1}));
    });
    looked.get_future().wait();
    db().write_blocking([](Transaction& tx) { return tx.run("UPDATE things SET count = 2"); });
    changed.set_value();
    reader.join();
    EXPECT_EQ(count_of("a"), 2);
}

TEST_P(ConcurrencyTest, AnAcknowledgedWriteIsSeenByEveryLaterJob) {
    constexpr int kCallers = 8;
    together(kCallers, [&](int caller) {
        const auto key = "k" + std::to_string(caller);
        insert(key, 0);
        for (std::int64_t i = 1; i <= 10; ++i) {
            db().write_blocking([&](Transaction& tx) {
                return tx.run("UPDATE things SET count = $1 WHERE key = $2", {i, key});
            });
            ASSERT_EQ(count_of(key), i);
        }
    });
}

TEST_P(ConcurrencyTest, AwaitableJobsComeBackToTheirExecutor) {
    asio::io_context io;
    std::thread::id job_thread;
    std::thread::id after_write;
    std::thread::id after_read;
    std::int64_t count = 0;
    bool failed = false;
    const auto go = [&]() -> asio::awaitable<void> {
        auto add = [&](Transaction& tx) {
            job_thread = std::this_thread::get_id();
            return tx.run(kInsert, {"a", 3});
        };
        co_await db().write(add);
        after_write = std::this_thread::get_id();
        auto look = [](Transaction& tx) {
            return tx.one("SELECT count FROM things WHERE key = 'a'")->integer(0);
        };
        count = co_await db().read(look);
        after_read = std::this_thread::get_id();
        try {
            co_await db().write(add);
        } catch (const ConstraintViolation&) {
            failed = true;
        }
    };
    std::exception_ptr ended;
    asio::co_spawn(io, go(), [&](const std::exception_ptr& error) { ended = error; });
    io.run();
    EXPECT_FALSE(ended);
    EXPECT_EQ(count, 3);
    EXPECT_TRUE(failed);
    EXPECT_EQ(after_write, std::this_thread::get_id());
    EXPECT_EQ(after_read, std::this_thread::get_id());
    EXPECT_NE(job_thread, std::this_thread::get_id());
}

TEST(QueueBound, WhatDoesNotFitFailsFastAndTheRestIsServed) {
    for (const auto& url : {std::string("sqlite::memory:"), postgres_test_url()}) {
        if (url.empty()) continue;  // the tests above say loudly that PostgreSQL is left out
        SCOPED_TRACE(url);
        auto database = Database::open({.url = url, .connections = 1, .queue_max = 4});
        ASSERT_TRUE(database);
        std::latch running(1);
        std::latch release(1);
        std::vector<std::jthread> callers;
        std::atomic<int> served = 0;
        const auto call = [&](auto job) {
            callers.emplace_back([&, job] { served += (*database)->write_blocking(job); });
        };
        call([&](Transaction&) {
            running.count_down();
            release.wait();
            return 1;
        });
        running.wait();
        for (int i = 0; i < 4; ++i) call([](Transaction&) { return 1; });
        while ((*database)->backlog() < 4) std::this_thread::yield();
        try {
            (*database)->write_blocking([](Transaction&) { return 1; });
            ADD_FAILURE() << "a fifth job fits";
        } catch (const Failure& failure) {
            EXPECT_STREQ(failure.what(), "database queue is full");
            EXPECT_FALSE(failure.outcome_unknown());
        }
        release.count_down();
        callers.clear();
        EXPECT_EQ(served, 5);
    }
}

}  // namespace
}  // namespace turnpike::sql
