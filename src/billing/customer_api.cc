#include "billing/customer_api.h"

#include "billing/customer_details.h"
#include "billing/payment_methods.h"
#include "billing/provider_objects.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {
namespace {

struct NewMethod {
    std::string id;
    bool make_default = false;
};

Result<NewMethod> read_new_method(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto id = fields.required_text("payment_method");
    const auto make_default = fields.optional_boolean("default");
    return fields.finish(NewMethod{std::move(id), make_default.value_or(false)});
}

Result<std::string> read_return_url(const http::Request& request, const std::string& fallback) {
    if (request.body.empty()) return fallback;
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    return fields.finish(fields.optional_text("return_url").value_or(fallback));
}

}  // namespace

Json write_payment_method(const PaymentMethodOnFile& method) {
    return Json{{"id", method.id},
                {"object", "payment_method"},
                {"brand", method.brand},
                {"last4", method.last4},
                {"exp_month", method.exp_month},
                {"exp_year", method.exp_year},
                {"is_default", method.is_default}};
}

asio::awaitable<Result<std::string>> open_customer_portal(BillingContext& billing,
                                                          CustomerId customer,
                                                          std::string return_url) {
    const auto known = check_return_url(return_url);
    if (!known) co_return failure(known);
    const auto provider_customer = co_await ensure_provider_customer(billing, customer);
    if (!provider_customer) co_return failure(provider_customer);
    auto prices = co_await ensure_sold_prices(billing);
    if (!prices) co_return failure(prices);
    PortalVisit visit{*provider_customer, std::move(return_url), *std::move(prices)};
    co_return co_await billing.provider.open_portal(std::move(visit));
}

asio::awaitable<Result<CustomerId>> CustomerBillingApi::customer_named(
    const http::Request& request) {
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, request.path_value("customer")); });
    if (!customer) co_return failure(customer);
    co_return customer->id;
}

// PATCH /v1/customers/{customer}
CustomerBillingApi::Answer CustomerBillingApi::patch_customer(const Principal& caller,
                                                              const http::Request& request) {
    const auto answer = co_await customers.patch_customer(caller, request);
    if (!answer) co_return failure(answer);
    const auto customer = co_await customer_named(request);
    if (customer) co_await tell_customer_details(billing, *customer);
    co_return answer;
}

// GET /v1/customers/{customer}/payment_methods
CustomerBillingApi::Answer CustomerBillingApi::get_payment_methods(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto methods = co_await payment_methods_of(billing, *customer);
    if (!methods) co_return failure(methods);
    Json data = Json::array();
    for (const auto& method : *methods) data.push_back(write_payment_method(method));
    co_return http::ok(Json{{"object", "list"}, {"data", data}, {"has_more", false}});
}

// POST /v1/customers/{customer}/payment_methods
CustomerBillingApi::Answer CustomerBillingApi::post_payment_method(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto wanted = read_new_method(request);
    if (!wanted) co_return failure(wanted);
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    auto method = co_await attach_method(billing, *customer, wanted->id);
    if (method && wanted->make_default)
        method = co_await choose_method(billing, *customer, method->id);
    if (!method) co_return failure(method);
    method->is_default = wanted->make_default;
    co_return http::json_response(201, write_payment_method(*method));
}

// DELETE /v1/customers/{customer}/payment_methods/{payment_method}
CustomerBillingApi::Answer CustomerBillingApi::delete_payment_method(const Principal& /*caller*/,
                                                                     const http::Request& request) {
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto gone =
        co_await detach_method(billing, *customer, request.path_value("payment_method"));
    if (!gone) co_return failure(gone);
    co_return http::ok(write_payment_method(*gone));
}

// POST /v1/customers/{customer}/payment_methods/{payment_method}/default
CustomerBillingApi::Answer CustomerBillingApi::post_default_payment_method(
    const Principal& /*caller*/, const http::Request& request) {
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto chosen =
        co_await choose_method(billing, *customer, request.path_value("payment_method"));
    if (!chosen) co_return failure(chosen);
    co_return http::ok(write_payment_method(*chosen));
}

// POST /v1/customers/{customer}/portal_sessions
CustomerBillingApi::Answer CustomerBillingApi::post_portal_session(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto back = read_return_url(request, return_url);
    if (!back) co_return failure(back);
    const auto customer = co_await customer_named(request);
    if (!customer) co_return failure(customer);
    const auto url = co_await open_customer_portal(billing, *customer, *back);
    if (!url) co_return failure(url);
    co_return http::json_response(201, Json{{"object", "portal_session"}, {"url", *url}});
}

}  // namespace turnpike
