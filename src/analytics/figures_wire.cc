#include "analytics/figures_wire.h"

#include "json/write.h"

namespace turnpike {
namespace {

constexpr int kRatioDigits = 4;

Json money_or_null(const std::optional<Fraction>& amount, Currency currency) {
    return amount ? write_money(Money(amount->rounded(), currency)) : Json();
}

Json ratio_or_null(const std::optional<Fraction>& ratio) {
    return ratio ? Json(ratio->text(kRatioDigits)) : Json();
}

Json write_parts(const std::map<std::string, RecurringRevenue::Part>& parts, Currency currency) {
    Json json = Json::object();
    for (const auto& [name, part] : parts)
        json[name] = {{"mrr", money_or_null(part.mrr, currency)},
                      {"paying_customers", part.paying_customers}};
    return json;
}

Json write_growth(const RevenueGrowth& growth) {
    const Fraction change = growth.now.mrr - growth.before.mrr;
    return Json{{"period", write_period(growth.span)},
                {"mrr_before", money_or_null(growth.before.mrr, growth.currency)},
                {"change", money_or_null(change, growth.currency)},
                {"rate", ratio_or_null(growth.rate())},
                {"paying_customers_before", growth.before.paying_customers}};
}

Json write_revenue(const RevenueGrowth& growth) {
    const RecurringRevenue& now = growth.now;
    return Json{{"currency", write_money(Money(0, growth.currency))["currency"]},
                {"mrr", money_or_null(now.mrr, growth.currency)},
                {"arr", money_or_null(now.arr(), growth.currency)},
                {"arpc", money_or_null(now.arpc(), growth.currency)},
                {"paying_customers", now.paying_customers},
                {"by_catalog", write_parts(now.by_catalog, growth.currency)},
                {"by_plan", write_parts(now.by_plan, growth.currency)},
                {"growth_7_days", write_growth(growth)}};
}

Json write_subscriptions(const Figures& figures) {
    std::map<std::string, std::int64_t> by_status;
    for (const auto& group : figures.groups) by_status[group.status] += group.subscriptions;
    const SubscriptionMoves& moves = figures.moves;
    return Json{{"by_status", by_status},
                {"new", moves.started},
                {"active", moves.active},
                {"ended", moves.ended},
                {"new_by_provider", moves.started_by_provider}};
}

Json write_counts_of(const WebhookCounts& counts) {
    return Json{{"received", counts.received},
                {"processed", counts.processed},
                {"dead", counts.dead},
                {"success_rate", ratio_or_null(counts.success_rate())}};
}

Json write_webhooks(const std::map<std::string, WebhookCounts>& by_provider) {
    Json json = write_counts_of(sum_of(by_provider));
    json["by_provider"] = Json::object();
    for (const auto& [provider, counts] : by_provider)
        json["by_provider"][provider] = write_counts_of(counts);
    return json;
}

}  // namespace

Figures load_figures(sql::Transaction& tx, const FigureScope& scope, const Period& window) {
    return {.scope = scope,
            .window = window,
            .groups = load_groups(tx, scope),
            .growth = load_growth(tx, scope),
            .moves = load_subscription_moves(tx, scope, window),
            .conversion = load_conversion(tx, scope, window),
            .checkouts = load_checkouts(tx, scope, window),
            .webhooks = load_webhooks_by_provider(tx, window),
            .top_customers = load_top_customers(tx, scope, kTopCustomersShown)};
}

Json write_customer_revenue(const CustomerRevenue& revenue) {
    return Json{{"customer", revenue.customer.text()},
                {"external_id", revenue.external_id},
                {"organization", write_optional(revenue.organization)},
                {"plan", revenue.plan_key},
                {"mrr", money_or_null(revenue.mrr, revenue.currency)}};
}

Json write_figures(const Figures& figures) {
    Json revenue = Json::array();
    for (const auto& one : figures.growth) revenue.push_back(write_revenue(one));
    Json top = Json::array();
    for (const auto& one : figures.top_customers) top.push_back(write_customer_revenue(one));
    const std::string& catalog = figures.scope.catalog;
    return Json{
        {"object", "figures"},
        {"as_of", format_rfc3339(figures.scope.now)},
        {"catalog", catalog.empty() ? Json() : Json(catalog)},
        {"window", write_period(figures.window)},
        {"revenue", std::move(revenue)},
        {"subscriptions", write_subscriptions(figures)},
        {"conversion",
         {{"free_customers", figures.conversion.free_customers},
          {"converted", figures.conversion.converted},
          {"rate", ratio_or_null(figures.conversion.rate())}}},
        {"checkouts",
         {{"initiated", figures.checkouts.initiated}, {"completed", figures.checkouts.completed}}},
        {"webhooks", write_webhooks(figures.webhooks)},
        {"top_customers", std::move(top)},
    };
}

}  // namespace turnpike
