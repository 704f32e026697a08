#include "sandbox/worker.h"

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "sandbox/chaos/store.h"
#include "sandbox/chaos/testing.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

class WorkerTest : public ::testing::Test {
protected:
    /// Nobody listens at its endpoint's address.
    void queue(const std::string& type) {
        twin_.call = http::Call{.url = "http://127.0.0.1:1/hook"};
        twin_.database().write_blocking([&](sql::Transaction& tx) {
            add_delivery(tx,
                         {.id = "wd_1",
                          .account = "acct",
                          .endpoint = "we_1",
                          .event = "evt_1",
                          .body = type},
                         twin_.clock().now());
            return true;
        });
    }
    /// Lets a worker work until it has been tried for the last time: "delivered" or "failed".
    std::string work(const Chaos& chaos) {
        asio::io_context io;
        Worker worker(io, twin_, chaos, {});
        worker.start();
        std::string state = "pending";
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (state == "pending" && std::chrono::steady_clock::now() < deadline) {
            io.run_one_for(10ms);
            state = twin_.database()
                        .read_blocking(
                            [](sql::Transaction& tx) { return find_delivery(tx, "acct", "wd_1"); })
                        ->state;
        }
        worker.stop();
        io.run();
        return state;
    }

    testing::CountingTwin twin_;
};

// The plan was replaced while the worker had the one before: what it decides is stored with the
// rules' numbers, which mean those of the plan that is stored.
TEST_F(WorkerTest, DecidesByThePlanThatIsStored) {
    const ChaosRule drops{
        .traffic = Traffic::Webhooks, .about = "b", .misfortune = Misfortune::Drop};
    ChaosRule gathers{.traffic = Traffic::Webhooks, .about = "a", .misfortune = Misfortune::Burst};
    gathers.wait = 60s;
    Chaos late(twin_);
    late.set_at_start({.rules = {drops, gathers}});
    Chaos(twin_).set_at_start({.rules = {drops}});
    queue("a");
    EXPECT_EQ(work(late), "failed");
    const auto fate =
        twin_.database().read_blocking([](sql::Transaction& tx) { return load_fate(tx, "wd_1"); });
    EXPECT_FALSE(fate);
}

}  // namespace
}  // namespace turnpike::twin
