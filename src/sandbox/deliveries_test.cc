#include "sandbox/deliveries.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/shared_tables.h"
#include "sql/database.h"
#include "sql/migrator.h"
#include "sql/testing.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

constexpr std::array kMigrations{
    sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
    sql::Migration{.number = 2, .name = "0002_kept_deliveries", .sql = kKeptDeliveries},
};
const Instant kNow = from_unix_seconds(1'762'799'351);

class Deliveries : public ::testing::Test {
protected:
    void SetUp() override {
        auto opened = sql::Database::open({.url = folder_.database_url()});
        ASSERT_TRUE(opened.has_value());
        database_ = *std::move(opened);
    }
    void migrate(std::size_t steps) {
        ASSERT_TRUE(
            sql::migrate(*database_, std::span(kMigrations).first(steps), kNow).has_value());
    }
    template <class Work>
    auto write(Work work) {
        return database_->write_blocking([&](sql::Transaction& tx) { return work(tx); });
    }
    void add(const std::string& id, const std::string& endpoint, const std::string& event,
             Instant now = kNow) {
        write([&](sql::Transaction& tx) {
            add_delivery(tx,
                         {.id = id,
                          .account = "a",
                          .endpoint = endpoint,
                          .event = event,
                          .body = "body of " + event},
                         now);
            return true;
        });
    }
    /// Ids, newest first.
    std::string ids(DeliveryFilter filter) {
        filter.account = "a";
        return write([&](sql::Transaction& tx) {
            std::string found;
            for (const auto& record : load_deliveries(tx, filter)) found += record.delivery.id;
            return found;
        });
    }

    sql::TempFolder folder_;
    std::unique_ptr<sql::Database> database_;
};

TEST_F(Deliveries, OfAnOlderFolderAreKept) {
    migrate(1);
    write([](sql::Transaction& tx) {
        tx.run(
            "INSERT INTO deliveries (id, account, endpoint, event, seq, state, tries, "
            "next_try_at, body) VALUES ('d', 'a', 'we', 'evt', 7, 'failed', 1, $1, '{}')",
            {kNow});
        tx.run(
            "INSERT INTO delivery_attempts (delivery, number, tried_at, status, note) "
            "VALUES ('d', 1, $1, 0, 'refused')",
            {kNow});
        return true;
    });
    migrate(2);
    const auto found = write([](sql::Transaction& tx) { return find_delivery(tx, "a", "d"); });
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->state, "failed");
    EXPECT_EQ(found->delivery.tries, 1);
    EXPECT_EQ(found->sequence, 7);
    EXPECT_EQ(found->created_at, Instant{});
    EXPECT_EQ(found->next_try_at, kNow);
    const auto attempts = write([](sql::Transaction& tx) { return load_attempts(tx, "d"); });
    ASSERT_EQ(attempts.size(), 1U);
    EXPECT_EQ(attempts[0].note, "refused");
    EXPECT_TRUE(attempts[0].request_headers.empty());
    add("e", "we", "evt");
    EXPECT_EQ(ids({}), "ed");
}

TEST_F(Deliveries, AreFoundByEventEndpointAndState) {
    migrate(2);
    add("1", "we_1", "evt_1");
    add("2", "we_2", "evt_1");
    add("3", "we_1", "evt_2");
    add("4", "we_1", "evt_1");
    EXPECT_EQ(ids({}), "4321");
    EXPECT_EQ(ids({.event = "evt_1"}), "421");
    EXPECT_EQ(ids({.endpoint = "we_1", .limit = 2}), "43");
    EXPECT_EQ(ids({.event = "evt_1", .endpoint = "we_1"}), "41");
    EXPECT_EQ(ids({.state = "failed"}), "");
    write([](sql::Transaction& tx) {
        drop_deliveries(tx, "we_2");
        return true;
    });
    EXPECT_EQ(ids({.state = "failed"}), "2");
    const auto third = write([](sql::Transaction& tx) { return find_delivery(tx, "a", "3"); });
    ASSERT_TRUE(third.has_value());
    EXPECT_EQ(ids({.before = third->sequence}), "21");
    EXPECT_FALSE(write([](sql::Transaction& tx) { return find_delivery(tx, "b", "3"); }));
}

TEST_F(Deliveries, KeepWhatWasSentAndAnswered) {
    migrate(2);
    add("1", "we", "evt");
    const Delivery delivery{
        .id = "1", .account = "a", .endpoint = "we", .event = "evt", .body = "body of evt"};
    http::Call call;
    call.url = "http://h/hook";
    call.headers = {{"A", "1"}, {"B", ""}, {"C", "x: y"}};
    call.body = delivery.body;
    Attempt first = attempt_of(delivery, call, kNow);
    first.took = 12'345us;
    const std::string bytes = "long\n" + std::string(kResponseBytesKept, '\xff');
    keep_reply(first, {.status = 500, .headers = {{"Content-Type", "text/plain"}}, .body = bytes});
    call.body = "cut";
    Attempt second = attempt_of(delivery, call, kNow + 20s);
    second.note = "no answer";
    write([&](sql::Transaction& tx) {
        save_attempt(tx, delivery, first, kNow + 20s);
        Delivery again = delivery;
        again.tries = 1;
        save_attempt(tx, again, second, std::nullopt);
        return true;
    });
    const auto attempts = write([](sql::Transaction& tx) { return load_attempts(tx, "1"); });
    ASSERT_EQ(attempts.size(), 2U);
    EXPECT_EQ(attempts[0].tried_at, kNow);
    EXPECT_EQ(attempts[0].status, 500);
    EXPECT_EQ(attempts[0].took, 12'345us);
    EXPECT_EQ(attempts[0].url, "http://h/hook");
    EXPECT_EQ(attempts[0].request_headers, call.headers);
    EXPECT_FALSE(attempts[0].request_body.has_value());
    EXPECT_EQ(attempts[0].response_headers, (http::Headers{{"Content-Type", "text/plain"}}));
    EXPECT_EQ(attempts[0].response_body, bytes.substr(0, kResponseBytesKept));
    EXPECT_EQ(attempts[0].response_bytes, 5 + 64'000);
    EXPECT_EQ(attempts[1].status, 0);
    EXPECT_EQ(attempts[1].note, "no answer");
    EXPECT_EQ(attempts[1].request_body, "cut");
    EXPECT_EQ(ids({.state = "failed"}), "1");
}

}  // namespace
}  // namespace turnpike::twin
