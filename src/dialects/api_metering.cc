#include "dialects/api_metering.h"

#include <algorithm>

#include "access/cursor.h"
#include "analytics/service.h"
#include "analytics/wire.h"
#include "audit/authority.h"
#include "billing/life/chosen_provider.h"
#include "billing/life/commands.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/portal.h"
#include "billing/routes/payment_methods_api.h"
#include "billing/routes/subscription_bodies.h"
#include "catalog/cache.h"
#include "catalog/wire.h"
#include "customers/service.h"
#include "dialects/tiers.h"
#include "invoicing/carried_time.h"
#include "invoicing/service.h"
#include "invoicing/wire.h"
#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr int kInvoicesShown = 100;

struct SubscribeRequest {
    std::string tier;
    std::optional<std::string> payment_method;
};

Result<SubscribeRequest> read_subscribe(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto tier = fields.required_text("tier", {.length_max = 64});
    auto method = fields.optional_text("payment_method_id");
    return fields.finish(SubscribeRequest{std::move(tier), std::move(method)});
}

Result<std::string> read_upgrade(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    return fields.finish(fields.required_text("tier", {.length_max = 64}));
}

/// An empty body is a cancellation at period end.
Result<CancelWhen> read_cancel_when(const http::Request& request) {
    if (request.body.empty()) return CancelWhen::AtPeriodEnd;
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto immediate = fields.optional_boolean("immediate");
    return fields.finish(immediate.value_or(false) ? CancelWhen::Now : CancelWhen::AtPeriodEnd);
}

/// The first meter of the plan: this interface sells one.
Json write_usage(const UsageSummary& summary) {
    const WindowUsage usage = summary.meters.empty() ? WindowUsage{} : summary.meters.front().now;
    return Json{{"current", write_number(usage.used)},
                {"included", write_number(usage.included)},
                {"remaining", write_number(usage.remaining)},
                {"usage_percentage", Json::parse(usage.percentage)},
                {"overage", write_number(usage.overage)},
                {"overage_amount", write_money(usage.overage_amount)},
                {"resets_at", format_rfc3339(summary.period.end)}};
}

Json write_status(const TierStatus& facts) {
    const auto& subscription = facts.subscription;
    Json status{
        {"has_subscription", subscription.has_value()},
        {"tier", facts.tier},
        {"status", facts.status},
        {"usage", write_usage(facts.usage)},
        {"expires_at", subscription ? Json(format_rfc3339(subscription->period.end)) : Json()},
        {"cancel_at_period_end", subscription && subscription->cancel_at_period_end},
    };
    // Where the provider takes no card from us, nothing begins before the customer has been there.
    if (subscription && subscription->authorization_url)
        status["authorization_url"] = *subscription->authorization_url;
    return status;
}

Json write_provider(const ProviderCondition& provider) {
    return Json{{"name", provider.name},
                {"reachable", provider.breaker != "open"},
                {"circuit_breaker", provider.breaker},
                {"last_success_at", write_instant(provider.last_success)},
                {"last_failure_at", write_instant(provider.last_failure)},
                {"last_problem", provider.last_problem}};
}

Json write_health(const BillingHealth& health) {
    Json providers = Json::array();
    for (const auto& provider : health.providers) providers.push_back(write_provider(provider));
    return Json{
        {"status", health.healthy ? "ok" : "degraded"},
        {"provider", providers.front()},
        {"providers", providers},
        {"webhooks",
         {{"backlog", health.webhooks_pending},
          {"dead", health.webhooks_dead},
          {"signature_failures", health.webhook_signature_failures}}},
        {"subscriptions",
         {{"live", health.live},
          {"past_due", health.past_due},
          {"expiring_within_7_days", health.expiring_7_days},
          {"out_of_sync", health.out_of_sync}}},
        {"worker_lag_seconds", health.worker_lag_s},
    };
}

/// This interface has no page for the cardholder.
constexpr StartAdvice kStartAdvice{
    .method_field = "payment_method_id",
    .on_authentication =
        "take another card, or let the seller open a page for it (POST /v1/checkout_sessions)"};

}  // namespace

