#include "analytics/usage/gateway_log.h"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

namespace asio = boost::asio;
using testing::kStart;
using testing::MeteredWorld;

class GatewayLogs : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        start();
    }
    void start() {
        const auto told = [this](LineFate fate, std::uint64_t lines) {
            const std::scoped_lock lock(mutex_);
            fates_[fate] += lines;
            heard_.notify_all();
        };
        auto log = GatewayLog::start({"127.0.0.1", 0}, {db(), world_->catalog(), clock_, told});
        ASSERT_TRUE(log) << log.error().message;
        log_ = *std::move(log);
    }
    /// Sends it and waits until it was looked at.
    void send(const std::string& datagram) {
        std::unique_lock lock(mutex_);
        const auto before = all();
        socket_.send_to(asio::buffer(datagram),
                        {asio::ip::make_address("127.0.0.1"), log_->port()});
        ASSERT_TRUE(
            heard_.wait_for(lock, std::chrono::seconds(20), [&] { return all() > before; }));
    }
    void served(const std::string& target, const std::string& customer, int status = 200) {
        constexpr std::string_view kLine =
            R"(<190>nginx: {{"method":"GET","uri":"{}","customer":"{}",)"
            R"("status":{},"seconds":0.01}})";
        send(fmt::format(kLine, target, customer, status));
    }
    /// "route: requests, client errors, server errors" of what is stored.
    std::vector<std::string> stored(const std::string& customer) {
        const auto routes = db().read_blocking([&](sql::Transaction& tx) {
            return load_routes(tx, {customer, testing::kSeptember}, RollupSpan::Hour);
        });
        std::vector<std::string> texts;
        for (const auto& [route, figures] : routes)
            texts.push_back(fmt::format("{}: {}, {}, {}", route, figures.requests,
                                        figures.client_errors, figures.server_errors));
        return texts;
    }
    std::uint64_t count(LineFate fate) {
        const std::scoped_lock lock(mutex_);
        return fates_[fate];
    }

    ManualClock clock_{kStart};
    std::optional<MeteredWorld> world_;
    std::unique_ptr<GatewayLog> log_;

private:
    std::uint64_t all() {
        std::uint64_t sum = 0;
        for (const auto& [fate, lines] : fates_) sum += lines;
        return sum;
    }

    asio::io_context io_;
    asio::ip::udp::socket socket_{io_, asio::ip::udp::v4()};
    std::mutex mutex_;
    std::condition_variable heard_;
    std::map<LineFate, std::uint64_t> fates_;
};
INSTANTIATE_TEST_SUITE_P(, GatewayLogs, sql::both_engines(), sql::engine_name);

using Lines = std::vector<std::string>;

TEST_P(GatewayLogs, RequestsAreStoredByRouteAndCustomerAtTheEnd) {
    const auto alice = world_->add_customer("alice").text();
    served("/signals?limit=3", alice);
    served("/%73ignals/", alice, 402);
    served("/signals/history/AAPL", alice, 502);
    served("/signals", "");
    log_->stop();
    EXPECT_EQ(stored(alice),
              (Lines{"* /signals: 2, 1, 0", "* /signals/history/{symbol}: 1, 0, 1"}));
    EXPECT_EQ(stored(""), (Lines{"* /signals: 3, 1, 0", "* /signals/history/{symbol}: 1, 0, 1"}));
    EXPECT_EQ(count(LineFate::Counted), 4U);
}

TEST_P(GatewayLogs, HoweverManyPathsThereAreRoutesAreFew) {
    for (const char* path : {"/a", "/b/c", "/..", "no path", "/signals/x/y"}) served(path, "");
    log_->stop();
    EXPECT_EQ(stored(""), Lines{"other: 5, 0, 0"});
}

TEST_P(GatewayLogs, WhatCannotBeReadIsCountedAndStopsNothing) {
    for (const char* bad : {"", "<190>nginx: ", "{", "{}", "\xff\xfe"}) send(bad);
    const std::string stranger = "cus_01J8Z3QK5D2M7N8P9R0S1T2V3W";
    served("/signals", stranger);
    log_->stop();
    EXPECT_EQ(count(LineFate::Unreadable), 5U);
    EXPECT_EQ(count(LineFate::UnknownCustomer), 1U);
    EXPECT_EQ(stored(stranger), Lines{});
    EXPECT_EQ(stored(""), Lines{"* /signals: 1, 0, 0"});
}

TEST_P(GatewayLogs, AfterARestartTheHourGoesOn) {
    const auto alice = world_->add_customer("alice").text();
    served("/signals", alice);
    log_->stop();
    start();
    served("/signals", alice, 500);
    log_->stop();
    EXPECT_EQ(stored(alice), Lines{"* /signals: 2, 0, 1"});
}

TEST_P(GatewayLogs, APlaceThatIsTakenIsNamed) {
    const auto taken = GatewayLog::start({"127.0.0.1", log_->port()},
                                         {db(), world_->catalog(), clock_, [](auto, auto) {}});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().reason.text(), "gateway_log.cannot_listen");
}

}  // namespace
}  // namespace turnpike
