#include "catalog/wire.h"

#include <algorithm>
#include <set>
#include <span>

#include "json/value.h"

namespace turnpike {
namespace {

/// A JSON integer where the quantity is whole, a decimal text where it is not.
Json count_of(Quantity quantity) {
    if (quantity.scaled() % Quantity::kOne == 0) return quantity.scaled() / Quantity::kOne;
    return quantity.text();
}

Json maybe_price(const std::optional<UnitPrice>& price) {
    return price ? Json(price->text()) : Json();
}

Json write_allowance(const Allowance& allowance) {
    Json row;
    row["meter"] = allowance.meter_key;
    row["included"] = allowance.included.text();
    row["reset"] = to_text(allowance.reset);
    row["overage_policy"] = to_text(allowance.overage);
    row["overage_unit_price"] = maybe_price(allowance.overage_unit_price);
    row["overage_cap"] = maybe_price(allowance.overage_cap);
    return row;
}

Json write_allowances(std::span<const Allowance> allowances) {
    Json rows = Json::array();
    for (const Allowance& allowance : allowances) rows.push_back(write_allowance(allowance));
    return rows;
}

Json write_maybe_value(const FeatureValue* value) {
    return value == nullptr ? Json() : write_feature_value(*value);
}

Json write_tier(const PlanVersion& plan) {
    Json tier;
    tier["tier"] = plan.key;
    tier["name"] = plan.name;
    if (plan.custom_price) tier["talk_to_sales"] = true;
    const Price* price = plan.prices.empty() ? nullptr : &plan.prices.front();
    if (price != nullptr) {
        tier["price"] = amount_text(price->amount);
        tier["price_amount"] = price->amount.minor();
        tier["currency"] = to_text(price->amount.currency());
        tier["interval"] = to_text(price->recurrence.interval);
    }
    for (const Allowance& allowance : plan.allowances)
        if (allowance.reset.kind == Reset::Kind::BillingPeriod)
            tier[allowance.meter_key + "_included"] = count_of(allowance.included);
    // The published interface has one meter; its overage stands beside the tier.
    if (!plan.allowances.empty()) {
        const Allowance& first = plan.allowances.front();
        tier["overage"] = maybe_price(first.overage_unit_price);
        tier["overage_policy"] = to_text(first.overage);
    }
    return tier;
}

}  // namespace

std::string amount_text(Money amount) {
    const std::string text = amount.text();
    return text.substr(0, text.find(' '));
}

Json write_plan(const PlanVersion& plan) {
    Json json;
    json["object"] = "plan";
    json["id"] = plan.plan.text();
    json["catalog"] = plan.catalog;
    json["key"] = plan.key;
    json["name"] = plan.name;
    json["description"] = plan.description;
    json["rank"] = plan.rank;
    json["is_default"] = plan.is_default;
    json["version"] = plan.number;
    json["version_id"] = plan.id.text();
    json["custom_price"] = plan.custom_price;
    json["trial_days_max"] = plan.trial_days_max;
    json["origin"] = to_text(plan.origin);
    json["archived"] = plan.is_archived;
    json["prices"] = Json::array();
    for (const Price& price : plan.prices) {
        Json row;
        row["id"] = price.id.text();
        row["currency"] = to_text(price.amount.currency());
        row["amount"] = price.amount.minor();
        row["amount_text"] = amount_text(price.amount);
        row["interval"] = to_text(price.recurrence.interval);
        row["interval_count"] = price.recurrence.count;
        json["prices"].push_back(std::move(row));
    }
    json["allowances"] = write_allowances(plan.allowances);
    json["features"] = Json::object();
    for (const PlanFeature& feature : plan.features)
        json["features"][feature.key] = write_feature_value(feature.value);
    return json;
}

Json write_plan_changes(const PlanVersion& from, const PlanVersion& to) {
    std::set<std::string> features, meters;
    for (const PlanVersion* version : {&from, &to}) {
        for (const PlanFeature& one : version->features) features.insert(one.key);
        for (const Allowance& one : version->allowances) meters.insert(one.meter_key);
    }
    Json changes = Json::array();
    for (const std::string& key : features) {
        const FeatureValue *before = from.feature(key), *after = to.feature(key);
        if (before != nullptr && after != nullptr && *before == *after) continue;
        changes.push_back({{"feature", key},
                           {"from", write_maybe_value(before)},
                           {"to", write_maybe_value(after)}});
    }
    for (const std::string& key : meters) {
        const auto before = from.allowances_of(key), after = to.allowances_of(key);
        if (std::ranges::equal(before, after)) continue;
        changes.push_back(
            {{"meter", key}, {"from", write_allowances(before)}, {"to", write_allowances(after)}});
    }
    return changes;
}

Json write_feature_value(const FeatureValue& value) {
    if (const auto* on = std::get_if<bool>(&value)) return *on;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    const auto& limit = std::get<Capacity>(value).limit;
    Json json;
    json["limit"] = limit ? Json(*limit) : Json();
    return json;
}

std::optional<FeatureValue> read_feature_value(const Json& json) {
    if (json.is_boolean()) return json.get<bool>();
    if (json.is_number_integer()) {
        return parse_feature_value(FeatureKind::Capacity, json.dump());
    }
    if (json.is_string())
        return parse_feature_value(FeatureKind::Configuration, json.get<std::string>());
    if (!json.is_object() || json.size() != 1 || !json.contains("limit")) return std::nullopt;
    if (json["limit"].is_null()) return Capacity{};
    if (!json["limit"].is_number_integer()) return std::nullopt;
    return parse_feature_value(FeatureKind::Capacity, json["limit"].dump());
}

Json write_pricing(const Catalog& catalog, std::string_view catalog_key) {
    Json json;
    json["currency"] = nullptr;
    json["tiers"] = Json::array();
    for (const PlanVersion& plan : catalog.plans) {
        if (plan.catalog != catalog_key) continue;
        if (json["currency"].is_null() && !plan.prices.empty())
            json["currency"] = to_text(plan.prices.front().amount.currency());
        json["tiers"].push_back(write_tier(plan));
    }
    json["unit_costs"] = Json::array();
    for (const RouteCost& route : catalog.route_costs) {
        if (route.catalog != catalog_key) continue;
        Json row;
        row["method"] = route.method;
        row["pattern"] = route.pattern;
        row["meter"] = route.meter_key;
        row["units"] = route.units;
        json["unit_costs"].push_back(std::move(row));
    }
    return json;
}

Json write_filter(const std::vector<PropertyFilter>& filter) {
    Json json = Json::object();
    for (const PropertyFilter& one : filter) json[one.property] = one.any_of;
    return json;
}

std::vector<PropertyFilter> read_filter(const Json& json) {
    std::vector<PropertyFilter> filter;
    for (const auto& [property, any_of] : json.items())
        filter.push_back({property, any_of.get<std::vector<std::string>>()});
    return filter;
}

}  // namespace turnpike