ApiMetering::ApiMetering(BillingContexts& billing, std::string catalog, HealthSources health,
                         const AllowedOrigins& origins)
    : billing_(billing),
      catalog_(std::move(catalog)),
      health_(std::move(health)),
      origins_(origins) {}

asio::awaitable<Result<CustomerId>> ApiMetering::customer_calling(const Principal& caller) {
    const auto customer = co_await billing_.db.write([&](sql::Transaction& tx) {
        return customer_of(tx, caller, billing_.clock.now(), billing_.ids, catalog_);
    });
    if (!customer) co_return failure(customer);
    co_return customer->id;
}

asio::awaitable<Result<CardOwner>> ApiMetering::owner_calling(const Principal& caller,
                                                              const http::Request& request) {
    auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    co_return CardOwner{*std::move(customer), authority_of(caller, request)};
}

ApiMetering::Answer ApiMetering::status_of(CustomerId customer) {
    const auto facts = co_await billing_.db.read(
        [&](sql::Transaction& tx) { return load_tier_status(tx, billing_, customer); });
    if (!facts) co_return failure(facts);
    co_return http::ok(write_status(*facts));
}

// POST /billing/subscribe
ApiMetering::Answer ApiMetering::post_subscribe(const Principal& caller,
                                                const http::Request& request) {
    const auto wanted = read_subscribe(request);
    if (!wanted) co_return failure(wanted);
    const auto catalog = co_await catalog_on_sale(billing_.primary());
    const auto plan = find_tier(*catalog, catalog_, wanted->tier);
    if (!plan) co_return failure(plan);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    // Everybody has the default tier; there is nothing to subscribe to.
    if ((*plan)->is_default) co_return co_await status_of(*customer);
    const auto price = monthly_price(**plan);
    if (!price) co_return failure(price);

    const auto context = co_await context_of_customer(billing_, *customer);
    if (!context) co_return failure(context);
    StartRequest start{*customer, (*plan)->id, *price, wanted->payment_method,
                       authority_of(caller, request)};
    const auto started = co_await start_subscription_at(billing_, **context, std::move(start));
    if (!started) co_return std::unexpected(advice_on_start(started.error(), kStartAdvice));
    co_return co_await status_of(*customer);
}

// GET /billing/status
ApiMetering::Answer ApiMetering::get_status(const Principal& caller, const http::Request&) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    co_return co_await status_of(*customer);
}

// POST /billing/upgrade
ApiMetering::Answer ApiMetering::post_upgrade(const Principal& caller,
                                              const http::Request& request) {
    const auto tier = read_upgrade(request);
    if (!tier) co_return failure(tier);
    const auto catalog = co_await catalog_on_sale(billing_.primary());
    const auto plan = find_tier(*catalog, catalog_, *tier);
    if (!plan) co_return failure(plan);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const Authority authority = authority_of(caller, request);
    const auto subscription = co_await live_subscription_of(billing_, *customer, authority);
    if (!subscription) co_return failure(subscription);
    const auto context = co_await context_of_subscription(billing_, *subscription);
    if (!context) co_return failure(context);
    if ((*plan)->is_default) {
        // Down to the free tier: what is paid for stays until the period ends.
        CancelRequest cancel{*subscription, CancelWhen::AtPeriodEnd, authority};
        const auto canceled = co_await cancel_subscription(**context, std::move(cancel));
        if (!canceled) co_return failure(canceled);
        co_return co_await status_of(*customer);
    }
    const auto price = monthly_price(**plan);
    if (!price) co_return failure(price);
    ChangeRequest change{*subscription, *price, authority};
    const auto changed = co_await change_subscription(**context, std::move(change));
    if (!changed) co_return failure(changed);
    if (changed->cancel_at_period_end) {
        // Who chooses a paid tier wants to stay: the end that was asked for before is off.
        CancelRequest keep{*subscription, CancelWhen::Never, authority};
        const auto kept = co_await cancel_subscription(**context, std::move(keep));
        if (!kept) co_return failure(kept);
    }
    co_return co_await status_of(*customer);
}

