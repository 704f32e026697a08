#include "billing/telling/recommendations.h"

#include <algorithm>

#include "catalog/service.h"
#include "customers/service.h"
#include "entitlements/allowance_overrides.h"
#include "json/write.h"
#include "subscriptions/discounts.h"

namespace turnpike {
namespace {

// Whoever pays for several seats is not advised: other plans may count them otherwise.
constexpr std::string_view kLastClosed = R"sql(
    SELECT c.subscription_id, c.period_start, c.period_end, s.plan_version_id, s.price_id
      FROM period_closes c JOIN subscriptions s ON s.id = c.subscription_id
     WHERE s.customer_id = $1 AND s.ended_at IS NULL AND s.quantity = 1 AND c.state = 'done'
     ORDER BY c.period_start DESC
     LIMIT 1
)sql";

// An adjustment of a later close belongs to the period that was used.
constexpr std::string_view kChargesOfPeriod = R"sql(
    SELECT meter_key, plan_version_id, CAST(SUM(quantity) AS BIGINT),
           CAST(SUM(amount_minor) AS BIGINT),
           MAX(segment)
      FROM overage_charges
     WHERE subscription_id = $1 AND period_start = $2
     GROUP BY meter_key, plan_version_id
     ORDER BY meter_key
)sql";

// One bill of the period has the plan's whole price, and nothing was taken off it or given back;
// nor was anything taken off the charges of its usage.
constexpr std::string_view kCostItsPrice = R"sql(
    SELECT 1
      FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
     WHERE i.subscription_id = $1 AND l.kind = 'plan' AND l.period_start = $2
       AND l.amount_minor = $3 AND i.status IN ('open', 'paid') AND i.discount_minor = 0
       AND i.credited_minor = 0 AND i.refunded_minor = 0
       AND NOT EXISTS (SELECT 1
                         FROM overage_charges c
                              JOIN invoice_lines o ON o.overage_charge_id = c.id
                              JOIN invoices b ON b.id = o.invoice_id
                        WHERE c.subscription_id = $1 AND c.period_start = $2
                          AND (b.discount_minor <> 0 OR b.credited_minor <> 0
                               OR b.refunded_minor <> 0 OR b.status IN ('void', 'uncollectible')))
     LIMIT 1
)sql";

ComparedPlan compared(const PlanVersion& plan, Money price) {
    ComparedPlan made{plan.key, price, {}};
    for (const auto& allowance : plan.allowances) {
        // Others begin anew within the period, and are never billed.
        const bool is_billed = allowance.overage == OveragePolicy::Bill;
        made.allowances.push_back(
            {allowance.meter_key, allowance.included,
             is_billed ? allowance.overage_unit_price : std::optional<UnitPrice>()});
    }
    return made;
}

const Price* price_by_id(const PlanVersion& plan, const PriceId& id) {
    const auto found = std::ranges::find(plan.prices, id, &Price::id);
    return found == plan.prices.end() ? nullptr : &*found;
}

/// Nothing that the present plan has is missing there, whatever it is worth.
bool has_the_features_of(const PlanVersion& plan, const PlanVersion& present) {
    return std::ranges::all_of(present.features, [&](const PlanFeature& one) {
        const FeatureValue* there = plan.feature(one.key);
        return there != nullptr && *there == one.value;
    });
}

/// What could be bought instead: of the same catalog, and with the same features.
std::vector<ComparedPlan> others_than(const Catalog& catalog, const PlanVersion& present,
                                      const Price& price) {
    std::vector<ComparedPlan> others;
    for (const auto& plan : catalog.plans) {
        if (plan.catalog != present.catalog || plan.is_default) continue;
        if (!has_the_features_of(plan, present)) continue;
        const auto* same = plan.price(price.amount.currency(), price.recurrence);
        if (same != nullptr) others.push_back(compared(plan, same->amount));
    }
    return others;
}

/// What an override includes or not says nothing of what a plan would cost.
bool had_own_limit(sql::Transaction& tx, const CustomerId& customer, const Period& period) {
    return std::ranges::any_of(load_allowance_overrides(tx, customer),
                               [&](const AllowanceOverride& one) {
                                   const auto end = one.ends_at();
                                   return one.begins < period.end && (!end || *end > period.start);
                               });
}

}  // namespace

Result<std::optional<Recommendation>> recommend_plan(sql::Transaction& tx, const Catalog& catalog,
                                                     const CustomerId& customer) {
    const auto closed = tx.one(kLastClosed, {customer});
    if (!closed) return std::optional<Recommendation>();
    const auto plan = load_plan_version(tx, closed->id<PlanVersionId>(3));
    if (!plan) return failure(plan);
    const Price* price = price_by_id(*plan, closed->id<PriceId>(4));
    if (price == nullptr) return std::optional<Recommendation>();
    const Period used_in{closed->instant(1), closed->instant(2)};
    if (!tx.one(kCostItsPrice, {closed->text(0), used_in.start, price->amount.minor()}))
        return std::optional<Recommendation>();
    // It may be taken off the bill of the usage, which comes after the period.
    if (!load_discounts(tx, closed->id<SubscriptionId>(0)).empty())
        return std::optional<Recommendation>();
    if (had_own_limit(tx, customer, used_in)) return std::optional<Recommendation>();
    const ComparedPlan present = compared(*plan, price->amount);
    Money has_cost = price->amount;
    std::vector<UsedBeyond> used;
    for (const auto& row : tx.all(kChargesOfPeriod, {closed->text(0), used_in.start})) {
        const bool is_of_one_plan = row.text(1) == plan->id.text() && row.integer(4) == 0;
        const auto allowance =
            std::ranges::find(present.allowances, row.text(0), &ComparedPlan::Allowance::meter);
        if (!is_of_one_plan || allowance == present.allowances.end())
            return std::optional<Recommendation>();
        used.push_back({row.text(0), allowance->included + row.quantity(2)});
        has_cost = has_cost + Money(row.integer(3), has_cost.currency());
    }
    const auto best = cheaper_plan(present, has_cost, used, others_than(catalog, *plan, *price));
    if (!best) return failure(best);
    if (!*best) return std::optional<Recommendation>();
    return std::optional(Recommendation{used_in, plan->key, has_cost, **best});
}

asio::awaitable<Result<http::Response>> RecommendationsApi::get_recommendations(
    const Principal& /*caller*/, const http::Request& request) {
    const auto catalog = billing.catalog.get();
    auto work = [&](sql::Transaction& tx) -> Result<std::optional<Recommendation>> {
        const auto customer = find_customer(tx, request.path_value("customer"));
        if (!customer) return failure(customer);
        return recommend_plan(tx, *catalog, customer->id);
    };
    const auto found = co_await billing.db.read(work);
    if (!found) co_return failure(found);
    Json data = Json::array();
    if (*found)
        data.push_back(Json{{"object", "recommendation"},
                            {"plan", (*found)->better.plan},
                            {"present_plan", (*found)->present_plan},
                            {"period", write_period((*found)->period)},
                            {"cost", write_money((*found)->has_cost)},
                            {"would_have_cost", write_money((*found)->better.would_have_cost)},
                            {"saving", write_money((*found)->better.saving)}});
    co_return http::ok(Json{{"object", "list"}, {"data", std::move(data)}, {"has_more", false}});
}

}  // namespace turnpike
