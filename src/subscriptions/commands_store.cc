#include "sql/known_word.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kOrNothing = "or_nothing";
constexpr std::string_view kMayWait = "may_wait";

SubscriptionCommand command_from(const sql::Row& row) {
    SubscriptionCommand command{
        .id = row.id<CommandId>(0),
        .subscription = row.id<SubscriptionId>(1),
        .kind = known_word(parse_command_kind(row.text(2))),
        .first_payment_may_wait = row.text(14) == kMayWait,
        .price = std::nullopt,
        .payment_method = row.maybe_text(4),
        .quantity = row.maybe_integer(9),
        .at = row.maybe_instant(10),
        .behavior = row.maybe_text(11),
        .comment = row.maybe_text(12),
        .feedback = row.maybe_text(13),
        .state = known_word(parse_command_state(row.text(5))),
        .actor = row.text(6),
        .request_id = row.text(7),
        .created_at = row.instant(8),
    };
    if (!row.is_null(3)) command.price = row.id<PriceId>(3);
    return command;
}

std::string commands_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, subscription_id, kind, price_id, payment_method, state, actor, request_id,
           created_at, quantity, at, behavior, comment, feedback, first_payment
      FROM subscription_commands
)sql";
    return std::string(kSelect).append(rest);
}

constexpr std::string_view kInsertCommand = R"sql(
    INSERT INTO subscription_commands (id, subscription_id, kind, price_id, payment_method,
           quantity, at, behavior, comment, feedback, state, error_reason, actor, request_id,
           created_at, finished_at, first_payment)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', NULL, $11, $12, $13, NULL, $14)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kLoadCommand = R"sql(
     WHERE id = $1
)sql";

constexpr std::string_view kFindStartCommand = R"sql(
     WHERE subscription_id = $1 AND kind = 'start'
)sql";

constexpr std::string_view kFindPendingCommand = R"sql(
     WHERE subscription_id = $1 AND state = 'pending'
)sql";

constexpr std::string_view kFindLastPlanningCommand = R"sql(
     WHERE subscription_id = $1 AND kind IN ('change_at_period_end', 'keep')
       AND price_id IS NOT NULL
     ORDER BY created_at DESC, id DESC
     LIMIT 1
)sql";

constexpr std::string_view kPendingCommands = R"sql(
     WHERE state = 'pending' AND created_at < $1
       AND EXISTS (SELECT 1 FROM subscriptions s
                    WHERE s.id = subscription_commands.subscription_id AND s.provider = $3)
     ORDER BY created_at, id
     LIMIT $2
)sql";

constexpr std::string_view kFinishCommand = R"sql(
    UPDATE subscription_commands
       SET state = $2, error_reason = $3, finished_at = $4
     WHERE id = $1 AND state = 'pending'
)sql";

std::optional<SubscriptionCommand> maybe_command(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return command_from(*row);
}

}  // namespace

bool insert_command(sql::Transaction& tx, const SubscriptionCommand& c) {
    return tx.run(kInsertCommand,
                  {c.id, c.subscription, to_text(c.kind), c.price, c.payment_method, c.quantity,
                   c.at, c.behavior, c.comment, c.feedback, c.actor, c.request_id, c.created_at,
                   c.first_payment_may_wait ? kMayWait : kOrNothing}) == 1;
}

Result<SubscriptionCommand> load_command(sql::Transaction& tx, const CommandId& id) {
    const auto row = tx.one(commands_where(kLoadCommand), {id});
    if (!row) return not_found("subscription.no_command", "there is no such command");
    return command_from(*row);
}

std::optional<SubscriptionCommand> find_start_command(sql::Transaction& tx,
                                                      const SubscriptionId& subscription) {
    return maybe_command(tx.one(commands_where(kFindStartCommand), {subscription}));
}

std::optional<SubscriptionCommand> find_pending_command(sql::Transaction& tx,
                                                        const SubscriptionId& subscription) {
    return maybe_command(tx.one(commands_where(kFindPendingCommand), {subscription}));
}

std::optional<SubscriptionCommand> find_last_planning_command(sql::Transaction& tx,
                                                              const SubscriptionId& subscription) {
    return maybe_command(tx.one(commands_where(kFindLastPlanningCommand), {subscription}));
}

std::vector<SubscriptionCommand> pending_commands(sql::Transaction& tx, std::string_view provider,
                                                  Instant created_before, int limit) {
    std::vector<SubscriptionCommand> commands;
    for (const auto& row :
         tx.all(commands_where(kPendingCommands), {created_before, limit, provider}))
        commands.push_back(command_from(row));
    return commands;
}

bool finish_command(sql::Transaction& tx, const CommandId& id, CommandState state,
                    std::string_view error_reason, Instant now) {
    const sql::Value reason = error_reason.empty() ? sql::Value(nullptr) : sql::Value(error_reason);
    return tx.run(kFinishCommand, {id, to_text(state), reason, now}) == 1;
}

}  // namespace turnpike
