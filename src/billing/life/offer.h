#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/object_reader.h"

namespace turnpike {

/// One of a plan's prices, as somebody asks for it.
struct Offer {
    std::string plan;  ///< its key in the customer's catalog, or its qualified name
    Currency currency = Currency::Usd;
    Recurrence recurrence{};
};

/// A plan's key or qualified name is no longer.
inline constexpr std::size_t kPlanNameMax = 129;

/// The members "plan", "currency" (USD), "interval" (month) and "interval_count" (1) of a body.
Offer read_offer(ObjectReader& fields);
/// Some of these; nullopt for one that is absent, or complained of.
std::optional<Currency> read_currency(ObjectReader& fields);
std::optional<Interval> read_interval(ObjectReader& fields);
std::optional<std::int64_t> read_interval_count(ObjectReader& fields);

/// What is sold under it.
struct Sold {
    PlanVersionId plan_version;
    PriceId price;
};

/// "billing.plan_not_sold", of a plan that is archived.
std::unexpected<Error> no_longer_sold(const std::string& plan);

/// \param customer_catalog  key of the catalog that the customer buys from, the only one
/// Errors: InvalidArgument "billing.unknown_plan" and "billing.plan_not_sold" (not in this currency
///         and interval, archived, or the default plan, which everybody has); Conflict
///         "billing.talk_to_sales" where the price is custom.
Result<Sold> find_offer(const Catalog& catalog, std::string_view customer_catalog,
                        const Offer& offer);

}  // namespace turnpike
