#include "catalog/catalog.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

PlanVersion plan(const char* key, int rank, bool is_default) {
    return {.id = PlanVersionId::trusted("pv_" + std::string(key)),
            .plan = PlanId::trusted("plan_" + std::string(key)),
            .key = key,
            .name = key,
            .rank = rank,
            .is_default = is_default,
            .number = 1,
            .prices = {},
            .allowances = {}};
}

TEST(RouteCost, TheFirstMatchingRowDecides) {
    Catalog catalog;
    catalog.route_costs = {
        {"*", "/signals", "api_calls", 1},      {"*", "/signals/history/{symbol}", "api_calls", 2},
        {"GET", "/export/csv", "api_calls", 3}, {"*", "/admin/ping", "api_calls", 0},
        {"*", "/admin/**", "api_calls", 7},
    };
    struct Case {
        const char* name;
        const char* method;
        const char* path;
        std::int64_t units;  // -1: not metered
    };
    const Case cases[] = {
        {"fixed", "GET", "/signals", 1},
        {"any method", "DELETE", "/signals", 1},
        {"a part", "GET", "/signals/history/AAPL", 2},
        {"a part is one segment", "GET", "/signals/history/AAPL/x", -1},
        {"a part is not empty", "GET", "/signals/history/", -1},
        {"a prefix is not a match", "GET", "/signals/history", -1},
        {"case matters", "GET", "/Signals", -1},
        {"the method matters", "POST", "/export/csv", -1},
        {"an earlier row wins", "GET", "/admin/ping", 0},
        {"everything below", "GET", "/admin/a/b", 7},
        {"below is not the root itself", "GET", "/admin", -1},
        {"below is not an empty segment", "GET", "/admin/", -1},
        {"unlisted", "GET", "/health", -1},
        {"no path", "GET", "", -1},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const RouteCost* found = catalog.route_cost(c.method, c.path);
        EXPECT_EQ(found == nullptr ? -1 : found->units, c.units);
    }
}

TEST(Catalog, FindsPlansByKeyRankAndDefault) {
    Catalog catalog;
    catalog.plans = {plan("free", 0, true), plan("pro", 2, false), plan("max", 9, false)};
    EXPECT_EQ(catalog.plan("pro")->rank, 2);
    EXPECT_EQ(catalog.plan("PRO"), nullptr);
    EXPECT_EQ(catalog.default_plan().key, "free");
    EXPECT_EQ(catalog.next_above(plan("x", 0, false))->key, "pro");
    EXPECT_EQ(catalog.next_above(plan("x", 1, false))->key, "pro");
    EXPECT_EQ(catalog.next_above(plan("x", 2, false))->key, "max");
    EXPECT_EQ(catalog.next_above(plan("x", 9, false)), nullptr);
}

TEST(Catalog, EachOfSeveralHasItsOwnPlans) {
    Catalog catalog;
    catalog.keys = {"api", "learning-app"};
    for (const char* key : {"api", "learning-app"})
        for (PlanVersion one : {plan("free", 0, true), plan("pro", 2, false)}) {
            one.catalog = key;
            catalog.plans.push_back(one);
        }
    catalog.plans.push_back(plan("premium", 3, false));
    catalog.plans.back().catalog = "learning-app";

    EXPECT_EQ(catalog.primary(), "api");
    EXPECT_EQ(catalog.plan("pro"), &catalog.plans[1]);
    EXPECT_EQ(catalog.plan("learning-app~pro"), &catalog.plans[3]);
    EXPECT_EQ(catalog.plan("learning-app", "pro"), &catalog.plans[3]);
    EXPECT_EQ(catalog.plan("api", "pro"), &catalog.plans[1]);
    EXPECT_EQ(catalog.plan("", "pro"), &catalog.plans[1]);
    EXPECT_EQ(catalog.plan("api~pro"), nullptr) << "a plan has one name";
    EXPECT_EQ(catalog.plan("premium"), nullptr);
    EXPECT_EQ(catalog.name_of(catalog.plans[1]), "pro");
    EXPECT_EQ(catalog.name_of(catalog.plans[3]), "learning-app~pro");
    EXPECT_EQ(&catalog.default_plan("learning-app"), &catalog.plans[2]);
    EXPECT_EQ(&catalog.default_plan(), &catalog.plans[0]);
    EXPECT_EQ(catalog.next_above(catalog.plans[1]), nullptr);
    EXPECT_EQ(catalog.next_above(catalog.plans[3])->key, "premium");
    EXPECT_TRUE(catalog.has("learning-app"));
    EXPECT_FALSE(catalog.has("saas-orgs"));
}

TEST(Interval, TextsParseBack) {
    for (const auto interval : {Interval::Day, Interval::Week, Interval::Month, Interval::Year})
        EXPECT_EQ(parse_interval(to_text(interval)), interval);
    EXPECT_FALSE(parse_interval("Month"));
}

}  // namespace
}  // namespace turnpike
