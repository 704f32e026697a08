#include "billing/plans/plan_migration_cancel.h"

#include <string>
#include <utility>

#include "billing/life/wish.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

bool is_planned_by(const MigrationItem& item, const Subscription& subscription) {
    const auto& pending = subscription.pending_change;
    return pending && pending->price == item.step.to_price &&
           pending->quantity == item.step.quantity;
}

void end_item(sql::Transaction& tx, MigrationItem item, MigrationItemState state,
              std::string reason = {}) {
    item.state = state;
    item.error_reason = std::move(reason);
    save_item(tx, item, MigrationItemState::TakingBack);
}

Result<std::monostate> check_cancelable(sql::Transaction& tx, const PlanMigration& migration) {
    if (migration.state == MigrationState::Running) return std::monostate{};
    if (!has_planned_items(tx, migration.id))
        return conflict("plan_migration.done",
                        "the migration has been carried out; nothing of it is still to come");
    const auto other = find_unfinished_migration(tx, migration.plan);
    if (!other) return std::monostate{};
    const bool is_ending = other->state == MigrationState::Canceled;
    Error running{
        .code = ErrorCode::Conflict,
        .reason = "plan_migration.running",
        .message = is_ending
                       ? "another migration of this plan is being taken back; wait for its end"
                       : "a later migration of this plan is running; cancel that one first"};
    running.details.emplace_back("migration", other->id.text());
    return std::unexpected(std::move(running));
}

}  // namespace

Result<PlanMigration> cancel_migration(sql::Transaction& tx, BillingContexts& billing,
                                       const PlanMigrationId& id, const Authority& authority) {
    auto migration = load_migration(tx, id);
    if (!migration || migration->state == MigrationState::Canceled) return migration;
    const auto may = check_cancelable(tx, *migration);
    if (!may) return failure(may);
    const Instant now = billing.clock.now();
    save_canceled(tx, id, now);
    queue_taking_back(tx, now);
    const auto p = load_progress(tx, id);
    record(tx,
           {.at = now,
            .actor = authority.actor,
            .action = "plan_migration.canceled",
            .object_id = id.text(),
            .customer = "",
            .request_id = authority.request_id,
            .detail = {{"canceled", p.canceled},
                       {"begun", p.begun},
                       {"taking_back", p.taking_back},
                       {"done", p.done}}},
           billing.ids);
    return load_migration(tx, id);
}

std::optional<Requested> begin_taking_back(sql::Transaction& tx, BillingContext& billing,
                                           MigrationItem item) {
    using enum MigrationItemState;
    if (!is_still_in_turn(tx, item)) return std::nullopt;
    mark_migration(tx, item.migration, billing.clock.now());
    const auto subscription = load_subscription(tx, item.step.subscription).value();
    const bool is_as_before = subscription.price == item.step.from_price &&
                              !subscription.ended_at && !subscription.pending_change;
    if (is_as_before) {
        end_item(tx, std::move(item), TakenBack);
        return std::nullopt;
    }
    if (subscription.price == item.step.to_price) {
        end_item(tx, std::move(item), Done);
        return std::nullopt;
    }
    if (!is_planned_by(item, subscription) || has_later_item(tx, item)) {
        end_item(tx, std::move(item), Done, "plan_migration.changed_meanwhile");
        return std::nullopt;
    }
    const auto migration = load_migration(tx, item.migration).value();
    auto written = request_on_running(
        tx, billing,
        new_wish(item.step.subscription, CommandKind::DropChange, migration.authority));
    if (!written && written.error().reason.text() == "subscription.busy") {
        postpone_item(tx, item, billing.clock.now() + kBusyFor);
        return std::nullopt;
    }
    if (!written) {
        end_item(tx, std::move(item), Done, std::string(written.error().reason.text()));
        return std::nullopt;
    }
    if (!written->command) {
        end_item(tx, std::move(item), TakenBack);
        return std::nullopt;
    }
    item.command = written->command->id;
    end_item(tx, std::move(item), TakingBack);
    // Nobody waits for the answer, so what the provider cannot do now is done later.
    return Requested{std::move(written->subscription), *written->command, Attempt::Again};
}

}  // namespace turnpike
