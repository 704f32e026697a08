#include "billing/routes/organization_api.h"

#include "audit/authority.h"
#include "billing/routes/payment_methods_api.h"
#include "billing/routes/portal_answers.h"
#include "people/organizations.h"

namespace turnpike {

asio::awaitable<Result<CustomerId>> OrganizationBillingApi::payer_of(const Principal& caller,
                                                                     const http::Request& request) {
    const auto access = co_await billing.db.read([&](sql::Transaction& tx) {
        const auto& organization = request.path_value("organization");
        return request.method == http::Method::Get ? member_of(tx, caller, organization)
                                                   : active_member_of(tx, caller, organization);
    });
    if (!access) co_return failure(access);
    co_return access->organization.customer;
}

// GET /v1/organizations/{organization}/payment_methods
OrganizationBillingApi::Answer OrganizationBillingApi::get_payment_methods(
    const Principal& caller, const http::Request& request) {
    const auto customer = co_await payer_of(caller, request);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    co_return co_await answer_payment_methods(**context, *customer);
}

// POST /v1/organizations/{organization}/payment_methods
OrganizationBillingApi::Answer OrganizationBillingApi::post_payment_method(
    const Principal& caller, const http::Request& request) {
    const auto customer = co_await payer_of(caller, request);
    if (!customer) co_return failure(customer);
    const auto wanted = read_new_method(request, "payment_method");
    if (!wanted) co_return failure(wanted);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    const CardOwner owner{*customer, authority_of(caller, request)};
    co_return co_await answer_new_payment_method(**context, owner, *wanted);
}

// POST /v1/organizations/{organization}/portal_sessions
OrganizationBillingApi::Answer OrganizationBillingApi::post_portal_session(
    const Principal& caller, const http::Request& request) {
    const auto customer = co_await payer_of(caller, request);
    if (!customer) co_return failure(customer);
    const auto back = read_return_url(request, origins);
    if (!back) co_return failure(back);
    co_return co_await answer_portal_session(billing, *customer, *back);
}

}  // namespace turnpike
