#include "subscriptions/service.h"

#include "sql/known_word.h"

namespace turnpike {
namespace {

Subscription subscription_from(const sql::Row& row) {
    return Subscription{
        .id = row.id<SubscriptionId>(0),
        .customer = row.id<CustomerId>(1),
        .plan_version = row.id<PlanVersionId>(2),
        .price = row.id<PriceId>(3),
        .provider = row.text(4),
        .provider_subscription_id = row.maybe_text(5),
        .provider_item_id = row.maybe_text(6),
        .authorization_url = row.maybe_text(17),
        .status = known_word(parse_subscription_status(row.text(7))),
        .period = {row.instant(8), row.instant(9)},
        .cancel_at_period_end = row.flag(10),
        .cancel_at = row.maybe_instant(11),
        .canceled_at = row.maybe_instant(12),
        .started_at = row.maybe_instant(13),
        .ended_at = row.maybe_instant(14),
        .paid_elsewhere_until = row.maybe_instant(18),
        .created_at = row.instant(15),
        .version = row.integer(16),
    };
}

std::vector<Subscription> subscriptions_from(const std::vector<sql::Row>& rows) {
    std::vector<Subscription> subscriptions;
    subscriptions.reserve(rows.size());
    for (const auto& row : rows) subscriptions.push_back(subscription_from(row));
    return subscriptions;
}

SubscriptionCommand command_from(const sql::Row& row) {
    SubscriptionCommand command{
        .id = row.id<CommandId>(0),
        .subscription = row.id<SubscriptionId>(1),
        .kind = known_word(parse_command_kind(row.text(2))),
        .price = std::nullopt,
        .payment_method = row.maybe_text(4),
        .state = known_word(parse_command_state(row.text(5))),
        .actor = row.text(6),
        .request_id = row.text(7),
        .created_at = row.instant(8),
    };
    if (!row.is_null(3)) command.price = row.id<PriceId>(3);
    return command;
}

/// Every query of a subscription is this and a WHERE; the columns are what subscription_from reads.
std::string subscriptions_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, customer_id, plan_version_id, price_id, provider, provider_subscription_id,
           provider_item_id, status, period_start, period_end, cancel_at_period_end, cancel_at,
           canceled_at, started_at, ended_at, created_at, version, authorization_url,
           paid_elsewhere_until
      FROM subscriptions
)sql";
    return std::string(kSelect).append(rest);
}

std::string commands_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, subscription_id, kind, price_id, payment_method, state, actor, request_id, created_at
      FROM subscription_commands
)sql";
    return std::string(kSelect).append(rest);
}

constexpr std::string_view kLoad = R"sql(
     WHERE id = $1
)sql";

constexpr std::string_view kFindLive = R"sql(
     WHERE customer_id = $1 AND ended_at IS NULL
)sql";

constexpr std::string_view kFindOfProvider = R"sql(
     WHERE provider = $1 AND provider_subscription_id = $2
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider,
           provider_subscription_id, provider_item_id, status, period_start, period_end,
           cancel_at_period_end, cancel_at, canceled_at, started_at, ended_at, applied_ticket,
           created_at, updated_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $16, 1)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kSave = R"sql(
    UPDATE subscriptions
       SET plan_version_id = $3, price_id = $4, provider_subscription_id = $5,
           provider_item_id = $6, status = $7, period_start = $8, period_end = $9,
           cancel_at_period_end = $10, cancel_at = $11, canceled_at = $12, started_at = $13,
           ended_at = $14, updated_at = $15, provider = $16, authorization_url = $17,
           paid_elsewhere_until = $18, version = version + 1
     WHERE id = $1 AND version = $2
)sql";

constexpr std::string_view kClaimTicket = R"sql(
    UPDATE subscriptions SET applied_ticket = $2 WHERE id = $1 AND applied_ticket < $2
)sql";

// The position is always given: the first page starts after the end of time.
constexpr std::string_view kList = R"sql(
     WHERE started_at IS NOT NULL
       AND created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kListOfCustomer = R"sql(
     WHERE customer_id = $6 AND started_at IS NOT NULL
       AND created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kOverdue = R"sql(
     WHERE provider = $3 AND ended_at IS NULL AND provider_subscription_id IS NOT NULL
       AND period_end < $1
       AND NOT EXISTS (SELECT 1 FROM customers c
                        WHERE c.id = subscriptions.customer_id AND c.test_clock_id IS NOT NULL)
     ORDER BY period_end, id
     LIMIT $2
)sql";

