#include "sql/ledger_migrations.h"

#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/embedded_file.h"
#include "sql/ledger_migration_files.h"

namespace turnpike {
namespace {

/// "0001_ledger.sql" is number 1, named "0001_ledger".
sql::Migration read_migration(const EmbeddedFile& file) {
    const auto name = file.name.substr(0, file.name.rfind('.'));
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    check(error == std::errc() && *end == '_' && number > 0, "a migration begins with its number");
    return {number, name, file.text};
}

}  // namespace

std::span<const sql::Migration> ledger_migrations() {
    static const std::vector<sql::Migration> ours = [] {
        std::vector<sql::Migration> migrations;
        for (const auto& file : ledger_migration_files())
            migrations.push_back(read_migration(file));
        return migrations;
    }();
    return ours;
}

}  // namespace turnpike
