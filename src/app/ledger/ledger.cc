#include "app/ledger/ledger.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "app/config/data_dir.h"
#include "catalog/preset.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/usage_log.h"
#include "sql/ledger_migrations.h"
#include "sql/migrator.h"

namespace turnpike {
namespace {

Result<CatalogFile> read_catalog_of(const Config& config, const std::string& preset) {
    if (config.catalog_file.empty()) {
        const auto text = preset_catalog(preset);
        if (!text) return invalid_argument("config.file", "there is no preset '" + preset + "'");
        return read_catalog_file(*text, "presets/" + preset + ".toml", preset);
    }
    const auto text = read_text_file(config.catalog_file);
    if (!text) return invalid_argument("config.file", "cannot read " + config.catalog_file);
    return read_catalog_file(*text, config.catalog_file, preset);
}

std::unexpected<Error> no_ledger(const std::string& where) {
    return invalid_argument("data.no_ledger",
                            where +
                                ": there is no such ledger; give the folder of a server (--data), "
                                "or its database (--database)");
}

}  // namespace

Result<std::monostate> prepare_ledger_dir(const Config& config) {
    return prepare_data_dir(config.data_dir);
}

Result<std::unique_ptr<sql::Database>> open_migrated_ledger(const Config& config) {
    const auto prepared = prepare_ledger_dir(config);
    if (!prepared) return failure(prepared);
    auto db = sql::Database::open({.url = config.database_url});
    if (!db) return failure(db);
    const auto migrated = sql::migrate(**db, ledger_migrations(), SystemClock().now());
    if (!migrated) return failure(migrated);
    return db;
}

std::optional<std::string> missing_ledger_file(const Config& config) {
    constexpr std::string_view kInFile = "sqlite:";
    const std::string_view url = config.database_url;
    if (!url.starts_with(kInFile)) return std::nullopt;
    std::string file(url.substr(kInFile.size()));
    if (exists(file)) return std::nullopt;
    return file;
}

Result<std::monostate> check_kept_ledger(const Config& config) {
    if (const auto missing = missing_ledger_file(config)) return no_ledger(*missing);
    const auto db = sql::Database::open({.url = config.database_url, .connections = 1});
    if (!db) return failure(db);
    const auto steps = sql::migration_status(**db, ledger_migrations());
    // Without its URL, which may hold a password.
    if (std::ranges::none_of(steps, &sql::MigrationStatus::applied))
        return no_ledger("the database is empty");
    return std::monostate{};
}

Result<std::unique_ptr<sql::Database>> open_kept_ledger(const Config& config) {
    if (const auto kept = check_kept_ledger(config); !kept) return failure(kept);
    return open_migrated_ledger(config);
}

Result<std::unique_ptr<UsageLog>> open_usage(const Config& config, sql::Database& db) {
    if (db.engine() != "sqlite") return std::unique_ptr<UsageLog>();
    UsageLog::Config log;
    log.directory = config.data_dir + "/usage";
    // Two of them are allocated from the start: a first look should not cost half a gigabyte.
    log.segment_bytes = std::size_t{64} << 20;
    return UsageLog::open(log);
}

Result<std::vector<ConfiguredCatalog>> configured_catalogs(const Config& config) {
    std::vector<ConfiguredCatalog> catalogs;
    for (const std::string& preset : config.presets) {
        auto file = read_catalog_of(config, preset);
        if (!file) return failure(file);
        catalogs.push_back({preset, *std::move(file)});
    }
    return catalogs;
}

std::string catalog_of_preset(const std::vector<ConfiguredCatalog>& catalogs,
                              std::string_view preset) {
    const auto found = std::ranges::find(catalogs, preset, &ConfiguredCatalog::preset);
    return found == catalogs.end() ? std::string() : found->file.catalog;
}

}  // namespace turnpike
