#include "entitlements/fail_open.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

std::string_view to_text(FailOpen reason) {
    switch (reason) {
        case FailOpen::RouteOpen: return "route_open";
        case FailOpen::PlanBills: return "plan_bills";
        case FailOpen::UnknownCustomer: return "unknown_customer";
    }
    check(false, "every reason has a text");
    return {};
}

std::optional<FailOpen> fail_open(const RouteCost& route, const PlanVersion* plan) {
    if (route.on_failure == OnFailure::Open) return FailOpen::RouteOpen;
    if (route.on_failure == OnFailure::Closed) return std::nullopt;
    if (plan == nullptr) return FailOpen::UnknownCustomer;
    const auto allowances = plan->allowances_of(route.meter_key);
    const auto stops = [](const Allowance& one) { return one.overage == OveragePolicy::Block; };
    if (allowances.empty() || std::ranges::any_of(allowances, stops)) return std::nullopt;
    return FailOpen::PlanBills;
}

}  // namespace turnpike
