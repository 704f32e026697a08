// The ledger's schema: the same on both engines, and each unique key refuses a twin.
#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/testing.h"

namespace turnpike::sql {
namespace {

struct Column {
    std::string name;
    bool integer;
};
struct UniqueKey {
    std::string index;
    std::vector<std::string> columns;
    std::string definition;  ///< of a partial index, with its WHERE; otherwise empty
};
struct Reference {
    std::string table;
    std::string column;
};
struct Table {
    std::vector<Column> columns;
    std::vector<UniqueKey> keys;
    std::map<std::string, Reference> references;
    std::string text;  ///< CREATE TABLE
};
using Schema = std::map<std::string, Table>;

constexpr std::string_view kTables = R"sql(
    SELECT name, sql FROM sqlite_master
     WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_migrations'
)sql";
constexpr std::string_view kKeys = R"sql(
    SELECT list.name, master.sql
      FROM pragma_index_list($1) AS list
      LEFT JOIN sqlite_master AS master ON master.name = list.name
     WHERE list."unique" = 1
)sql";

/// SQLite's catalog is the easier one to ask.
Schema read_schema(Transaction& tx) {
    Schema schema;
    for (const Row& table : tx.all(kTables)) {
        const auto& name = table.text(0);
        Table& read = schema[name];
        read.text = table.text(1);
        for (const Row& row : tx.all("SELECT name, type FROM pragma_table_info($1)", {name}))
            read.columns.push_back({row.text(0), row.text(1) == "BIGINT"});
        for (const Row& row : tx.all(kKeys, {name})) {
            UniqueKey key{row.text(0), {}, row.maybe_text(1).value_or("")};
            for (const Row& column :
                 tx.all("SELECT name FROM pragma_index_info($1)", {row.text(0)}))
                key.columns.push_back(column.text(0));
            read.keys.push_back(std::move(key));
        }
        constexpr std::string_view kReferences =
            R"sql(SELECT "from", "table", "to" FROM pragma_foreign_key_list($1))sql";
        for (const Row& row : tx.all(kReferences, {name}))
            read.references[row.text(0)] = {row.text(1), row.text(2)};
    }
    return schema;
}

using Values = std::map<std::string, Value>;

/// Two rows' worth of values that satisfy a table's constraints and differ wherever they can: 1 and
/// 2, "x" and "y", except where a CHECK lists the values or a partial index asks for one.
struct Pair {
    Values first;
    Values second;
};

/// `column IN (...)` in the table's text.
void obey_lists(const std::string& table_text, Pair& pair) {
    static const std::regex list(R"((\w+)\s+IN\s+\(([^)]*)\))");
    static const std::regex item(R"('([^']*)'|(\d+))");
    for (std::sregex_iterator it(table_text.begin(), table_text.end(), list), end; it != end;
         ++it) {
        std::vector<Value> values;
        const std::string items = (*it)[2];
        for (std::sregex_iterator each(items.begin(), items.end(), item); each != end; ++each) {
            const bool text = (*each)[1].matched;
            values.push_back(text ? Value((*each)[1].str()) : Value(std::stoi((*each)[2])));
        }
        pair.first.insert_or_assign((*it)[1], values.back());
        pair.second.insert_or_assign((*it)[1], values.front());
    }
}

/// The first row falls under the partial index, so that its twin collides.
void obey_predicate(const std::string& index_text, Pair& pair) {
    static const std::regex equals_text(R"((\w+) = '([^']*)')");
    static const std::regex is_null(R"((\w+) IS NULL)");
    const std::string where =
        index_text.substr(std::min(index_text.find("WHERE"), index_text.size()));
    for (std::sregex_iterator it(where.begin(), where.end(), equals_text), end; it != end; ++it) {
        const Value wanted((*it)[2].str());
        if (pair.second.contains((*it)[1]) && pair.second.at((*it)[1]) == wanted)
            pair.second.insert_or_assign((*it)[1], pair.first.at((*it)[1]));
        pair.first.insert_or_assign((*it)[1], wanted);
    }
    // Of the lists that obey_lists() has read, the first row has the last value, the second the
    // first: exchanged where the index wants, or does not want, what stands at these ends.
    static const std::regex in_list(R"((\w+) (NOT )?IN \('([^']*)')");
    for (std::sregex_iterator it(where.begin(), where.end(), in_list), end; it != end; ++it)
        std::swap(pair.first.at((*it)[1]), pair.second.at((*it)[1]));
    for (std::sregex_iterator it(where.begin(), where.end(), is_null), end; it != end; ++it)
        pair.first.insert_or_assign((*it)[1], Value(nullptr));
}

