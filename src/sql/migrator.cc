#include "sql/migrator.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sql/statement_text.h"

namespace turnpike::sql {
namespace {

constexpr std::string_view kCreateTable = R"sql(
    CREATE TABLE IF NOT EXISTS schema_migrations (
        number     BIGINT NOT NULL PRIMARY KEY,
        name       TEXT   NOT NULL,
        checksum   TEXT   NOT NULL,
        applied_at BIGINT NOT NULL
    )
)sql";
constexpr std::string_view kLoadApplied = "SELECT number, checksum FROM schema_migrations";
constexpr std::string_view kRecord = R"sql(
    INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)
)sql";

// Two servers that create the table at once: IF NOT EXISTS alone still collides in PostgreSQL. Any
// number will do, as long as every version of this program uses the same.
constexpr std::string_view kPostgresCreateLock = "SELECT 1 FROM pg_advisory_xact_lock(7405126933)";
// A transaction sees what was committed before its first query, and LOCK TABLE is not yet one:
// whoever waits here sees afterwards what the other has applied. An advisory lock is taken by a
// query, and would leave the waiting transaction with the state from before.
constexpr std::string_view kPostgresApplyLock =
    "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE";

constexpr std::string_view kSqliteTableExists =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";
constexpr std::string_view kPostgresTableExists =
    "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL";

using Applied = std::map<std::int64_t, std::string>;  // number -> checksum

bool is_postgres(const Database& database) { return database.engine() == "postgres"; }

Applied load_applied(Transaction& tx) {
    Applied applied;
    for (const Row& row : tx.all(kLoadApplied)) applied.emplace(row.integer(0), row.text(1));
    return applied;
}

std::string checksum_of(const Migration& migration) { return to_hex(sha256(migration.sql)); }

/// Nothing to say when the database's migrations are a part of ours.
std::optional<std::unexpected<Error>> disagreement(const Applied& applied,
                                                   std::span<const Migration> migrations) {
    for (const auto& [number, checksum] : applied) {
        const auto ours = std::ranges::find(migrations, number, &Migration::number);
        if (ours == migrations.end())
            return conflict("migration.newer",
                            fmt::format("the database has migration {}, which this program does "
                                        "not know: use the newer program",
                                        number));
        if (checksum_of(*ours) != checksum)
            return conflict("migration.changed",
                            fmt::format("migration {} is not the text that was applied to this "
                                        "database",
                                        ours->name));
    }
    return std::nullopt;
}

void create_table(Database& database) {
    const bool postgres = is_postgres(database);
    database.write_blocking([&](Transaction& tx) {
        if (postgres) tx.all(kPostgresCreateLock);
        return tx.run(kCreateTable);
    });
}

/// Applies the first missing migration. 0 when there is none.
Result<int> apply_next(Transaction& tx, std::span<const Migration> migrations, Instant now) {
    const Applied applied = load_applied(tx);
    if (auto error = disagreement(applied, migrations)) return *std::move(error);
    for (const Migration& migration : migrations) {
        if (applied.contains(migration.number)) continue;
        for (const auto& statement : split_statements(migration.sql)) tx.run(statement);
        tx.run(kRecord, {migration.number, migration.name, checksum_of(migration), now});
        return migration.number;
    }
    return 0;
}

}  // namespace

Result<std::vector<int>> migrate(Database& database, std::span<const Migration> migrations,
                                 Instant now) {
    check(std::ranges::is_sorted(migrations, std::ranges::less_equal{}, &Migration::number) ||
              migrations.size() < 2,
          "migrations are in order");
    create_table(database);
    const bool postgres = is_postgres(database);
    std::vector<int> numbers;
    for (;;) {
        const auto number = database.write_blocking([&](Transaction& tx) {
            if (postgres) {
                // Building an index on a large table, or waiting for another server that does.
                tx.run("SET LOCAL statement_timeout = 0");
                tx.run("SET LOCAL lock_timeout = 0");
                tx.run(kPostgresApplyLock);
            }
            return apply_next(tx, migrations, now);
        });
        if (!number) return failure(number);
        if (*number == 0) return numbers;
        numbers.push_back(*number);
    }
}

std::vector<MigrationStatus> migration_status(Database& database,
                                              std::span<const Migration> migrations) {
    const auto table_exists = is_postgres(database) ? kPostgresTableExists : kSqliteTableExists;
    const Applied applied = database.read_blocking(
        [&](Transaction& tx) { return tx.one(table_exists) ? load_applied(tx) : Applied{}; });
    std::vector<MigrationStatus> status;
    for (const Migration& migration : migrations)
        status.push_back(
            {migration.number, std::string(migration.name), applied.contains(migration.number)});
    return status;
}

}  // namespace turnpike::sql
