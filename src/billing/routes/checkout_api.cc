#include "billing/routes/checkout_api.h"

#include "audit/authority.h"
#include "billing/life/chosen_provider.h"
#include "billing/life/offer.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/records/stored_checkout.h"
#include "billing/telling/checkout_wire.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "payments/errors.h"

namespace turnpike {
namespace {

struct CheckoutBody {
    std::string customer;
    Offer offer;
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
    std::string success_url, cancel_url;
    std::optional<std::string> provider;
};

Result<CheckoutBody> read_checkout_body(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    CheckoutBody read;
    read.customer = fields.required_text("customer");
    read.offer = read_offer(fields);
    read.quantity =
        fields.optional_integer("quantity", {.min = 1, .max = kQuantityMax}).value_or(1);
    read.trial_days =
        fields.optional_integer("trial_days", {.min = 0, .max = kTrialDaysMax}).value_or(0);
    read.success_url = fields.required_text("success_url", {.length_max = kReturnUrlBytesMax});
    read.cancel_url = fields.required_text("cancel_url", {.length_max = kReturnUrlBytesMax});
    read.provider = fields.optional_text("provider");
    return fields.finish(std::move(read));
}

Result<CheckoutId> read_checkout_id(const http::Request& request) {
    const auto id = CheckoutId::parse(request.path_value("checkout_session"));
    if (!id) return not_found("checkout.not_found", "there is no such checkout session");
    return *id;
}

asio::awaitable<Result<CheckoutSession>> session_named(BillingContexts& billing,
                                                       const http::Request& request) {
    const auto id = read_checkout_id(request);
    if (!id) co_return failure(id);
    co_return co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_checkout(tx, *id); });
}

}  // namespace

Result<ReturnUrl> check_page(const AllowedOrigins& origins, const std::string& url,
                             std::string_view field) {
    return origins.check(with_session_id(url, CheckoutId::kPrefix), field);
}

CheckoutApi::Answer CheckoutApi::answer_with(int status, CheckoutSession session) {
    const auto plan = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_plan_version(tx, session.plan_version); });
    if (!plan) co_return failure(plan);
    co_return http::json_response(status, write_checkout(session, plan->key));
}

// POST /v1/checkout_sessions
CheckoutApi::Answer CheckoutApi::post_checkout(const Principal& caller,
                                               const http::Request& request) {
    const auto body = read_checkout_body(request);
    if (!body) co_return failure(body);
    const auto success = check_page(origins, body->success_url, "success_url");
    if (!success) co_return failure(success);
    const auto cancel = check_page(origins, body->cancel_url, "cancel_url");
    if (!cancel) co_return failure(cancel);
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, body->customer); });
    if (!customer) co_return failure(customer);
    const auto context = body->provider ? billing.of(*body->provider)
                                        : co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    const auto on_sale = co_await catalog_on_sale(billing.primary());
    const auto sold = find_offer(*on_sale, customer->catalog, body->offer);
    if (!sold) co_return failure(sold);
    CheckoutRequest wanted{.customer = customer->id,
                           .plan_version = sold->plan_version,
                           .price = sold->price,
                           .quantity = body->quantity,
                           .trial_days = body->trial_days,
                           .success_url = body->success_url,
                           .cancel_url = body->cancel_url,
                           .authority = authority_of(caller, request)};
    auto session = co_await open_checkout_at(billing, **context, std::move(wanted));
    if (!session) co_return failure(session);
    co_return co_await answer_with(201, *std::move(session));
}

// GET /v1/checkout_sessions/{checkout_session}
CheckoutApi::Answer CheckoutApi::get_checkout(const Principal& caller,
                                              const http::Request& request) {
    auto session = co_await session_named(billing, request);
    if (!session) co_return failure(session);
    const auto context = billing.of(session->provider);
    if (!context) co_return failure(context);
    auto fresh = co_await refresh_checkout(**context, *session, authority_of(caller, request));
    if (!fresh && !may_succeed_later(fresh.error())) co_return failure(fresh);
    co_return co_await answer_with(200, fresh ? *std::move(fresh) : *std::move(session));
}

// POST /v1/checkout_sessions/{checkout_session}/expire
CheckoutApi::Answer CheckoutApi::post_expire(const Principal& caller,
                                             const http::Request& request) {
    auto session = co_await session_named(billing, request);
    if (!session) co_return failure(session);
    const auto context = billing.of(session->provider);
    if (!context) co_return failure(context);
    auto closed =
        co_await close_checkout(**context, *std::move(session), authority_of(caller, request));
    if (!closed) co_return failure(closed);
    co_return co_await answer_with(200, *std::move(closed));
}

}  // namespace turnpike
