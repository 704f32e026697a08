#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "catalog/catalog.h"
#include "json/json.h"

namespace turnpike {

/// A plan as GET /v1/plans shows it: amounts in minor units, quantities and unit prices as decimal
/// texts.
Json write_plan(const PlanVersion& plan);

/// Every plan of one catalog, cheapest rank first, for a pricing page; the published GET /pricing.
Json write_pricing(const Catalog& catalog, std::string_view catalog_key);
/// What `to` gives otherwise than `from`, features first, by name:
/// [{"feature": "users", "from": {"limit": 7}, "to": {"limit": 2}},
///  {"meter": "api_calls", "from": [allowances as write_plan() has them], "to": []}]
/// null: the version does not name the feature.
Json write_plan_changes(const PlanVersion& from, const PlanVersion& to);
/// true, a text, or {"limit": 10}, where null is without end.
Json write_feature_value(const FeatureValue& value);
/// true, a text, a whole number, "unlimited", or {"limit": 10} as write_feature_value() says it.
/// nullopt: it is none of these. Whoever knows the feature takes a text for a capacity where it is
/// one.
std::optional<FeatureValue> read_feature_value(const Json& json);

/// A meter's filter as it is stored: {"model": ["gpt-4", "gpt-4o"]}.
Json write_filter(const std::vector<PropertyFilter>& filter);
/// Reads what write_filter() wrote.
std::vector<PropertyFilter> read_filter(const Json& json);

/// "29.00" for 2900 cents; without the currency.
std::string amount_text(Money amount);

}  // namespace turnpike
