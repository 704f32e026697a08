#include <algorithm>
#include <iterator>
#include <utility>

#include "base/letter_case.h"
#include "billing/plans/stored_plan_migration.h"
#include "json/value.h"
#include "sql/known_word.h"
#include "sql/maybe_id.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

// Whom a migration is about. $2 target; $3 to $7 narrow: '' and 0 do not; $8: made until then.
constexpr std::string_view kScope = R"sql(
      JOIN prices r ON r.id = s.price_id
      LEFT JOIN prices t ON t.plan_version_id = $2 AND t.currency = r.currency
                        AND t.interval = r.interval AND t.interval_count = r.interval_count
     WHERE s.plan_version_id <> $2 AND s.ended_at IS NULL
       AND s.started_at IS NOT NULL AND s.status <> 'creating'
       AND ($3 = '' OR s.plan_version_id = $3) AND ($4 = '' OR r.currency = $4)
       AND ($5 = '' OR r.interval = $5)
       AND (CAST($6 AS BIGINT) = 0 OR r.interval_count = CAST($6 AS BIGINT))
       AND ($7 = '' OR s.provider = $7) AND s.created_at <= $8
)sql";
constexpr std::string_view kVersions = R"sql(
    SELECT id FROM plan_versions
     WHERE plan_id = $1 AND id <> $2 AND ($3 = '' OR id = $3)
)sql";
constexpr std::string_view kStepColumns = "SELECT s.id, s.provider, r.id, t.id, s.quantity ";
// $9: after which subscription, $10: how many.
constexpr std::string_view kStepsEnd = " AND s.id > $9 ORDER BY s.id LIMIT $10";
constexpr std::string_view kGroupColumns =
    "SELECT s.plan_version_id, r.id, t.id, COUNT(*), CAST(SUM(s.quantity) AS BIGINT) ";
constexpr std::string_view kGroupsEnd = " GROUP BY s.plan_version_id, r.id, t.id";

/// A statement about the subscribers of one version, $1: an index has them in order.
std::string of_version(std::string_view columns, std::string_view end) {
    return std::string(columns)
        .append("FROM subscriptions s")
        .append(kScope)
        .append(" AND s.plan_version_id = $1")
        .append(end);
}

/// A statement about some customers, from parameter `first` on, of any version of the plan $1.
/// SQLite keeps the order of a CROSS JOIN, and so finds them by their one live subscription.
std::string of_customers(std::string_view columns, std::size_t first, std::size_t count,
                         std::string_view end) {
    std::string text = std::string(columns)
                           .append("FROM subscriptions s CROSS JOIN plan_versions v")
                           .append(kScope)
                           .append(" AND v.id = s.plan_version_id AND v.plan_id = $1")
                           .append(" AND s.customer_id IN (");
    for (std::size_t i = 0; i < count; ++i)
        text.append(i == 0 ? "$" : ", $").append(std::to_string(first + i));
    return text.append(")").append(end);
}

std::vector<sql::Value> scope_values(const MigrationScope& scope) {
    const MigrationFilter& filter = scope.filter;
    return {scope.plan,
            scope.target,
            filter.version ? filter.version->text() : "",
            filter.currency ? to_text(*filter.currency) : "",
            filter.interval ? to_text(*filter.interval) : "",
            filter.interval_count.value_or(0),
            filter.provider.value_or(""),
            scope.made_until};
}

/// The columns of everybody in a scope, or of the customers that it names: one statement after
/// another, each with an index. `more` are the values that its end takes.
struct ScopeQuery {
    std::string_view columns, end;
    std::vector<sql::Value> more{};
};
std::vector<sql::Row> all_in_scope(sql::Transaction& tx, const MigrationScope& scope,
                                   const ScopeQuery& query) {
    std::vector<sql::Value> values = scope_values(scope);
    const sql::Value version = values[2];
    values.insert(values.end(), query.more.begin(), query.more.end());
    std::vector<sql::Row> found;
    const auto ask = [&](const std::string& text) {
        auto rows = tx.all(text, values);
        std::ranges::move(rows, std::back_inserter(found));
    };
    const auto& customers = scope.filter.customers;
    if (customers.empty()) {
        const std::string text = of_version(query.columns, query.end);
        for (const auto& row : tx.all(kVersions, {scope.plan, scope.target, version})) {
            values.front() = sql::Value(row.text(0));
            ask(text);
        }
        return found;
    }
    const std::size_t given = values.size();
    auto next = customers.begin();
    for (const std::size_t count : sql::row_chunks(customers.size())) {
        values.resize(given, nullptr);
        for (std::size_t i = 0; i < count; ++i) values.emplace_back(*next++);
        ask(of_customers(query.columns, given + 1, count, query.end));
    }
    return found;
}

}  // namespace

Json write_filter(const MigrationFilter& filter) {
    Json json = Json::object();
    if (filter.version) json["version"] = filter.version->text();
    if (filter.currency) json["currency"] = upper_case(to_text(*filter.currency));
    if (filter.interval) json["interval"] = to_text(*filter.interval);
    if (filter.interval_count) json["interval_count"] = *filter.interval_count;
    if (filter.provider) json["provider"] = *filter.provider;
    for (const auto& customer : filter.customers) json["customers"].push_back(customer.text());
    return json;
}

MigrationFilter read_kept_filter(std::string_view json) {
    const Json kept = parse_json(json).value();
    MigrationFilter filter;
    for (const auto& [name, value] : kept.items()) {
        if (name == "version") filter.version = PlanVersionId::trusted(value.get<std::string>());
        if (name == "currency")
            filter.currency = known_word(parse_currency(value.get<std::string>()));
        if (name == "interval")
            filter.interval = known_word(parse_interval(value.get<std::string>()));
        if (name == "interval_count") filter.interval_count = value.get<std::int64_t>();
        if (name == "provider") filter.provider = value.get<std::string>();
        if (name != "customers") continue;
        for (const Json& one : value)
            filter.customers.push_back(CustomerId::trusted(one.get<std::string>()));
    }
    return filter;
}

std::vector<MigrationStep> migration_steps(sql::Transaction& tx, const MigrationScope& scope,
                                           const std::string& after, int limit) {
    std::vector<MigrationStep> steps;
    for (const auto& row : all_in_scope(tx, scope, {kStepColumns, kStepsEnd, {after, limit}}))
        steps.push_back({row.id<SubscriptionId>(0), row.text(1), row.id<PriceId>(2),
                         sql::maybe_id<PriceId>(row, 3), row.integer(4)});
    std::ranges::sort(steps, {}, &MigrationStep::subscription);
    if (std::ssize(steps) > limit) steps.erase(steps.begin() + limit, steps.end());
    return steps;
}

std::vector<MigrationGroup> migration_groups(sql::Transaction& tx, const MigrationScope& scope) {
    std::vector<MigrationGroup> groups;
    for (const auto& row : all_in_scope(tx, scope, {kGroupColumns, kGroupsEnd})) {
        const auto price = row.id<PriceId>(1);
        auto group = std::ranges::find(groups, price, &MigrationGroup::from_price);
        if (group == groups.end())
            group = groups.insert(
                groups.end(), {row.id<PlanVersionId>(0), price, sql::maybe_id<PriceId>(row, 2)});
        group->subscriptions += row.integer(3);
        group->quantity += row.integer(4);
    }
    std::ranges::sort(groups, {}, &MigrationGroup::from_price);
    return groups;
}

}  // namespace turnpike
