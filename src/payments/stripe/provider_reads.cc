#include <array>
#include <utility>

#include "json/value.h"
#include "payments/reply_reader.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/read_discounts.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// Makes Stripe say all that is mirrored of a subscription: what is planned, and its discounts. The
/// coupon of its customer's discount lies deeper than Stripe expands in a list.
constexpr const char* kWhole =
    "expand%5B%5D=schedule&expand%5B%5D=discounts.source.coupon&expand%5B%5D=customer";
/// The same of each one in a list.
constexpr std::array kEachWhole{"data.schedule", "data.discounts.source.coupon", "data.customer"};

/// Fetches what is missing of the customer's discount where that is the one that counts.
asio::awaitable<Result<ProviderSubscription>> read_whole(StripeExchange& exchange, Json object) {
    auto read = read_subscription(object);
    if (!read || read->ended_at || !lacks_customer_terms(object)) co_return read;
    const auto id = path_segment(read->customer, no_such("customer"));
    if (!id) co_return failure(id);
    auto customer =
        co_await exchange.get("/v1/customers/" + *id, "expand%5B%5D=discount.source.coupon");
    if (!customer) co_return failure(customer);
    object["customer"] = *std::move(customer);
    co_return read_subscription(object);
}

void skip(std::string_view kind, const Json& object, const Error& error) {
    skip_unreadable(kProviderName, kind, object, error);
}

}  // namespace

asio::awaitable<Result<ProviderTestClock>> Provider::get_test_clock(std::string clock) {
    const auto id = path_segment(clock, no_such("test clock"));
    if (!id) co_return failure(id);
    const auto object = co_await exchange_->get("/v1/test_helpers/test_clocks/" + *id);
    if (!object) co_return failure(object);
    co_return read_test_clock(*object);
}

asio::awaitable<Result<ProviderPrice>> Provider::get_price(std::string id) {
    const auto segment = path_segment(id, no_such("price"));
    if (!segment) co_return failure(segment);
    const auto object = co_await exchange_->get("/v1/prices/" + *segment);
    if (!object) co_return failure(object);
    co_return read_price(*object);
}

asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> Provider::list_payment_methods(
    std::string customer) {
    const auto id = path_segment(customer, no_such("customer"));
    if (!id) co_return failure(id);
    const auto object = co_await exchange_->get("/v1/customers/" + *id);
    if (!object) co_return failure(object);
    const auto default_id = read_default_method(*object);
    if (!default_id) co_return failure(default_id);

    Form query;
    query.add("customer", *id).add("type", "card");
    const auto entries = co_await exchange_->get_all("/v1/payment_methods", query);
    if (!entries) co_return failure(entries);
    std::vector<PaymentMethodOnFile> methods;
    for (const Json& entry : *entries) {
        auto method = read_payment_method(entry, *default_id);
        if (!method) co_return failure(method);
        methods.push_back(*std::move(method));
    }
    co_return methods;
}

asio::awaitable<Result<ProviderSubscription>> Provider::get_subscription(std::string id) {
    const auto segment = path_segment(id, no_such("subscription"));
    if (!segment) co_return failure(segment);
    auto object = co_await exchange_->get("/v1/subscriptions/" + *segment, kWhole);
    if (!object) co_return failure(object);
    co_return co_await read_whole(*exchange_, *std::move(object));
}

asio::awaitable<Result<ProviderInvoice>> Provider::get_invoice(std::string id) {
    const auto segment = path_segment(id, no_such("invoice"));
    if (!segment) co_return failure(segment);
    auto object = co_await exchange_->get("/v1/invoices/" + *segment);
    if (!object) co_return failure(object);
    co_return co_await complete_invoice(*exchange_, *std::move(object));
}

asio::awaitable<Result<ProviderPage<ProviderSubscription>>> Provider::list_subscriptions(
    std::optional<std::string> customer, std::optional<std::string> after) {
    Form query;
    query.add("status", "all");
    for (const char* path : kEachWhole) query.add("expand[]", path);
    if (customer) query.add("customer", *customer);
    auto listing =
        co_await exchange_->get_page("/v1/subscriptions", std::move(query), std::move(after));
    if (!listing) co_return failure(listing);
    ProviderPage<ProviderSubscription> page{.items = {}, .next = std::move(listing->next)};
    for (const Json& entry : listing->items) {
        auto subscription = co_await read_whole(*exchange_, entry);
        if (subscription)
            page.items.push_back(*std::move(subscription));
        else if (subscription.error().reason == kUnexpectedReply)
            skip("subscription", entry, subscription.error());
        else
            co_return failure(subscription);
    }
    co_return page;
}

asio::awaitable<Result<ProviderPage<ProviderInvoice>>> Provider::list_invoices(
    std::optional<std::string> customer, std::optional<std::string> after) {
    Form query;
    if (customer) query.add("customer", *customer);
    auto listing = co_await exchange_->get_page("/v1/invoices", std::move(query), std::move(after));
    if (!listing) co_return failure(listing);
    ProviderPage<ProviderInvoice> page{.items = {}, .next = std::move(listing->next)};
    for (const Json& entry : listing->items) {
        auto invoice = co_await complete_invoice(*exchange_, entry);
        if (invoice)
            page.items.push_back(*std::move(invoice));
        else if (invoice.error().reason == kUnexpectedReply)
            skip("invoice", entry, invoice.error());
        else
            co_return failure(invoice);
    }
    co_return page;
}

asio::awaitable<Result<ProviderPage<ProviderEvent>>> Provider::list_events(
    std::optional<std::string> after) {
    auto listing = co_await exchange_->get_page("/v1/events", Form(), std::move(after));
    if (!listing) co_return failure(listing);
    co_return read_listed(kProviderName, "event", *std::move(listing), read_event);
}

}  // namespace turnpike::stripe
