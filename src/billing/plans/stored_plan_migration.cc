#include "billing/plans/stored_plan_migration.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "json/write.h"
#include "sql/known_word.h"
#include "sql/maybe_id.h"
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
constexpr std::array<MigrationWord<MigrationState>, 3> kMigrationStates{{
    {MigrationState::Running, "running"},
    {MigrationState::Done, "done"},
    {MigrationState::Canceled, "canceled"},
}};
constexpr std::array<MigrationWord<MigrationItemState>, 9> kItemStates{{
    {MigrationItemState::Pending, "pending"},
    {MigrationItemState::Begun, "begun"},
    {MigrationItemState::Done, "done"},
    {MigrationItemState::Unchanged, "unchanged"},
    {MigrationItemState::Refused, "refused"},
    {MigrationItemState::Failed, "failed"},
    {MigrationItemState::Canceled, "canceled"},
    {MigrationItemState::TakingBack, "taking_back"},
    {MigrationItemState::TakenBack, "taken_back"},
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

constexpr std::string_view kMigrationColumns = R"sql(
    SELECT id, plan_id, target_version_id, takes_effect, filter, state, actor, request_id,
           created_at, listed_at, finished_at, canceled_at
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
            .finished_at = row.maybe_instant(10),
            .canceled_at = row.maybe_instant(11)};
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
                                    sql::maybe_id<PriceId>(row, 4), row.integer(5)},
                           .state = known_word(parse_migration_item_state(row.text(6))),
                           .command = sql::maybe_id<CommandId>(row, 7),
                           .error_reason = row.maybe_text(8).value_or(""),
                           .takes_effect_at = row.maybe_instant(9),
                           .has_arrived = row.flag(10)};
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
     WHERE finished_at IS NULL AND listed_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM plan_migration_items i
                        WHERE i.migration_id = plan_migrations.id
                          AND i.state IN ('pending', 'begun', 'taking_back'))
)sql";

constexpr std::string_view kFinish = R"sql(
    UPDATE plan_migrations
       SET state = CASE WHEN state = 'running' THEN 'done' ELSE state END, finished_at = $2
     WHERE id = $1 AND finished_at IS NULL
)sql";

constexpr std::string_view kSaveItem = R"sql(
    UPDATE plan_migration_items
       SET state = $4, command_id = $5, error_reason = $6, takes_effect_at = $7
     WHERE migration_id = $1 AND subscription_id = $2 AND state = $3
)sql";

constexpr std::string_view kIsStillInTurn = R"sql(
    SELECT 1 FROM plan_migration_items
     WHERE migration_id = $1 AND subscription_id = $2 AND state = $3 AND command_id IS NULL
)sql";

constexpr std::string_view kPostpone = R"sql(
    UPDATE plan_migration_items SET next_try_at = $3
     WHERE migration_id = $1 AND subscription_id = $2
       AND state IN ('pending', 'taking_back')
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

constexpr std::string_view kSettleTakenBack = R"sql(
    UPDATE plan_migration_items
       SET state = CASE WHEN EXISTS (SELECT 1 FROM subscription_commands c
                                      WHERE c.id = plan_migration_items.command_id
                                        AND c.state = 'done')
                        THEN 'taken_back' ELSE 'done' END,
           error_reason = (SELECT CASE WHEN c.state = 'failed'
                                       THEN COALESCE(c.error_reason, 'payment.refused') END
                             FROM subscription_commands c
                            WHERE c.id = plan_migration_items.command_id)
     WHERE state = 'taking_back'
       AND EXISTS (SELECT 1 FROM subscription_commands c
                    WHERE c.id = plan_migration_items.command_id AND c.state IN ('done', 'failed'))
)sql";

constexpr std::string_view kCountWaiting = R"sql(
    SELECT (SELECT COUNT(*) FROM plan_migration_items i
              JOIN subscriptions s ON s.id = i.subscription_id
             WHERE i.state = 'begun' AND s.provider = $1)
         + (SELECT COUNT(*) FROM plan_migration_items i
              JOIN subscriptions s ON s.id = i.subscription_id
             WHERE i.state = 'taking_back' AND i.command_id IS NOT NULL AND s.provider = $1)
)sql";

// Of canceled migrations that are not finished: the planned changes that have not come. What stays
// for a reason is not asked again.
constexpr std::string_view kQueueTakingBack = R"sql(
    UPDATE plan_migration_items
       SET state = 'taking_back', command_id = NULL, next_try_at = $1
     WHERE state = 'done' AND error_reason IS NULL
       AND migration_id IN (SELECT m.id FROM plan_migrations m
                             WHERE m.state = 'canceled' AND m.finished_at IS NULL
                               AND m.takes_effect = 'at_period_end')
       AND EXISTS (SELECT 1 FROM subscriptions s
                    WHERE s.id = plan_migration_items.subscription_id AND s.ended_at IS NULL
                      AND s.price_id = plan_migration_items.from_price_id)
)sql";

constexpr std::string_view kHasPlanned = R"sql(
    SELECT 1 FROM plan_migration_items i
      JOIN plan_migrations m ON m.id = i.migration_id
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.migration_id = $1 AND i.state = 'done' AND m.takes_effect = 'at_period_end'
       AND s.ended_at IS NULL AND s.price_id = i.from_price_id
     LIMIT 1
)sql";

