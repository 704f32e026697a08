#include "metering/service.h"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log_usage.h"
#include "metering/store_testing.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::calls;
using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;

using testing::events_of;
using testing::job_of;
using testing::Kind;
using testing::kind_name;
using testing::record;
using testing::StoreWorld;
using testing::Verdicts;

/// Units of the recorded events: the slow, obvious count.
std::int64_t recorded_units(UsageStore& store, const CustomerId& customer) {
    EventFilter filter;
    filter.customer = customer;
    std::int64_t sum = 0;
    for (const auto& event : events_of(store, filter))
        sum += event.event.quantity.scaled() / Quantity::kOne;
    return sum;
}

class MeteringStore : public testing::StoreTest {
protected:
    std::int64_t used(const CustomerId& customer) { return given_->used(customer); }
    std::size_t rows() { return events_of(store()).size(); }
    PendingUsage free_calls(const std::string& id, std::int64_t units) {
        return calls(alice_, id, units, world().window("free"));
    }
    /// Newer with every call, as a subscription that changes.
    UsageWindow subscribed(const char* plan) {
        auto window = world().window(plan, kSeptember, subscription_);
        window.revision = ++revision_;
        return window;
    }
    std::vector<UsedMeter> used_in_september(const SubscriptionId& subscription) {
        const auto periods =
            run(store().used_periods({alice_, subscription, kSeptember.start, kSeptember.end}));
        EXPECT_TRUE(periods);
        EXPECT_LE(periods->size(), 1U);
        return periods->empty() ? std::vector<UsedMeter>() : periods->front().meters;
    }
    /// What the customer's meter shows under this window.
    Usage usage_in(const UsageWindow& window) {
        auto stored = given_->db->read_blocking([&](sql::Transaction& tx) {
            return store().counters(tx, alice_, window.contract, window.period.start,
                                    window.period.start);
        });
        return *usage_of(under_window(stored.at("api_calls").front(), window), Currency::Usd);
    }

    const SubscriptionId subscription_ = SubscriptionId::trusted("sub_1");
    std::int64_t revision_ = 0;
};

