#include "subscriptions/service.h"

#include "sql/known_word.h"

namespace turnpike {
namespace {

std::optional<Pause> pause_from(const sql::Row& row, std::size_t at) {
    if (row.is_null(at)) return std::nullopt;
    return Pause{known_word(parse_pause_behavior(row.text(at))), row.maybe_instant(at + 1)};
}

std::optional<PendingChange> pending_change_from(const sql::Row& row, std::size_t at) {
    if (row.is_null(at)) return std::nullopt;
    return PendingChange{row.id<PriceId>(at), row.integer(at + 1), row.instant(at + 2)};
}

std::optional<TrialEndBehavior> trial_end_behavior_from(const sql::Row& row, std::size_t at) {
    if (row.is_null(at)) return std::nullopt;
    return known_word(parse_trial_end_behavior(row.text(at)));
}

Subscription subscription_from(const sql::Row& row) {
    return Subscription{
        .id = row.id<SubscriptionId>(0),
        .customer = row.id<CustomerId>(1),
        .plan_version = row.id<PlanVersionId>(2),
        .price = row.id<PriceId>(3),
        .provider = row.text(4),
        .provider_subscription_id = row.maybe_text(5),
        .provider_item_id = row.maybe_text(6),
        .authorization_url = row.maybe_text(30),
        .status = known_word(parse_subscription_status(row.text(7))),
        .period = {row.instant(8), row.instant(9)},
        .quantity = row.integer(17),
        .cancel_at_period_end = row.flag(10),
        .cancel_at = row.maybe_instant(11),
        .cancel_comment = row.maybe_text(18),
        .cancel_feedback = row.maybe_text(19),
        .canceled_at = row.maybe_instant(12),
        .started_at = row.maybe_instant(13),
        .ended_at = row.maybe_instant(14),
        .trial_start = row.maybe_instant(20),
        .trial_end = row.maybe_instant(21),
        .trial_end_behavior = trial_end_behavior_from(row, 22),
        .pause = pause_from(row, 23),
        .paused_at = row.maybe_instant(25),
        .grace_ends_at = row.maybe_instant(26),
        .pending_change = pending_change_from(row, 27),
        .paid_elsewhere_until = row.maybe_instant(31),
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

/// Every query of a subscription is this and a WHERE; the columns are what subscription_from reads.
std::string subscriptions_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, customer_id, plan_version_id, price_id, provider, provider_subscription_id,
           provider_item_id, status, period_start, period_end, cancel_at_period_end, cancel_at,
           canceled_at, started_at, ended_at, created_at, version, quantity, cancel_comment,
           cancel_feedback, trial_start, trial_end, trial_end_behavior, pause_behavior, resumes_at,
           paused_at, grace_ends_at, pending_price_id, pending_quantity, pending_at,
           authorization_url, paid_elsewhere_until
      FROM subscriptions
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
           created_at, updated_at, version, quantity, trial_end, trial_end_behavior)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $16, 1, $17,
           $18, $19)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kSave = R"sql(
    UPDATE subscriptions
       SET plan_version_id = $3, price_id = $4, provider_subscription_id = $5,
           provider_item_id = $6, status = $7, period_start = $8, period_end = $9,
           cancel_at_period_end = $10, cancel_at = $11, canceled_at = $12, started_at = $13,
           ended_at = $14, updated_at = $15, quantity = $16, cancel_comment = $17,
           cancel_feedback = $18, trial_start = $19, trial_end = $20, trial_end_behavior = $21,
           pause_behavior = $22, resumes_at = $23, paused_at = $24, grace_ends_at = $25,
           pending_price_id = $26, pending_quantity = $27, pending_at = $28, provider = $29,
           authorization_url = $30, paid_elsewhere_until = $31, version = version + 1
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
       AND period_end < $1 AND pause_behavior IS NULL AND status NOT IN ('paused', 'incomplete')
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

std::optional<std::string> maybe_text(const std::optional<TrialEndBehavior>& behavior) {
    if (!behavior) return std::nullopt;
    return std::string(to_text(*behavior));
}

struct PauseColumns {
    std::optional<std::string> behavior{};
    std::optional<Instant> resumes_at{};
};
PauseColumns columns_of(const std::optional<Pause>& pause) {
    if (!pause) return {};
    return {std::string(to_text(pause->behavior)), pause->resumes_at};
}

struct PendingColumns {
    std::optional<PriceId> price{};
    std::optional<std::int64_t> quantity{};
    std::optional<Instant> at{};
};
PendingColumns columns_of(const std::optional<PendingChange>& change) {
    if (!change) return {};
    return {change->price, change->quantity, change->at};
}

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
                            s.canceled_at, s.started_at, s.ended_at, s.created_at, s.quantity,
                            s.trial_end, maybe_text(s.trial_end_behavior)}) == 1;
}

Result<Subscription> save_subscription(sql::Transaction& tx, Subscription s, Instant now) {
    const PauseColumns pause = columns_of(s.pause);
    const PendingColumns pending = columns_of(s.pending_change);
    const auto changed = tx.run(kSave, {s.id,
                                        s.version,
                                        s.plan_version,
                                        s.price,
                                        s.provider_subscription_id,
                                        s.provider_item_id,
                                        to_text(s.status),
                                        s.period.start,
                                        s.period.end,
                                        s.cancel_at_period_end,
                                        s.cancel_at,
                                        s.canceled_at,
                                        s.started_at,
                                        s.ended_at,
                                        now,
                                        s.quantity,
                                        s.cancel_comment,
                                        s.cancel_feedback,
                                        s.trial_start,
                                        s.trial_end,
                                        maybe_text(s.trial_end_behavior),
                                        pause.behavior,
                                        pause.resumes_at,
                                        s.paused_at,
                                        s.grace_ends_at,
                                        pending.price,
                                        pending.quantity,
                                        pending.at,
                                        s.provider,
                                        s.authorization_url,
                                        s.paid_elsewhere_until});
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

}  // namespace turnpike
