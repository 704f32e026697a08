#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"

namespace turnpike {

/// One of a plan's prices, as somebody asks for it.
struct Offer {
    std::string plan;  ///< its key in the customer's catalog, or its qualified name
    Currency currency = Currency::Usd;
    Recurrence recurrence{};
};

/// What is sold under it.
struct Sold {
    PlanVersionId plan_version;
    PriceId price;
};

/// \param customer_catalog  key of the catalog that the customer buys from, the only one
/// Errors: InvalidArgument "billing.unknown_plan" and "billing.plan_not_sold" (not in this currency
///         and interval, or the default plan, which everybody has); Conflict
///         "billing.talk_to_sales" where the price is custom.
Result<Sold> find_offer(const Catalog& catalog, std::string_view customer_catalog,
                        const Offer& offer);

}  // namespace turnpike
