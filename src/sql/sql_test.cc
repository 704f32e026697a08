#include "sql/sql.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sql/database.h"
#include "sql/ledger_migrations.h"
#include "sql/statement_rows.h"
#include "sql/statement_text.h"
#include "sql/task_queue.h"

namespace turnpike::sql {
namespace {

TEST(SplitStatements, EndsAStatementOnlyWhereALineEnds) {
    struct Case {
        const char* name;
        const char* text;
        std::vector<std::string> statements;
    };
    const Case cases[] = {
        {"nothing", " \n-- only; a comment\n", {}},
        {"two lines, two statements", "A;\nB;\n", {"A", "B"}},
        {"the last needs no end", "A;\nB", {"A", "B"}},
        {"a statement over lines", "CREATE\n  T (a);\n", {"CREATE\n  T (a)"}},
        {"a comment before and behind", "-- one;\nA; -- two;\nB;", {"A", "B"}},
        {"a comment inside", "A -- first;\nB;", {"A \nB"}},
        {"no end inside a literal", "A ';\n--';\nB;", {"A ';\n--'", "B"}},
        {"a doubled quote stays inside", "A 'it''s;\n';\nB;", {"A 'it''s;\n'", "B"}},
        {"no end within a line", "A; B;\nC;", {"A; B", "C"}},
        {"blanks behind the end", "A; \t\nB;", {"A", "B"}},
        {"one dash is no comment", "A - 1 -\n- 2;\nB;", {"A - 1 -\n- 2", "B"}},
        {"a comment without an end", "A;\nB -- last", {"A", "B"}},
        {"empty statements are dropped", ";\n;\nA;\n", {"A"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(split_statements(c.text), c.statements);
    }
}

TEST(SummaryOf, IsOneShortLine) {
    EXPECT_EQ(summary_of("\n  SELECT id,\n   name\n FROM t  "), "SELECT id, name FROM t");
    EXPECT_EQ(summary_of(std::string(300, 'x')), std::string(100, 'x') + " ...");
}

TEST(Row, ReadsEachKindOfColumn) {
    const Row row({7, "text", nullptr, from_unix_micros(5)});
    EXPECT_EQ(row.size(), 4);
    EXPECT_EQ(row.integer(0), 7);
    EXPECT_TRUE(row.flag(0));
    EXPECT_EQ(row.text(1), "text");
    EXPECT_TRUE(row.is_null(2));
    EXPECT_EQ(row.maybe_integer(2), std::nullopt);
    EXPECT_EQ(row.maybe_text(2), std::nullopt);
    EXPECT_EQ(row.maybe_instant(2), std::nullopt);
    EXPECT_EQ(row.maybe_integer(0), 7);
    EXPECT_EQ(row.maybe_text(1), "text");
    EXPECT_EQ(row.instant(3), from_unix_micros(5));
    EXPECT_EQ(row.maybe_instant(3), from_unix_micros(5));
}

TEST(RowDeathTest, AColumnOfTheOtherKindIsABrokenPromise) {
    const Row row({7, "text", nullptr});
    EXPECT_DEATH((void)row.text(0), "column 0 is text");
    EXPECT_DEATH((void)row.integer(1), "column 1 is an integer");
    EXPECT_DEATH((void)row.integer(2), "column 2 is an integer");
    EXPECT_DEATH((void)row.is_null(3), "column 3 of a row of 3");
}

TEST(RowChunks, ArePowersOfTwo) {
    using Chunks = std::vector<std::size_t>;
    EXPECT_EQ(row_chunks(0), Chunks{});
    EXPECT_EQ(row_chunks(64), Chunks{64});
    EXPECT_EQ(row_chunks(135), (Chunks{64, 64, 4, 2, 1}));
    EXPECT_EQ(value_rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
}

TEST(InsertRows, WritesAllOfThem) {
    auto database = Database::open({.url = "sqlite::memory:"});
    ASSERT_TRUE(database);
    for (const std::int64_t count : {0, 1, 64, 135}) {
        SCOPED_TRACE(count);
        const auto sums = (*database)->write_blocking([&](Transaction& tx) {
            tx.run("DROP TABLE IF EXISTS t");
            tx.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)");
            tx.run("INSERT INTO t (a, b) VALUES (3, 'was there')");
            InsertRows rows(tx, "INSERT INTO t (a, b) VALUES ",
                            " ON CONFLICT DO NOTHING RETURNING a");
            for (std::int64_t i = 1; i <= count; ++i) rows.add({i, "new"});
            std::int64_t returned = 0;
            for (const Row& row : rows.finish()) returned += row.integer(0);
            const auto stored = tx.one("SELECT COALESCE(SUM(a), 0) FROM t WHERE b = 'new'");
            return std::pair(returned, stored->integer(0));
        });
        const std::int64_t expected = count * (count + 1) / 2 - (count >= 3 ? 3 : 0);
        EXPECT_EQ(sums, std::pair(expected, expected));
    }
}

TEST(TaskQueue, RefusesWhatDoesNotFit) {
    TaskQueue queue(1);
    std::vector<std::string> refusals;
    const auto make_task = [&] {
        return Task{[](Transaction&) { return true; },
                    [&](const std::exception_ptr& error) {
                        try {
                            std::rethrow_exception(error);
                        } catch (const Failure& failure) {
                            refusals.emplace_back(failure.what());
                        }
                    }};
    };
    queue.push(make_task());
    EXPECT_TRUE(refusals.empty());
    queue.push(make_task());
    EXPECT_EQ(refusals, std::vector<std::string>{"database queue is full"});
    EXPECT_EQ(queue.size(), 1);
}

TEST(TaskQueue, GivesOutWhatItHoldsAfterClosing) {
    TaskQueue queue(5);
    queue.push({[](Transaction&) { return true; }, [](const std::exception_ptr&) {}});
    queue.close();
    EXPECT_TRUE(queue.pop());
    EXPECT_FALSE(queue.pop());
}

TEST(DatabaseOpen, RefusesUrlsItCannotRead) {
    for (const char* url : {"", "mysql://x", "sqlite", "sqlite:", "ledger.db"}) {
        SCOPED_TRACE(url);
        const auto database = Database::open({.url = url});
        ASSERT_FALSE(database);
        EXPECT_EQ(database.error().reason, Reason("database.bad_url"));
    }
}

TEST(DatabaseOpen, SaysWhyAFileCannotBeOpened) {
    const auto database = Database::open({.url = "sqlite:/no/such/folder/ledger.db"});
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(database.error().reason, Reason("database.unreachable"));
    EXPECT_NE(database.error().message.find("/no/such/folder/ledger.db"), std::string::npos);
}

TEST(DatabaseOpen, SaysInOneLineThatAServerDoesNotAnswer) {
    // Nobody listens on port 1.
    const auto opened = Database::open({.url = "postgres://nobody@127.0.0.1:1/nothing"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason.text(), "database.unreachable");
    EXPECT_NE(opened.error().message.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(opened.error().message.find_first_of("\n\t"), std::string::npos)
        << opened.error().message;
}

TEST(LedgerMigrations, AreTheFilesInOrder) {
    const auto migrations = ledger_migrations();
    ASSERT_FALSE(migrations.empty());
    EXPECT_EQ(migrations[0].number, 1);
    EXPECT_EQ(migrations[0].name, "0001_ledger");
    EXPECT_NE(migrations[0].sql.find("CREATE TABLE usage_counters"), std::string_view::npos);
    for (std::size_t i = 0; i < migrations.size(); ++i)
        EXPECT_EQ(migrations[i].number, static_cast<int>(i) + 1);
}

TEST(LedgerMigrations, BuildASchemaInMemory) {
    auto database = Database::open({.url = "sqlite::memory:"});
    ASSERT_TRUE(database) << database.error().message;
    const auto applied = migrate(**database, ledger_migrations(), from_unix_seconds(0));
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(applied->size(), ledger_migrations().size());
    const auto plans = (*database)->read_blocking(
        [](Transaction& tx) { return tx.one("SELECT COUNT(*) FROM plans")->integer(0); });
    EXPECT_EQ(plans, 0);
}

}  // namespace
}  // namespace turnpike::sql
