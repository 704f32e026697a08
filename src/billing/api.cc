#include "billing/api.h"

#include "access/page.h"
#include "audit/authority.h"
#include "billing/commands.h"
#include "billing/provider_move.h"
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

/// What is sold: a plan with a currency and a recurrence.
struct Offer {
    std::string plan;
    Currency currency = Currency::Usd;
    Recurrence recurrence;
};

Offer read_offer(ObjectReader& fields) {
    Offer offer;
    offer.plan = fields.required_text("plan", {.length_max = 64});
    if (const auto code = fields.optional_text("currency")) {
        const auto currency = parse_currency(*code);
        if (currency)
            offer.currency = *currency;
        else
            fields.complain("currency", "unknown_currency", "must be an ISO 4217 code sold here");
    }
    if (const auto text = fields.optional_text("interval")) {
        const auto interval = parse_interval(*text);
        if (interval)
            offer.recurrence.interval = *interval;
        else
            fields.complain("interval", "wrong_value", "must be day, week, month or year");
    }
    return offer;
}

struct Sold {
    PlanVersionId plan_version;
    PriceId price;
};

Result<Sold> find_offer(const Catalog& catalog, const Offer& offer) {
    const auto* plan = catalog.plan(offer.plan);
    if (plan == nullptr)
        return invalid_argument("billing.unknown_plan", "there is no plan '" + offer.plan + "'");
    const auto* price = plan->price(offer.currency, offer.recurrence);
    if (plan->is_default || price == nullptr)
        return invalid_argument("billing.plan_not_sold",
                                "the plan is not sold in this currency and interval");
    return Sold{plan->id, price->id};
}

struct NewSubscriptionBody {
    std::string customer;
    Offer offer;
    std::optional<std::string> payment_method;
    std::optional<std::string> provider;
};

Result<NewSubscriptionBody> read_new(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto customer = fields.required_text("customer");
    auto offer = read_offer(fields);
    auto method = fields.optional_text("payment_method");
    auto provider = fields.optional_text("provider");
    return fields.finish(NewSubscriptionBody{std::move(customer), std::move(offer),
                                             std::move(method), std::move(provider)});
}

Result<Offer> read_change(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto offer = read_offer(fields);
    return fields.finish(std::move(offer));
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

struct MoveBody {
    std::string provider;
    std::optional<std::string> payment_method;
};

Result<MoveBody> read_move(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto provider = fields.required_text("provider", {.length_max = 64});
    auto method = fields.optional_text("payment_method");
    return fields.finish(MoveBody{std::move(provider), std::move(method)});
}

Json write_move(const ProviderMove& move) {
    return Json{{"id", move.id.text()},
                {"object", "provider_move"},
                {"from", move.from_provider},
                {"to", move.to_provider},
                {"status", to_text(move.state)},
                {"begins_at", format_rfc3339(move.begins_at)},
                {"authorization_url", write_optional(move.authorization_url)},
                {"created_at", format_rfc3339(move.created_at)}};
}

Json write_reconciliation(const Reconciliation& report, ReconcileMode mode) {
    Json differences = Json::array();
    for (const auto& d : report.differences)
        differences.push_back(Json{{"provider_name", d.provider_name},
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
        Json shown = write_subscription(subscription, plan->key);
        const auto move = find_open_move(tx, subscription.id);
        shown["move"] = move ? write_move(*move) : Json();
        return shown;
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
    const auto sold = find_offer(*billing.catalog.get(), body->offer);
    if (!sold) co_return failure(sold);
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, body->customer); });
    if (!customer) co_return failure(customer);
    const auto context = body->provider ? billing.of(*body->provider)
                                        : co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    StartRequest start{customer->id, sold->plan_version, sold->price, body->payment_method,
                       authority_of(caller, request)};
    const auto started = co_await start_subscription(**context, std::move(start));
    if (!started) co_return failure(started);
    co_return co_await answer_with(201, *started);
}

// POST /v1/subscriptions/{subscription}/change
BillingApi::Answer BillingApi::post_change(const Principal& caller, const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto offer = read_change(request);
    if (!offer) co_return failure(offer);
    const auto sold = find_offer(*billing.catalog.get(), *offer);
    if (!sold) co_return failure(sold);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    ChangeRequest change{*id, sold->price, authority_of(caller, request)};
    const auto changed = co_await change_subscription(**context, std::move(change));
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

// POST /v1/subscriptions/{subscription}/move
BillingApi::Answer BillingApi::post_move(const Principal& caller, const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto wanted = read_move(request);
    if (!wanted) co_return failure(wanted);
    MoveRequest move{*id, wanted->provider, wanted->payment_method, authority_of(caller, request)};
    const auto moved = co_await move_subscription(billing, std::move(move));
    if (!moved) co_return failure(moved);
    co_return co_await answer_with(200, moved->subscription);
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
