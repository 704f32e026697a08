#include "app/ledger/ledger_check.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;

/// A counter of calls in which an open reservation holds five, and an ended one held three.
class LedgerCheck : public ::testing::Test {
protected:
    LedgerCheck() {
        run(R"sql(
            INSERT INTO usage_counters (customer_id, subscription_id, meter_key, reset,
                   period_start, period_end, aggregation, used, hard_limit, held)
            VALUES ($1, '', 'api_calls', 'day', $2, $3, 'sum', 0, NULL, 5000000))sql",
            {alice_, kStart, kStart + std::chrono::days(1)});
        add_hold("rsv_1", "open", 5);
        add_hold("rsv_2", "released", 3);
    }
    void add_hold(const std::string& id, const std::string& status, std::int64_t calls) {
        std::optional<Instant> ended_at;
        if (status != "open") ended_at = kStart;
        run(R"sql(
            INSERT INTO usage_holds (id, source, event_id, customer_id, subscription_id, meter_key,
                   reserved, event_time, expires_at, received_at, properties, content_hash, status,
                   ended_at)
            VALUES ($1, 'test', $1, $2, '', 'api_calls', $3, $4, $4, $4, '', '', $5, $6))sql",
            {id, alice_, Quantity::whole(calls), kStart, status, ended_at});
        run(R"sql(
            INSERT INTO usage_hold_counts (hold_id, number, reset, period_start, quantity)
            VALUES ($1, 0, 'day', $2, $3))sql",
            {id, kStart, Quantity::whole(calls)});
    }
    void run(const std::string& statement, std::initializer_list<sql::Value> parameters = {}) {
        db_->write_blocking([&](sql::Transaction& tx) { return tx.run(statement, parameters); });
    }
    std::vector<std::string> problems() { return check_ledger(*db_, std::nullopt).problems; }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    CustomerId alice_ = world_.add_customer("alice");
};

TEST_F(LedgerCheck, ACounterHoldsWhatItsOpenReservationsDo) {
    EXPECT_EQ(problems(), std::vector<std::string>());
    const std::string counter = "usage_counters of " + std::string(alice_.text()) +
                                ", api_calls, from 1725148800000000 us on: ";
    const struct {
        const char* doctored;
        const char* expected;
    } cases[] = {
        {"UPDATE usage_counters SET held = 4000000",
         "4000000 millionths are held, and its open reservations have 5000000"},
        {"UPDATE usage_hold_counts SET quantity = 6000000 WHERE hold_id = 'rsv_1'",
         "4000000 millionths are held, and its open reservations have 6000000"},
        {"UPDATE usage_holds SET status = 'expired', ended_at = 1 WHERE id = 'rsv_1'",
         "4000000 millionths are held, and its open reservations have 0"},
        {"UPDATE usage_holds SET status = 'open', ended_at = NULL WHERE id = 'rsv_2'",
         "4000000 millionths are held, and its open reservations have 3000000"},
        {"DELETE FROM usage_counters",
         "0 millionths are held, and its open reservations have 3000000"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.doctored);
        run(c.doctored);
        EXPECT_EQ(problems(), std::vector<std::string>{counter + c.expected});
    }
}

}  // namespace
}  // namespace turnpike