Pair pair_for(const std::string& name, const Table& table) {
    Pair pair;
    for (const Column& column : table.columns) {
        pair.first.emplace(column.name, column.integer ? Value(1) : Value("x"));
        pair.second.emplace(column.name, column.integer ? Value(2) : Value("y"));
    }
    obey_lists(table.text, pair);
    for (const UniqueKey& key : table.keys) obey_predicate(key.definition, pair);
    // What a row refers to is shared, and these rules tie one column to another.
    for (const auto& [column, reference] : table.references)
        pair.second.insert_or_assign(column, pair.first.at(column));
    for (Values* row : {&pair.first, &pair.second}) {
        if (name == "allowances") {
            row->insert_or_assign("overage", Value("block"));
            row->insert_or_assign("overage_unit_price", Value(nullptr));
            row->insert_or_assign("overage_cap", Value(nullptr));
        }
        if (name == "api_keys") row->insert_or_assign("kind", Value("customer"));
        if (name == "usage_counters") {
            row->insert_or_assign("aggregation", Value("sum"));
            row->insert_or_assign("held", Value(0));
        }
        if (name == "idempotency_keys") {
            row->insert_or_assign("state", Value("running"));
            row->insert_or_assign("sealed_reply", Value(nullptr));
        }
        if (name == "subscription_discounts") {
            row->insert_or_assign("duration", Value("once"));
            row->insert_or_assign("amount_minor", Value(nullptr));
            row->insert_or_assign("currency", Value(nullptr));
        }
        if (name == "subscription_discounts" && row == &pair.second)
            row->insert_or_assign("to_number", Value(3));  // after from_number
        if (name == "usage_holds") {
            row->insert_or_assign("status", Value("open"));
            row->insert_or_assign("ended_at", Value(nullptr));
            row->insert_or_assign("quantity", Value(nullptr));
        }
    }
    return pair;
}

class Twins {
public:
    Twins(const Schema& schema, Transaction& tx) : schema_(schema), tx_(tx) {}

    /// Inserts the table's first row, and those that it refers to, once.
    void insert_first(const std::string& table) {
        if (!inserted_.insert(table).second) return;
        for (const auto& [column, reference] : schema_.at(table).references)
            if (reference.table != table) insert_first(reference.table);
        insert(table, pair_for(table, schema_.at(table)).first);
    }
    /// A row that differs from the first in all it can, but not in `same`. What it refers to, it
    /// shares.
    void insert_second(const std::string& table, const std::set<std::string>& same) {
        Pair pair = pair_for(table, schema_.at(table));
        for (const auto& column : same) pair.second.insert_or_assign(column, pair.first.at(column));
        insert(table, pair.second);
    }

private:
    void insert(const std::string& table, Values row) {
        // Only an amend has a quantity.
        if (table == "usage_corrections" && row.at("kind") == Value("void"))
            row.insert_or_assign("quantity", Value(nullptr));
        std::vector<std::string> names;
        std::vector<std::string> places;
        std::vector<Value> values;
        for (const auto& [name, value] : row) {
            names.push_back(name);
            places.push_back(fmt::format("${}", names.size()));
            values.push_back(value);
        }
        tx_.run(fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(names, ", "),
                            fmt::join(places, ", ")),
                values);
    }

    const Schema& schema_;
    Transaction& tx_;
    std::set<std::string> inserted_;
};

