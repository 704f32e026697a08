#include "sql/migrator.h"

#include <thread>

#include "sql/testing.h"

namespace turnpike::sql {
namespace {

constexpr Migration kFirst{1, "0001_first", "-- one; two\nCREATE TABLE a (x BIGINT);\n"};
constexpr Migration kSecond{2, "0002_second",
                            "CREATE TABLE b (x BIGINT);\nINSERT INTO b (x) VALUES (7);\n"};
constexpr Migration kBroken{2, "0002_second",
                            "CREATE TABLE b (x BIGINT);\nINSERT INTO c (x) VALUES (7);\n"};

/// A database without any table.
class MigratorTest : public ::testing::TestWithParam<Engine> {
protected:
    void SetUp() override {
        if (GetParam() == Engine::Sqlite) {
            url_ = folder_.database_url();
            return;
        }
        if (postgres_test_url().empty())
            GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set: migrations are NOT checked on it";
        schema_.emplace(postgres_test_url());
        url_ = schema_->url();
    }

    std::unique_ptr<Database> open() {
        auto database = Database::open({.url = url_, .connections = 2});
        if (!database) throw std::runtime_error(database.error().message);
        return *std::move(database);
    }
    static Result<std::vector<int>> apply(Database& database, std::vector<Migration> ours) {
        return migrate(database, ours, from_unix_seconds(1'700'000'000));
    }
    static bool has_table(Database& database, const std::string& name) {
        try {
            return database.read_blocking([&](Transaction& tx) {
                tx.all("SELECT x FROM " + name);
                return true;
            });
        } catch (const Failure&) {
            return false;
        }
    }

private:
    TempFolder folder_;
    std::optional<TestSchema> schema_;
    std::string url_;
};
INSTANTIATE_TEST_SUITE_P(Engines, MigratorTest, both_engines(), engine_name);

TEST_P(MigratorTest, AppliesWhatIsMissingOnce) {
    const auto database = open();
    EXPECT_EQ(apply(*database, {kFirst}), std::vector<int>({1}));
    EXPECT_EQ(apply(*database, {kFirst}), std::vector<int>());
    EXPECT_EQ(apply(*database, {kFirst, kSecond}), std::vector<int>({2}));
    EXPECT_EQ(apply(*database, {kFirst, kSecond}), std::vector<int>());
    const auto rows = database->read_blocking([](Transaction& tx) {
        return tx.all("SELECT number, name, applied_at FROM schema_migrations ORDER BY number");
    });
    ASSERT_EQ(rows.size(), 2);
    EXPECT_EQ(rows[1].integer(0), 2);
    EXPECT_EQ(rows[1].text(1), "0002_second");
    EXPECT_EQ(rows[1].instant(2), from_unix_seconds(1'700'000'000));
}

TEST_P(MigratorTest, SaysWhatIsApplied) {
    const auto database = open();
    const std::vector<Migration> ours{kFirst, kSecond};
    const auto applied = [&] {
        std::vector<bool> flags;
        for (const auto& status : migration_status(*database, ours))
            flags.push_back(status.applied);
        return flags;
    };
    EXPECT_EQ(applied(), std::vector<bool>({false, false}));
    ASSERT_TRUE(apply(*database, {kFirst}));
    EXPECT_EQ(applied(), std::vector<bool>({true, false}));
    EXPECT_EQ(migration_status(*database, ours)[0].name, "0001_first");
}

TEST_P(MigratorTest, RefusesAChangedText) {
    const auto database = open();
    ASSERT_TRUE(apply(*database, {kFirst}));
    Migration changed = kFirst;
    changed.sql = "CREATE TABLE a (x BIGINT, y BIGINT);\n";
    const auto result = apply(*database, {changed, kSecond});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Conflict);
    EXPECT_EQ(result.error().reason, Reason("migration.changed"));
    EXPECT_FALSE(has_table(*database, "b"));
}

TEST_P(MigratorTest, RefusesADatabaseOfANewerProgram) {
    const auto database = open();
    ASSERT_TRUE(apply(*database, {kFirst, kSecond}));
    const auto result = apply(*database, {kFirst});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Conflict);
    EXPECT_EQ(result.error().reason, Reason("migration.newer"));
}

TEST_P(MigratorTest, ABrokenMigrationLeavesNothingBehind) {
    const auto database = open();
    EXPECT_THROW((void)apply(*database, {kFirst, kBroken}), Failure);
    EXPECT_TRUE(has_table(*database, "a"));
    EXPECT_FALSE(has_table(*database, "b"));
    EXPECT_EQ(apply(*database, {kFirst, kSecond}), std::vector<int>({2}));
}

TEST_P(MigratorTest, TwoAtOnceApplyEachMigrationOnce) {
    const auto database = open();
    // Another process has a connection pool of its own; SQLite lets no other process in.
    const auto other = GetParam() == Engine::Postgres ? open() : nullptr;
    std::vector<Migration> ours;
    std::vector<std::string> texts(20);
    for (int i = 0; i < 20; ++i) {
        texts[static_cast<std::size_t>(i)] = "CREATE TABLE t" + std::to_string(i) + " (x BIGINT);";
        ours.push_back({i + 1, "numbered", texts[static_cast<std::size_t>(i)]});
    }
    std::vector<int> first;
    std::vector<int> second;
    {
        const std::jthread one([&] { first = apply(*database, ours).value(); });
        const std::jthread two([&] { second = apply(other ? *other : *database, ours).value(); });
    }
    std::vector<int> both = first;
    both.insert(both.end(), second.begin(), second.end());
    std::ranges::sort(both);
    std::vector<int> expected;
    for (int i = 1; i <= 20; ++i) expected.push_back(i);
    EXPECT_EQ(both, expected);
}

}  // namespace
}  // namespace turnpike::sql
