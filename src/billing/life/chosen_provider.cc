#include "billing/life/chosen_provider.h"

#include <utility>

#include "billing/records/stored_checkout.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// Closes the page that may still be paid at another provider than the chosen one.
asio::awaitable<Result<std::monostate>> leave_others(BillingContexts& billing,
                                                     const BillingContext& chosen,
                                                     CustomerId customer, Authority authority) {
    auto session = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_payable_checkout(tx, customer); });
    if (!session || session->provider == chosen.provider.name()) co_return std::monostate{};
    const auto allowed = check_may_close(*session, authority);
    if (!allowed) co_return failure(allowed);
    // Without its provider the chosen one refuses, and names the page.
    auto* const there = billing.find(session->provider);
    auto& context = there == nullptr ? billing.primary() : *there;
    co_return co_await leave_page(context, *std::move(session), std::move(authority));
}

}  // namespace

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
