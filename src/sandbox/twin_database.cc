#include "sandbox/twin_database.h"

#include <string>
#include <utility>

namespace turnpike::twin {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& path, Error error) {
    error.message = path.string() + ": " + error.message +
                    "; give another directory with --data, or move this file away to begin anew";
    return std::unexpected(std::move(error));
}

}  // namespace

Result<std::unique_ptr<sql::Database>> open_twin_database(
    const std::filesystem::path& path, std::span<const sql::Migration> migrations, Instant now) {
    auto database = sql::Database::open(
        {.url = "sqlite:" + path.string(), .durability = sql::Durability::Relaxed});
    // Another process's file is named already, and must stay where it is.
    if (!database && database.error().reason == Reason("database.in_use")) return failure(database);
    if (!database) return unusable(path, database.error());
    try {
        const auto migrated = sql::migrate(**database, migrations, now);
        if (!migrated) return unusable(path, migrated.error());
    } catch (const sql::Failure& broken) {
        return unusable(path, {ErrorCode::Unavailable, "database.unreachable", broken.what()});
    }
    return database;
}

}  // namespace turnpike::twin
