#include "import/foreign_tables.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/database.h"
#include "sql/sqlite/connection.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

/// As a host that used one provider has made it: every statement works on both engines.
const std::vector<const char*> kOldSchema = {
    "CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, tier TEXT, "
    "status TEXT, razorpay_subscription_id TEXT, created_at TIMESTAMP)",
    "CREATE TABLE usage_meters (id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, "
    "attribution_runs INTEGER, models_used INTEGER, exports INTEGER, period_start TIMESTAMP, "
    "period_end TIMESTAMP, reset_at TIMESTAMP)",
    "CREATE TABLE webhook_events (id TEXT PRIMARY KEY, event_type TEXT, payload TEXT)",
    "INSERT INTO subscriptions VALUES (2, 'bert', 'free', 'active', NULL, '2026-02-01 00:00:00')",
    "INSERT INTO subscriptions VALUES (1, 'asha', 'pro', 'active', 'sub_1', '2026-01-01 10:00:00')",
    "INSERT INTO usage_meters VALUES (7, 'asha', 12, 0, 3, '2026-11-01 00:00:00', "
    "'2026-12-01 00:00:00', NULL)"};

class OldDatabase : public ::testing::TestWithParam<sql::Engine> {
protected:
    void SetUp() override {
        if (GetParam() == sql::Engine::Sqlite) {
            name_ = (folder_.path() / "old.db").string();
            return;
        }
        if (sql::postgres_test_url().empty()) GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set";
        schema_ = std::make_unique<sql::TestSchema>(sql::postgres_test_url());
        name_ = schema_->url();
    }
    void make(const std::vector<const char*>& statements) {
        if (!schema_) {
            sql::sqlite::Connection connection(name_, sql::sqlite::Role::Writer);
            for (const auto* statement : statements) connection.execute(statement);
            return;
        }
        const auto database = sql::Database::open({.url = name_, .connections = 1});
        (*database)->write_blocking([&](sql::Transaction& tx) {
            for (const auto* statement : statements) tx.run(statement);
            return true;
        });
    }
    Result<AttributionTables> read() {
        const auto opened = sql::ForeignDatabase::open(name_);
        EXPECT_TRUE(opened) << opened.error().message;
        return read_attribution_tables(**opened);
    }

private:
    sql::TempFolder folder_;
    std::unique_ptr<sql::TestSchema> schema_;
    std::string name_;
};

TEST_P(OldDatabase, IsReadByTheOrderOfItsIds) {
    make(kOldSchema);
    const auto tables = read();
    ASSERT_TRUE(tables) << tables.error().message;
    ASSERT_EQ(tables->subscriptions.rows.size(), 2u);
    EXPECT_EQ(tables->subscriptions.rows[0].place, "subscriptions 1");
    EXPECT_EQ(tables->subscriptions.rows[1].place, "subscriptions 2");

    const auto now = *parse_rfc3339("2026-11-20T12:00:00Z");
    const auto ledger = read_attribution(*tables, "attribution", now);
    ASSERT_EQ(ledger.customers.size(), 2u);
    const auto& asha = ledger.customers[0];
    EXPECT_EQ(asha.external_id, "asha");
    EXPECT_EQ(asha.created_at, parse_rfc3339("2026-01-01T10:00:00Z"));
    EXPECT_EQ(asha.subscriptions.at(0).provider, "razorpay");
    EXPECT_EQ(asha.subscriptions.at(0).provider_id, "sub_1");
    ASSERT_EQ(asha.usage.size(), 2u);
    EXPECT_EQ(asha.usage[0].used, 12);
    EXPECT_EQ(asha.usage[0].period.start, *parse_rfc3339("2026-11-01T00:00:00Z"));
    EXPECT_TRUE(asha.remarks.empty() && ledger.customers[1].remarks.empty());
}

TEST_P(OldDatabase, OfAnotherShapeIsRefused) {
    make({"CREATE TABLE webhook_events (id TEXT PRIMARY KEY)", "CREATE TABLE \"a\"\"b\" (c TEXT)"});
    const auto none = read();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message,
              "there is no table 'subscriptions'; there are: a\"b, webhook_events");
    make({"CREATE TABLE subscriptions (\"customer\"\"s\" TEXT)"});
    const auto other = read();
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().reason.text(), "import.wrong_shape");
}

INSTANTIATE_TEST_SUITE_P(, OldDatabase, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
