#include "webhooks/inbox_worker.h"

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "sql/testing.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;

/// Applies events slowly and writes down what happened when.
class Applier {
public:
    milliseconds takes{0};
    std::map<std::string, int> failures;  ///< by event: how many times it fails first
    std::function<void(const InboxEvent&)> at_end;

    EventApplier function() {
        return [this](const InboxEvent& event) -> asio::awaitable<Result<std::monostate>> {
            begin(event);
            asio::steady_timer timer(co_await asio::this_coro::executor, takes);
            co_await timer.async_wait(asio::use_awaitable);
            co_return end(event);
        };
    }
    std::vector<std::string> applied() {
        const std::scoped_lock lock(mutex_);
        return applied_;
    }
    int calls() {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }
    std::size_t most_at_once() {
        const std::scoped_lock lock(mutex_);
        return most_at_once_;
    }
    bool overlapped() {
        const std::scoped_lock lock(mutex_);
        return overlapped_;
    }

private:
    static std::string customer_of(const InboxEvent& event) {
        return event.payload.substr(event.payload.find("cus_"), 5);
    }
    void begin(const InboxEvent& event) {
        const std::scoped_lock lock(mutex_);
        ++calls_;
        overlapped_ = !busy_.insert(customer_of(event)).second || overlapped_;
        most_at_once_ = std::max(most_at_once_, busy_.size());
    }
    Result<std::monostate> end(const InboxEvent& event) {
        const std::scoped_lock lock(mutex_);
        busy_.erase(customer_of(event));
        if (at_end) at_end(event);
        if (failures[event.provider_event_id]-- > 0) return unavailable("test.reason", "not yet");
        applied_.push_back(event.provider_event_id);
        return std::monostate{};
    }

    std::mutex mutex_;
    std::vector<std::string> applied_;
    std::set<std::string> busy_;
    std::size_t most_at_once_ = 0;
    int calls_ = 0;
    bool overlapped_ = false;
};

