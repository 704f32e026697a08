#include "entitlements/fail_open.h"

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
    const Allowance* allowance = plan->allowance(route.meter_key);
    if (allowance == nullptr || allowance->overage == OveragePolicy::Block) return std::nullopt;
    return FailOpen::PlanBills;
}

}  // namespace turnpike