constexpr std::string_view kAtProvider = R"sql(
     WHERE provider = $1 AND provider_subscription_id IS NOT NULL AND id > $2
     ORDER BY id
     LIMIT $3
)sql";

constexpr std::string_view kInsertCommand = R"sql(
    INSERT INTO subscription_commands (id, subscription_id, kind, price_id, payment_method, state,
           error_reason, actor, request_id, created_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, 'pending', NULL, $6, $7, $8, NULL)
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

std::optional<Subscription> maybe_subscription(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return subscription_from(*row);
}

}  // namespace

Result<Subscription> load_subscription(sql::Transaction& tx, const SubscriptionId& id) {
    const auto row = tx.one(subscriptions_where(kLoad), {id});
    if (!row) return not_found("subscription.not_found", "there is no such subscription");
    return subscription_from(*row);
}

std::optional<Subscription> find_live_subscription(sql::Transaction& tx,
                                                   const CustomerId& customer) {
    return maybe_subscription(tx.one(subscriptions_where(kFindLive), {customer}));
}

std::optional<Subscription> find_subscription_of_provider(sql::Transaction& tx,
                                                          std::string_view provider,
                                                          std::string_view provider_id) {
    return maybe_subscription(
        tx.one(subscriptions_where(kFindOfProvider), {provider, provider_id}));
}

bool insert_subscription(sql::Transaction& tx, const Subscription& s) {
    return tx.run(kInsert, {s.id, s.customer, s.plan_version, s.price, s.provider,
                            s.provider_subscription_id, s.provider_item_id, to_text(s.status),
                            s.period.start, s.period.end, s.cancel_at_period_end, s.cancel_at,
                            s.canceled_at, s.started_at, s.ended_at, s.created_at}) == 1;
}

Result<Subscription> save_subscription(sql::Transaction& tx, Subscription s, Instant now) {
    const auto changed =
        tx.run(kSave, {s.id, s.version, s.plan_version, s.price, s.provider_subscription_id,
                       s.provider_item_id, to_text(s.status), s.period.start, s.period.end,
                       s.cancel_at_period_end, s.cancel_at, s.canceled_at, s.started_at, s.ended_at,
                       now, s.provider, s.authorization_url, s.paid_elsewhere_until});
    if (changed == 0)
        return conflict("subscription.changed", "the subscription changed meanwhile; try again");
    ++s.version;
    return s;
}

bool claim_subscription_ticket(sql::Transaction& tx, const SubscriptionId& id,
                               std::int64_t ticket) {
    return tx.run(kClaimTicket, {id, ticket}) == 1;
}

std::vector<Subscription> list_subscriptions(sql::Transaction& tx,
                                             const std::optional<CustomerId>& customer,
                                             const PageQuery& page) {
    if (!customer)
        return subscriptions_from(
            tx.all(subscriptions_where(kList),
                   {page.since, page.until, page.after.at, page.after.id, page.fetch()}));
    return subscriptions_from(
        tx.all(subscriptions_where(kListOfCustomer),
               {page.since, page.until, page.after.at, page.after.id, page.fetch(), *customer}));
}

std::vector<Subscription> subscriptions_overdue(sql::Transaction& tx, std::string_view provider,
                                                Instant moment, int limit) {
    return subscriptions_from(tx.all(subscriptions_where(kOverdue), {moment, limit, provider}));
}

std::vector<Subscription> subscriptions_at_provider(sql::Transaction& tx, std::string_view provider,
                                                    const std::string& after, int limit) {
    return subscriptions_from(tx.all(subscriptions_where(kAtProvider), {provider, after, limit}));
}

bool insert_command(sql::Transaction& tx, const SubscriptionCommand& c) {
    return tx.run(kInsertCommand, {c.id, c.subscription, to_text(c.kind), c.price, c.payment_method,
                                   c.actor, c.request_id, c.created_at}) == 1;
}

Result<SubscriptionCommand> load_command(sql::Transaction& tx, const CommandId& id) {
    const auto row = tx.one(commands_where(kLoadCommand), {id});
    if (!row) return not_found("subscription.no_command", "there is no such command");
    return command_from(*row);
}

namespace {

std::optional<SubscriptionCommand> maybe_command(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return command_from(*row);
}

}  // namespace

std::optional<SubscriptionCommand> find_start_command(sql::Transaction& tx,
                                                      const SubscriptionId& subscription) {
    return maybe_command(tx.one(commands_where(kFindStartCommand), {subscription}));
}

std::optional<SubscriptionCommand> find_pending_command(sql::Transaction& tx,
                                                        const SubscriptionId& subscription) {
    return maybe_command(tx.one(commands_where(kFindPendingCommand), {subscription}));
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
