#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <latch>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

#include "sql/testing.h"

namespace turnpike::sql {
namespace {

/// No file of this process may grow beyond it: what a full disk does to a write, without filling
/// one.
class LargestFile {
public:
    explicit LargestFile(std::uintmax_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit lower{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lower);
    }
    LargestFile(const LargestFile&) = delete;
    LargestFile& operator=(const LargestFile&) = delete;
    ~LargestFile() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

class SqliteFile : public ::testing::Test {
protected:
    std::unique_ptr<Database> open(Durability durability = Durability::Full) {
        auto database = Database::open({.url = folder_.database_url(), .durability = durability});
        if (!database) throw std::runtime_error(database.error().message);
        return *std::move(database);
    }
    static void make_table(Database& database) {
        database.write_blocking([](Transaction& tx) {
            return tx.run("CREATE TABLE t (key BIGINT NOT NULL PRIMARY KEY, filling TEXT)");
        });
    }
    static std::int64_t rows(Database& database) {
        return database.read_blocking(
            [](Transaction& tx) { return tx.one("SELECT COUNT(*) FROM t")->integer(0); });
    }
    static std::string pragma(Database& database, const std::string& name) {
        return database.write_blocking([&](Transaction& tx) {
            const auto row = tx.one("PRAGMA " + name);
            return row->text(0);
        });
    }
    static std::int64_t pragma_number(Database& database, const std::string& name) {
        return database.write_blocking(
            [&](Transaction& tx) { return tx.one("PRAGMA " + name)->integer(0); });
    }
    TempFolder folder_;
};

TEST_F(SqliteFile, WritesAreDurableUnlessRelaxed) {
    constexpr std::int64_t kNormal = 1;
    constexpr std::int64_t kFull = 2;
    {
        const auto database = open();
        EXPECT_EQ(pragma(*database, "journal_mode"), "wal");
        EXPECT_EQ(pragma_number(*database, "synchronous"), kFull);
        EXPECT_EQ(pragma_number(*database, "foreign_keys"), 1);
        EXPECT_EQ(pragma_number(*database, "wal_autocheckpoint"), 0);
    }
    EXPECT_EQ(pragma_number(*open(Durability::Relaxed), "synchronous"), kNormal);
}

TEST_F(SqliteFile, BelongsToOneProcess) {
    const auto database = open();
    const auto second = Database::open({.url = folder_.database_url()});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Conflict);
    EXPECT_EQ(second.error().reason, Reason("database.in_use"));
    EXPECT_TRUE(second.error().message.contains("stop it")) << second.error().message;