Schema ledger_schema() { return open_test_database()->read_blocking(read_schema); }

/// The columns that make a row fall under the key: its own, and those its WHERE names.
std::set<std::string> columns_under(const UniqueKey& key, const Table& table) {
    std::set<std::string> columns(key.columns.begin(), key.columns.end());
    const auto where = key.definition.find("WHERE");
    if (where == std::string::npos) return columns;
    for (const Column& column : table.columns)
        if (key.definition.find(column.name, where) != std::string::npos)
            columns.insert(column.name);
    return columns;
}

class SchemaTest : public DatabaseTest {};
INSTANTIATE_TEST_SUITE_P(Engines, SchemaTest, both_engines(), engine_name);

TEST_P(SchemaTest, EveryUniqueKeyRefusesATwin) {
    const Schema schema = ledger_schema();
    int keys = 0;
    for (const auto& [name, table] : schema) {
        for (const UniqueKey& key : table.keys) {
            ++keys;
            const auto same = columns_under(key, table);
            SCOPED_TRACE(fmt::format("{} ({})", name, fmt::join(same, ", ")));
            const auto insert_twins = [&](const std::set<std::string>& alike) {
                (void)db().write_blocking([&](Transaction& tx) -> Result<int> {
                    Twins twins(schema, tx);
                    twins.insert_first(name);
                    twins.insert_second(name, alike);
                    return conflict("test.undo", "rows go, whatever happened");
                });
            };
            EXPECT_THROW(insert_twins(same), ConstraintViolation);
            // Nothing else stands in the way: rows that differ in the key are welcome, unless they
            // share all of some key with what they refer to.
            const auto is_shared = [&](const UniqueKey& other) {
                return std::ranges::all_of(other.columns, [&](const auto& column) {
                    return table.references.contains(column);
                });
            };
            if (std::ranges::none_of(table.keys, is_shared)) EXPECT_NO_THROW(insert_twins({}));
        }
    }
    EXPECT_GE(keys, 40);
}

constexpr std::string_view kSqliteColumns = R"sql(
    SELECT tables.name, columns.name, LOWER(columns.type), columns."notnull"
      FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%'
     ORDER BY tables.name, columns.cid
)sql";
constexpr std::string_view kPostgresColumns = R"sql(
    SELECT table_name, column_name, data_type, is_nullable = 'NO'
      FROM information_schema.columns
     WHERE table_schema = current_schema()
     ORDER BY table_name COLLATE "C", ordinal_position
)sql";

std::vector<std::string> columns_of(Database& database) {
    const bool postgres = database.engine() == "postgres";
    const auto rows = database.read_blocking(
        [&](Transaction& tx) { return tx.all(postgres ? kPostgresColumns : kSqliteColumns); });
    std::vector<std::string> columns;
    for (const Row& row : rows)
        columns.push_back(fmt::format("{}.{} {}{}", row.text(0), row.text(1), row.text(2),
                                      row.flag(3) ? " not null" : ""));
    return columns;
}

TEST_P(SchemaTest, ColumnsAreTheSameOnBothEngines) {
    const auto columns = columns_of(db());
    EXPECT_EQ(columns, columns_of(*open_test_database()));
    EXPECT_EQ(std::ranges::count(columns, "usage_counters.hard_limit bigint"), 1);
}

TEST_P(SchemaTest, OnlyIntegersAndText) {
    for (const auto& column : columns_of(db()))
        EXPECT_TRUE(column.contains(" bigint") || column.contains(" text")) << column;
}

TEST_P(SchemaTest, ACounterCannotPassItsLimit) {
    db().write_blocking([](Transaction& tx) {
        const Schema schema = ledger_schema();
        Twins(schema, tx).insert_first("usage_counters");
        return 0;
    });
    EXPECT_THROW(db().write_blocking([](Transaction& tx) {
        return tx.run("UPDATE usage_counters SET used = hard_limit + 1");
    }),
                 ConstraintViolation);
}

}  // namespace
}  // namespace turnpike::sql
