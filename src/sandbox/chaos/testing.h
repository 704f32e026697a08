#pragma once

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sandbox/chaos/store.h"
#include "sandbox/deliveries.h"
#include "sandbox/shared_tables.h"
#include "sql/database.h"
#include "sql/migrator.h"

/// For tests of chaos: a database without a provider.
namespace turnpike::twin::testing {

/// In memory, with the tables that every twin has.
inline std::unique_ptr<sql::Database> chaos_database() {
    static constexpr std::array kMigrations{
        sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
        sql::Migration{.number = 2, .name = "0002_kept_deliveries", .sql = kKeptDeliveries},
        sql::Migration{.number = 3, .name = "0003_chaos", .sql = kChaosTables},
    };
    auto database = sql::Database::open({.url = "sqlite::memory:"});
    if (!database) throw std::runtime_error(database.error().message);
    const auto migrated = sql::migrate(**database, kMigrations, from_unix_seconds(0));
    if (!migrated) throw std::runtime_error(migrated.error().message);
    return *std::move(database);
}

}  // namespace turnpike::twin::testing
