#include "dialects/learning_app.h"

#include <optional>
#include <utility>

#include "access/page.h"
#include "audit/authority.h"
#include "billing/life/checkout.h"
#include "billing/life/chosen_provider.h"
#include "billing/life/commands.h"
#include "billing/life/own_trial.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/portal.h"
#include "billing/routes/checkout_api.h"
#include "catalog/cache.h"
#include "catalog/service.h"
#include "catalog/wire.h"
#include "customers/service.h"
#include "dialects/tiers.h"
#include "entitlements/consume.h"
#include "invoicing/service.h"
#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr std::string_view kInvoiceListing = "learning_app.invoices";
constexpr int kInvoicesDefault = 10;
/// What a limit says that is none; this interface publishes numbers.
constexpr int kNoLimit = -1;
/// Keys of meters.
constexpr const char* kMinutes = "ai_minutes";
constexpr const char* kScenarios = "scenarios";

struct CheckoutWish {
    std::string tier, success_url, cancel_url;
    std::int64_t trial_days = 0;
};

Result<CheckoutWish> read_wish(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    CheckoutWish wish;
    wish.tier = fields.required_text("tier", {.length_max = 64});
    wish.success_url = fields.required_text("success_url", {.length_max = kReturnUrlBytesMax});
    wish.cancel_url = fields.required_text("cancel_url", {.length_max = kReturnUrlBytesMax});
    wish.trial_days =
        fields.optional_integer("trial_days", {.min = 0, .max = kTrialDaysMax}).value_or(0);
    return fields.finish(std::move(wish));
}

Result<CancelWhen> read_when(const http::Request& request) {
    const auto known = check_query(request, {"immediate"});
    if (!known) return failure(known);
    const auto* immediate = request.query_value("immediate");
    if (immediate == nullptr || *immediate == "false") return CancelWhen::AtPeriodEnd;
    if (*immediate == "true") return CancelWhen::Now;
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                "immediate must be true or false"};
    error.fields.push_back({"immediate", "wrong_type", "must be true or false"});
    return std::unexpected(std::move(error));
}

Result<std::string> read_return_url(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    return fields.finish(fields.required_text("return_url", {.length_max = kReturnUrlBytesMax}));
}

/// Of the customer's own day and week.
struct Allowances {
    Decision minutes, scenarios;
};

Json limit_of(const Decision& decision) {
    return decision.hard_limit ? write_number(*decision.hard_limit) : Json(kNoLimit);
}

Json write_allowances(const Allowances& now) {
    return Json{{"can_use_ai", now.minutes.allowed},
                {"can_start_scenario", now.scenarios.allowed},
                {"ai_minutes_used", write_number(now.minutes.used)},
                {"ai_minutes_limit", limit_of(now.minutes)},
                {"scenarios_completed", write_number(now.scenarios.used)},
                {"scenarios_limit", limit_of(now.scenarios)}};
}

Json write_own(const TierStatus& facts, const Catalog& catalog, const PlanVersion& plan) {
    const auto& subscription = facts.subscription;
    const auto moment = [&](std::optional<Instant> of) { return write_instant(of); };
    Json json{{"tier", facts.tier}, {"name", plan.name}, {"status", facts.status}};
    json["current_period_start"] =
        moment(subscription ? std::optional(subscription->period.start) : std::nullopt);
    json["current_period_end"] =
        moment(subscription ? std::optional(subscription->period.end) : std::nullopt);
    json["cancel_at_period_end"] = subscription && subscription->cancel_at_period_end;
    json["trial_end"] = moment(subscription ? subscription->trial_end : std::nullopt);
    json["features"] = included_in(catalog, plan);
    return json;
}

