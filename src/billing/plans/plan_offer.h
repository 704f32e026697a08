#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "billing/life/offer.h"
#include "catalog/catalog.h"
#include "catalog/service.h"

namespace turnpike {

/// A plan as somebody asks for it who knows it by its id, and may leave open how it is paid.
struct PlanOffer {
    std::string plan;  ///< id
    std::optional<Currency> currency{};
    std::optional<Interval> interval{};
};

/// What is open is as in `paid`, the price paid now, where the plan is sold so, and otherwise as in
/// the first of the plan's prices.
/// Errors: as find_offer.
Result<Sold> find_plan_offer(const Catalog& catalog, std::string_view customer_catalog,
                             const PlanOffer& offer, const std::optional<PriceInPlan>& paid);

}  // namespace turnpike
