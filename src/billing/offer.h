#pragma once

#include <string>

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/object_reader.h"

namespace turnpike {

/// One of a plan's prices, as somebody asks for it.
struct Offer {
    std::string plan;
    Currency currency = Currency::Usd;
    Recurrence recurrence{};
};

/// The members "plan", "currency" (USD) and "interval" (month) of a body.
Offer read_offer(ObjectReader& fields);

/// What is sold under it.
struct Sold {
    PlanVersionId plan_version;
    PriceId price;
};

/// Errors: InvalidArgument "billing.unknown_plan", also for one that is archived, and
///         "billing.plan_not_sold": not in this currency and interval, or the default plan, which
///         everybody has.
Result<Sold> find_offer(const Catalog& catalog, const Offer& offer);

}  // namespace turnpike
