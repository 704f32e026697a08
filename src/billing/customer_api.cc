#include "billing/customer_api.h"

#include "audit/authority.h"
#include "billing/customer_details.h"
#include "billing/payment_methods_api.h"
#include "billing/portal.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {
namespace {

/// Without one: to the server itself.
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

}  // namespace

asio::awaitable<Result<CustomerId>> CustomerBillingApi::customer_named(
    const http::Request& request) {
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, request.path_value("customer")); });
    if (!customer) co_return failure(customer);
    co_return customer->id;
}

asio::awaitable<Result<CardOwner>> CustomerBillingApi::owner_named(const Principal& caller,
                                                                   const http::Request& request) {
    auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    co_return CardOwner{*std::move(customer), authority_of(caller, request)};
}

// PATCH /v1/customers/{customer}
CustomerBillingApi::Answer CustomerBillingApi::patch_customer(const Principal& caller,
                                                              const http::Request& request) {
    const auto answer = co_await customers.patch_customer(caller, request);
    if (!answer) co_return failure(answer);
    const auto customer = co_await customer_named(request);
    if (!customer) co_return answer;
    for (auto& context : billing) co_await tell_customer_details(context, *customer);
    co_return answer;
}

// GET /v1/customers/{customer}/payment_methods
CustomerBillingApi::Answer CustomerBillingApi::get_payment_methods(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    co_return co_await answer_payment_methods(**context, *customer);
}

// POST /v1/customers/{customer}/payment_methods
CustomerBillingApi::Answer CustomerBillingApi::post_payment_method(const Principal& caller,
                                                                   const http::Request& request) {
    const auto wanted = read_new_method(request, "payment_method");
    if (!wanted) co_return failure(wanted);
    const auto owner = co_await owner_named(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_new_payment_method(**context, *owner, *wanted);
}

// DELETE /v1/customers/{customer}/payment_methods/{payment_method}
CustomerBillingApi::Answer CustomerBillingApi::delete_payment_method(const Principal& caller,
                                                                     const http::Request& request) {
    const auto owner = co_await owner_named(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_removed_payment_method(**context, *owner,
                                                     request.path_value("payment_method"));
}

// POST /v1/customers/{customer}/payment_methods/{payment_method}/default
CustomerBillingApi::Answer CustomerBillingApi::post_default_payment_method(
    const Principal& caller, const http::Request& request) {
    const auto owner = co_await owner_named(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_default_payment_method(**context, *owner,
                                                     request.path_value("payment_method"));
}

// POST /v1/customers/{customer}/portal_sessions
CustomerBillingApi::Answer CustomerBillingApi::post_portal_session(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto back = read_return_url(request, origins);
    if (!back) co_return failure(back);
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    const auto url = co_await open_customer_portal(**context, *customer, *back);
    if (!url) co_return failure(url);
    co_return http::json_response(201, Json{{"object", "portal_session"}, {"url", *url}});
}

}  // namespace turnpike