class InboxWorkerTest : public sql::DatabaseTest {
protected:
    InboxWorkerTest() : guard(asio::make_work_guard(io)) {}
    ~InboxWorkerTest() override {
        if (worker) worker->stop();
        guard.reset();
        if (thread.joinable()) thread.join();
    }
    void start(InboxWorkerConfig config = {}) {
        WebhookMetrics metrics;
        metrics.event = [this](std::string_view, std::string_view outcome) {
            const std::scoped_lock lock(mutex);
            ++outcomes[std::string(outcome)];
        };
        metrics.backlog = [this](std::int64_t pending) { backlog = pending; };
        InboxWorkerWorld world{db(), clock};
        worker = std::make_unique<InboxWorker>(io, world, applier.function(), config,
                                               std::move(metrics));
        worker->start();
        thread = std::thread([this] { io.run(); });
    }
    void store(const std::string& id, const std::string& customer) {
        const auto payload = R"({"data":{"object":{"id":"in_1","customer":")" + customer + "\"}}}";
        db().write_blocking([&](sql::Transaction& tx) {
            return store_event(tx, {"stripe", id, "invoice.paid", payload}, ids, clock.now());
        });
        clock.advance(milliseconds(1));
    }
    InboxCounts counts() { return db().read_blocking(count_events); }
    template <class Condition>
    bool eventually(Condition condition) {
        for (int i = 0; i < 1'000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return false;
    }
    int outcome(const std::string& name) {
        const std::scoped_lock lock(mutex);
        return outcomes[name];
    }

    ManualClock clock{from_unix_seconds(1'726'358'400)};
    SeededIdSource ids{7};
    Applier applier;
    std::mutex mutex;
    std::map<std::string, int> outcomes;
    std::atomic<std::int64_t> backlog{-1};
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> guard;
    std::unique_ptr<InboxWorker> worker;
    std::thread thread;
};

TEST_P(InboxWorkerTest, AppliesOneCustomersEventsInOrderAndCustomersSideBySide) {
    applier.takes = milliseconds(15);
    std::map<std::string, std::vector<std::string>> expected;
    for (int i = 0; i < 40; ++i) {
        const std::string customer = "cus_" + std::to_string(i % 4);
        const std::string id = "evt_" + customer + "_" + std::to_string(i);
        store(id, customer);
        expected[customer].push_back(id);
    }
    start();
    ASSERT_TRUE(eventually([&] { return counts().pending == 0; }));
    EXPECT_FALSE(applier.overlapped()) << "two events of one customer at once";
    EXPECT_EQ(applier.most_at_once(), 4U);
    std::map<std::string, std::vector<std::string>> got;
    for (const auto& id : applier.applied()) got[id.substr(4, 5)].push_back(id);
    EXPECT_EQ(got, expected);
    // An event is counted after it is done in the store, which is what was waited for.
    EXPECT_TRUE(eventually([&] { return outcome("applied") == 40; }));
}

TEST_P(InboxWorkerTest, NeverRunsMoreThanItsLanes) {
    applier.takes = milliseconds(5);
    for (int i = 0; i < 30; ++i)
        store("evt_" + std::to_string(i), "cus_" + std::string(1, static_cast<char>('A' + i)));
    start({.policy = {}, .lanes = 3, .in_hand_max = 10});
    ASSERT_TRUE(eventually([&] { return counts().pending == 0; }));
    EXPECT_LE(applier.most_at_once(), 3U);
    EXPECT_EQ(applier.calls(), 30);
}

TEST_P(InboxWorkerTest, WakesAtOnce) {
    start({.policy = {}, .poll = std::chrono::hours(1), .count_every = milliseconds(0)});
    ASSERT_TRUE(eventually([&] { return backlog == 0; })) << "it has looked and found nothing";
    store("evt_1", "cus_1");
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(applier.calls(), 0) << "nobody told it";
    worker->wake();
    EXPECT_TRUE(eventually([&] { return counts().pending == 0; }));
}

TEST_P(InboxWorkerTest, FindsEventsThatNobodyAnnounced) {
    start({.policy = {}, .poll = milliseconds(20)});
    store("evt_1", "cus_1");
    EXPECT_TRUE(eventually([&] { return counts().pending == 0; }));
}

TEST_P(InboxWorkerTest, TriesAgainAfterItsBackoff) {
    applier.failures["evt_1"] = 2;
    store("evt_1", "cus_1");
    start({.policy = {}, .poll = milliseconds(10)});
    ASSERT_TRUE(eventually([&] { return outcome("failed") == 1; }));
    std::this_thread::sleep_for(milliseconds(60));
    EXPECT_EQ(applier.calls(), 1) << "the clock has not moved";
    clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(eventually([&] { return outcome("failed") == 2; }));
    clock.advance(std::chrono::seconds(2));
    ASSERT_TRUE(eventually([&] { return outcome("applied") == 1; }));
    EXPECT_EQ(applier.calls(), 3);
}

TEST_P(InboxWorkerTest, AFailingEventDoesNotHoldUpItsCustomer) {
    applier.failures["evt_1"] = 1'000;
    store("evt_1", "cus_1");
    store("evt_2", "cus_1");
    start();
    ASSERT_TRUE(eventually([&] { return outcome("applied") == 1 && outcome("failed") >= 1; }));
    EXPECT_EQ(applier.applied(), (std::vector<std::string>{"evt_2"}));
}

TEST_P(InboxWorkerTest, AnApplierThatThrowsIsAFailure) {
    applier.at_end = [](const InboxEvent&) { throw std::runtime_error("odd"); };
    store("evt_1", "cus_1");
    start({.policy = {.attempts_max = 1}});
    ASSERT_TRUE(eventually([&] { return counts().dead == 1; }));
    EXPECT_TRUE(eventually([&] { return outcome("dead") == 1; }));
    const auto events =
        db().read_blocking([](sql::Transaction& tx) { return list_inbox_events(tx, {}); });
    EXPECT_EQ(events.at(0).last_error, "webhook.apply_failed: odd");
}

TEST_P(InboxWorkerTest, ARestartTakesUpWhatWasClaimed) {
    store("evt_1", "cus_1");
    ASSERT_EQ(db().write_blocking([&](sql::Transaction& tx) {
                      return claim_due_events(tx, {}, clock.now(), 10);
                  })
                  .size(),
              1U)
        << "the process that claimed it is gone";
    start({.policy = {}, .poll = milliseconds(10)});
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(applier.calls(), 0);
    clock.advance(InboxPolicy{}.lease);
    EXPECT_TRUE(eventually([&] { return counts().pending == 0; }));
}

TEST_P(InboxWorkerTest, RespectsAnApplierThatMarkedTheEventItself) {
    applier.at_end = [&](const InboxEvent& event) {
        db().write_blocking([&](sql::Transaction& tx) {
            return mark_event_done(tx, event.id, from_unix_seconds(42));
        });
    };
    store("evt_1", "cus_1");
    start();
    ASSERT_TRUE(eventually([&] { return outcome("applied") == 1; }));
    const auto events =
        db().read_blocking([](sql::Transaction& tx) { return list_inbox_events(tx, {}); });
    EXPECT_EQ(events.at(0).applied_at, from_unix_seconds(42));
}

TEST_P(InboxWorkerTest, StopsAfterTheEventsUnderWay) {
    applier.takes = milliseconds(100);
    for (int i = 0; i < 20; ++i) store("evt_" + std::to_string(i), "cus_1");
    start();
    ASSERT_TRUE(eventually([&] { return applier.calls() > 0; }));
    worker->stop();
    const int begun = applier.calls();
    ASSERT_TRUE(eventually([&] { return worker->stopped(); }));
    EXPECT_EQ(applier.applied().size(), static_cast<std::size_t>(applier.calls()));
    EXPECT_LE(applier.calls(), begun + 1);
    EXPECT_EQ(counts().pending, 20 - applier.calls());
}

TEST_P(InboxWorkerTest, ReportsItsBacklog) {
    store("evt_1", "cus_1");
    start({.policy = {}, .poll = milliseconds(10), .count_every = milliseconds(10)});
    EXPECT_TRUE(eventually([&] { return backlog == 0; }));
}

INSTANTIATE_TEST_SUITE_P(, InboxWorkerTest, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
