#include "import/foreign_tables.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "import/foreign_text.h"

namespace turnpike {
namespace {

struct Dialect {
    std::string_view tables, columns;
};
constexpr Dialect kSqlite{
    .tables = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name",
    .columns = "SELECT name FROM pragma_table_info($1) ORDER BY cid"};
constexpr Dialect kPostgres{.tables = R"sql(
    SELECT CAST(table_name AS TEXT) FROM information_schema.tables
     WHERE table_schema = ANY (current_schemas(false))
     ORDER BY 1
)sql",
                            .columns = R"sql(
    SELECT CAST(column_name AS TEXT) FROM information_schema.columns
     WHERE table_schema = ANY (current_schemas(false)) AND table_name = $1
     ORDER BY ordinal_position
)sql"};

constexpr std::array<std::string_view, 1> kSubscriptionTables{"subscriptions"};
constexpr std::array<std::string_view, 3> kUsageTables{"usage_meters", "usage_counters", "usage"};
constexpr std::array<std::string_view, 1> kCustomerTables{"customers"};

using Names = std::vector<std::string>;

Names names_of(const std::vector<sql::Row>& rows) {
    Names names;
    for (const auto& row : rows) names.push_back(row.text(0));
    return names;
}

std::string quoted_name(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"') text += '"';
        text += c;
    }
    return text + '"';
}

/// By its id where it has one, so that reading it twice gives the same order.
std::string select_all(const std::string& table, const Names& columns) {
    std::string fields, order;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        fields += (i > 0 ? ", " : "") + fmt::format("CAST({} AS TEXT)", quoted_name(columns[i]));
        order += (i > 0 ? ", " : "") + std::to_string(i + 1);
    }
    if (std::ranges::find(columns, "id") != columns.end()) order = quoted_name("id");
    return fmt::format("SELECT {} FROM {} ORDER BY {}", fields, quoted_name(table), order);
}

/// The first table of these names; without columns when there is none.
TextTable read_table(sql::Transaction& tx, const Dialect& dialect, const Names& there,
                     std::span<const std::string_view> names) {
    const auto is_there = [&](std::string_view name) {
        return std::ranges::find(there, name) != there.end();
    };
    const auto found = std::ranges::find_if(names, is_there);
    if (found == names.end()) return {};
    TextTable table{std::string(*found), names_of(tx.all(dialect.columns, {*found})), {}};
    std::size_t number = 0;
    for (const auto& row : tx.all(select_all(table.name, table.columns))) {
        TextTable::Row read;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            read.cells.push_back(row.maybe_text(i));
        const auto id = table.text(read, "id");
        read.place = fmt::format("{} {}", table.name, id ? *id : std::to_string(++number));
        table.rows.push_back(std::move(read));
    }
    return table;
}

}  // namespace

Result<AttributionTables> read_attribution_tables(sql::ForeignDatabase& database) {
    const auto& dialect = database.engine() == "sqlite" ? kSqlite : kPostgres;
    AttributionTables tables;
    Names there;
    try {
        database.read([&](sql::Transaction& tx) {
            there = names_of(tx.all(dialect.tables));
            tables = {read_table(tx, dialect, there, kSubscriptionTables),
                      read_table(tx, dialect, there, kUsageTables),
                      read_table(tx, dialect, there, kCustomerTables)};
        });
    } catch (const sql::Failure& failure) {
        return unavailable("database.unreachable", failure.what());
    }
    if (tables.subscriptions.columns.empty())
        return invalid_argument(
            "import.wrong_shape",
            shown(fmt::format("there is no table 'subscriptions'; there are: {}",
                              fmt::join(there, ", "))));
    if (const auto good = check_attribution_shape(tables); !good) return failure(good);
    return tables;
}

}  // namespace turnpike