    // Another name for the same file is no way around.
    const auto link = folder_.path() / "other.db";
    std::filesystem::create_symlink(folder_.path() / "ledger.db", link);
    const auto third = Database::open({.url = "sqlite:" + link.string()});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().reason, Reason("database.in_use"));
}

TEST_F(SqliteFile, IsFreeAgainAfterClosing) {
    make_table(*open());
    EXPECT_EQ(rows(*open()), 0);
}

TEST_F(SqliteFile, IsReadableByItsOwnerOnly) {
    const auto database = open();
    make_table(*database);
    for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db.lock"}) {
        SCOPED_TRACE(name);
        struct stat status{};
        ASSERT_EQ(::stat((folder_.path() / name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
    }
}

TEST_F(SqliteFile, ThatIsNoDatabaseIsRefused) {
    const auto path = folder_.path() / "ledger.db";
    std::FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    for (int i = 0; i < 100; ++i) std::fputs("this is a text file\n", file);
    std::fclose(file);
    const auto database = Database::open({.url = folder_.database_url()});
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().reason, Reason("database.unreachable"));
}

TEST_F(SqliteFile, ReadersDoNotWaitForAWriter) {
    const auto database = open();
    make_table(*database);
    std::latch written(1);
    std::latch read(1);
    std::jthread writer([&] {
        database->write_blocking([&](Transaction& tx) {
            tx.run("INSERT INTO t (key) VALUES (1)");
            written.count_down();
            read.wait();
            return 0;
        });
    });
    written.wait();
    EXPECT_EQ(rows(*database), 0);
    read.count_down();
    writer.join();
    EXPECT_EQ(rows(*database), 1);
}

TEST_F(SqliteFile, TheLogIsCopiedWhileRunningAndEmptiedAtTheEnd) {
    const auto log = folder_.path() / "ledger.db-wal";
    constexpr std::uintmax_t kBytes = 1024 * 1024;
    {
        const auto database = open();
        make_table(*database);
        // 40 MiB in 40 commits: more than twice the 16 MiB at which the log is copied in any case.
        for (std::int64_t i = 0; i < 40; ++i)
            database->write_blocking([&](Transaction& tx) {
                return tx.run("INSERT INTO t (key, filling) VALUES ($1, $2)",
                              {i, std::string(kBytes, 'x')});
            });
        EXPECT_LT(std::filesystem::file_size(log), 20 * kBytes);
        EXPECT_GT(std::filesystem::file_size(folder_.path() / "ledger.db"), 20 * kBytes);
    }
    EXPECT_FALSE(std::filesystem::exists(log) && std::filesystem::file_size(log) > 0);
    EXPECT_EQ(rows(*open()), 40);
}

TEST_F(SqliteFile, AShortLogIsCopiedOnceNobodyWrites) {
    constexpr std::uintmax_t kBytes = 5 * 1024 * 1024;
    const auto database = open();
    make_table(*database);
    database->write_blocking([](Transaction& tx) {
        return tx.run("INSERT INTO t (key, filling) VALUES (1, $1)", {std::string(kBytes, 'x')});
    });
    while (std::filesystem::file_size(folder_.path() / "ledger.db") < kBytes)
        std::this_thread::yield();
    EXPECT_EQ(rows(*database), 1);
}

TEST_F(SqliteFile, AFullDiskIsKnownUntilItTakesWritesAgain) {
    const auto database = open();
    make_table(*database);
    const auto insert = [&](std::int64_t key) {
        return database->write_blocking([key](Transaction& tx) {
            return tx.run("INSERT INTO t (key, filling) VALUES ($1, 'x')", {key});
        });
    };
    insert(1);
    EXPECT_FALSE(database->refuses_writes());
    {
        const LargestFile as_it_is(std::filesystem::file_size(folder_.path() / "ledger.db-wal"));
        EXPECT_THROW(insert(2), Failure);
        EXPECT_TRUE(database->refuses_writes());
        EXPECT_EQ(rows(*database), 1) << "reads go on";
        EXPECT_THROW(insert(2), Failure);
        EXPECT_TRUE(database->refuses_writes());
    }
    // Nobody writes: it looks for itself.
    while (database->refuses_writes()) std::this_thread::yield();
    EXPECT_EQ(insert(2), 1);
    EXPECT_FALSE(database->refuses_writes());
}

/// SQLite undoes the whole transaction when it runs out of space, not only the statement.
TEST_F(SqliteFile, AFullDatabaseFailsTheJobsThatSharedTheCommitAndNobodyElse) {
    const auto database = open();
    make_table(*database);
    database->write_blocking([](Transaction& tx) {
        const auto pages = tx.one("PRAGMA page_count")->integer(0);
        tx.all("PRAGMA max_page_count = " + std::to_string(pages + 20));
        return 0;
    });
    std::latch first_runs(1);
    std::latch others_wait(1);
    std::atomic<int> failed = 0;
    std::atomic<int> fine = 0;
    const auto insert = [&](std::int64_t key, std::size_t size) {
        try {
            database->write_blocking([&, key, size](Transaction& tx) {
                if (key == 0) {
                    first_runs.count_down();
                    others_wait.wait();
                }
                return tx.run("INSERT INTO t (key, filling) VALUES ($1, $2)",
                              {key, std::string(size, 'x')});
            });
            ++fine;
        } catch (const Failure& failure) {
            EXPECT_FALSE(failure.outcome_unknown());
            ++failed;
        }
    };
    {
        std::vector<std::jthread> callers;
        callers.emplace_back([&] { insert(0, 10); });
        first_runs.wait();
        callers.emplace_back([&] { insert(1, 1'000'000); });
        while (database->backlog() < 1) std::this_thread::yield();
        others_wait.count_down();
    }
    EXPECT_EQ(failed + fine, 2);
    EXPECT_GE(failed, 1);
    EXPECT_EQ(rows(*database), fine) << "acknowledged and kept differ";

    insert(2, 10);  // there is room for this one
    EXPECT_EQ(rows(*database), fine);
    EXPECT_GE(fine, 1);
}

}  // namespace
}  // namespace turnpike::sql
