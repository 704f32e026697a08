#include "billing/stored_plan_migration.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "json/write.h"
#include "sql/known_word.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

template <class T>
struct MigrationWord {
    T meaning;
    std::string_view text;
};
constexpr std::array<MigrationWord<MigrationTiming>, 2> kTimings{{
    {MigrationTiming::AtPeriodEnd, "at_period_end"},
    {MigrationTiming::Now, "now"},
}};
constexpr std::array<MigrationWord<MigrationState>, 2> kMigrationStates{{
    {MigrationState::Running, "running"},
    {MigrationState::Done, "done"},
}};
constexpr std::array<MigrationWord<MigrationItemState>, 6> kItemStates{{
    {MigrationItemState::Pending, "pending"},
    {MigrationItemState::Begun, "begun"},
    {MigrationItemState::Done, "done"},
    {MigrationItemState::Unchanged, "unchanged"},
    {MigrationItemState::Refused, "refused"},
    {MigrationItemState::Failed, "failed"},
}};

template <class T, std::size_t N>
std::string_view word_of(const std::array<MigrationWord<T>, N>& words, T meaning) {
    const auto word = std::ranges::find(words, meaning, &MigrationWord<T>::meaning);
    check(word != words.end(), "every state has a word");
    return word->text;
}

template <class T, std::size_t N>
std::optional<T> meaning_of(const std::array<MigrationWord<T>, N>& words, std::string_view text) {
    const auto word = std::ranges::find(words, text, &MigrationWord<T>::text);
    if (word == words.end()) return std::nullopt;
    return word->meaning;
}

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

std::optional<PriceId> maybe_price(const sql::Row& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return row.id<PriceId>(column);
}

constexpr std::string_view kMigrationColumns = R"sql(
    SELECT id, plan_id, target_version_id, takes_effect, filter, state, actor, request_id,
           created_at, listed_at, finished_at
      FROM plan_migrations
)sql";

std::string plan_migrations_where(std::string_view rest) {
    return std::string(kMigrationColumns).append(rest);
}

PlanMigration migration_from(const sql::Row& row) {
    return {.id = row.id<PlanMigrationId>(0),
            .plan = row.id<PlanId>(1),
            .target = row.id<PlanVersionId>(2),
            .timing = known_word(parse_migration_timing(row.text(3))),
            .filter = read_kept_filter(row.text(4)),
            .state = known_word(meaning_of(kMigrationStates, row.text(5))),
            .authority = {row.text(6), row.text(7)},
            .created_at = row.instant(8),
            .listed_at = row.maybe_instant(9),
            .finished_at = row.maybe_instant(10)};
}

std::string items_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT i.migration_id, i.subscription_id, s.provider, i.from_price_id, i.to_price_id,
           i.quantity, i.state, i.command_id, i.error_reason, i.takes_effect_at,
           CASE WHEN s.plan_version_id = m.target_version_id THEN 1 ELSE 0 END
      FROM plan_migration_items i
      JOIN plan_migrations m ON m.id = i.migration_id
      JOIN subscriptions s ON s.id = i.subscription_id
)sql";
    return std::string(kSelect).append(rest);
}

std::vector<MigrationItem> items_from(const std::vector<sql::Row>& rows) {
    std::vector<MigrationItem> items;
    for (const auto& row : rows) {
        MigrationItem item{.migration = row.id<PlanMigrationId>(0),
                           .step = {row.id<SubscriptionId>(1), row.text(2), row.id<PriceId>(3),
                                    maybe_price(row, 4), row.integer(5)},
                           .state = known_word(parse_migration_item_state(row.text(6))),
                           .error_reason = row.maybe_text(8).value_or(""),
                           .takes_effect_at = row.maybe_instant(9),
                           .has_arrived = row.flag(10)};
        if (!row.is_null(7)) item.command = row.id<CommandId>(7);
        items.push_back(std::move(item));
    }
    return items;
}

constexpr std::string_view kInsertMigration = R"sql(
    INSERT INTO plan_migrations (id, plan_id, target_version_id, takes_effect, filter, state,
           actor, request_id, created_at, listed_at, went_on_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8, NULL, $8, NULL)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kToFinish = R"sql(
     WHERE state = 'running' AND listed_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM plan_migration_items i
                        WHERE i.migration_id = plan_migrations.id
                          AND i.state IN ('pending', 'begun'))
)sql";

constexpr std::string_view kFinish = R"sql(
    UPDATE plan_migrations SET state = 'done', finished_at = $2
     WHERE id = $1 AND state = 'running'
)sql";

constexpr std::string_view kSaveItem = R"sql(
    UPDATE plan_migration_items
       SET state = $4, command_id = $5, error_reason = $6, takes_effect_at = $7
     WHERE migration_id = $1 AND subscription_id = $2 AND state = $3
)sql";

