#include "billing/routes/api.h"

#include "access/page.h"
#include "audit/authority.h"
#include "billing/life/provider_move.h"
#include "billing/life/reconcile.h"
#include "billing/telling/shown_subscription.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "json/write.h"
#include "subscriptions/service.h"
#include "subscriptions/wire.h"

namespace turnpike {
namespace {

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

// GET /v1/subscriptions
BillingApi::Answer BillingApi::get_subscriptions(const Principal& /*caller*/,
                                                 const http::Request& request) {
    const auto* customer_ref = request.query_value("customer");
    const std::string listing = "subscriptions " + (customer_ref != nullptr ? *customer_ref : "");
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    using Rows = std::vector<ShownSubscription>;
    auto fetched = co_await billing.db.read([&](sql::Transaction& tx) -> Result<Rows> {
        std::optional<CustomerId> customer;
        if (customer_ref != nullptr) {
            const auto found = find_customer(tx, *customer_ref);
            if (!found) return failure(found);
            customer = found->id;
        }
        Rows rows;
        for (auto& subscription : list_subscriptions(tx, customer, *query)) {
            auto shown = show_subscription(tx, std::move(subscription), billing.clock.now());
            if (!shown) return failure(shown);
            rows.push_back(*std::move(shown));
        }
        return rows;
    });
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& shown : page.items) data.push_back(write_subscription(shown));
    std::optional<PageMark> last;
    if (page.has_more)
        last = {page.items.back().subscription.created_at,
                page.items.back().subscription.id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

// POST /v1/subscriptions/{subscription}/move
BillingApi::Answer BillingApi::post_move(const Principal& caller, const http::Request& request) {
    const auto id = SubscriptionId::parse(request.path_value("subscription"));
    if (!id) co_return not_found("subscription.not_found", "there is no such subscription");
    const auto wanted = read_move(request);
    if (!wanted) co_return failure(wanted);
    MoveRequest move{*id, wanted->provider, wanted->payment_method, authority_of(caller, request)};
    auto moved = co_await move_subscription(billing, std::move(move));
    if (!moved) co_return failure(moved);
    co_return co_await answer_with(200, std::move(moved->subscription));
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
