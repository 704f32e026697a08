#include "analytics/usage/usage_alert.h"

#include <atomic>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "analytics/usage/usage_rollup.h"
#include "json/value.h"
#include "metering/store_testing.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::count_of;
using testing::Kind;
using testing::kSeptember;
using testing::kStart;
using testing::StoreWorld;
using Texts = std::vector<std::string>;

class UsageAlerts : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        std::string url = "sqlite::memory:";
        if (GetParam() == Kind::Postgres) url = sql::postgres_test_url();
        if (url.empty()) GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set";
        world_.emplace(sql::open_test_database(url), GetParam() == Kind::Log ? &folder_ : nullptr);
        rollup_.emplace(node());
        ada_ = world_->world.add_customer("ada");
    }
    UsageRollup::World node() {
        return {*world_->db, world_->usage_log.get(), clock_, world_->world.ids(),
                [this](const UsageAlert& alert) {
                    const std::scoped_lock lock(mutex_);
                    told_.push_back(alert);
                }};
    }

    static Allowance ten_units(const Reset& reset = {}) {
        return {.meter_key = "api_calls",
                .included = Quantity::whole(10),
                .overage_unit_price = {},
                .reset = reset};
    }
    UsageWindow window(const Allowance& allowance, Instant time = kStart,
                       Meter::Aggregation aggregation = Meter::Aggregation::Sum) {
        return window_of(std::nullopt, window_at(allowance.reset, kSeptember, time),
                         world_->world.window("free").plan_version, aggregation, allowance);
    }
    /// One event that moves all of them.
    void use(std::vector<UsageCount> counts, Instant time = kStart) {
        UsageEvent event{.source = "test",
                         .id = "event-" + std::to_string(next_++),
                         .customer = *ada_,
                         .meter_key = counts.front().window->meter_key,
                         .quantity = counts.front().value,
                         .time = time,
                         .latency_us = std::nullopt};
        UsageCounts all(counts.begin(), counts.end());
        const PendingUsage pending{std::move(event), TimeStated::Yes, std::move(all)};
        EXPECT_EQ(testing::record(world_->store(), {pending}, kStart),
                  testing::Verdicts{"accepted"});
    }
    void use(std::int64_t units, const UsageWindow& into, Instant time = kStart) {
        use({count_of(into, units)}, time);
    }
    /// "billing_period 2024-09-01 50" of what a pass raises, as its callback and the ledger say it.
    Texts raised() {
        told_.clear();
        EXPECT_TRUE(rollup_->catch_up());
        Texts texts;
        for (const UsageAlert& alert : told_) {
            texts.push_back(to_text(alert.reset) + " " +
                            format_rfc3339(alert.window.start).substr(0, 10) + " " +
                            std::to_string(alert.threshold.percent));
            ids_told_.insert(alert.id.text());
        }
        std::set<std::string> stored;
        for (const UsageAlert& alert : stored_alerts()) stored.insert(alert.id.text());
        EXPECT_EQ(stored, ids_told_);
        std::ranges::sort(texts);
        return texts;
    }
    std::vector<UsageAlert> stored_alerts() {
        UsageAlertFilter filter;
        filter.page.limit = 1'000;
        return world_->db->read_blocking(
            [&](sql::Transaction& tx) { return load_alerts(tx, filter); });
    }

    testing::ScratchFolder scratch_;
    std::string folder_ = scratch_.path();
    ManualClock clock_{kStart + days(20)};
    std::optional<StoreWorld> world_;
    std::optional<UsageRollup> rollup_;
    std::optional<CustomerId> ada_;
    std::atomic<int> next_ = 0;
    std::mutex mutex_;
    std::vector<UsageAlert> told_;  // guarded by mutex_
    std::set<std::string> ids_told_;
};
INSTANTIATE_TEST_SUITE_P(, UsageAlerts, ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log),
                         testing::kind_name);

