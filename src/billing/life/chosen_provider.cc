#include "billing/life/chosen_provider.h"

#include <utility>

#include "billing/records/stored_checkout.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kMarkAnonymous = R"sql(
    UPDATE checkout_sessions SET is_anonymous = 1 WHERE id = $1
)sql";
constexpr std::string_view kClaimPage = R"sql(
    UPDATE checkout_sessions SET is_anonymous = 0 WHERE id = $1 AND is_anonymous = 1
)sql";
constexpr std::string_view kIsAnonymous = R"sql(
    SELECT is_anonymous FROM checkout_sessions WHERE id = $1
)sql";

bool is_anonymous(sql::Transaction& tx, const CheckoutId& id) {
    const auto row = tx.one(kIsAnonymous, {id});
    return row && row->integer(0) == 1;
}

/// Closes the page that may still be paid at another provider than the chosen one.
asio::awaitable<Result<std::monostate>> leave_others(BillingContexts& billing,
                                                     const BillingContext& chosen,
                                                     CustomerId customer, Authority authority) {
    auto session = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_payable_checkout(tx, customer); });
    if (!session || session->provider == chosen.provider.name()) co_return std::monostate{};
    const auto allowed = co_await check_may_close(billing.db, *session, authority);
    if (!allowed) co_return failure(allowed);
    // Without its provider the chosen one refuses, and names the page.
    auto* const there = billing.find(session->provider);
    auto& context = there == nullptr ? billing.primary() : *there;
    co_return co_await leave_checkout(context, std::move(customer), std::move(authority));
}

}  // namespace

void mark_anonymous(sql::Transaction& tx, const CheckoutId& id) { tx.run(kMarkAnonymous, {id}); }

void claim_page(sql::Transaction& tx, const CheckoutId& id) { tx.run(kClaimPage, {id}); }

asio::awaitable<Result<std::monostate>> check_may_close(sql::Database& db,
                                                        const CheckoutSession& session,
                                                        const Authority& authority) {
    if (authority.actor != kAnybody) co_return std::monostate{};
    const bool may =
        co_await db.read([&](sql::Transaction& tx) { return is_anonymous(tx, session.id); });
    if (may) co_return std::monostate{};
    co_return conflict("checkout.opened_by_another",
                       "the page " + session.id.text() +
                           " was opened by the seller, or by the customer with his credential; "
                           "pay there, or ask the seller to close it");
}

asio::awaitable<Result<CheckoutSession>> open_checkout_at(BillingContexts& billing,
                                                          BillingContext& chosen,
                                                          CheckoutRequest request) {
    const auto left = co_await leave_others(billing, chosen, request.customer, request.authority);
    if (!left) co_return failure(left);
    co_return co_await open_checkout(chosen, std::move(request));
}

asio::awaitable<Result<Subscription>> start_subscription_at(BillingContexts& billing,
                                                            BillingContext& chosen,
                                                            StartRequest request) {
    const auto left = co_await leave_others(billing, chosen, request.customer, request.authority);
    if (!left) co_return failure(left);
    co_return co_await start_subscription(chosen, std::move(request));
}

asio::awaitable<Result<Subscription>> reactivate_subscription_at(BillingContexts& billing,
                                                                 BillingContext& chosen,
                                                                 ReactivateRequest request) {
    const auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, request.subscription); });
    if (!subscription) co_return failure(subscription);
    // Only what has ended begins anew.
    if (subscription->ended_at) {
        const auto left =
            co_await leave_others(billing, chosen, subscription->customer, request.authority);
        if (!left) co_return failure(left);
    }
    co_return co_await reactivate_subscription(chosen, std::move(request));
}

}  // namespace turnpike