Json write_tier(const Catalog& catalog, const PlanVersion& plan) {
    const auto* price = plan.price(kTierCurrency, kTierRecurrence);
    Json json{{"tier", plan.key}, {"name", plan.name}, {"description", plan.description}};
    json["price"] = price != nullptr ? Json(amount_text(price->amount)) : Json();
    json["price_amount"] = price != nullptr ? Json(price->amount.minor()) : Json();
    json["currency"] = to_text(kTierCurrency);
    json["interval"] = to_text(kTierRecurrence.interval);
    json["talk_to_sales"] = plan.custom_price;
    json["features"] = included_in(catalog, plan);
    return json;
}

/// Browsers open the PDF without a credential: only the provider's is such a link.
Json write_invoice_row(const Invoice& invoice) {
    return Json{{"id", invoice.id.text()},
                {"number", write_optional(invoice.number)},
                {"amount", invoice.total.minor()},
                {"amount_paid", invoice.amount_paid.minor()},
                {"currency", to_text(invoice.total.currency())},
                {"status", to_text(invoice.status)},
                {"created_at", format_rfc3339(invoice.created_at)},
                {"due_at", write_instant(invoice.due_at)},
                {"paid_at", write_instant(invoice.paid_at)},
                {"period_start", format_rfc3339(invoice.period.start)},
                {"period_end", format_rfc3339(invoice.period.end)},
                {"invoice_pdf", write_optional(invoice.pdf_url)},
                {"hosted_invoice_url", write_optional(invoice.hosted_url)}};
}

/// This interface has no route that changes a tier.
std::unexpected<Error> refused_page(Error error) {
    if (error.reason == Reason("subscription.exists"))
        error.message =
            "the user has a subscription already; he changes it in the customer portal "
            "(POST /api/v1/payments/customer-portal)";
    return std::unexpected(std::move(error));
}

}  // namespace

asio::awaitable<Result<CustomerId>> LearningApp::customer_calling(const Principal& caller) {
    const auto customer = co_await billing.db.write([&](sql::Transaction& tx) {
        return customer_of(tx, caller, billing.clock.now(), billing.ids, catalog);
    });
    if (!customer) co_return failure(customer);
    co_return customer->id;
}

LearningApp::Answer LearningApp::subscription_of(CustomerId customer) {
    auto work = [&](sql::Transaction& tx) -> Result<Json> {
        const auto facts = load_tier_status(tx, billing, customer);
        if (!facts) return failure(facts);
        const auto now = billing.catalog.get();
        // Who has subscribed has the version that he bought.
        if (facts->subscription && facts->status != "none") {
            const auto plan = load_plan_version(tx, facts->subscription->plan_version);
            if (plan && plan->key == facts->tier) return write_own(*facts, *now, *plan);
        }
        return write_own(*facts, *now, now->default_plan(catalog));
    };
    const auto json = co_await billing.db.read(work);
    if (!json) co_return failure(json);
    co_return http::ok(*json);
}

// POST /api/v1/payments/create-checkout-session
LearningApp::Answer LearningApp::post_checkout(const Principal& caller,
                                               const http::Request& request) {
    const auto wish = read_wish(request);
    if (!wish) co_return failure(wish);
    const auto now = co_await catalog_on_sale(billing.primary());
    const auto sold = sold_tier(*now, catalog, wish->tier);
    if (!sold) co_return failure(sold);
    const auto short_enough = check_own_trial(caller, *now, sold->plan_version, wish->trial_days);
    if (!short_enough) co_return failure(short_enough);
    const auto success = check_page(origins, wish->success_url, "success_url");
    if (!success) co_return failure(success);
    const auto cancel = check_page(origins, wish->cancel_url, "cancel_url");
    if (!cancel) co_return failure(cancel);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    CheckoutRequest page{.customer = *customer,
                         .plan_version = sold->plan_version,
                         .price = sold->price,
                         .trial_days = wish->trial_days,
                         .success_url = wish->success_url,
                         .cancel_url = wish->cancel_url,
                         .authority = authority_of(caller, request)};
    const auto session = co_await open_checkout_at(billing, **context, std::move(page));
    if (!session) co_return refused_page(session.error());
    co_return http::ok(
        Json{{"session_id", session->provider_session_id.value_or(session->id.text())},
             {"url", write_optional(session->url)},
             {"checkout_session", session->id.text()},
             {"expires_at", format_rfc3339(session->expires_at)}});
}