constexpr std::string_view kHasLater = R"sql(
    SELECT 1 FROM plan_migration_items i
      JOIN plan_migrations m ON m.id = i.migration_id
      JOIN plan_migrations own ON own.id = $1
     WHERE i.subscription_id = $2 AND i.migration_id <> $1
       AND (m.created_at, m.id) > (own.created_at, own.id)
       AND i.state IN ('pending', 'begun', 'done', 'unchanged')
     LIMIT 1
)sql";

constexpr std::string_view kCancel = R"sql(
    UPDATE plan_migrations
       SET state = 'canceled', canceled_at = $2, listed_at = COALESCE(listed_at, $2),
           finished_at = NULL, went_on_at = $2
     WHERE id = $1
)sql";
constexpr std::string_view kCancelPending = R"sql(
    UPDATE plan_migration_items SET state = 'canceled'
     WHERE migration_id = $1 AND state = 'pending'
)sql";

constexpr std::string_view kStaysOf = R"sql(
    UPDATE plan_migration_items SET state = 'done', error_reason = $2
     WHERE state = 'taking_back' AND command_id IS NULL
       AND EXISTS (SELECT 1 FROM subscriptions s
                    WHERE s.id = plan_migration_items.subscription_id AND s.provider = $1)
)sql";

constexpr std::string_view kRefuseOf = R"sql(
    UPDATE plan_migration_items SET state = 'refused', error_reason = $2
     WHERE state = 'pending'
       AND EXISTS (SELECT 1 FROM subscriptions s
                    WHERE s.id = plan_migration_items.subscription_id AND s.provider = $1)
)sql";

constexpr std::string_view kProvidersOfPending = R"sql(
    SELECT s.provider FROM plan_migration_items i
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.state = 'pending'
    UNION
    SELECT s.provider FROM plan_migration_items i
      JOIN subscriptions s ON s.id = i.subscription_id
     WHERE i.state = 'taking_back' AND i.command_id IS NULL
     ORDER BY 1
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
std::optional<MigrationState> parse_migration_state(std::string_view text) {
    return meaning_of(kMigrationStates, text);
}
std::string_view to_text(MigrationItemState state) { return word_of(kItemStates, state); }
std::optional<MigrationItemState> parse_migration_item_state(std::string_view text) {
    return meaning_of(kItemStates, text);
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

std::optional<PlanMigration> find_unfinished_migration(sql::Transaction& tx, const PlanId& plan) {
    return maybe_migration(
        tx.one(plan_migrations_where("WHERE plan_id = $1 AND finished_at IS NULL"), {plan}));
}

std::vector<PlanMigration> list_migrations(sql::Transaction& tx, const MigrationListing& what,
                                           const PageQuery& page) {
    constexpr std::string_view kPage = R"sql(
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
       AND ($5 = '' OR plan_id = $5) AND ($6 = '' OR state = $6)
     ORDER BY created_at DESC, id DESC
     LIMIT $7)sql";
    std::vector<PlanMigration> found;
    for (const auto& row : tx.all(plan_migrations_where(kPage),
                                  {page.since, page.until, page.after.at, page.after.id,
                                   what.plan ? what.plan->text() : "",
                                   what.state ? to_text(*what.state) : "", page.fetch()}))
        found.push_back(migration_from(row));
    return found;
}

void save_canceled(sql::Transaction& tx, const PlanMigrationId& id, Instant now) {
    tx.run(kCancel, {id, now});
    tx.run(kCancelPending, {id});
}

bool has_unfinished_migrations(sql::Transaction& tx) {
    return tx.one("SELECT 1 FROM plan_migrations WHERE finished_at IS NULL LIMIT 1").has_value();
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
        if (migration.state == MigrationState::Running) migration.state = MigrationState::Done;
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

bool is_still_in_turn(sql::Transaction& tx, const MigrationItem& item) {
    return tx.one(kIsStillInTurn, {item.migration, item.step.subscription, to_text(item.state)})
        .has_value();
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

void settle_items(sql::Transaction& tx) {
    tx.run(kSettle, {});
    tx.run(kSettleTakenBack, {});
}

std::vector<MigrationItem> items_to_take_back(sql::Transaction& tx, std::string_view provider,
                                              Instant now, int limit) {
    return items_from(tx.all(items_where(R"sql(
     WHERE i.state = 'taking_back' AND i.command_id IS NULL AND i.next_try_at <= $2
       AND s.provider = $1
     ORDER BY i.next_try_at, i.migration_id, i.subscription_id
     LIMIT $3)sql"),
                             {provider, now, limit}));
}

bool has_later_item(sql::Transaction& tx, const MigrationItem& item) {
    return tx.one(kHasLater, {item.migration, item.step.subscription}).has_value();
}

void queue_taking_back(sql::Transaction& tx, Instant now) { tx.run(kQueueTakingBack, {now}); }

bool has_planned_items(sql::Transaction& tx, const PlanMigrationId& id) {
    return tx.one(kHasPlanned, {id}).has_value();
}

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
    tx.run(kStaysOf, {provider, reason});
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
            case MigrationItemState::Canceled: progress.canceled = count; break;
            case MigrationItemState::TakingBack: progress.taking_back = count; break;
            case MigrationItemState::TakenBack: progress.taken_back = count; break;
        }
    }
    return progress;
}

}  // namespace turnpike
