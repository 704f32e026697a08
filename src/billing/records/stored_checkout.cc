#include "billing/records/stored_checkout.h"

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kLockPurchases = R"sql(
    UPDATE customers SET version = version WHERE id = $1
)sql";

constexpr std::string_view kInsertCheckout = R"sql(
    INSERT INTO checkout_sessions (id, customer_id, subscription_id, plan_version_id, price_id,
           quantity, trial_days, success_url, cancel_url, is_anonymous, provider,
           provider_session_id, url, status, expires_at, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, NULL, 'creating', $12, $13, $13)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kCheckoutColumns = R"sql(
    SELECT s.id, s.customer_id, s.subscription_id, s.plan_version_id, s.price_id, s.quantity,
           s.trial_days, s.success_url, s.cancel_url, s.is_anonymous, s.provider,
           s.provider_session_id, s.url, s.status, s.expires_at, s.created_at
      FROM checkout_sessions s
)sql";

constexpr std::string_view kCheckoutById = " WHERE s.id = $1";
constexpr std::string_view kPayableOf = R"sql(
     WHERE s.customer_id = $1 AND s.status IN ('creating', 'open')
)sql";
constexpr std::string_view kCheckoutOfProvider = R"sql(
     WHERE s.provider = $1 AND s.provider_session_id = $2
)sql";
constexpr std::string_view kCheckoutOfSubscription = R"sql(
     WHERE s.provider = $1 AND s.subscription_id = $2
)sql";
constexpr std::string_view kCheckoutsToClose = R"sql(
     WHERE s.status IN ('creating', 'open') AND s.provider = $1
       AND (s.expires_at < $2
            OR EXISTS (SELECT 1 FROM subscriptions u
                        WHERE u.customer_id = s.customer_id AND u.ended_at IS NULL))
     ORDER BY s.expires_at, s.id
     LIMIT $3
)sql";

constexpr std::string_view kClaimCheckout = R"sql(
    UPDATE checkout_sessions SET is_anonymous = 0 WHERE id = $1
)sql";

constexpr std::string_view kMarkCheckoutOpen = R"sql(
    UPDATE checkout_sessions
       SET status = 'open', provider_session_id = $2, url = $3, expires_at = $4, updated_at = $5
     WHERE id = $1 AND status = 'creating'
)sql";

constexpr std::string_view kEndCheckout = R"sql(
    UPDATE checkout_sessions SET status = $2, url = NULL, updated_at = $3
     WHERE id = $1 AND status IN ('creating', 'open')
)sql";

std::string checkouts_where(std::string_view condition) {
    return std::string(kCheckoutColumns) + std::string(condition);
}

CheckoutSession checkout_from(const sql::Row& row) {
    const auto status = parse_checkout_status(row.text(13));
    check(status.has_value(), "the ledger holds only words that we wrote");
    return {.id = row.id<CheckoutId>(0),
            .customer = row.id<CustomerId>(1),
            .subscription = row.id<SubscriptionId>(2),
            .plan_version = row.id<PlanVersionId>(3),
            .price = row.id<PriceId>(4),
            .quantity = row.integer(5),
            .trial_days = row.integer(6),
            .success_url = row.text(7),
            .cancel_url = row.text(8),
            .is_anonymous = row.integer(9) == 1,
            .provider = row.text(10),
            .provider_session_id = row.maybe_text(11),
            .url = row.maybe_text(12),
            .status = *status,
            .expires_at = row.instant(14),
            .created_at = row.instant(15)};
}

std::optional<CheckoutSession> maybe_checkout(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return checkout_from(*row);
}

}  // namespace

void lock_purchases(sql::Transaction& tx, const CustomerId& customer) {
    tx.run(kLockPurchases, {customer});
}

bool insert_checkout(sql::Transaction& tx, const CheckoutSession& s) {
    return tx.run(kInsertCheckout,
                  {s.id, s.customer, s.subscription, s.plan_version, s.price, s.quantity,
                   s.trial_days, s.success_url, s.cancel_url, s.is_anonymous ? 1 : 0, s.provider,
                   s.expires_at, s.created_at}) == 1;
}

void claim_checkout(sql::Transaction& tx, const CheckoutId& id) { tx.run(kClaimCheckout, {id}); }

Result<CheckoutSession> load_checkout(sql::Transaction& tx, const CheckoutId& id) {
    const auto row = tx.one(checkouts_where(kCheckoutById), {id});
    if (!row) return not_found("checkout.not_found", "there is no such checkout session");
    return checkout_from(*row);
}

std::optional<CheckoutSession> find_payable_checkout(sql::Transaction& tx,
                                                     const CustomerId& customer) {
    return maybe_checkout(tx.one(checkouts_where(kPayableOf), {customer}));
}

std::optional<CheckoutSession> find_checkout_of_provider(sql::Transaction& tx,
                                                         std::string_view provider,
                                                         std::string_view provider_session) {
    return maybe_checkout(
        tx.one(checkouts_where(kCheckoutOfProvider), {provider, provider_session}));
}

std::optional<CheckoutSession> find_checkout_of_subscription(sql::Transaction& tx,
                                                             std::string_view provider,
                                                             std::string_view subscription) {
    return maybe_checkout(
        tx.one(checkouts_where(kCheckoutOfSubscription), {provider, subscription}));
}

std::vector<CheckoutSession> checkouts_to_close(sql::Transaction& tx, std::string_view provider,
                                                Instant now, int limit) {
    std::vector<CheckoutSession> found;
    for (const auto& row : tx.all(checkouts_where(kCheckoutsToClose), {provider, now, limit}))
        found.push_back(checkout_from(row));
    return found;
}

bool mark_checkout_open(sql::Transaction& tx, const CheckoutId& id, const ProviderCheckout& theirs,
                        Instant now) {
    const auto known = load_checkout(tx, id);
    if (!known) return false;
    return tx.run(kMarkCheckoutOpen, {id, theirs.id, theirs.url,
                                      theirs.expires_at.value_or(known->expires_at), now}) == 1;
}

bool end_checkout(sql::Transaction& tx, const CheckoutId& id, CheckoutStatus end, Instant now) {
    return tx.run(kEndCheckout, {id, to_text(end), now}) == 1;
}

}  // namespace turnpike
