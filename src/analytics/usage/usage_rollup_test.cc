#include "analytics/usage/usage_rollup.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analytics/usage/usage_groups.h"
#include "analytics/usage/usage_series.h"
#include "entitlements/gateway_source.h"
#include "metering/log/log_testing.h"
#include "metering/log_usage.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;
using testing::run;

constexpr const char* kMeter = "api_calls";

/// Where usage is kept.
enum class Kind : std::uint8_t { Sqlite, Postgres, Log };
// GoogleTest looks for this name.
void PrintTo(Kind kind, std::ostream* out) {  // NOLINT(readability-identifier-naming)
    *out << static_cast<int>(kind);
}
std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
    const char* const names[] = {"Sqlite", "Postgres", "Log"};
    return names[static_cast<std::size_t>(info.param)];
}

std::unique_ptr<UsageLog> open_log(const std::string& directory) {
    auto log = UsageLog::open({directory, testing::kSmallSegmentBytes, 1'000});
    EXPECT_TRUE(log) << log.error().message;
    return log ? *std::move(log) : nullptr;
}

class UsageRollups : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        std::string url = "sqlite::memory:";
        if (GetParam() == Kind::Postgres) url = sql::postgres_test_url();
        if (url.empty()) GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set";
        db_ = sql::open_test_database(url);
        world_.emplace(*db_);
        if (GetParam() == Kind::Log) {
            log_ = open_log(folder_.path());
            log_usage_.emplace(*db_, *log_);
        }
        rollup_.emplace(UsageRollup::World{*db_, log_.get(), clock_, world_->ids()});
    }
    UsageStore& store() {
        return log_usage_ ? static_cast<UsageStore&>(*log_usage_) : world_->usage();
    }

    /// Without a limit.
    PendingUsage used(const CustomerId& customer, UsageEvent event) {
        event.id = "event-" + std::to_string(next_++);
        event.customer = customer;
        event.meter_key = kMeter;
        const UsageCount count{std::make_shared<const UsageWindow>(world_->window("pro")),
                               event.quantity};
        return {std::move(event), TimeStated::Yes, {count}};
    }
    std::vector<Verdict> record(std::vector<PendingUsage> events) {
        AppendJob job{.subjects = {}, .look = {}, .place = {}, .system_now = clock_.now()};
        job.place = [&](const SubjectWindows&) {
            return std::vector<Placed>(events.begin(), events.end());
        };
        for (const PendingUsage& one : events) job.has_corrections |= one.correction.has_value();
        const auto report = run(store().append(std::move(job)));
        EXPECT_TRUE(report);
        std::vector<Verdict> verdicts;
        for (const auto& outcome : report->outcomes) verdicts.push_back(outcome.verdict);
        return verdicts;
    }
    void catch_up() { EXPECT_TRUE(rollup_->catch_up()); }
    UsageSeries series(const UsageQuestion& question, const std::string& customer = "") {
        return *db_->read_blocking(
            [&](sql::Transaction& tx) { return load_usage_series(tx, question, customer); });
    }

    UsageGrouping grouping(const UsageQuestion& question, const std::string& customer) {
        const auto answer = db_->read_blocking(
            [&](sql::Transaction& tx) { return load_usage_grouping(tx, question, customer); });
        EXPECT_TRUE(answer) << answer.error().message;
        return answer ? *answer : UsageGrouping{};
    }
    void group_by(const char* properties) {
        db_->write_blocking([&](sql::Transaction& tx) {
            return tx.run("UPDATE meters SET group_by = $1 WHERE key = $2", {properties, kMeter});
        });
    }

    testing::ScratchFolder folder_;
    ManualClock clock_{kStart + std::chrono::days(60)};
    std::unique_ptr<sql::Database> db_;
    std::optional<MeteredWorld> world_;
    std::unique_ptr<UsageLog> log_;
    std::optional<LogUsage> log_usage_;
    std::optional<UsageRollup> rollup_;
    std::atomic<int> next_ = 0;
};
INSTANTIATE_TEST_SUITE_P(, UsageRollups, ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log),
                         kind_name);

UsageQuestion question(Granularity granularity, const Period& period,
                       std::optional<std::string> route = {}) {
    return {kMeter, std::move(route), granularity, *buckets_of(period, granularity), 0};
}

