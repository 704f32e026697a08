#include "monitoring/monitor.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::seconds;

class MonitorTest : public MonitoringTest {
protected:
    template <class T>
    T run(boost::asio::awaitable<T> work) {
        auto done = boost::asio::co_spawn(io, std::move(work), boost::asio::use_future);
        io.restart();
        io.run();
        return done.get();
    }
    Monitor made(std::function<std::vector<ActionLag>()> jobs = {}) {
        return {
            io, {db(), clock, ids, Letters::NotSent, std::move(jobs), {}, {}}, MonitorRule{}, {}};
    }

    boost::asio::io_context io;
    ManualClock clock{kWatchNow};
};
INSTANTIATE_TEST_SUITE_P(Engines, MonitorTest, sql::both_engines(), sql::engine_name);

std::vector<std::string> names_of(const std::vector<ActionLag>& lags) {
    std::vector<std::string> names;
    for (const auto& lag : lags) names.emplace_back(lag.action);
    return names;
}

TEST_P(MonitorTest, LateIsWhatIsBeyondTheThreshold) {
    std::int64_t pass_age = 900;
    auto monitor = made([&] { return std::vector<ActionLag>{{"billing_pass", pass_age}}; });
    run(monitor.measure(kWatchNow));
    EXPECT_EQ(names_of(monitor.late()), std::vector<std::string>{});
    pass_age = 901;
    run(monitor.measure(kWatchNow));
    EXPECT_EQ(names_of(monitor.late()), std::vector<std::string>{"billing_pass"});
    EXPECT_EQ(names_of(monitor.lags()),
              (std::vector<std::string>{
                  "command", "period_close", "renewal", "planned_change", "planned_end",
                  "checkout_end", "webhook_inbox", "webhook_outbox", "refund", "plan_migration",
                  "trial_reminder", "provider_move", "billing_pass", "monitor"}));
}

TEST_P(MonitorTest, MoreThanOneTransactionOfFindingsIsSettled) {
    constexpr int kMany = 120;
    for (int i = 0; i < kMany; ++i)
        subscribe({"c" + std::to_string(i)}, [](auto& s) { s.cancel_at = kWatchNow + days(1); });
    auto monitor = made();
    EXPECT_EQ(monitor.observed_at(), std::nullopt);
    EXPECT_EQ(run(monitor.observe_all(kWatchNow)).opened, kMany);
    EXPECT_EQ(monitor.observed_at(), kWatchNow);
    EXPECT_EQ(run(monitor.observe_all(kWatchNow)).opened, 0);
    // All of them end on another day: each old finding gives way to a new one, at once.
    run_sql("UPDATE subscriptions SET cancel_at = $1", {kWatchNow + days(2)});
    const auto moved = run(monitor.observe_all(kWatchNow + seconds(60)));
    EXPECT_EQ(moved.opened, kMany);
    EXPECT_EQ(moved.closed, kMany);
}

}  // namespace
}  // namespace turnpike
