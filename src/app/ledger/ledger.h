#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.h"
#include "base/error.h"
#include "catalog/catalog_file.h"
#include "metering/log/usage_log.h"
#include "sql/database.h"

namespace turnpike {

/// Makes the data directory when the ledger lies in it.
/// Errors: Unavailable "data.unusable".
Result<std::monostate> prepare_ledger_dir(const Config& config);

/// The SQLite file of the ledger where it is not there yet: opening would make it.
std::optional<std::string> missing_ledger_file(const Config& config);

/// Opens the ledger and brings its schema up to date.
/// Errors: those of Database::open and migrate.
Result<std::unique_ptr<sql::Database>> open_migrated_ledger(const Config& config);

/// For a command that needs what is there: that it is a ledger. One that the command made would be
/// empty, which looks like a proof, or takes a change that nobody will ever see.
/// Errors: InvalidArgument "data.no_ledger"; those of Database::open.
Result<std::monostate> check_kept_ledger(const Config& config);
/// check_kept_ledger(), then open_migrated_ledger().
Result<std::unique_ptr<sql::Database>> open_kept_ledger(const Config& config);

/// The log that usage is kept in beside an SQLite ledger, in the data directory. Null on
/// PostgreSQL, which keeps usage itself. Errors: those of UsageLog::open.
Result<std::unique_ptr<UsageLog>> open_usage(const Config& config, sql::Database& db);

/// What one published interface sells.
struct ConfiguredCatalog {
    std::string preset;
    CatalogFile file;
};
/// The catalogs that the configuration means, in the order of its presets: each preset's own, or
/// the file that stands in for the only one. Errors: InvalidArgument "catalog.bad_file",
/// "config.file": the complaints in one line.
Result<std::vector<ConfiguredCatalog>> configured_catalogs(const Config& config);
/// Key of the catalog that a preset sells; "" when it is not served.
std::string catalog_of_preset(const std::vector<ConfiguredCatalog>& catalogs,
                              std::string_view preset);

}  // namespace turnpike