constexpr std::string_view kIsPending = R"sql(
    SELECT 1 FROM plan_migration_items
     WHERE migration_id = $1 AND subscription_id = $2 AND state = 'pending'
)sql";

constexpr std::string_view kPostpone = R"sql(
    UPDATE plan_migration_items SET next_try_at = $3
     WHERE migration_id = $1 AND subscription_id = $2 AND state = 'pending'
)sql";

constexpr std::string_view kSettle = R"sql(
    UPDATE plan_migration_items
       SET state = (SELECT c.state FROM subscription_commands c
                     WHERE c.id = plan_migration_items.command_id),
           error_reason = (SELECT c.error_reason FROM subscription_commands c
                            WHERE c.id = plan_migration_items.command_id)
     WHERE state = 'begun'
       AND EXISTS (SELECT 1 FROM subscription_commands c
                    WHERE c.id = plan_migration_items.command_id AND c.state IN ('done', 'failed'))
)sql";

constexpr std::string_view kCountWaiting = R"sql(
    SELECT COUNT(*) FROM plan_migration_items i
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.state = 'begun' AND s.provider = $1
)sql";

constexpr std::string_view kRefuseOf = R"sql(
    UPDATE plan_migration_items SET state = 'refused', error_reason = $2
     WHERE state = 'pending'
       AND EXISTS (SELECT 1 FROM subscriptions s
                    WHERE s.id = plan_migration_items.subscription_id AND s.provider = $1)
)sql";

constexpr std::string_view kProvidersOfPending = R"sql(
    SELECT DISTINCT s.provider FROM plan_migration_items i
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.state = 'pending'
     ORDER BY s.provider
)sql";

// Before a page is written: of two at once one waits, or begins anew.
constexpr std::string_view kGoOnListing = R"sql(
    UPDATE plan_migrations SET went_on_at = $2
     WHERE id = $1 AND state = 'running' AND listed_at IS NULL
)sql";
constexpr std::string_view kListedUntil = R"sql(
    SELECT COALESCE(MAX(subscription_id), '') FROM plan_migration_items WHERE migration_id = $1
)sql";
constexpr std::string_view kInsertItems = R"sql(
    INSERT INTO plan_migration_items (migration_id, subscription_id, from_price_id, to_price_id,
           quantity, state, next_try_at)
    VALUES )sql";
constexpr std::string_view kListed = "UPDATE plan_migrations SET listed_at = $2 WHERE id = $1";
constexpr std::string_view kWentOn = "UPDATE plan_migrations SET went_on_at = $2 WHERE id = $1";

constexpr std::string_view kProgress = R"sql(
    SELECT i.state, COUNT(*),
           CAST(SUM(CASE WHEN s.plan_version_id = m.target_version_id THEN 1 ELSE 0 END) AS BIGINT)
      FROM plan_migration_items i
      JOIN plan_migrations m ON m.id = i.migration_id
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.migration_id = $1
     GROUP BY i.state
)sql";

std::optional<PlanMigration> maybe_migration(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return migration_from(*row);
}

}  // namespace

std::string_view to_text(MigrationTiming timing) { return word_of(kTimings, timing); }
std::optional<MigrationTiming> parse_migration_timing(std::string_view text) {
    return meaning_of(kTimings, text);
}
std::string_view to_text(MigrationState state) { return word_of(kMigrationStates, state); }
std::string_view to_text(MigrationItemState state) { return word_of(kItemStates, state); }
std::optional<MigrationItemState> parse_migration_item_state(std::string_view text) {
    return meaning_of(kItemStates, text);
}

Json write_filter(const MigrationFilter& filter) {
    Json json = Json::object();
    if (filter.version) json["version"] = filter.version->text();
    if (filter.currency) json["currency"] = write_money(Money(0, *filter.currency))["currency"];
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
                         maybe_price(row, 3), row.integer(4)});
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
            group =
                groups.insert(groups.end(), {row.id<PlanVersionId>(0), price, maybe_price(row, 2)});
        group->subscriptions += row.integer(3);
        group->quantity += row.integer(4);
    }
    std::ranges::sort(groups, {}, &MigrationGroup::from_price);
    return groups;
}

bool insert_migration(sql::Transaction& tx, const PlanMigration& m) {
    return tx.run(kInsertMigration,
                  {m.id, m.plan, m.target, to_text(m.timing), to_text(write_filter(m.filter)),
                   m.authority.actor, m.authority.request_id, m.created_at}) == 1;
}

void list_migration_page(sql::Transaction& tx, const PlanMigration& migration, Instant now) {
    if (tx.run(kGoOnListing, {migration.id, now}) == 0) return;
    const std::string after = tx.one(kListedUntil, {migration.id})->text(0);
    const auto steps = migration_steps(tx, migration.scope(), after, kMigrationPage);
    sql::InsertRows items(tx, kInsertItems);
    for (const auto& step : steps)
        items.add({migration.id, step.subscription, step.from_price, step.to_price, step.quantity,
                   "pending", now});
    items.finish();
    if (std::ssize(steps) < kMigrationPage) tx.run(kListed, {migration.id, now});
}