TEST_P(MeteringStore, FreeCall100PassesAnd101LeavesNoTrace) {
    EXPECT_EQ(record(store(), {free_calls("a", 99)}), Verdicts{"accepted"});
    EXPECT_EQ(record(store(), {free_calls("b", 1)}), Verdicts{"accepted"});
    EXPECT_EQ(record(store(), {free_calls("c", 1)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(used(alice_), 100);
    EXPECT_EQ(rows(), 2);
}

TEST_P(MeteringStore, AFirstRequestBeyondTheLimitCreatesNothing) {
    EXPECT_EQ(record(store(), {free_calls("a", 101)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(used(alice_), -1);
    EXPECT_EQ(rows(), 0);
}

TEST_P(MeteringStore, PaidPlansGoOn) {
    const auto window = world().window("pro");
    EXPECT_EQ(record(store(), {calls(alice_, "a", 12'345, window)}), Verdicts{"accepted"});
    const auto usage = usage_in(window);
    EXPECT_EQ(usage.overage, Quantity::whole(2'345));
    EXPECT_EQ(usage.overage_amount, Money(4'690, Currency::Usd));  // 2,345 x $0.02
}

TEST_P(MeteringStore, TheSameEventCountsOnceAndAnotherUnderItsNameIsAConflict) {
    EXPECT_EQ(record(store(), {free_calls("a", 2)}), Verdicts{"accepted"});
    EXPECT_EQ(record(store(), {free_calls("a", 2)}), Verdicts{"duplicate"});
    EXPECT_EQ(record(store(), {free_calls("a", 3)}), Verdicts{"conflict"});
    EXPECT_EQ(used(alice_), 2);
    EXPECT_EQ(rows(), 1);
}

TEST_P(MeteringStore, ADuplicateIsADuplicateAlsoAtTheLimit) {
    record(store(), {free_calls("a", 100)});
    EXPECT_EQ(record(store(), {free_calls("a", 100)}), Verdicts{"duplicate"});
}

TEST_P(MeteringStore, EachEventOfABatchIsForItself) {
    const auto bob = world().add_customer("bob");
    const auto pro = world().window("pro");
    record(store(), {free_calls("old", 90)});
    const std::vector<PendingUsage> batch{
        free_calls("1", 4),             // 94
        calls(bob, "b1", 20'000, pro),  //
        free_calls("2", 7),             // 101: no
        free_calls("3", 6),             // 100
        free_calls("3", 6),             // the same again
        free_calls("3", 5),             // its name, another content
        free_calls("2", 7),             // the denied one again
        free_calls("old", 90),          // from before
        free_calls("4", 0),             // nothing always fits
        free_calls("5", 1),             // 101: no
    };
    EXPECT_EQ(record(store(), batch),
              (Verdicts{"accepted", "accepted", "limit_exceeded", "accepted", "duplicate",
                        "conflict", "limit_exceeded", "duplicate", "accepted", "limit_exceeded"}));
    EXPECT_EQ(used(alice_), 100);
    EXPECT_EQ(recorded_units(store(), alice_), 100);
    EXPECT_EQ(used(bob), 20'000);
}

TEST_P(MeteringStore, ALargeBatchIsWholeAndRepeatable) {
    std::vector<PendingUsage> batch;
    for (int i = 0; i < 1'000; ++i)
        batch.push_back(calls(alice_, "e" + std::to_string(i), 1, world().window("pro")));
    EXPECT_EQ(record(store(), batch), Verdicts(1'000, "accepted"));
    EXPECT_EQ(record(store(), batch), Verdicts(1'000, "duplicate"));
    EXPECT_EQ(used(alice_), 1'000);
}

TEST_P(MeteringStore, ACounterNeverLeavesItsRange) {
    const auto window = world().window("pro");
    std::vector<PendingUsage> batch;
    for (int i = 0; i < 20; ++i)  // 20 x 10^12 would leave int64
        batch.push_back(calls(alice_, std::to_string(i), 1'000'000'000'000, window));
    Verdicts expected(20, "counter_full");
    expected[0] = "accepted";
    EXPECT_EQ(record(store(), batch), expected);
    const auto all_of_it = calls(alice_, "blocked", 1'000'000'000'000, world().window("free"));
    EXPECT_EQ(record(store(), {all_of_it}), Verdicts{"counter_full"}) << "what is used stays";
    const CustomerId bob = world().add_customer("bob");
    const auto of_bob = calls(bob, "bob", 1'000'000'000'000, world().window("free"));
    EXPECT_EQ(record(store(), {of_bob}), Verdicts{"limit_exceeded"}) << "the plan ends before";
    const Correction more{Correction::Kind::Amend, "test", "one", Quantity::whole(2)};
    const Instant october = kSeptember.end;
    const auto of_october = world().window("pro", {october, october + std::chrono::days(31)});
    const auto one = calls(alice_, "one", 1, of_october);
    const auto rest = calls(alice_, "rest", 999'999'999'999, of_october);
    EXPECT_EQ(record(store(), {one, rest}), (Verdicts{"accepted", "accepted"}));
    EXPECT_EQ(record(store(), {testing::correcting(alice_, "fix", more, kStart)}),
              Verdicts{"counter_full"});
}

TEST_P(MeteringStore, ClientsThatRaceForTheLast50UnitsGetExactly50) {
    record(store(), {free_calls("before", 50)});
    std::atomic<int> granted = 0;
    std::atomic<int> denied = 0;
    std::vector<std::thread> clients;
    for (int client = 0; client < 64; ++client) {
        clients.emplace_back([&, client] {
            for (int i = 0; i < 2; ++i) {
                const auto id = std::to_string(client) + "." + std::to_string(i);
                const auto verdict = record(store(), {free_calls(id, 1)}).front();
                ++(verdict == "accepted" ? granted : denied);
            }
        });
    }
    for (auto& client : clients) client.join();
    EXPECT_EQ(granted, 50);
    EXPECT_EQ(denied, 128 - 50);
    EXPECT_EQ(used(alice_), 100);
    EXPECT_EQ(recorded_units(store(), alice_), 100);
}

TEST_P(MeteringStore, TheSameEventFromManyClientsCountsOnce) {
    std::atomic<int> accepted = 0;
    std::vector<std::thread> clients;
    for (int client = 0; client < 16; ++client)
        clients.emplace_back([&] {
            for (int i = 0; i < 10; ++i)
                accepted +=
                    record(store(), {free_calls(std::to_string(i), 1)}).front() == "accepted";
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(accepted, 10);
    EXPECT_EQ(used(alice_), 10);
    EXPECT_EQ(rows(), 10);
}

TEST_P(MeteringStore, AChangeOfPlanKeepsWhatWasUsed) {
    const auto catalog = world().catalog().get();
    record(store(), {calls(alice_, "a", 1'200, subscribed("starter"))});
    // Nobody tells the counter.
    record(store(), {calls(alice_, "b", 9'500, subscribed("pro"))});

    // Down to FREE: 10,000 are covered already, so nothing is left of its 100.
    EXPECT_EQ(record(store(), {calls(alice_, "c", 1, subscribed("free"))}),
              Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(store(), {calls(alice_, "c", 1, subscribed("pro"))}), Verdicts{"accepted"});

    const auto final = used_in_september(subscription_);
    ASSERT_EQ(final.size(), 1U);
    EXPECT_EQ(final[0].meter_key, "api_calls");
    EXPECT_EQ(final[0].plan_versions,
              (std::vector{catalog->plan("starter")->id, catalog->plan("pro")->id}));
    const auto lines = rate_overage(final[0].segments, Currency::Usd);
    ASSERT_EQ(lines->size(), 2U);
    EXPECT_EQ(lines->at(0).amount.minor(), 600);  // 200 x $0.03
    // 9,501 - 9,000 left = 501 x $0.02
    EXPECT_EQ(lines->at(1).amount.minor(), 1'002);
}

TEST_P(MeteringStore, UsageUnderAnotherPlanStartsItsSegmentByItself) {
    const auto free = subscribed("free");
    record(store(), {calls(alice_, "a", 100, free)});
    EXPECT_EQ(record(store(), {calls(alice_, "b", 1, free)}), Verdicts{"limit_exceeded"});
    // PRO has 10,000 - 100 = 9,900 left and 100 x $0.02 = $2.00 beyond.
    EXPECT_EQ(record(store(), {calls(alice_, "b", 10'000, subscribed("pro"))}),
              Verdicts{"accepted"});
    // A denial under yet another plan changes nothing.
    EXPECT_EQ(record(store(), {calls(alice_, "c", 1, subscribed("free"))}),
              Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(store(), {calls(alice_, "c", 0, subscribed("pro"))}), Verdicts{"accepted"});
    const auto final = used_in_september(subscription_);
    ASSERT_EQ(final[0].segments.size(), 2U);
    EXPECT_EQ(rate_overage(final[0].segments, Currency::Usd)->at(0).amount.minor(), 200);
}

TEST_P(MeteringStore, TellsTheCounterThatAnEventLeavesWhenAsked) {
    const auto told = [&](const std::string& id, std::int64_t units) {
        auto job = job_of({free_calls(id, units)});
        job.counters = AppendJob::Counters::Report;
        const auto report = run(store().append(std::move(job)));
        return report->outcomes.front().counters.front().used;
    };
    EXPECT_EQ(told("a", 60), Quantity::whole(60));
    EXPECT_EQ(told("b", 41), Quantity::whole(60)) << "denied";
    EXPECT_EQ(told("a", 60), Quantity::whole(60)) << "a duplicate";
    EXPECT_EQ(told("c", 40), Quantity::whole(100));
    const auto report = run(store().append(job_of({free_calls("d", 0)})));
    EXPECT_TRUE(report->outcomes.front().counters.empty());
    EXPECT_EQ(report->moved, std::vector{alice_});
}

// Two subscriptions and the default plan, all from the same second on.
TEST_P(MeteringStore, ContractsThatBeginTogetherCountApart) {
    const auto second = SubscriptionId::trusted("sub_2");
    record(store(), {free_calls("a", 60), calls(alice_, "b", 1'200, subscribed("starter")),
                     calls(alice_, "c", 5, world().window("pro", kSeptember, second))});
    EXPECT_EQ(used(alice_), 60);
    EXPECT_EQ(used_in_september(subscription_).at(0).segments.at(0).used, Quantity::whole(1'200));
    EXPECT_EQ(used_in_september(second).at(0).segments.at(0).used, Quantity::whole(5));
    EXPECT_EQ(record(store(), {free_calls("d", 41)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(store(), {free_calls("d", 40)}), Verdicts{"accepted"});
}

const Period kOctober{kSeptember.end, from_unix_seconds(1'730'419'200)};

TEST_P(MeteringStore, TellsThePeriodsThatWereUsed) {
    const Period november{kOctober.end, from_unix_seconds(1'733'011'200)};
    int id = 0;
    for (const Period& period : {november, kSeptember, kOctober})
        record(store(), {calls(alice_, std::to_string(++id), 7,
                               world().window("pro", period, subscription_))});
    const auto of = [&](Instant ended_after, Instant began_before) {
        std::vector<Period> periods;
        for (const auto& used :
             *run(store().used_periods({alice_, subscription_, ended_after, began_before})))
            periods.push_back(used.period);
        return periods;
    };
    EXPECT_EQ(of(kStart, kOctober.start), std::vector{kSeptember});
    EXPECT_EQ(of(kStart, november.start), (std::vector{kSeptember, kOctober}));
    EXPECT_EQ(of(kSeptember.end - Duration(1), november.start),
              (std::vector{kSeptember, kOctober}));
    EXPECT_EQ(of(kSeptember.end, november.start + Duration(1)), (std::vector{kOctober, november}));
    const auto nobody = SubscriptionId::trusted("sub_0");
    EXPECT_TRUE(run(store().used_periods({alice_, nobody, kStart, november.end}))->empty());
}

// The plan was changed in September, and again since: 1,200 under STARTER, then PRO. What comes
// late counts under PRO, which was the last of September's, and the hard limit of FREE is nothing.
TEST_P(MeteringStore, LateUsageKeepsTheNewestAllowanceOfItsPeriod) {
    record(store(), {calls(alice_, "a", 1'200, subscribed("starter"))});
    record(store(), {calls(alice_, "b", 300, subscribed("pro"))});
    auto late = subscribed("free");
    late.revision = kPastRevision;
    EXPECT_EQ(record(store(), {calls(alice_, "c", 9'000, late)}), Verdicts{"accepted"});
    const auto used = used_in_september(subscription_);
    ASSERT_EQ(used.at(0).segments.size(), 2U);
    EXPECT_EQ(used[0].segments[1].used, Quantity::whole(9'300));
    EXPECT_EQ(used[0].plan_versions[1], world().catalog().get()->plan("pro")->id);
}

// FREE has 100 calls: an old period is as full as a running one.
TEST_P(MeteringStore, LateUsageMeetsTheHardLimitOfItsPeriod) {
    auto late = world().window("free", kSeptember, subscription_);
    late.revision = kPastRevision;
    const auto send = [&](const char* id, std::int64_t units, const UsageWindow& window) {
        return record(store(), {calls(alice_, id, units, window)}).front();
    };
    EXPECT_EQ(send("a", 99, late), "accepted");
    EXPECT_EQ(send("b", 2, late), "limit_exceeded");
    // Even if the plan has more by now.
    auto more = world().window("pro", kSeptember, subscription_);
    more.revision = kPastRevision;
    EXPECT_EQ(send("c", 2, more), "limit_exceeded");
    EXPECT_EQ(send("d", 1, more), "accepted");
    EXPECT_EQ(used_in_september(subscription_).at(0).plan_versions.size(), 1U);
}

/// Through placing, as requests do it: each window is looked up once, and both sides of a change of
/// contract count apart.
TEST_P(MeteringStore, LateUsageIsLookedUpOncePerWindow) {
    const auto catalog = world().catalog().get();
    const Instant now = kOctober.start + std::chrono::days(3);
    const CustomerWindow october{alice_, std::nullopt,  default_plan_of(catalog), kOctober, now,
                                 0,      kOctober.start};
    std::vector<Instant> looks;
    AppendJob job{.subjects = {"alice"}, .look = {}, .place = {}, .system_now = now};
    job.look.find = [&](sql::Transaction&, std::string_view, Instant) -> Result<CustomerWindow> {
        return october;
    };
    job.look.find_past = [&](sql::Transaction& tx, const CustomerWindow& running, Instant moment) {
        EXPECT_EQ(tx.one("SELECT COUNT(*) FROM customers")->integer(0), 1);
        looks.push_back(moment);
        CustomerWindow past = running;
        past.contract = subscription_;
        past.period = kSeptember;
        past.revision = kPastRevision;
        past.since = kSeptember.start;
        past.until = kSeptember.end;
        return past;
    };
    const Instant late = kSeptember.end - std::chrono::hours(1);
    const Instant times[] = {now, late, late - std::chrono::hours(1), kOctober.start};
    job.place = [&](SubjectWindows& windows) {
        std::vector<Placed> placed;
        for (const Instant time : times) {
            const auto* window = windows.find(*windows.at("alice"), "alice", time);
            if (window == nullptr) {
                placed.emplace_back(std::unexpected(EventComplaint{"", ""}));
                continue;
            }
            auto of_event = world().window("free", window->period, window->contract);
            placed.emplace_back(
                calls(alice_, std::to_string(placed.size()), 10, std::move(of_event)));
        }
        return placed;
    };
    const auto report = run(store().append(std::move(job)));
    ASSERT_TRUE(report);
    for (const auto& outcome : report->outcomes) EXPECT_EQ(outcome.verdict, Verdict::Accepted);
    EXPECT_EQ(looks, std::vector{late});
    EXPECT_EQ(used_in_september(subscription_).at(0).segments.at(0).used, Quantity::whole(20));
    const auto running = given_->db->read_blocking([&](sql::Transaction& tx) {
        return store().counters(tx, alice_, std::nullopt, kOctober.start, now);
    });
    EXPECT_EQ(running.at("api_calls").front().used, Quantity::whole(20));
}

/// A name that a denied event left is free, for its like and for others.
TEST_P(MeteringStore, TheNameOfADeniedEventIsFreeAlsoInItsOwnRequest) {
    record(store(), {free_calls("before", 95)});
    EXPECT_EQ(
        record(store(), {free_calls("a", 7), free_calls("a", 7), free_calls("a", 5),
                         free_calls("b", 1), free_calls("a", 7)}),
        (Verdicts{"limit_exceeded", "limit_exceeded", "accepted", "limit_exceeded", "conflict"}));
}

TEST_P(MeteringStore, EventsAreListedNewestFirstAndByCustomer) {
    const auto bob = world().add_customer("bob");
    record(store(), {free_calls("1", 1)});
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    record(store(), {calls(bob, "2", 3, world().window("free"))}, kStart + std::chrono::seconds(1));
    const auto list = [&](const EventFilter& filter) {
        std::string ids;
        for (const auto& event : events_of(store(), filter)) ids += event.event.id + " ";
        return ids;
    };
    EventFilter filter;
    EXPECT_EQ(list(filter), "2 1 ");
    filter.customer = alice_;
    EXPECT_EQ(list(filter), "1 ");
    filter.meter_key = "seats";
    EXPECT_EQ(list(filter), "");
    filter = {};
    filter.page.since = kStart + std::chrono::seconds(1);
    EXPECT_EQ(list(filter), "2 ");

    const auto all = events_of(store());
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(UsageEventId::parse(all[0].id.text()));
    EXPECT_EQ(all[0].event.customer, bob);
    EXPECT_EQ(all[0].event.source, "test");
    EXPECT_EQ(all[0].event.meter_key, "api_calls");
    EXPECT_EQ(all[0].event.quantity, Quantity::whole(3));
    EXPECT_EQ(all[0].event.time, kStart);
    EXPECT_EQ(all[0].received_at, kStart + std::chrono::seconds(1));
    EXPECT_EQ(all[0].counts.at(0).window_start, kStart);
}

TEST_P(MeteringStore, ListsInPagesThatNeitherRepeatNorLeaveOut) {
    std::vector<PendingUsage> batch;
    for (int i = 0; i < 25; ++i) batch.push_back(free_calls(std::to_string(i), 1));
    record(store(), batch);
    std::set<std::string> seen;
    EventFilter filter;
    filter.page.limit = 4;
    for (int page = 0; page < 7; ++page) {
        auto rows = events_of(store(), filter);
        EXPECT_EQ(rows.size(), page < 6 ? 5U : 1U) << "one more than the page holds";
        if (rows.size() == 5) rows.pop_back();
        for (const auto& row : rows) EXPECT_TRUE(seen.insert(row.event.id).second);
        filter.page.after = {rows.back().received_at, rows.back().id.text()};
    }
    EXPECT_EQ(seen.size(), 25U);
}

INSTANTIATE_TEST_SUITE_P(, MeteringStore,
                         ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log), kind_name);

class MeteringReopen : public ::testing::TestWithParam<Kind> {};

TEST_P(MeteringReopen, AnEventIsKnownForEver) {
    const sql::TempFolder folder;
    const std::string usage = (folder.path() / "usage").string();
    const auto* log = GetParam() == Kind::Log ? &usage : nullptr;
    CustomerId alice = CustomerId::trusted("");
    std::string listed;
    {
        StoreWorld given{sql::open_test_database(folder.database_url()), log};
        alice = given.world.add_customer("alice");
        EXPECT_EQ(record(given.store(), {calls(alice, "a", 5, given.world.window("free"))}),
                  Verdicts{"accepted"});
        listed = events_of(given.store()).at(0).id.text();
    }
    StoreWorld given{sql::open_test_database(folder.database_url()), log};
    EXPECT_EQ(record(given.store(), {calls(alice, "a", 5, given.world.window("free"))}),
              Verdicts{"duplicate"});
    EXPECT_EQ(given.used(alice), 5);
    EXPECT_EQ(events_of(given.store()).at(0).id.text(), listed);
}

INSTANTIATE_TEST_SUITE_P(, MeteringReopen, ::testing::Values(Kind::Sqlite, Kind::Log), kind_name);

/// Against the obvious model: a set of names and one number per customer.
void batches_equal_the_naive_count(StoreWorld& given) {
    MeteredWorld& world = given.world;
    const std::vector customers{world.add_customer("a"), world.add_customer("b")};
    std::map<std::string, std::pair<std::size_t, std::int64_t>> known;
    std::int64_t counts[2] = {0, 0};
    for (int round = 0; round < 5; ++round) {
        std::vector<PendingUsage> batch;
        Verdicts expected;
        const auto size = *rc::gen::inRange(1, 30);
        for (int i = 0; i < size; ++i) {
            const auto who = *rc::gen::inRange<std::size_t>(0, 2);
            const auto name = std::to_string(*rc::gen::inRange(0, 40));
            const auto units = *rc::gen::inRange<std::int64_t>(0, 12);
            batch.push_back(calls(customers[who], name, units, world.window("free")));
            const std::pair content(who, units);
            if (const auto there = known.find(name); there != known.end()) {
                expected.push_back(there->second == content ? "duplicate" : "conflict");
            } else if (counts[who] + units <= 100) {
                counts[who] += units;
                known[name] = content;
                expected.push_back("accepted");
            } else {
                expected.push_back("limit_exceeded");
            }
        }
        RC_ASSERT(record(given.store(), batch) == expected);
        for (std::size_t who = 0; who < 2; ++who) {
            RC_ASSERT(recorded_units(given.store(), customers[who]) == counts[who]);
            RC_ASSERT(std::max<std::int64_t>(0, given.used(customers[who])) == counts[who]);
        }
    }
}

RC_GTEST_PROP(MeteringProperty, BatchesInTheLedgerEqualTheNaiveCount, ()) {
    StoreWorld given{sql::open_test_database(), nullptr};
    batches_equal_the_naive_count(given);
}

RC_GTEST_PROP(MeteringProperty, BatchesInTheLogEqualTheNaiveCount, ()) {
    const testing::ScratchFolder folder;
    StoreWorld given{sql::open_test_database(), &folder.path()};
    batches_equal_the_naive_count(given);
}

}  // namespace
}  // namespace turnpike
