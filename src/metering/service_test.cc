#include "metering/service.h"

#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::calls;
using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;

using Verdicts = std::vector<std::string>;

Verdicts record(MeteredWorld& world, const std::vector<PendingUsage>& events) {
    const auto outcomes = world.db().write_blocking(
        [&](sql::Transaction& tx) { return record_usage(tx, events, kStart, world.ids()); });
    Verdicts verdicts;
    for (const UsageOutcome& outcome : outcomes)
        verdicts.push_back(outcome.complaint ? std::string(outcome.complaint->code)
                                             : std::string(to_text(outcome.verdict)));
    return verdicts;
}

std::int64_t used(MeteredWorld& world, const CustomerId& customer) {
    return world.db().read_blocking([&](sql::Transaction& tx) {
        const auto counter = load_counter(tx, customer, std::nullopt, "api_calls", kStart);
        return counter ? counter->used.scaled() / Quantity::kOne : std::int64_t{-1};
    });
}

std::int64_t rows(MeteredWorld& world) {
    return world.db().read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT COUNT(*) FROM usage_events")->integer(0);
    });
}

/// Units of the recorded events: the slow, obvious count.
std::int64_t recorded_units(MeteredWorld& world, const CustomerId& customer) {
    return world.db().read_blocking([&](sql::Transaction& tx) {
        std::int64_t sum = 0;
        for (const auto& row :
             tx.all("SELECT quantity FROM usage_events WHERE customer_id = $1", {customer}))
            sum += row.integer(0) / Quantity::kOne;
        return sum;
    });
}

class MeteringStore : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        alice_ = september_.customer = world_->add_customer("alice");
    }
    MeteredWorld& world() { return *world_; }
    PendingUsage free_calls(const std::string& id, std::int64_t units) {
        return calls(alice_, id, units, world().window("free"));
    }

    UsageWindow subscribed(const char* plan) {
        return world().window(plan, kSeptember, september_.subscription);
    }

    std::optional<MeteredWorld> world_;
    CustomerId alice_ = CustomerId::trusted("");
    SubscribedPeriod september_{alice_, SubscriptionId::trusted("sub_1"), kSeptember};
};

