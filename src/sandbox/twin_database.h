#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/time.h"
#include "sql/database.h"
#include "sql/migrator.h"

namespace turnpike::twin {

/// The file that a twin keeps everything in, made when missing, with its schema up to date.
/// Errors: as sql::Database::open and sql::migrate, naming the file and what can be done.
Result<std::unique_ptr<sql::Database>> open_twin_database(
    const std::filesystem::path& path, std::span<const sql::Migration> migrations, Instant now);

}  // namespace turnpike::twin