UsageEvent event(const std::string& source, Instant time, const char* quantity,
                 std::optional<std::int64_t> latency_us = {}) {
    return {.source = source,
            .id = {},
            .customer = CustomerId::trusted(""),
            .meter_key = {},
            .quantity = *Quantity::parse(quantity),
            .time = time,
            .latency_us = latency_us};
}

UsageEvent grouped(Instant time, const char* quantity, std::string properties) {
    UsageEvent used = event("test", time, quantity);
    used.properties = std::move(properties);
    return used;
}

TEST_P(UsageRollups, SumByProperties) {
    const auto alice = world_->add_customer("alice");
    const auto bob = world_->add_customer("bob");
    group_by(R"(["model","region"])");
    const Instant next = kStart + std::chrono::days(1);
    record({used(alice, grouped(kStart, "1.5", R"({"model":"a","region":"eu"})")),
            used(alice, grouped(next, "2", R"({"model":"a","region":"us"})")),
            used(alice, grouped(next, "4", R"({"model":"b"})")),
            used(alice, grouped(next, "8", R"({"region":"eu"})")),
            used(alice, event("x", next, "16")),
            used(bob, grouped(next, "32", R"({"model":"b"})"))});
    catch_up();
    record({used(alice, grouped(next, "0.5", R"({"model":"a","region":"us"})"))});
    catch_up();
    auto asked = question(Granularity::Day, {kStart, kStart + std::chrono::days(2)});
    asked.limit = 10;
    asked.by = {"model"};
    // alice: a 1.5 + 2 + 0.5 = 4 of three events, b 4 of one, and 8 + 16 have no model.
    const auto models = grouping(asked, alice.text());
    ASSERT_EQ(models.groups.size(), 2U);
    EXPECT_EQ(models.groups[0].values, (std::vector<std::optional<std::string>>{"a"}));
    EXPECT_EQ(models.groups[0].figures.quantity.text(), "4");
    EXPECT_EQ(models.groups[0].figures.events, 3);
    EXPECT_EQ(models.groups[1].values, (std::vector<std::optional<std::string>>{"b"}));
    EXPECT_EQ(models.groups[1].figures.quantity.text(), "4");
    EXPECT_EQ(models.total.quantity.text(), "32");
    EXPECT_EQ(models.rest.quantity.text(), "24");
    EXPECT_EQ(models.rest.events, 2);
    // All customers: b 4 + 32 leads; only the first is asked for.
    asked.limit = 1;
    const auto first = grouping(asked, "");
    ASSERT_EQ(first.groups.size(), 1U);
    EXPECT_EQ(first.groups[0].figures.quantity.text(), "36");
    EXPECT_EQ(first.rest.quantity.text(), "28");
    // By all: eu 1.5, us 2.5, b 4, and eu without a model 8.
    asked.limit = 10;
    asked.by = {};
    const auto all = grouping(asked, alice.text());
    ASSERT_EQ(all.groups.size(), 4U);
    EXPECT_EQ(all.groups[0].values, (std::vector<std::optional<std::string>>{{}, "eu"}));
    EXPECT_EQ(all.groups[0].figures.quantity.text(), "8");
    EXPECT_EQ(all.rest.quantity.text(), "16");
}

// One more than is kept; the next day has room again, and known ones go on.
TEST_P(UsageRollups, KeepSoManyGroupsADay) {
    const auto alice = world_->add_customer("alice");
    group_by(R"(["user"])");
    const auto of_user = [](std::size_t i) { return R"({"user":"u)" + std::to_string(i) + "\"}"; };
    std::vector<PendingUsage> events;
    for (std::size_t i = 0; i <= kGroupsMax; ++i)
        events.push_back(used(alice, grouped(kStart, "1", of_user(i))));
    record(std::move(events));
    catch_up();
    const auto stored = [&](const Period& days) {
        return db_->read_blocking(
            [&](sql::Transaction& tx) { return load_groups(tx, {alice.text(), kMeter, days}); });
    };
    const Period day{kStart, kStart + std::chrono::days(1)};
    const auto kept = stored(day);
    EXPECT_EQ(kept.size(), kGroupsMax);
    record({used(alice, grouped(kStart, "1", kept.front().properties)),
            used(alice, grouped(kStart, "1", of_user(kGroupsMax + 1))),
            used(alice, grouped(day.end, "1", of_user(kGroupsMax + 1)))});
    catch_up();
    EXPECT_EQ(stored(day).size(), kGroupsMax);
    EXPECT_EQ(stored({day.end, day.end + std::chrono::days(1)}).size(), 1U);
    auto asked = question(Granularity::Day, day);
    asked.limit = 1;
    const auto most = grouping(asked, alice.text());
    EXPECT_EQ(most.groups[0].figures.quantity.text(), "2");
    // 1,001 of the first request, and two of the second.
    EXPECT_EQ(most.total.events, static_cast<std::int64_t>(kGroupsMax) + 3);
    EXPECT_EQ(most.rest.events, static_cast<std::int64_t>(kGroupsMax) + 1);
}

