#include "catalog/stored_guards.h"

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kGuards = R"sql(
    SELECT g.method, g.pattern, g.feature_key, g.rate_limit, g.catalog
      FROM route_guards g JOIN catalogs c ON c.key = g.catalog
     ORDER BY c.position, g.position
)sql";

constexpr std::string_view kRates = R"sql(
    SELECT feature_key, rate_limit, catalog FROM feature_rates ORDER BY catalog, feature_key
)sql";

constexpr std::string_view kDropGuards = "DELETE FROM route_guards WHERE catalog = $1";
constexpr std::string_view kDropRates = "DELETE FROM feature_rates WHERE catalog = $1";

constexpr std::string_view kInsertGuard = R"sql(
    INSERT INTO route_guards (catalog, position, method, pattern, feature_key, rate_limit)
    VALUES ($1, $2, $3, $4, $5, $6)
)sql";

constexpr std::string_view kInsertRate = R"sql(
    INSERT INTO feature_rates (catalog, feature_key, rate_limit) VALUES ($1, $2, $3)
)sql";

RouteGuard guard_from(const sql::Row& row) {
    RouteGuard guard{.method = row.text(0), .pattern = row.text(1), .feature_key = row.text(2)};
    if (!row.is_null(3)) guard.rate_limit = known_word(parse_use_rate(row.text(3)));
    guard.catalog = row.text(4);
    return guard;
}

}  // namespace

Guards load_guards(sql::Transaction& tx) {
    Guards guards;
    for (const auto& row : tx.all(kGuards)) guards.routes.push_back(guard_from(row));
    for (const auto& row : tx.all(kRates))
        guards.rates.push_back({row.text(0), known_word(parse_use_rate(row.text(1))), row.text(2)});
    return guards;
}

void save_guards(sql::Transaction& tx, const CatalogFile& file) {
    tx.run(kDropGuards, {file.catalog});
    tx.run(kDropRates, {file.catalog});
    std::int64_t position = 0;
    for (const RouteGuard& guard : file.guards.routes) {
        std::optional<std::string> rate;
        if (guard.rate_limit) rate = to_text(*guard.rate_limit);
        tx.run(kInsertGuard,
               {file.catalog, position++, guard.method, guard.pattern, guard.feature_key, rate});
    }
    for (const FeatureRate& one : file.guards.rates)
        tx.run(kInsertRate, {file.catalog, one.feature_key, to_text(one.rate_limit)});
}

}  // namespace turnpike
