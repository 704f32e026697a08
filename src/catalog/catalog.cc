#include "catalog/catalog.h"

#include <algorithm>

#include "base/check.h"
#include "catalog/qualified_name.h"
#include "catalog/route_pattern.h"

namespace turnpike {

std::string_view to_text(Interval interval) {
    switch (interval) {
        case Interval::Day: return "day";
        case Interval::Week: return "week";
        case Interval::Month: return "month";
        case Interval::Year: return "year";
    }
    check(false, "every interval has a text");
    return {};
}

std::optional<Interval> parse_interval(std::string_view text) {
    for (const auto interval : {Interval::Day, Interval::Week, Interval::Month, Interval::Year})
        if (text == to_text(interval)) return interval;
    return std::nullopt;
}

std::string_view to_text(OveragePolicy policy) {
    switch (policy) {
        case OveragePolicy::Block: return "block";
        case OveragePolicy::Bill: return "bill";
        case OveragePolicy::Allow: return "allow";
    }
    check(false, "every policy has a text");
    return {};
}

std::optional<OveragePolicy> parse_overage_policy(std::string_view text) {
    for (const auto policy : {OveragePolicy::Block, OveragePolicy::Bill, OveragePolicy::Allow})
        if (text == to_text(policy)) return policy;
    return std::nullopt;
}

std::string_view to_text(Meter::Aggregation aggregation) {
    switch (aggregation) {
        case Meter::Aggregation::Sum: return "sum";
        case Meter::Aggregation::Count: return "count";
        case Meter::Aggregation::Max: return "max";
        case Meter::Aggregation::Min: return "min";
        case Meter::Aggregation::Last: return "last";
        case Meter::Aggregation::Unique: return "unique";
    }
    check(false, "every aggregation has a text");
    return {};
}

std::optional<Meter::Aggregation> parse_aggregation(std::string_view text) {
    using enum Meter::Aggregation;
    for (const auto aggregation : {Sum, Count, Max, Min, Last, Unique})
        if (text == to_text(aggregation)) return aggregation;
    return std::nullopt;
}

std::string_view to_text(OnFailure on_failure) {
    switch (on_failure) {
        case OnFailure::Open: return "open";
        case OnFailure::Closed: return "closed";
    }
    check(false, "every rule has a text");
    return {};
}

std::optional<OnFailure> parse_on_failure(std::string_view text) {
    for (const auto on_failure : {OnFailure::Open, OnFailure::Closed})
        if (text == to_text(on_failure)) return on_failure;
    return std::nullopt;
}

std::string route_name(const RouteCost& route) { return route.method + " " + route.pattern; }

std::span<const Allowance> PlanVersion::allowances_of(std::string_view meter_key) const {
    const auto is_of_meter = [&](const Allowance& one) { return one.meter_key == meter_key; };
    const auto first = std::ranges::find_if(allowances, is_of_meter);
    return {first, std::find_if_not(first, allowances.end(), is_of_meter)};
}

const Price* PlanVersion::price(Currency currency, const Recurrence& recurrence) const {
    const auto found = std::ranges::find_if(prices, [&](const Price& price) {
        return price.amount.currency() == currency && price.recurrence == recurrence;
    });
    return found == prices.end() ? nullptr : &*found;
}

const FeatureValue* PlanVersion::feature(std::string_view feature_key) const {
    const auto found = std::ranges::find(features, feature_key, &PlanFeature::key);
    return found == features.end() ? nullptr : &found->value;
}

std::string_view Catalog::primary() const {
    return keys.empty() ? std::string_view() : keys.front();
}

bool Catalog::has(std::string_view catalog_key) const {
    return catalog_key.empty() || std::ranges::find(keys, catalog_key) != keys.end();
}

const PlanVersion* Catalog::plan(std::string_view catalog_key, std::string_view key) const {
    const auto wanted = catalog_key.empty() ? primary() : catalog_key;
    const auto found = std::ranges::find_if(
        plans, [&](const PlanVersion& plan) { return plan.catalog == wanted && plan.key == key; });
    return found == plans.end() ? nullptr : &*found;
}

const PlanVersion* Catalog::plan(std::string_view qualified_name) const {
    const auto name = QualifiedName::parse(qualified_name);
    // The primary catalog's plans have one name, too.
    if (!name || (!name->catalog.empty() && name->catalog == primary())) return nullptr;
    return plan(name->catalog, name->key);
}

std::string Catalog::name_of(const PlanVersion& plan) const {
    const bool is_primary = plan.catalog == primary();
    return QualifiedName{is_primary ? "" : plan.catalog, plan.key}.text();
}

const PlanVersion& Catalog::default_plan(std::string_view catalog_key) const {
    const auto wanted = catalog_key.empty() ? primary() : catalog_key;
    const auto found = std::ranges::find_if(
        plans, [&](const PlanVersion& plan) { return plan.catalog == wanted && plan.is_default; });
    check(found != plans.end(), "an applied catalog has a default plan");
    return *found;
}

const Feature* Catalog::feature(std::string_view catalog_key, std::string_view key) const {
    const auto wanted = catalog_key.empty() ? primary() : catalog_key;
    const auto found = std::ranges::find_if(features, [&](const Feature& feature) {
        return feature.catalog == wanted && feature.key == key;
    });
    return found == features.end() ? nullptr : &*found;
}

const Meter* Catalog::meter(std::string_view key) const {
    const auto found = std::ranges::find(meters, key, &Meter::key);
    return found == meters.end() ? nullptr : &*found;
}

const RouteCost* Catalog::route_cost(std::string_view method, std::string_view path) const {
    const auto found = std::ranges::find_if(route_costs, [&](const RouteCost& row) {
        return (row.method == "*" || row.method == method) && route_matches(row.pattern, path);
    });
    return found == route_costs.end() ? nullptr : &*found;
}

const PlanVersion* Catalog::next_above(const PlanVersion& plan) const {
    const PlanVersion* next = nullptr;
    for (const PlanVersion& candidate : plans)
        if (candidate.catalog == plan.catalog && candidate.rank > plan.rank &&
            (next == nullptr || candidate.rank < next->rank))
            next = &candidate;
    return next;
}

}  // namespace turnpike
