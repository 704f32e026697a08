#include "billing/routes/customer_api.h"

#include "audit/authority.h"
#include "billing/provider/customer_details.h"
#include "billing/routes/payment_methods_api.h"
#include "billing/routes/portal_answers.h"
#include "customers/service.h"

namespace turnpike {
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
    co_return co_await answer_portal_session(billing, *customer, *back);
}

}  // namespace turnpike