// GET /api/v1/payments/subscription
LearningApp::Answer LearningApp::get_subscription(const Principal& caller, const http::Request&) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    co_return co_await subscription_of(*customer);
}

// POST /api/v1/payments/cancel-subscription
LearningApp::Answer LearningApp::post_cancel(const Principal& caller,
                                             const http::Request& request) {
    const auto when = read_when(request);
    if (!when) co_return failure(when);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const Authority authority = authority_of(caller, request);
    const auto subscription = co_await live_subscription_of(billing, *customer, authority);
    if (!subscription) co_return failure(subscription);
    const auto context = co_await context_of_subscription(billing, *subscription);
    if (!context) co_return failure(context);
    CancelRequest cancel{*subscription, *when, authority};
    const auto canceled = co_await cancel_subscription(**context, std::move(cancel));
    if (!canceled) co_return failure(canceled);
    co_return co_await subscription_of(*customer);
}

// GET /api/v1/payments/invoices
LearningApp::Answer LearningApp::get_invoices(const Principal& caller,
                                              const http::Request& request) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const std::string listing = std::string(kInvoiceListing) + " " + customer->text();
    auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    if (request.query_value("limit") == nullptr) query->limit = kInvoicesDefault;
    auto load = [&](sql::Transaction& tx) {
        return list_invoices(tx, *customer, *query, InvoiceLines::Omit);
    };
    auto page = cut_page(co_await billing.db.read(load), *query);
    Json data = Json::array();
    for (const auto& invoice : page.items) data.push_back(write_invoice_row(invoice));
    std::optional<PageMark> last;
    if (page.has_more) last = PageMark{page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

// POST /api/v1/payments/customer-portal
LearningApp::Answer LearningApp::post_portal(const Principal& caller,
                                             const http::Request& request) {
    const auto wanted = read_return_url(request);
    if (!wanted) co_return failure(wanted);
    const auto back = origins.check(*wanted, "return_url");
    if (!back) co_return failure(back);
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    const auto context = co_await context_of_customer(billing, *customer);
    if (!context) co_return failure(context);
    const auto url = co_await open_customer_portal(**context, *customer, *back);
    if (!url) co_return failure(url);
    co_return http::ok(Json{{"url", *url}});
}

// GET /api/v1/payments/usage
LearningApp::Answer LearningApp::get_usage(const Principal& caller, const http::Request&) {
    const auto customer = co_await customer_calling(caller);
    if (!customer) co_return failure(customer);
    auto work = [&](sql::Transaction& tx) -> Result<Allowances> {
        const Instant now = billing.clock.now();
        const auto snapshot =
            load_snapshot(tx, {billing.usage, billing.catalog}, customer->text(), now);
        if (!snapshot) return failure(snapshot);
        const auto one_more = [&](const std::string& meter) {
            return decide(*snapshot, *billing.catalog.get(), {meter, Quantity::whole(1), now});
        };
        return Allowances{one_more(kMinutes), one_more(kScenarios)};
    };
    const auto now = co_await billing.db.read(work);
    if (!now) co_return failure(now);
    co_return http::ok(write_allowances(*now));
}

// GET /api/v1/payments/pricing
LearningApp::Answer LearningApp::get_pricing(const Principal&, const http::Request&) {
    const auto now = billing.catalog.get();
    Json tiers = Json::array();
    for (const PlanVersion& plan : now->plans)
        if (plan.catalog == catalog && !plan.is_archived) tiers.push_back(write_tier(*now, plan));
    co_return http::ok(Json{{"tiers", tiers}});
}

}  // namespace turnpike
