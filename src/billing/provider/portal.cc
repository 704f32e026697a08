#include "billing/provider/portal.h"

#include <utility>

#include "billing/provider/provider_objects.h"
#include "catalog/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// What the customer's subscription is paid in, and from which catalog it is.
struct Paid {
    std::string catalog;
    Currency currency;
};
/// nullopt: he has none.
Result<std::optional<Paid>> load_paid(sql::Transaction& tx, const CustomerId& customer) {
    const auto live = find_live_subscription(tx, customer);
    if (!live) return std::optional<Paid>();
    const auto price = load_price(tx, live->price);
    if (!price) return failure(price);
    const auto plan = load_plan_version(tx, price->plan_version);
    if (!plan) return failure(plan);
    return Paid{plan->catalog, price->amount.currency()};
}
/// What the customer may change to; empty without a subscription.
asio::awaitable<Result<std::vector<std::string>>> offered_prices(BillingContext& billing,
                                                                 CustomerId customer) {
    const auto paid =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_paid(tx, customer); });
    if (!paid) co_return failure(paid);
    if (!*paid) co_return std::vector<std::string>();
    co_return co_await ensure_sold_prices(billing, (*paid)->catalog, (*paid)->currency);
}

}  // namespace

asio::awaitable<Result<std::string>> open_customer_portal(BillingContext& billing,
                                                          CustomerId customer,
                                                          ReturnUrl return_url) {
    const auto provider_customer = co_await ensure_provider_customer(billing, customer);
    if (!provider_customer) co_return failure(provider_customer);
    auto prices = co_await offered_prices(billing, std::move(customer));
    if (!prices) co_return failure(prices);
    PortalVisit visit{*provider_customer, return_url.text(), *std::move(prices)};
    co_return co_await billing.provider.open_portal(std::move(visit));
}

}  // namespace turnpike