Result<PlanMigration> load_migration(sql::Transaction& tx, const PlanMigrationId& id) {
    const auto row = tx.one(plan_migrations_where("WHERE id = $1"), {id});
    if (!row) return not_found("plan_migration.not_found", "there is no such migration");
    return migration_from(*row);
}

std::optional<PlanMigration> find_running_migration(sql::Transaction& tx, const PlanId& plan) {
    return maybe_migration(
        tx.one(plan_migrations_where("WHERE plan_id = $1 AND state = 'running'"), {plan}));
}

bool has_running_migrations(sql::Transaction& tx) {
    return tx.one("SELECT 1 FROM plan_migrations WHERE state = 'running' LIMIT 1").has_value();
}

std::vector<PlanMigration> migrations_to_list(sql::Transaction& tx) {
    std::vector<PlanMigration> found;
    for (const auto& row :
         tx.all(plan_migrations_where("WHERE state = 'running' AND listed_at IS NULL")))
        found.push_back(migration_from(row));
    return found;
}

void mark_migration(sql::Transaction& tx, const PlanMigrationId& id, Instant now) {
    tx.run(kWentOn, {id, now});
}

std::vector<PlanMigration> finish_migrations(sql::Transaction& tx, Instant now) {
    std::vector<PlanMigration> finished;
    for (const auto& row : tx.all(plan_migrations_where(kToFinish))) {
        PlanMigration migration = migration_from(row);
        if (tx.run(kFinish, {migration.id, now}) != 1) continue;
        migration.state = MigrationState::Done;
        migration.finished_at = now;
        finished.push_back(std::move(migration));
    }
    return finished;
}

std::vector<MigrationItem> items_to_begin(sql::Transaction& tx, std::string_view provider,
                                          Instant now, int limit) {
    return items_from(tx.all(items_where(R"sql(
     WHERE i.state = 'pending' AND i.next_try_at <= $2 AND s.provider = $1
       AND m.listed_at IS NOT NULL
     ORDER BY i.next_try_at, i.migration_id, i.subscription_id
     LIMIT $3)sql"),
                             {provider, now, limit}));
}

bool is_pending(sql::Transaction& tx, const MigrationItem& item) {
    return tx.one(kIsPending, {item.migration, item.step.subscription}).has_value();
}

void save_item(sql::Transaction& tx, const MigrationItem& item, MigrationItemState was) {
    const sql::Value reason =
        item.error_reason.empty() ? sql::Value(nullptr) : sql::Value(item.error_reason);
    tx.run(kSaveItem, {item.migration, item.step.subscription, to_text(was), to_text(item.state),
                       item.command, reason, item.takes_effect_at});
}

void postpone_item(sql::Transaction& tx, const MigrationItem& item, Instant until) {
    tx.run(kPostpone, {item.migration, item.step.subscription, until});
}

void settle_items(sql::Transaction& tx) { tx.run(kSettle, {}); }

std::int64_t count_waiting_items(sql::Transaction& tx, std::string_view provider) {
    return tx.one(kCountWaiting, {provider})->integer(0);
}

std::vector<std::string> providers_of_pending(sql::Transaction& tx) {
    std::vector<std::string> providers;
    for (const auto& row : tx.all(kProvidersOfPending)) providers.push_back(row.text(0));
    return providers;
}

void refuse_items_of(sql::Transaction& tx, std::string_view provider, std::string_view reason) {
    tx.run(kRefuseOf, {provider, reason});
}

std::vector<MigrationItem> list_items(sql::Transaction& tx, const MigrationItemPage& page) {
    const std::string_view state = page.state ? to_text(*page.state) : "";
    return items_from(tx.all(items_where(R"sql(
     WHERE i.migration_id = $1 AND ($2 = '' OR i.state = $2) AND i.subscription_id > $3
     ORDER BY i.subscription_id
     LIMIT $4)sql"),
                             {page.migration, state, page.after, page.limit}));
}

MigrationProgress load_progress(sql::Transaction& tx, const PlanMigrationId& id) {
    MigrationProgress progress;
    for (const auto& row : tx.all(kProgress, {id})) {
        progress.arrived += row.integer(2);
        const std::int64_t count = row.integer(1);
        switch (known_word(parse_migration_item_state(row.text(0)))) {
            case MigrationItemState::Pending: progress.pending = count; break;
            case MigrationItemState::Begun: progress.begun = count; break;
            case MigrationItemState::Done: progress.done = count; break;
            case MigrationItemState::Unchanged: progress.unchanged = count; break;
            case MigrationItemState::Refused: progress.refused = count; break;
            case MigrationItemState::Failed: progress.failed = count; break;
        }
    }
    return progress;
}

}  // namespace turnpike
