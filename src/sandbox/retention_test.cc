#include "sandbox/retention.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/chaos/store.h"
#include "sandbox/deliveries.h"
#include "sandbox/shared_tables.h"
#include "sql/database.h"
#include "sql/migrator.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr std::array kMigrations{
    sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
    sql::Migration{.number = 2, .name = "0002_kept_deliveries", .sql = kKeptDeliveries},
    sql::Migration{.number = 3, .name = "0003_chaos", .sql = kChaosTables},
};
constexpr std::array<std::string_view, 2> kBelongings{"delivery_attempts", "chaos_fates"};
const Instant kNow = from_unix_seconds(1'762'799'351);

class OldDeliveries : public ::testing::Test {
protected:
    void SetUp() override {
        auto opened = sql::Database::open({.url = "sqlite::memory:"});
        ASSERT_TRUE(opened.has_value());
        database_ = *std::move(opened);
        ASSERT_TRUE(sql::migrate(*database_, kMigrations, kNow).has_value());
    }
    template <class Work>
    auto write(Work work) {
        return database_->write_blocking([&](sql::Transaction& tx) { return work(tx); });
    }
    Delivery add(const std::string& id, Instant made) {
        const Delivery delivery{
            .id = id, .account = "a", .endpoint = "we", .event = "evt_" + id, .body = "{}"};
        write([&](sql::Transaction& tx) {
            add_delivery(tx, delivery, made);
            return true;
        });
        return delivery;
    }
    void try_at(const Delivery& delivery, Instant moment, std::optional<Instant> retry_at = {}) {
        write([&](sql::Transaction& tx) {
            Attempt attempt;
            attempt.tried_at = moment;
            attempt.status = retry_at ? 500 : 200;
            save_attempt(tx, delivery, attempt, retry_at);
            save_fate(tx, {.delivery = delivery.id, .endpoint = "we", .type = "customer.created"});
            return true;
        });
    }
    /// Steps until nothing is left to do; how many there were.
    int prune() {
        PruneWalk walk;
        int steps = 0;
        while (write(
            [&](sql::Transaction& tx) { return prune_deliveries(tx, kNow, walk, kBelongings); }))
            ++steps;
        return steps;
    }
    std::int64_t rows(const std::string& table) {
        return write([&](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM " + table)->integer(0);
        });
    }
    std::string left() {
        return write([](sql::Transaction& tx) {
            std::string ids;
            for (const auto& record : load_deliveries(tx, {.account = "a"}))
                ids += record.delivery.id + " ";
            return ids;
        });
    }

    std::unique_ptr<sql::Database> database_;
};

TEST_F(OldDeliveries, GoAfterThirtyDaysWithTheirTries) {
    try_at(add("old", kNow - days(31)), kNow - days(31));
    try_at(add("new", kNow - days(29)), kNow - days(29));
    EXPECT_EQ(prune(), 1);
    EXPECT_EQ(left(), "new ");
    EXPECT_EQ(rows("delivery_attempts"), 1);
    EXPECT_EQ(rows("chaos_fates"), 1);
}

TEST_F(OldDeliveries, StayWhileTheyAreStillToBeSentOrWereSentLately) {
    add("waiting", kNow - days(40));
    try_at(add("retried", kNow - days(40)), kNow - days(40), kNow + 1h);
    try_at(add("late", kNow - days(40)), kNow - days(2));
    try_at(add("old", kNow - days(40)), kNow - days(40));
    prune();
    EXPECT_EQ(left(), "late retried waiting ");
}

TEST_F(OldDeliveries, GoAFewAtATime) {
    constexpr int kMany = 2 * kPruneStep + 50;
    for (int i = 0; i < kMany; ++i)
        try_at(add(std::to_string(i), kNow - days(35)), kNow - days(35));
    add("new", kNow);
    PruneWalk walk;
    write([&](sql::Transaction& tx) { return prune_deliveries(tx, kNow, walk, kBelongings); });
    EXPECT_EQ(rows("deliveries"), kMany + 1 - kPruneStep);
    EXPECT_EQ(prune(), 2);
    EXPECT_EQ(left(), "new ");
}

TEST_F(OldDeliveries, AreReachedBehindThoseThatStay) {
    for (int i = 0; i < kPruneStep + 10; ++i) add("w" + std::to_string(i), kNow - days(40));
    try_at(add("old", kNow - days(40)), kNow - days(40));
    prune();
    EXPECT_EQ(rows("deliveries"), kPruneStep + 10);
    EXPECT_EQ(rows("delivery_attempts"), 0);
}

}  // namespace
}  // namespace turnpike::twin
