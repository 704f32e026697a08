#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "audit/audit.h"
#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "json/json.h"
#include "sql/sql.h"
#include "subscriptions/command.h"

namespace turnpike {

using PlanMigrationId = Id<"pmg">;

/// When those who are migrated have, and pay for, the target version.
enum class MigrationTiming : std::uint8_t {
    AtPeriodEnd,  ///< nothing is prorated
    Now,          ///< prorated to the second, as a change at once is
};
std::string_view to_text(MigrationTiming timing);  ///< "at_period_end"
std::optional<MigrationTiming> parse_migration_timing(std::string_view text);

/// Whom of a plan's subscribers a migration is about. What is absent narrows nothing.
struct MigrationFilter {
    std::optional<PlanVersionId> version{};
    std::optional<Currency> currency{};
    std::optional<Interval> interval{};
    std::optional<std::int64_t> interval_count{};
    std::optional<std::string> provider{};
    std::vector<CustomerId> customers{};  ///< empty: all; in the order of their ids, each once

    friend bool operator==(const MigrationFilter&, const MigrationFilter&) = default;
};
inline constexpr std::size_t kMigratedCustomersMax = 500;
Json write_filter(const MigrationFilter& filter);
/// Of what write_filter() made.
MigrationFilter read_kept_filter(std::string_view json);

/// All running subscriptions of any version of a plan but the target.
struct MigrationScope {
    PlanId plan;
    PlanVersionId target;
    MigrationFilter filter;
    Instant made_until = Instant::max();  ///< who subscribes later is not in it
};

/// One subscription, from what to what.
struct MigrationStep {
    SubscriptionId subscription;
    std::string provider;
    PriceId from_price;
    /// Absent: the target is not sold in this currency and rhythm.
    std::optional<PriceId> to_price;
    std::int64_t quantity = 1;
};
/// In the order of their ids, after `after`: at most `limit`.
std::vector<MigrationStep> migration_steps(sql::Transaction& tx, const MigrationScope& scope,
                                           const std::string& after, int limit);

/// How many of them pay one price now, and their seats.
struct MigrationGroup {
    PlanVersionId from_version;
    PriceId from_price;
    std::optional<PriceId> to_price;
    std::int64_t subscriptions = 0;
    std::int64_t quantity = 0;
};
std::vector<MigrationGroup> migration_groups(sql::Transaction& tx, const MigrationScope& scope);

enum class MigrationState : std::uint8_t {
    Running,
    Done,
    Canceled,  ///< nothing more is begun
};
std::string_view to_text(MigrationState state);
std::optional<MigrationState> parse_migration_state(std::string_view text);

struct PlanMigration {
    PlanMigrationId id;
    PlanId plan;
    PlanVersionId target;
    MigrationTiming timing = MigrationTiming::AtPeriodEnd;
    MigrationFilter filter;
    MigrationState state = MigrationState::Running;
    Authority authority;
    Instant created_at;
    std::optional<Instant> listed_at{};    ///< until then it has not all of its items
    std::optional<Instant> finished_at{};  ///< nothing of it is under way any more
    std::optional<Instant> canceled_at{};

