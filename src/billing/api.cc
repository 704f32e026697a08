#include "billing/api.h"

#include "access/page.h"
#include "audit/authority.h"
#include "billing/commands.h"
#include "billing/next_action.h"
#include "billing/offer.h"
#include "billing/preview_api.h"
#include "billing/reconcile.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "json/write.h"
#include "subscriptions/service.h"
#include "subscriptions/wire.h"

namespace turnpike {
namespace {

Result<SubscriptionId> read_id(const http::Request& request) {
    const auto id = SubscriptionId::parse(request.path_value("subscription"));
    if (!id) return not_found("subscription.not_found", "there is no such subscription");
    return *id;
}

struct NewSubscriptionBody {
    std::string customer;
    Offer offer;
    std::optional<std::string> payment_method;
    std::optional<std::string> provider;
    FirstPayment first_payment = FirstPayment::OrNothing;
};

/// "payment_behavior": Stripe's words.
FirstPayment read_first_payment(ObjectReader& fields) {
    const auto behavior = fields.optional_text("payment_behavior").value_or("error_if_incomplete");
    if (behavior == "allow_incomplete") return FirstPayment::MayWait;
    if (behavior != "error_if_incomplete")
        fields.complain("payment_behavior", "wrong_value",
                        "must be error_if_incomplete or allow_incomplete");
    return FirstPayment::OrNothing;
}

Result<NewSubscriptionBody> read_new(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto customer = fields.required_text("customer");
    auto offer = read_offer(fields);
    auto method = fields.optional_text("payment_method");
    auto provider = fields.optional_text("provider");
    const auto first_payment = read_first_payment(fields);
    return fields.finish(NewSubscriptionBody{std::move(customer), std::move(offer),
                                             std::move(method), std::move(provider),
                                             first_payment});
}

/// Key of the catalog that a subscription is of.
Result<std::string> catalog_of(sql::Transaction& tx, const SubscriptionId& id) {
    const auto subscription = load_subscription(tx, id);
    if (!subscription) return failure(subscription);
    const auto plan = load_plan_version(tx, subscription->plan_version);
    if (!plan) return failure(plan);
    return plan->catalog;
}

struct ChangeBody {
    Offer offer;
    std::optional<PreviewId> preview;
};

Result<ChangeBody> read_change(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto offer = read_offer(fields);
    auto preview = read_preview_token(fields);
    return fields.finish(ChangeBody{std::move(offer), std::move(preview)});
}

/// {"at": "period_end" | "now"}; at period end without a body.
Result<CancelWhen> read_cancel(const http::Request& request) {
    if (request.body.empty()) return CancelWhen::AtPeriodEnd;
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto at = fields.optional_text("at").value_or("period_end");
    if (at != "period_end" && at != "now")
        fields.complain("at", "wrong_value", "must be period_end or now");
    return fields.finish(at == "now" ? CancelWhen::Now : CancelWhen::AtPeriodEnd);
}

struct WantedReconciliation {
    ReconcileOrder order;
    std::optional<std::string> provider;  ///< absent: all of them
};

/// {"mode": "repair" | "report", "allow_missing": false, "provider"}; repair without a body.
Result<WantedReconciliation> read_reconciliation(const http::Request& request,
                                                 Authority authority) {
    WantedReconciliation wanted{
        .order = {.mode = ReconcileMode::Repair, .authority = std::move(authority)},
        .provider = std::nullopt};
    auto& order = wanted.order;
    if (request.body.empty()) return wanted;
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto mode = fields.optional_text("mode").value_or("repair");
    if (mode != "repair" && mode != "report")
        fields.complain("mode", "wrong_value", "must be report or repair");
    if (mode == "report") order.mode = ReconcileMode::Report;
    if (fields.optional_boolean("allow_missing").value_or(false)) order.missing = MissingThere::Any;
    wanted.provider = fields.optional_text("provider");
    return fields.finish(std::move(wanted));
}

Json write_reconciliation(const Reconciliation& report, ReconcileMode mode) {
    Json differences = Json::array();
    for (const auto& d : report.differences)
        differences.push_back(Json{{"provider", d.provider_name},
                                   {"object", d.object},
                                   {"field", d.field},
                                   {"ledger", d.ledger},
                                   {"provider", d.provider},
                                   {"repaired", d.repaired}});
    return Json{{"object", "reconciliation"},
                {"mode", mode == ReconcileMode::Repair ? "repair" : "report"},
                {"subscriptions_checked", report.subscriptions_checked},
                {"invoices_checked", report.invoices_checked},
                {"differences", differences}};
}

}  // namespace

BillingApi::Answer BillingApi::answer_with(int status, const Subscription& subscription) {
    const auto body = co_await billing.db.read([&](sql::Transaction& tx) -> Result<Json> {
        const auto plan = load_plan_version(tx, subscription.plan_version);
        if (!plan) return failure(plan);
        Json written = write_subscription(subscription, plan->key);
        const auto page = payment_page_of(tx, subscription);
        written["next_action"] = page ? Json{{"type", "pay_invoice"}, {"url", *page}} : Json();
        return written;
    });
    if (!body) co_return failure(body);
    co_return http::json_response(status, *body);
}

// GET /v1/subscriptions
BillingApi::Answer BillingApi::get_subscriptions(const Principal& /*caller*/,
                                                 const http::Request& request) {
    const auto* customer_ref = request.query_value("customer");
    const std::string listing = "subscriptions " + (customer_ref != nullptr ? *customer_ref : "");
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    using Rows = std::vector<std::pair<Subscription, std::string>>;
    auto fetched = co_await billing.db.read([&](sql::Transaction& tx) -> Result<Rows> {
        std::optional<CustomerId> customer;
        if (customer_ref != nullptr) {
            const auto found = find_customer(tx, *customer_ref);
            if (!found) return failure(found);
            customer = found->id;
        }
        Rows rows;
        for (auto& subscription : list_subscriptions(tx, customer, *query)) {
            const auto plan = load_plan_version(tx, subscription.plan_version);
            if (!plan) return failure(plan);
            rows.emplace_back(std::move(subscription), plan->key);
        }
        return rows;
    });
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& [subscription, plan] : page.items)
        data.push_back(write_subscription(subscription, plan));
    std::optional<PageMark> last;
    if (page.has_more)
        last = {page.items.back().first.created_at, page.items.back().first.id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

// GET /v1/subscriptions/{subscription}
BillingApi::Answer BillingApi::get_subscription(const Principal& /*caller*/,
                                                const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto subscription =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_subscription(tx, *id); });
    if (!subscription) co_return failure(subscription);
    co_return co_await answer_with(200, *subscription);
}