TEST_P(UsageAlerts, AreRaisedOnceAsUsageRises) {
    const UsageWindow september = window(ten_units());
    use(4, september);
    EXPECT_EQ(raised(), Texts{});
    use(1, september);
    EXPECT_EQ(raised(), Texts{"billing_period 2024-09-01 50"});
    EXPECT_EQ(raised(), Texts{});
    use(2, september);
    EXPECT_EQ(raised(), Texts{});
    use(3, september);
    EXPECT_EQ(raised(), (Texts{"billing_period 2024-09-01 100", "billing_period 2024-09-01 80"}));
    const auto stored = stored_alerts();
    ASSERT_EQ(stored.size(), 3U);
    for (const UsageAlert& alert : stored) {
        EXPECT_EQ(alert.customer, ada_);
        EXPECT_EQ(alert.contract, std::nullopt);
        EXPECT_EQ(alert.meter_key, "api_calls");
        EXPECT_EQ(alert.window, kSeptember);
        EXPECT_EQ(alert.threshold.full_amount, "10");
        EXPECT_EQ(alert.threshold.reached_amount, alert.threshold.percent == 50 ? "5" : "10");
        EXPECT_EQ(alert.crossed_at, clock_.now());
    }
}

// 1533 of 1000 in one leap: 50, 80 and 100 percent are events, in their order; people hear the
// last.
TEST_P(UsageAlerts, OfOneLeapTellPeopleTheHighest) {
    world_->db->write_blocking([&](sql::Transaction& tx) {
        tx.run("UPDATE customers SET email = 'ada@example.com' WHERE id = $1", {*ada_});
        tx.run("UPDATE meters SET name = 'API calls' WHERE key = 'api_calls'");
        return true;
    });
    Allowance thousand = ten_units();
    thousand.included = Quantity::whole(1'000);
    thousand.overage = OveragePolicy::Allow;
    use(1'533, window(thousand));
    EXPECT_EQ(raised().size(), 3U);
    struct Event {
        std::int64_t percent, sequence;
        bool alerts;
        bool operator==(const Event&) const = default;
    };
    const auto [events, letters] = world_->db->read_blocking([&](sql::Transaction& tx) {
        std::vector<Event> told;
        for (const auto& row : tx.all("SELECT body, sequence, alerts FROM outbox_events "
                                      "WHERE object_id = $1 ORDER BY sequence",
                                      {ada_->text() + ":api_calls"})) {
            const Json data = parse_json(row.text(0))->at("data");
            EXPECT_EQ(data.at("meter_name"), "API calls");
            told.push_back({data.at("percent").get<std::int64_t>(), row.integer(1), row.flag(2)});
        }
        Texts data;
        for (const auto& row : tx.all("SELECT data FROM notices WHERE kind = 'limit_reached'"))
            data.push_back(row.text(0));
        return std::pair(told, data);
    });
    EXPECT_EQ(events, (std::vector<Event>{{50, 1, false}, {80, 2, false}, {100, 3, true}}));
    // 1533 x 100 / 1000 = 153.3, rounded down.
    EXPECT_EQ(letters, Texts{R"({"greeting":"","limit":"1000","meter":"API calls",)"
                             R"("percent":"153","share":"153%","used":"1533"})"});
}

// A ledger that was restored from before the meter knows nothing of it.
TEST_P(UsageAlerts, OfAMeterThatTheLedgerDoesNotKnowAreListedUnderItsKey) {
    UsageWindow forgotten = window(ten_units());
    forgotten.meter_key = "forgotten";
    Counter counter = open_counter(forgotten);
    counter.used = Quantity::whole(5);
    const std::vector<CustomerCounter> moved{{*ada_, counter}};
    world_->db->write_blocking([&](sql::Transaction& tx) {
        return raise_alerts(tx, moved, clock_.now(), world_->world.ids());
    });
    const auto stored = stored_alerts();
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_EQ(stored[0].meter_key, "forgotten");
    EXPECT_EQ(stored[0].meter_name, "forgotten");
}

TEST_P(UsageAlerts, AtTheVeryLimitSayThatItIsAll) {
    world_->db->write_blocking([&](sql::Transaction& tx) {
        tx.run("UPDATE customers SET email = 'ada@example.com' WHERE id = $1", {*ada_});
        return true;
    });
    use(10, window(ten_units()));
    EXPECT_EQ(raised().size(), 3U);
    const auto data = world_->db->read_blocking(
        [](sql::Transaction& tx) { return tx.one("SELECT data FROM notices")->text(0); });
    const auto values = *parse_json(data);
    EXPECT_EQ(values.at("share"), "all");
    EXPECT_EQ(values.at("all"), "10 of 10");
    EXPECT_FALSE(values.contains("percent"));
}

TEST_P(UsageAlerts, AreOfEachWindowThatAnEventMoved) {
    const Allowance daily = ten_units({Reset::Kind::Day});
    Allowance monthly = ten_units();
    monthly.included = Quantity::whole(20);
    // Days that have ended long before anybody looks.
    for (int day = 0; day < 2; ++day) {
        const Instant time = kStart + days(day);
        use({count_of(window(monthly), 8), count_of(window(daily, time), 8)}, time);
    }
    EXPECT_EQ(raised(), (Texts{"billing_period 2024-09-01 50", "billing_period 2024-09-01 80",
                               "day 2024-09-01 50", "day 2024-09-01 80", "day 2024-09-02 50",
                               "day 2024-09-02 80"}));
}

TEST_P(UsageAlerts, OfAnotherContractAreOthers) {
    UsageWindow theirs = window(ten_units());
    theirs.contract = world_->world.ids().make<SubscriptionId>(kStart);
    use(5, window(ten_units()));
    use(5, theirs);
    EXPECT_EQ(raised(), (Texts{"billing_period 2024-09-01 50", "billing_period 2024-09-01 50"}));
}

TEST_P(UsageAlerts, AreNotRaisedAgainWhenACounterFell) {
    Allowance storage = ten_units({Reset::Kind::Month});
    storage.overage = OveragePolicy::Allow;
    const auto set_to = [&](std::int64_t value, Instant time) {
        use(value, window(storage, time, Meter::Aggregation::Last), time);
    };
    set_to(9, kStart);
    EXPECT_EQ(raised(), (Texts{"month 2024-09-01 50", "month 2024-09-01 80"}));
    set_to(1, kStart + hours(1));
    EXPECT_EQ(raised(), Texts{});
    set_to(10, kStart + hours(2));
    EXPECT_EQ(raised(), Texts{"month 2024-09-01 100"});
}

TEST_P(UsageAlerts, OfARollingWindowComeOnceADay) {
    const Allowance rolling = ten_units({Reset::Kind::Rolling, 6});
    const auto use_at = [&](std::int64_t units, Instant time) {
        use(units, window(rolling, time), time);
    };
    use_at(6, kStart + hours(1));
    EXPECT_EQ(raised(), Texts{"rolling_6h 2024-09-01 50"});
    // All of it has left, and comes again.
    use_at(5, kStart + hours(12));
    EXPECT_EQ(raised(), Texts{});
    use_at(5, kStart + hours(13));
    EXPECT_EQ(raised(), (Texts{"rolling_6h 2024-09-01 100", "rolling_6h 2024-09-01 80"}));
    use_at(5, kStart + days(1));
    EXPECT_EQ(raised(), Texts{"rolling_6h 2024-09-02 50"});
}

TEST_P(UsageAlerts, OfASpendCapSayTheMoney) {
    Allowance capped = ten_units();
    capped.included = Quantity{};
    capped.overage = OveragePolicy::Bill;
    capped.overage_unit_price = UnitPrice::parse("0.03");
    capped.overage_cap = UnitPrice::parse("1.00");
    use(20, window(capped));
    EXPECT_EQ(raised(), Texts{"billing_period 2024-09-01 50"});
    const Threshold expected{ThresholdKind::Spend, 50, "1", "0.6"};
    EXPECT_EQ(stored_alerts().at(0).threshold, expected);
}

/// Nodes on PostgreSQL. Beside a log there is one; a second one finds the mark moved.
TEST_P(UsageAlerts, AreRaisedOnceByManyNodes) {
    Allowance hundred = ten_units();
    hundred.included = Quantity::whole(100);
    const UsageWindow september = window(hundred);
    std::atomic<bool> is_done = false;
    const auto look = [&] {
        UsageRollup rollup(node());
        while (!is_done) EXPECT_TRUE(rollup.catch_up());
    };
    const auto spend = [&] {
        for (int i = 0; i < 50; ++i) use(1, september);
    };
    {
        const std::jthread first(look);
        const std::jthread second(look);
        {
            const std::jthread ours(spend);
            const std::jthread theirs(spend);
        }
        is_done = true;
    }
    EXPECT_TRUE(rollup_->catch_up());
    EXPECT_EQ(told_.size(), 3U);
    EXPECT_EQ(stored_alerts().size(), 3U);
}

}  // namespace
}  // namespace turnpike
