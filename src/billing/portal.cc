#include "billing/portal.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "billing/provider_objects.h"
#include "catalog/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::size_t kReturnUrlBytesMax = 2'048;

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

Result<std::monostate> check_return_url(const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    const bool good = parsed && url.size() <= kReturnUrlBytesMax &&
                      (parsed->scheme() == "http" || parsed->scheme() == "https") &&
                      !parsed->host().empty() && !parsed->has_userinfo();
    if (!good)
        return invalid_argument("billing.bad_return_url",
                                "return_url must be an absolute http or https URL");
    return std::monostate{};
}

asio::awaitable<Result<std::string>> open_customer_portal(BillingContext& billing,
                                                          CustomerId customer,
                                                          std::string return_url) {
    const auto known = check_return_url(return_url);
    if (!known) co_return failure(known);
    const auto provider_customer = co_await ensure_provider_customer(billing, customer);
    if (!provider_customer) co_return failure(provider_customer);
    auto prices = co_await offered_prices(billing, std::move(customer));
    if (!prices) co_return failure(prices);
    PortalVisit visit{*provider_customer, std::move(return_url), *std::move(prices)};
    co_return co_await billing.provider.open_portal(std::move(visit));
}

}  // namespace turnpike