    [[nodiscard]] MigrationScope scope() const { return {plan, target, filter, created_at}; }
};
/// False when one of this plan runs.
bool insert_migration(sql::Transaction& tx, const PlanMigration& migration);
/// The most that one transaction writes; no fewer than a filter may name.
inline constexpr int kMigrationPage = 500;
static_assert(kMigrationPage >= static_cast<int>(kMigratedCustomersMax));
/// Rows, still to be done, of the next steps in its scope: at most a page. After the last one the
/// migration is listed. Nothing when it is so already.
void list_migration_page(sql::Transaction& tx, const PlanMigration& migration, Instant now);
/// Errors: NotFound "plan_migration.not_found".
Result<PlanMigration> load_migration(sql::Transaction& tx, const PlanMigrationId& id);
/// The one of this plan that runs or, canceled, still takes back what it has planned.
std::optional<PlanMigration> find_unfinished_migration(sql::Transaction& tx, const PlanId& plan);
bool has_unfinished_migrations(sql::Transaction& tx);

/// Newest first; of one plan or state, or of any.
struct MigrationListing {
    std::optional<PlanId> plan{};
    std::optional<MigrationState> state{};
};
std::vector<PlanMigration> list_migrations(sql::Transaction& tx, const MigrationListing& what,
                                           const PageQuery& page);
/// Nothing more of it is listed or begun; it is finished when what is under way has ended.
void save_canceled(sql::Transaction& tx, const PlanMigrationId& id, Instant now);
/// Running ones that are not listed yet.
std::vector<PlanMigration> migrations_to_list(sql::Transaction& tx);
/// The worker has taken up an item of it.
void mark_migration(sql::Transaction& tx, const PlanMigrationId& id, Instant now);
/// Listed ones of which nothing is open any more are finished. \return them
std::vector<PlanMigration> finish_migrations(sql::Transaction& tx, Instant now);

enum class MigrationItemState : std::uint8_t {
    Pending,
    Begun,       ///< its command is written down
    Done,        ///< changed, or planned with the provider
    Unchanged,   ///< it was so already, or had ended
    Refused,     ///< before anything was written
    Failed,      ///< by the provider; nothing has changed
    Canceled,    ///< the migration was, before its turn
    TakingBack,  ///< of a canceled migration: what it has planned is to be taken back
    TakenBack,
};
std::string_view to_text(MigrationItemState state);
std::optional<MigrationItemState> parse_migration_item_state(std::string_view text);

struct MigrationItem {
    PlanMigrationId migration;
    MigrationStep step;
    MigrationItemState state = MigrationItemState::Pending;
    std::optional<CommandId> command{};
    std::string error_reason{};  ///< "": none
    std::optional<Instant> takes_effect_at{};
    bool has_arrived = false;  ///< the subscription has the target version now
};
/// Of a provider's subscriptions and of listed migrations, whose turn has come: at most `limit`.
std::vector<MigrationItem> items_to_begin(sql::Transaction& tx, std::string_view provider,
                                          Instant now, int limit);
/// Whether nobody has taken it up, or brought it into another state, since it was read.
bool is_still_in_turn(sql::Transaction& tx, const MigrationItem& item);
/// Of a provider's subscriptions: planned changes to be taken back, whose turn has come, and whose
/// command is not written down.
std::vector<MigrationItem> items_to_take_back(sql::Transaction& tx, std::string_view provider,
                                              Instant now, int limit);
/// Whether a migration that began later has planned a change of the same subscription, or will.
bool has_later_item(sql::Transaction& tx, const MigrationItem& item);
/// What canceled migrations have planned, and has not come yet, is to be taken back. What stays has
/// a reason, and is not asked again.
void queue_taking_back(sql::Transaction& tx, Instant now);
/// Whether it has planned a change that has not come yet.
bool has_planned_items(sql::Transaction& tx, const PlanMigrationId& id);
/// Nothing, when it is no more in that state.
void save_item(sql::Transaction& tx, const MigrationItem& item, MigrationItemState was);
/// After which a subscription with another command under way has its turn again.
inline constexpr std::chrono::seconds kBusyFor{5};
/// Its turn comes again then, whether to begin or to be taken back.
void postpone_item(sql::Transaction& tx, const MigrationItem& item, Instant until);
/// Those whose command has come to its end, well or not, say so.
void settle_items(sql::Transaction& tx);
/// Those with a command that has no end.
std::int64_t count_waiting_items(sql::Transaction& tx, std::string_view provider);
/// Of the subscriptions of items that are pending or to be taken back.
std::vector<std::string> providers_of_pending(sql::Transaction& tx);
/// What cannot be reached any more is refused, or stays.
void refuse_items_of(sql::Transaction& tx, std::string_view provider, std::string_view reason);

/// In the order of their subscriptions, after `after`; in one state, or in any.
struct MigrationItemPage {
    PlanMigrationId migration;
    std::optional<MigrationItemState> state;
    std::string after;
    int limit = 0;
};
std::vector<MigrationItem> list_items(sql::Transaction& tx, const MigrationItemPage& page);

struct MigrationProgress {
    std::int64_t pending = 0, begun = 0, done = 0, unchanged = 0, refused = 0, failed = 0;
    std::int64_t canceled = 0, taking_back = 0, taken_back = 0;
    std::int64_t arrived = 0;  ///< have the target version now

    [[nodiscard]] std::int64_t total() const {
        return pending + begun + done + unchanged + refused + failed + canceled + taking_back +
               taken_back;
    }
};
MigrationProgress load_progress(sql::Transaction& tx, const PlanMigrationId& id);

}  // namespace turnpike