// POST /v1/subscriptions
BillingApi::Answer BillingApi::post_subscription(const Principal& caller,
                                                 const http::Request& request) {
    const auto body = read_new(request);
    if (!body) co_return failure(body);
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, body->customer); });
    if (!customer) co_return failure(customer);
    const auto context = body->provider ? billing.of(*body->provider)
                                        : co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    const auto sold = find_offer(*billing.catalog.get(), customer->catalog, body->offer);
    if (!sold) co_return failure(sold);
    const auto started = co_await start_subscription(**context, std::move(start));
    StartRequest start{customer->id,
                       sold->plan_version,
                       sold->price,
                       body->payment_method,
                       authority_of(caller, request),
                       body->first_payment};
    if (!started) co_return failure(started);
    co_return co_await answer_with(201, *started);
}

// POST /v1/subscriptions/{subscription}/change
BillingApi::Answer BillingApi::post_change(const Principal& caller, const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto body = read_change(request);
    if (!body) co_return failure(body);
    const auto catalog_key =
        co_await billing.db.read([&](sql::Transaction& tx) { return catalog_of(tx, *id); });
    if (!catalog_key) co_return failure(catalog_key);
    const auto sold = find_offer(*billing.catalog.get(), *catalog_key, body->offer);
    if (!sold) co_return failure(sold);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    const auto changed = co_await change_subscription(**context, std::move(change));
    ChangeRequest change{*id, sold->price, authority_of(caller, request), body->preview};
    if (!changed) co_return failure(changed);
    co_return co_await answer_with(200, *changed);
}

BillingApi::Answer BillingApi::cancel(const Principal& caller, const http::Request& request,
                                      CancelWhen when) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    CancelRequest command{*id, when, authority_of(caller, request)};
    const auto canceled = co_await cancel_subscription(**context, std::move(command));
    if (!canceled) co_return failure(canceled);
    co_return co_await answer_with(200, *canceled);
}

// POST /v1/subscriptions/{subscription}/cancel
BillingApi::Answer BillingApi::post_cancel(const Principal& caller, const http::Request& request) {
    const auto when = read_cancel(request);
    if (!when) co_return failure(when);
    co_return co_await cancel(caller, request, *when);
}

// POST /v1/subscriptions/{subscription}/keep
BillingApi::Answer BillingApi::post_keep(const Principal& caller, const http::Request& request) {
    co_return co_await cancel(caller, request, CancelWhen::Never);
}

// POST /v1/reconciliations
BillingApi::Answer BillingApi::post_reconciliation(const Principal& caller,
                                                   const http::Request& request) {
    const auto wanted = read_reconciliation(request, authority_of(caller, request));
    if (!wanted) co_return failure(wanted);
    const auto report = co_await reconcile_providers(billing, wanted->order, wanted->provider);
    if (!report) co_return failure(report);
    co_return http::ok(write_reconciliation(*report, wanted->order.mode));
}

}  // namespace turnpike
