#include "sql/foreign.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "sql/database.h"
#include "sql/sqlite/connection.h"
#include "sql/testing.h"

namespace turnpike::sql {
namespace {

std::string file_with_a_table(const TempFolder& folder) {
    const auto path = (folder.path() / "theirs.db").string();
    sqlite::Connection made(path, sqlite::Role::Writer);
    made.execute("PRAGMA journal_mode = DELETE");
    made.execute("CREATE TABLE theirs (name TEXT)");
    made.execute("INSERT INTO theirs VALUES ('ada')");
    return path;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string only_name(ForeignDatabase& database) {
    std::string name;
    database.read([&](Transaction& tx) { name = tx.all("SELECT name FROM theirs").at(0).text(0); });
    return name;
}

void expect_refuses_to_write(ForeignDatabase& database) {
    const auto write = [](Transaction& tx) { tx.run("INSERT INTO theirs VALUES ('bert')"); };
    EXPECT_THROW(database.read(write), Failure);
}

TEST(ForeignDatabase, AFileIsReadAndStaysAsItIs) {
    const TempFolder folder;
    const auto path = file_with_a_table(folder);
    const auto before = bytes_of(path);
    for (const auto& name : {path, "sqlite:" + path, "sqlite://" + path}) {
        SCOPED_TRACE(name);
        const auto opened = ForeignDatabase::open(name);
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ((*opened)->engine(), "sqlite");
        EXPECT_EQ(only_name(**opened), "ada");
        expect_refuses_to_write(**opened);
        EXPECT_EQ(only_name(**opened), "ada");
    }
    EXPECT_EQ(bytes_of(path), before);
}

TEST(ForeignDatabase, AFileThatIsMissingOrNoDatabaseIsNotMade) {
    const TempFolder folder;
    const auto missing = folder.path() / "missing.db";
    const auto opened = ForeignDatabase::open(missing.string());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason.text(), "database.unreachable");
    EXPECT_FALSE(std::filesystem::exists(missing));

    const auto text = folder.path() / "text.db";
    std::ofstream(text) << "customer,email\n" << std::string(5'000, 'x');
    EXPECT_FALSE(ForeignDatabase::open(text.string()));
}

TEST(ForeignDatabase, AServerIsReadInATransactionThatWritesNothing) {
    if (postgres_test_url().empty()) GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set";
    const TestSchema schema(postgres_test_url());
    {
        const auto made = Database::open({.url = schema.url(), .connections = 1});
        ASSERT_TRUE(made);
        (*made)->write_blocking([](Transaction& tx) {
            tx.run("CREATE TABLE theirs (name TEXT)");
            return tx.run("INSERT INTO theirs VALUES ('ada')");
        });
    }
    const auto opened = ForeignDatabase::open(schema.url());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ((*opened)->engine(), "postgres");
    EXPECT_EQ(only_name(**opened), "ada");
    expect_refuses_to_write(**opened);
    EXPECT_FALSE(ForeignDatabase::open("postgres://nobody@127.0.0.1:1/nothing"));
}

}  // namespace
}  // namespace turnpike::sql
