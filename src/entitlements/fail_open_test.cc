#include "entitlements/fail_open.h"

#include <gtest/gtest.h>

#include "base/id.h"

namespace turnpike {
namespace {

PlanVersion plan_with(std::vector<Allowance> allowances) {
    SeededIdSource ids(1);
    return {.id = ids.make<PlanVersionId>({}),
            .plan = ids.make<PlanId>({}),
            .key = "pro",
            .name = "PRO",
            .rank = 1,
            .is_default = false,
            .number = 1,
            .prices = {},
            .allowances = std::move(allowances)};
}

TEST(FailOpen, TheRouteDecidesAndElseThePlan) {
    const auto hundred = Quantity::whole(100);
    const auto blocks = plan_with({{"api_calls", hundred, OveragePolicy::Block, std::nullopt}});
    const auto bills =
        plan_with({{"api_calls", hundred, OveragePolicy::Bill, UnitPrice::whole(1)}});
    const auto lacks = plan_with({{"seats", hundred, OveragePolicy::Bill, UnitPrice::whole(1)}});

    struct Case {
        const char* name;
        std::optional<OnFailure> on_failure;
        const PlanVersion* plan;
        std::optional<FailOpen> expected;
    };
    const Case cases[] = {
        {"no rule, a plan that blocks", std::nullopt, &blocks, std::nullopt},
        {"no rule, a plan that bills", std::nullopt, &bills, FailOpen::PlanBills},
        {"no rule, a plan without the meter", std::nullopt, &lacks, std::nullopt},
        {"no rule, nobody known", std::nullopt, nullptr, FailOpen::UnknownCustomer},
        {"open, a plan that blocks", OnFailure::Open, &blocks, FailOpen::RouteOpen},
        {"open, a plan that bills", OnFailure::Open, &bills, FailOpen::RouteOpen},
        {"open, a plan without the meter", OnFailure::Open, &lacks, FailOpen::RouteOpen},
        {"open, nobody known", OnFailure::Open, nullptr, FailOpen::RouteOpen},
        {"closed, a plan that blocks", OnFailure::Closed, &blocks, std::nullopt},
        {"closed, a plan that bills", OnFailure::Closed, &bills, std::nullopt},
        {"closed, nobody known", OnFailure::Closed, nullptr, std::nullopt},
    };
    for (const Case& c : cases) {
        const RouteCost route{"*", "/a", "api_calls", 1, c.on_failure};
        EXPECT_EQ(fail_open(route, c.plan), c.expected) << c.name;
    }
}

}  // namespace
}  // namespace turnpike