TEST_P(MeteringStore, FreeCall100PassesAnd101LeavesNoTrace) {
    EXPECT_EQ(record(world(), {free_calls("a", 99)}), Verdicts{"accepted"});
    EXPECT_EQ(record(world(), {free_calls("b", 1)}), Verdicts{"accepted"});
    EXPECT_EQ(record(world(), {free_calls("c", 1)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(used(world(), alice_), 100);
    EXPECT_EQ(rows(world()), 2);
}

TEST_P(MeteringStore, AFirstRequestBeyondTheLimitCreatesNothing) {
    EXPECT_EQ(record(world(), {free_calls("a", 101)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(used(world(), alice_), -1);
    EXPECT_EQ(rows(world()), 0);
}

TEST_P(MeteringStore, PaidPlansGoOn) {
    const auto window = world().window("pro");
    EXPECT_EQ(record(world(), {calls(alice_, "a", 12'345, window)}), Verdicts{"accepted"});
    const auto usage = world().db().read_blocking([&](sql::Transaction& tx) {
        return load_usage(tx, alice_, "api_calls", window, Currency::Usd);
    });
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->overage, Quantity::whole(2'345));
    EXPECT_EQ(usage->overage_amount, Money(4'690, Currency::Usd));  // 2,345 x $0.02
}

TEST_P(MeteringStore, TheSameEventCountsOnceAndAnotherUnderItsNameIsAConflict) {
    EXPECT_EQ(record(world(), {free_calls("a", 2)}), Verdicts{"accepted"});
    EXPECT_EQ(record(world(), {free_calls("a", 2)}), Verdicts{"duplicate"});
    EXPECT_EQ(record(world(), {free_calls("a", 3)}), Verdicts{"conflict"});
    EXPECT_EQ(used(world(), alice_), 2);
    EXPECT_EQ(rows(world()), 1);
}

TEST_P(MeteringStore, ADuplicateIsADuplicateAlsoAtTheLimit) {
    record(world(), {free_calls("a", 100)});
    EXPECT_EQ(record(world(), {free_calls("a", 100)}), Verdicts{"duplicate"});
}

TEST_P(MeteringStore, EachEventOfABatchIsForItself) {
    const auto bob = world().add_customer("bob");
    const auto pro = world().window("pro");
    record(world(), {free_calls("old", 90)});
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
    EXPECT_EQ(record(world(), batch),
              (Verdicts{"accepted", "accepted", "limit_exceeded", "accepted", "duplicate",
                        "conflict", "limit_exceeded", "duplicate", "accepted", "limit_exceeded"}));
    EXPECT_EQ(used(world(), alice_), 100);
    EXPECT_EQ(recorded_units(world(), alice_), 100);
    EXPECT_EQ(used(world(), bob), 20'000);
}

TEST_P(MeteringStore, ALargeBatchIsWholeAndRepeatable) {
    std::vector<PendingUsage> batch;
    for (int i = 0; i < 1'000; ++i)
        batch.push_back(calls(alice_, "e" + std::to_string(i), 1, world().window("pro")));
    EXPECT_EQ(record(world(), batch), Verdicts(1'000, "accepted"));
    EXPECT_EQ(record(world(), batch), Verdicts(1'000, "duplicate"));
    EXPECT_EQ(used(world(), alice_), 1'000);
}

TEST_P(MeteringStore, ACounterNeverLeavesItsRange) {
    const auto window = world().window("pro");
    std::vector<PendingUsage> batch;
    for (int i = 0; i < 20; ++i)  // 20 x 10^12 would leave int64
        batch.push_back(calls(alice_, std::to_string(i), 1'000'000'000'000, window));
    Verdicts expected(20, "limit_exceeded");
    expected[0] = "accepted";
    EXPECT_EQ(record(world(), batch), expected);
}

TEST_P(MeteringStore, ClientsThatRaceForTheLast50UnitsGetExactly50) {
    record(world(), {free_calls("before", 50)});
    std::atomic<int> granted = 0;
    std::atomic<int> denied = 0;
    std::vector<std::thread> clients;
    for (int client = 0; client < 64; ++client) {
        clients.emplace_back([&, client] {
            for (int i = 0; i < 2; ++i) {
                const auto id = std::to_string(client) + "." + std::to_string(i);
                const auto verdict = record(world(), {free_calls(id, 1)}).front();
                ++(verdict == "accepted" ? granted : denied);
            }
        });
    }
    for (auto& client : clients) client.join();
    EXPECT_EQ(granted, 50);
    EXPECT_EQ(denied, 128 - 50);
    EXPECT_EQ(used(world(), alice_), 100);
    EXPECT_EQ(recorded_units(world(), alice_), 100);
}

TEST_P(MeteringStore, TheSameEventFromManyClientsCountsOnce) {
    std::atomic<int> accepted = 0;
    std::vector<std::thread> clients;
    for (int client = 0; client < 16; ++client)
        clients.emplace_back([&] {
            for (int i = 0; i < 10; ++i)
                accepted +=
                    record(world(), {free_calls(std::to_string(i), 1)}).front() == "accepted";
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(accepted, 10);
    EXPECT_EQ(used(world(), alice_), 10);
    EXPECT_EQ(rows(world()), 10);
}

TEST_P(MeteringStore, AChangeOfPlanKeepsWhatWasUsed) {
    const auto starter = subscribed("starter");
    const auto catalog = world().catalog().get();
    record(world(), {calls(alice_, "a", 1'200, starter)});
    const auto change = [&](const char* plan) {
        world().db().write_blocking([&](sql::Transaction& tx) {
            change_allowances(tx, september_, *catalog->plan(plan));
            return true;
        });
    };
    change("pro");
    change("pro");  // told twice, changed once
    record(world(), {calls(alice_, "b", 9'500, subscribed("pro"))});

    const auto closed = world().db().read_blocking(
        [&](sql::Transaction& tx) { return closed_usage(tx, september_); });
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].meter_key, "api_calls");
    EXPECT_EQ(closed[0].plan_versions,
              (std::vector{catalog->plan("starter")->id, catalog->plan("pro")->id}));
    const auto lines = rate_overage(closed[0].segments, Currency::Usd);
    ASSERT_EQ(lines->size(), 2U);
    EXPECT_EQ(lines->at(0).amount.minor(), 600);    // 200 x $0.03
    EXPECT_EQ(lines->at(1).amount.minor(), 1'000);  // 9,500 - 9,000 left = 500 x $0.02

    // Down to FREE: 10,000 are covered already, so nothing is left of its 100.
    change("free");
    EXPECT_EQ(record(world(), {calls(alice_, "c", 1, subscribed("free"))}),
              Verdicts{"limit_exceeded"});
    change("pro");
    EXPECT_EQ(record(world(), {calls(alice_, "c", 1, subscribed("pro"))}), Verdicts{"accepted"});
}

TEST_P(MeteringStore, UsageUnderAnotherPlanStartsItsSegmentByItself) {
    const auto free = subscribed("free");
    record(world(), {calls(alice_, "a", 100, free)});
    EXPECT_EQ(record(world(), {calls(alice_, "b", 1, free)}), Verdicts{"limit_exceeded"});
    // Nobody told the counter; PRO has 10,000 - 100 = 9,900 left and 100 x $0.02 = $2.00 beyond.
    const auto pro = subscribed("pro");
    EXPECT_EQ(record(world(), {calls(alice_, "b", 10'000, pro)}), Verdicts{"accepted"});
    const auto closed = world().db().read_blocking(
        [&](sql::Transaction& tx) { return closed_usage(tx, september_); });
    ASSERT_EQ(closed[0].segments.size(), 2U);
    EXPECT_EQ(rate_overage(closed[0].segments, Currency::Usd)->at(0).amount.minor(), 200);
    // A denial under yet another plan changes nothing.
    EXPECT_EQ(record(world(), {calls(alice_, "c", 1, free)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(world(), {calls(alice_, "c", 1, pro)}), Verdicts{"accepted"});
    const auto after = world().db().read_blocking(
        [&](sql::Transaction& tx) { return closed_usage(tx, september_); });
    EXPECT_EQ(after[0].segments.size(), 2U);
}

// Two subscriptions and the default plan, all from the same second on.
TEST_P(MeteringStore, ContractsThatBeginTogetherCountApart) {
    const auto second = SubscriptionId::trusted("sub_2");
    record(world(), {free_calls("a", 60), calls(alice_, "b", 1'200, subscribed("starter")),
                     calls(alice_, "c", 5, world().window("pro", kSeptember, second))});
    EXPECT_EQ(used(world(), alice_), 60);
    const auto closed = [&](const SubscriptionId& subscription) {
        return world().db().read_blocking([&](sql::Transaction& tx) {
            return closed_usage(tx, {alice_, subscription, kSeptember});
        });
    };
    EXPECT_EQ(closed(september_.subscription).at(0).segments.at(0).used, Quantity::whole(1'200));
    EXPECT_EQ(closed(second).at(0).segments.at(0).used, Quantity::whole(5));
    const auto periods = world().db().read_blocking(
        [&](sql::Transaction& tx) { return used_periods(tx, alice_, second, kSeptember.end); });
    EXPECT_EQ(periods, std::vector{kSeptember});
    EXPECT_EQ(record(world(), {free_calls("d", 41)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(world(), {free_calls("d", 40)}), Verdicts{"accepted"});
}

TEST_P(MeteringStore, ChangingAnUnusedPeriodLeavesItToItsFirstUsage) {
    world().db().write_blocking([&](sql::Transaction& tx) {
        change_allowances(tx, september_, *world().catalog().get()->plan("pro"));
        return true;
    });
    EXPECT_EQ(used(world(), alice_), -1);
}

TEST_P(MeteringStore, EventsAreListedNewestFirstAndByCustomer) {
    const auto bob = world().add_customer("bob");
    record(world(), {free_calls("1", 1)});
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    world().db().write_blocking([&](sql::Transaction& tx) {
        const std::vector events{calls(bob, "2", 1, world().window("free"))};
        return record_usage(tx, events, kStart + std::chrono::seconds(1), world().ids());
    });
    const auto list = [&](const EventFilter& filter) {
        return world().db().read_blocking([&](sql::Transaction& tx) {
            std::string ids;
            for (const auto& event : list_events(tx, filter)) ids += event.event.id + " ";
            return ids;
        });
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
}

INSTANTIATE_TEST_SUITE_P(, MeteringStore, sql::both_engines(), sql::engine_name);

TEST(MeteringReopen, AnEventIsKnownForEver) {
    const sql::TempFolder folder;
    CustomerId alice = CustomerId::trusted("");
    {
        const auto db = sql::open_test_database(folder.database_url());
        MeteredWorld world(*db);
        alice = world.add_customer("alice");
        EXPECT_EQ(record(world, {calls(alice, "a", 5, world.window("free"))}),
                  Verdicts{"accepted"});
    }
    const auto db = sql::open_test_database(folder.database_url());
    MeteredWorld world(*db);
    EXPECT_EQ(record(world, {calls(alice, "a", 5, world.window("free"))}), Verdicts{"duplicate"});
    EXPECT_EQ(used(world, alice), 5);
}

/// Against the obvious model: a set of names and one number per customer.
RC_GTEST_PROP(MeteringProperty, BatchesEqualTheNaiveCount, ()) {
    const auto db = sql::open_test_database();
    MeteredWorld world(*db);
    const std::vector customers{world.add_customer("a"), world.add_customer("b")};
    std::map<std::string, std::pair<std::size_t, std::int64_t>> known;
    std::int64_t counts[2] = {0, 0};
    for (int round = 0; round < 5; ++round) {
        std::vector<PendingUsage> batch;
        Verdicts expected;
        std::map<std::string, std::string> fate;
        const auto size = *rc::gen::inRange(1, 30);
        for (int i = 0; i < size; ++i) {
            const auto who = *rc::gen::inRange<std::size_t>(0, 2);
            const auto name = std::to_string(*rc::gen::inRange(0, 40));
            const auto units = *rc::gen::inRange<std::int64_t>(0, 12);
            batch.push_back(calls(customers[who], name, units, world.window("free")));
            // The whole group passes when it fits, and one by one otherwise: both are the same as
            // one by one, because what fits together fits in any order.
            const std::pair content(who, units);
            if (const auto there = known.find(name); there != known.end())
                expected.push_back(there->second == content ? "duplicate" : "conflict");
            else if (const auto before = fate.find(name); before != fate.end())
                expected.push_back(before->second ==
                                           std::to_string(who) + ":" + std::to_string(units)
                                       ? "limit_exceeded"
                                       : "conflict");
            else if (counts[who] + units <= 100) {
                counts[who] += units;
                known[name] = content;
                expected.push_back("accepted");
            } else {
                fate[name] = std::to_string(who) + ":" + std::to_string(units);
                expected.push_back("limit_exceeded");
            }
        }
        RC_ASSERT(record(world, batch) == expected);
        for (std::size_t who = 0; who < 2; ++who) {
            RC_ASSERT(recorded_units(world, customers[who]) == counts[who]);
            RC_ASSERT(std::max<std::int64_t>(0, used(world, customers[who])) == counts[who]);
        }
    }
}

}  // namespace
}  // namespace turnpike
