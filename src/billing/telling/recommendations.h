#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "http/message.h"
#include "rating/plan_comparison.h"

namespace turnpike {

/// What the last period that was charged has cost a customer, and the plan that would have cost
/// less. Only from what was frozen then: the charges of that period, and plan versions.
struct Recommendation {
    Period period;
    std::string present_plan;
    Money has_cost;
    PlanSaving better;
};
/// nullopt without a charged period, when the plan changed within it or did not cost its whole
/// price (a trial, a discount, also one that came since, a pause, money given back), or when none
/// is cheaper. Errors: InvalidArgument "money.out_of_range".
Result<std::optional<Recommendation>> recommend_plan(sql::Transaction& tx, const Catalog& catalog,
                                                     const CustomerId& customer);

/// GET /v1/customers/{customer}/recommendations
struct RecommendationsApi {
    BillingContext& billing;
    asio::awaitable<Result<http::Response>> get_recommendations(const Principal& caller,
                                                                const http::Request& request);
};

}  // namespace turnpike