TEST_P(UsageRollups, CountWhatWasAcceptedOnceAndSayUntilWhen) {
    const auto alice = world_->add_customer("alice");
    const Period day{kStart, kStart + std::chrono::days(1)};
    EXPECT_FALSE(rollup_->as_of());
    const auto twice = used(alice, event("test", kStart, "1.5", 12'500));
    EXPECT_EQ(record({twice, twice, used(alice, event("test", kStart, "0.5"))}),
              (std::vector{Verdict::Accepted, Verdict::Duplicate, Verdict::Accepted}));
    EXPECT_EQ(series(question(Granularity::Day, day)).total.events, 0);
    catch_up();
    EXPECT_EQ(rollup_->as_of(), clock_.now());
    catch_up();
    const auto total = series(question(Granularity::Day, day), alice.text()).total;
    EXPECT_EQ(total.events, 2);
    EXPECT_EQ(total.quantity.text(), "2");
    EXPECT_EQ(total.latency.count(), 1U);
    // 2^13 + 8 * 512 = 12288, and the bucket is 512 wide.
    EXPECT_EQ(total.latency.percentile(50), Duration(12'799));
    EXPECT_EQ(series(question(Granularity::Day, day)).total, total);
}

TEST_P(UsageRollups, CorrectionsCountInTheHourOfTheirEvents) {
    const auto alice = world_->add_customer("alice");
    const Period day{kStart, kStart + std::chrono::days(1)};
    const Instant noon = kStart + std::chrono::hours(12);
    const auto one = used(alice, event("test", kStart, "1.5", 12'500));
    const auto two = used(alice, event("test", noon, "2"));
    EXPECT_EQ(record({one, two}), (std::vector{Verdict::Accepted, Verdict::Accepted}));
    const auto events_of_day = [&] {
        catch_up();
        const auto total = series(question(Granularity::Day, day)).total;
        return std::to_string(total.events) + " of " + total.quantity.text();
    };
    EXPECT_EQ(events_of_day(), "2 of 3.5");
    const Correction amend{Correction::Kind::Amend, "test", two.event.id, *Quantity::parse("0.25")};
    const Correction voided{Correction::Kind::Void, "test", one.event.id};
    EXPECT_EQ(record({testing::correcting(alice, "a", amend, noon)}),
              (std::vector{Verdict::Accepted}));
    EXPECT_EQ(events_of_day(), "2 of 1.75");
    EXPECT_EQ(record({testing::correcting(alice, "v", voided, noon)}),
              (std::vector{Verdict::Accepted}));
    EXPECT_EQ(events_of_day(), "1 of 0.25");
    const auto hours = series(question(Granularity::Hour, day)).buckets;
    EXPECT_EQ(hours.at(0).quantity.text(), "0");
    EXPECT_EQ(hours.at(12).quantity.text(), "0.25");
}

TEST_P(UsageRollups, CorrectionsCountInTheGroupsOfTheirEvents) {
    const auto alice = world_->add_customer("alice");
    group_by(R"(["model"])");
    const auto one = used(alice, grouped(kStart, "1.5", R"({"model":"a"})"));
    const auto two = used(alice, grouped(kStart, "2", R"({"model":"b"})"));
    record({one, two});
    catch_up();
    const Correction amend{Correction::Kind::Amend, "test", two.event.id, *Quantity::parse("0.25")};
    const Correction voided{Correction::Kind::Void, "test", one.event.id};
    const Instant later = kStart + std::chrono::days(3);
    record({testing::correcting(alice, "a", amend, later),
            testing::correcting(alice, "v", voided, later)});
    catch_up();
    auto asked = question(Granularity::Day, {kStart, kStart + std::chrono::days(1)});
    asked.limit = 10;
    const auto groups = grouping(asked, alice.text());
    ASSERT_EQ(groups.groups.size(), 1U) << "nothing is left of the other";
    EXPECT_EQ(groups.groups[0].values, (std::vector<std::optional<std::string>>{"b"}));
    EXPECT_EQ(groups.groups[0].figures.quantity.text(), "0.25");
    EXPECT_EQ(groups.groups[0].figures.events, 1);
    EXPECT_EQ(groups.rest.quantity.text(), "0");
}

TEST_P(UsageRollups, ShowPeaksAndTheTimeBefore) {
    const auto alice = world_->add_customer("alice");
    using std::chrono::days;
    using std::chrono::hours;
    record({used(alice, event("test", kStart + days(6) + hours(23), "4")),
            used(alice, event("test", kStart + days(7) + hours(1), "3")),
            used(alice, event("test", kStart + days(8) + hours(1), "1")),
            used(alice, event("test", kStart + days(8) + hours(2), "1.999999")),
            used(alice, event("test", kStart + days(8) + hours(3), "1.000001"))});
    catch_up();
    const auto two_days =
        series(question(Granularity::Day, {kStart + days(7), kStart + days(9)}), alice.text());
    EXPECT_EQ(two_days.total.quantity.text(), "7");
    EXPECT_EQ(two_days.peak_hour->start, kStart + days(7) + hours(1));
    EXPECT_EQ(two_days.peak_day->start, kStart + days(8));
    EXPECT_EQ(two_days.peak_day->quantity.text(), "4");
    EXPECT_EQ(two_days.previous_period, (Period{kStart + days(5), kStart + days(7)}));
    EXPECT_EQ(two_days.previous.text(), "4");
    // Of a day of which only some hours are asked for, these count: 3 on the first, 1 + 1.999999 of
    // the 4 on the second.
    const auto some_hours =
        series(question(Granularity::Hour, {kStart + days(7), kStart + days(8) + hours(3)}));
    EXPECT_EQ(some_hours.peak_hour->quantity.text(), "3");
    EXPECT_EQ(some_hours.peak_day->start, kStart + days(7));
    EXPECT_EQ(some_hours.peak_day->quantity.text(), "3");
    const auto today =
        series(question(Granularity::Hour, {kStart + days(8), kStart + days(8) + hours(3)}));
    EXPECT_EQ(today.peak_day->start, kStart + days(8));
    EXPECT_EQ(today.peak_day->quantity.text(), "2.999999");
}

TEST_P(UsageRollups, RankCustomers) {
    const auto alice = world_->add_customer("alice");
    const auto bob = world_->add_customer("bob");
    world_->add_customer("idle");
    record({used(alice, event("test", kStart, "1.9")), used(alice, event("test", kStart, "1.3")),
            used(bob, event("test", kStart, "3.1"))});
    catch_up();
    UsageQuestion top = question(Granularity::Day, {kStart, kStart + std::chrono::days(1)});
    top.limit = 2;
    const auto ranking =
        *db_->read_blocking([&](sql::Transaction& tx) { return load_usage_ranking(tx, top); });
    ASSERT_EQ(ranking.customers.size(), 2U);
    EXPECT_EQ(ranking.customers[0].external_id, "alice");
    EXPECT_EQ(ranking.customers[0].quantity.text(), "3.2");
    EXPECT_EQ(ranking.customers[1].quantity.text(), "3.1");
    EXPECT_EQ(ranking.total.text(), "6.3");
}

/// Everything that was recorded, and the slow, obvious sums of it.
class Model {
public:
    void add(const PendingUsage& usage) { events_.push_back(usage.event); }
    [[nodiscard]] std::vector<UsageFigures> sums(const UsageQuestion& question,
                                                 const std::string& customer) const {
        std::vector<UsageFigures> sums(question.buckets.size());
        for (const UsageEvent& event : events_) {
            if (!customer.empty() && event.customer.text() != customer) continue;
            if (question.route && route_of_source(event.source) != *question.route) continue;
            for (std::size_t i = 0; i < sums.size(); ++i)
                if (contains(question.buckets[i], event.time)) add_to(sums[i], event);
        }
        return sums;
    }

private:
    static void add_to(UsageFigures& sum, const UsageEvent& event) {
        ++sum.events;
        sum.quantity = sum.quantity + event.quantity;
        if (event.latency_us) sum.latency.add(Duration(*event.latency_us));
    }
    std::vector<UsageEvent> events_;
};

TEST_P(UsageRollups, AgreeWithTheSumsOfTheEvents) {
    // A fixed seed: the same events every time.
    std::mt19937 random(20'240'901);
    const auto below = [&](int end) { return std::uniform_int_distribution(0, end - 1)(random); };
    const RouteCost route{"*", "/signals/{symbol}", kMeter, 1};
    const std::vector<std::string> sources = {"test", "turnpike.gateway", gateway_source(route)};
    const std::vector<CustomerId> customers = {world_->add_customer("a"),
                                               world_->add_customer("b")};
    const Period september = testing::kSeptember;
    Model model;
    for (int request = 0; request < 40; ++request) {
        std::vector<PendingUsage> events;
        for (int i = below(12); i >= 0; --i) {
            std::optional<std::int64_t> latency;
            if (below(3) > 0) latency = below(2'000'000);
            const Instant time = september.start + std::chrono::minutes(below(30 * 24 * 60));
            const std::string quantity = std::to_string(below(9)) + "." + std::to_string(below(10));
            events.push_back(used(customers[static_cast<std::size_t>(below(2))],
                                  event(sources[static_cast<std::size_t>(below(3))], time,
                                        quantity.c_str(), latency)));
            model.add(events.back());
        }
        record(std::move(events));
        if (below(4) == 0) catch_up();
    }
    catch_up();
    using enum Granularity;
    const std::optional<std::string> routes[] = {{}, "", route_name(route), "GET /nowhere"};
    for (const auto granularity : {Hour, Day, Week, Month})
        for (const auto& of_route : routes)
            for (const std::string& customer : {std::string(), customers[0].text()}) {
                const auto asked = question(granularity, september, of_route);
                EXPECT_EQ(series(asked, customer).buckets, model.sums(asked, customer))
                    << to_text(granularity) << " of '" << of_route.value_or("any") << "'";
            }
}

/// Nodes on PostgreSQL, where what is recorded meanwhile becomes visible in any order. Beside a log
/// there is one; a second one finds the mark moved.
TEST_P(UsageRollups, ManyAtOnceCountEachEventOnce) {
    constexpr int kRequests = 60;
    const std::vector<CustomerId> customers = {world_->add_customer("a"),
                                               world_->add_customer("b")};
    std::atomic<bool> is_done = false;
    const auto roll_up = [&] {
        UsageRollup node({*db_, log_.get(), clock_, world_->ids()});
        while (!is_done) EXPECT_TRUE(node.catch_up());
    };
    const auto use = [&](const CustomerId& customer) {
        for (int i = 0; i < kRequests; ++i) {
            const auto sent = event("test", kStart + std::chrono::minutes(20 * i), "0.5", i);
            record({used(customer, sent), used(customer, sent)});
        }
    };
    {
        const std::jthread first(roll_up);
        const std::jthread second(roll_up);
        {
            const std::jthread ours(use, customers[0]);
            const std::jthread theirs(use, customers[1]);
        }
        is_done = true;
    }
    catch_up();
    const Period day{kStart, kStart + std::chrono::days(1)};
    const auto all = series(question(Granularity::Hour, day)).total;
    EXPECT_EQ(all.events, 4 * kRequests);
    EXPECT_EQ(all.quantity.text(), std::to_string(2 * kRequests));
    EXPECT_EQ(all.latency.count(), static_cast<std::uint64_t>(4 * kRequests));
    EXPECT_EQ(series(question(Granularity::Day, day), customers[0].text()).total.events,
              2 * kRequests);
}

/// One customer's use of one unit, in a log without a ledger.
bool append_one(UsageLog& log, int number) {
    const UsageEvent sent{.source = "test",
                          .id = std::to_string(::getpid()) + "-" + std::to_string(number),
                          .customer = CustomerId::trusted("cus_" + std::to_string(number % 7)),
                          .meter_key = kMeter,
                          .quantity = Quantity::whole(1),
                          .time = kStart + std::chrono::minutes(number),
                          .latency_us = number};
    const Allowance allowance{.meter_key = kMeter,
                              .included = Quantity::whole(1),
                              .overage = OveragePolicy::Bill,
                              .overage_unit_price = UnitPrice::parse("0.02")};
    const UsageCount count = testing::count_of(
        window_of(std::nullopt, testing::kSeptember, PlanVersionId::trusted("pv_1"),
                  Meter::Aggregation::Sum, allowance),
        1);
    std::promise<std::optional<Error>> durable;
    const LoggedUse use{sent, std::span(&count, 1), 0};
    const auto appended = log.append(std::span(&use, 1), kStart,
                                     [&](const auto& failed) { durable.set_value(failed); });
    return appended && !durable.get_future().get();
}

/// Records and rolls up until it is killed, and writes a byte behind each.
[[noreturn]] void use_until_killed(const std::string& url, const std::string& folder, int told) {
    const SystemClock clock;
    const auto db = sql::Database::open({.url = url});
    const auto log = UsageLog::open({folder, testing::kSmallSegmentBytes, 1'000});
    if (!db || !log) ::_exit(1);
    RandomIdSource ids;
    UsageRollup rollup({**db, log->get(), clock, ids});
    for (int number = 0;; ++number) {
        if (!append_one(**log, number)) ::_exit(2);
        if (!rollup.catch_up() || ::write(told, "x", 1) != 1) ::_exit(3);
    }
}

/// Kills a process that uses, `delay` after it has counted its third event.
void use_and_be_killed(const std::string& url, const std::string& folder, Duration delay) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) use_until_killed(url, folder, ends[1]);
    ::close(ends[1]);
    std::array<char, 1> byte{};
    for (int counted = 0; counted < 3; ++counted) EXPECT_EQ(::read(ends[0], byte.data(), 1), 1);
    std::this_thread::sleep_for(delay);
    EXPECT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ::close(ends[0]);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
}

TEST(UsageRollupCrash, EachEventIsCountedOnceWhereverItIsKilled) {
    constexpr int kRounds = 15;
    const testing::ScratchFolder folder;
    const sql::TempFolder ledger;
    const std::string url = ledger.database_url();
    (void)sql::open_test_database(url);
    for (int round = 0; round < kRounds; ++round)
        use_and_be_killed(url, folder.path(), std::chrono::microseconds(700) * round);
    const SystemClock clock;
    const auto db = sql::Database::open({.url = url});
    ASSERT_TRUE(db);
    const auto log = open_log(folder.path());
    RandomIdSource ids;
    UsageRollup rollup({**db, log.get(), clock, ids});
    ASSERT_TRUE(rollup.catch_up());
    const auto sums = (*db)->read_blocking([](sql::Transaction& tx) {
        return tx.one(R"sql(
            SELECT COALESCE(SUM(CASE WHEN customer_id = '' THEN events ELSE 0 END), 0),
                   COALESCE(SUM(CASE WHEN customer_id <> '' THEN units ELSE 0 END), 0)
              FROM usage_rollups WHERE span = 'hour'
        )sql");
    });
    EXPECT_GT(log->events(), 0U);
    EXPECT_EQ(static_cast<std::uint64_t>(sums->integer(0)), log->events());
    EXPECT_EQ(static_cast<std::uint64_t>(sums->integer(1)), log->events());
    // One unit is all that is included: 50, 80 and 100 percent of each customer.
    const auto alerts = (*db)->read_blocking([](sql::Transaction& tx) {
        return tx.one(R"sql(
            SELECT (SELECT COUNT(*) FROM usage_alerts),
                   (SELECT COUNT(DISTINCT customer_id) FROM usage_rollups WHERE customer_id <> '')
        )sql");
    });
    EXPECT_EQ(alerts->integer(0), 3 * alerts->integer(1));
}

}  // namespace
}  // namespace turnpike
