#include "billing/provider/portal.h"

#include <utility>

#include "billing/provider/provider_objects.h"
#include "catalog/service.h"
#include "json/object_reader.h"
#include "json/value.h"
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

Result<ReturnUrl> read_return_url(const http::Request& request, const AllowedOrigins& origins) {
    if (request.body.empty()) return origins.own();
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto url =
        fields.finish(fields.optional_text("return_url", {.length_max = kReturnUrlBytesMax}));
    if (!url) return failure(url);
    return *url ? origins.check(**url, "return_url") : origins.own();
}

asio::awaitable<Result<http::Response>> answer_portal_session(BillingContexts& billing,
                                                              CustomerId customer,
                                                              ReturnUrl return_url) {
    const auto context = co_await context_of_customer(billing, customer);
    if (!context) co_return failure(context);
    const auto url =
        co_await open_customer_portal(**context, std::move(customer), std::move(return_url));
    if (!url) co_return failure(url);
    co_return http::json_response(201, Json{{"object", "portal_session"}, {"url", *url}});
}

}  // namespace turnpike