// POST /billing/cancel
ApiMetering::Answer ApiMetering::post_cancel(const Principal& caller,
                                             const http::Request& request) {
    const auto when = read_cancel_when(request);
    if (!when) co_return failure(when);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const Authority authority = authority_of(caller, request);
    const auto subscription = co_await live_subscription_of(billing_, *customer, authority);
    if (!subscription) co_return failure(subscription);
    const auto context = co_await context_of_subscription(billing_, *subscription);
    if (!context) co_return failure(context);
    CancelRequest cancel{*subscription, *when, authority};
    const auto canceled = co_await cancel_subscription(**context, std::move(cancel));
    if (!canceled) co_return failure(canceled);
    co_return co_await status_of(*customer);
}

// GET /billing/payment-methods
ApiMetering::Answer ApiMetering::get_payment_methods(const Principal& caller,
                                                     const http::Request&) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing_, *customer);
    if (!context) co_return failure(context);
    co_return co_await answer_payment_methods(**context, *customer);
}

// POST /billing/payment-methods
ApiMetering::Answer ApiMetering::post_payment_method(const Principal& caller,
                                                     const http::Request& request) {
    const auto wanted = read_new_method(request, "payment_method_id");
    if (!wanted) co_return failure(wanted);
    const auto owner = co_await owner_calling(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing_, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_new_payment_method(**context, *owner, *wanted);
}

// DELETE /billing/payment-methods/{payment_method}
ApiMetering::Answer ApiMetering::delete_payment_method(const Principal& caller,
                                                       const http::Request& request) {
    const auto owner = co_await owner_calling(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing_, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_removed_payment_method(**context, *owner,
                                                     request.path_value("payment_method"));
}

// POST /billing/payment-methods/{payment_method}/default
ApiMetering::Answer ApiMetering::post_default_payment_method(const Principal& caller,
                                                             const http::Request& request) {
    const auto owner = co_await owner_calling(caller, request);
    if (!owner) co_return failure(owner);
    const auto context = co_await context_of_customer(billing_, owner->customer);
    if (!context) co_return failure(context);
    co_return co_await answer_default_payment_method(**context, *owner,
                                                     request.path_value("payment_method"));
}

// GET /billing/portal
ApiMetering::Answer ApiMetering::get_portal(const Principal& caller, const http::Request& request) {
    const auto* asked = request.query_value("return_url");
    const auto back =
        asked != nullptr ? origins_.check(*asked, "return_url") : Result<ReturnUrl>(origins_.own());
    if (!back) co_return failure(back);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing_, *customer);
    if (!context) co_return failure(context);
    const auto url = co_await open_customer_portal(**context, *customer, *back);
    if (!url) co_return failure(url);
    co_return http::ok(Json{{"url", *url}});
}

// GET /billing/invoices
ApiMetering::Answer ApiMetering::get_invoices(const Principal& caller, const http::Request&) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const auto invoices = co_await billing_.db.read([&](sql::Transaction& tx) {
        PageQuery page;
        page.limit = kInvoicesShown;
        auto listed = list_invoices(tx, *customer, page);
        for (Invoice& invoice : listed) name_carried_time(tx, invoice);
        return listed;
    });
    Json data = Json::array();
    for (const auto& invoice : invoices) data.push_back(write_invoice(invoice));
    co_return http::ok(Json{{"object", "list"}, {"data", data}, {"has_more", false}});
}

// GET /pricing
ApiMetering::Answer ApiMetering::get_pricing(const Principal&, const http::Request&) {
    co_return http::ok(write_pricing(*billing_.catalog.get(), catalog_));
}

// GET /health/billing
ApiMetering::Answer ApiMetering::get_health(const Principal&, const http::Request&) {
    const auto health = co_await billing_.db.read([&](sql::Transaction& tx) {
        return load_billing_health(tx, health_, billing_.clock.now());
    });
    co_return http::ok(write_health(health));
}

// GET /billing/admin/stats
ApiMetering::Answer ApiMetering::get_stats(const Principal&, const http::Request&) {
    const Instant now = billing_.clock.now();
    const auto facts = co_await billing_.db.read([&](sql::Transaction& tx) {
        return load_revenue_facts(tx, {catalog_, now}, kTierCurrency);
    });
    co_return http::ok(write_revenue_stats(revenue_stats(facts), now));
}

}  // namespace turnpike
