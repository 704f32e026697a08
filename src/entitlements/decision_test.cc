#include "entitlements/decision.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

const Period kMonth{from_unix_seconds(1'725'148'800), from_unix_seconds(1'727'740'800)};

Quantity units(std::int64_t n) { return Quantity::whole(n); }

PlanVersion plan(const char* key, int rank, std::int64_t cents,
                 std::optional<Allowance> allowance) {
    PlanVersion version{.id = PlanVersionId::trusted(std::string("pv_") + key),
                        .plan = PlanId::trusted(std::string("plan_") + key),
                        .key = key,
                        .name = std::string("Plan ") + key,
                        .rank = rank,
                        .is_default = rank == 0,
                        .number = 1,
                        .prices = {},
                        .allowances = {}};
    version.prices.push_back({PriceId::trusted("price_x"), {}, Money(cents, Currency::Usd)});
    if (allowance) version.allowances.push_back(*allowance);
    return version;
}

Allowance blocked(std::int64_t included) {
    return {"api_calls", units(included), OveragePolicy::Block, std::nullopt};
}
Allowance billed(std::int64_t included) {
    return {"api_calls", units(included), OveragePolicy::Bill, UnitPrice::parse("0.02")};
}

class Deciding : public ::testing::Test {
protected:
    Deciding() {
        catalog_.plans = {plan("free", 0, 0, blocked(100)), plan("extras", 1, 500, std::nullopt),
                          plan("pro", 2, 9'900, billed(10'000))};
    }
    Decision ask(const char* key, std::int64_t used, std::int64_t requested) {
        const PlanVersion& version = *catalog_.plan(key);
        DecisionFacts facts{version, nullptr, kMonth.end, "api_calls", catalog_, Currency::Usd};
        std::optional<Counter> counter;
        if (const Allowance* allowance = version.allowance("api_calls")) {
            counter = open_counter(
                window_of(std::nullopt, kMonth, version.id, Meter::Aggregation::Sum, *allowance));
            counter->used = units(used);
            facts.counter = &*counter;
        }
        return decide(facts, units(requested));
    }
    Catalog catalog_;
};

TEST_F(Deciding, FollowsTheAllowance) {
    struct Case {
        const char* name;
        const char* plan;
        std::int64_t used, requested;
        bool allowed;
        const char* reason;
        std::int64_t remaining;
    };
    const Case cases[] = {
        {"FREE call 1", "free", 0, 1, true, "within_allowance", 100},
        {"FREE call 100", "free", 99, 1, true, "within_allowance", 1},
        {"FREE call 101", "free", 100, 1, false, "limit_exceeded", 0},
        {"FREE, a call that does not fit whole", "free", 98, 3, false, "limit_exceeded", 2},
        {"FREE, asking for nothing", "free", 100, 0, true, "within_allowance", 0},
        {"PRO call 10,000", "pro", 9'999, 1, true, "within_allowance", 1},
        {"PRO call 10,001", "pro", 10'000, 1, true, "overage", 0},
        {"PRO, partly over", "pro", 9'999, 2, true, "overage", 1},
        {"not in the plan", "extras", 0, 1, false, "not_in_plan", 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask(c.plan, c.used, c.requested);
        EXPECT_EQ(decision.allowed, c.allowed);
        EXPECT_EQ(to_text(decision.reason), c.reason);
        EXPECT_EQ(decision.remaining, units(c.remaining));
        EXPECT_EQ(decision.plan, c.plan);
        EXPECT_EQ(decision.resets_at, kMonth.end);
        EXPECT_EQ(decision.upgrade.has_value(), !c.allowed);
    }
}

TEST_F(Deciding, OffersTheNextPlanThatHelps) {
    const auto hint = ask("free", 100, 1).upgrade;
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->plan, "pro");  // "extras" is next, but has none of it
    EXPECT_EQ(hint->name, "Plan pro");
    EXPECT_EQ(hint->price, Money(9'900, Currency::Usd));
    EXPECT_FALSE(upgrade_from(*catalog_.plan("pro"), "api_calls", catalog_, Currency::Usd));
}

TEST_F(Deciding, NothingPassesWhatACounterCanHold) {
    const Decision decision = ask("pro", 1'000'000'000'000, 1);
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.reason, DecisionReason::LimitExceeded);
}

RC_GTEST_PROP(DecisionProperty, ABlockedPlanAllowsExactlyWhatRemains, ()) {
    const auto included = *rc::gen::inRange<std::int64_t>(0, 1'000);
    const auto used = *rc::gen::inRange<std::int64_t>(0, included + 1);
    const auto requested = *rc::gen::inRange<std::int64_t>(0, 2'000);
    Catalog catalog;
    catalog.plans = {plan("free", 0, 0, blocked(included))};
    const PlanVersion& version = catalog.plans[0];
    Counter counter = open_counter(window_of(std::nullopt, kMonth, version.id,
                                             Meter::Aggregation::Sum, version.allowances[0]));
    counter.used = units(used);
    const DecisionFacts facts{version, &counter, kMonth.end, "api_calls", catalog, Currency::Usd};
    RC_ASSERT(decide(facts, units(requested)).allowed == (used + requested <= included));
}

}  // namespace
}  // namespace turnpike
