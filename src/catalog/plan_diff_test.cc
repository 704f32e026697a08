#include "catalog/plan_diff.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Allowance calls(std::int64_t included, const char* price) {
    Allowance allowance{"api_calls", Quantity::whole(included), OveragePolicy::Block, {}};
    if (price != nullptr) {
        allowance.overage = OveragePolicy::Bill;
        allowance.overage_unit_price = UnitPrice::parse(price);
    }
    return allowance;
}

CatalogFile small_file() {
    CatalogFile file;
    file.meters = {{"api_calls", "API calls", "call", "api.call", Meter::Aggregation::Sum}};
    file.plans = {
        {"free", "FREE", 0, true, {{{}, Money(0, Currency::Usd)}}, {calls(100, nullptr)}},
        {"pro", "PRO", 2, false, {{{}, Money(9900, Currency::Usd)}}, {calls(10'000, "0.02")}}};
    file.route_costs = {{"*", "/signals", "api_calls", 1}};
    return file;
}

Catalog stored_as(const CatalogFile& file) {
    Catalog catalog;
    catalog.keys = {file.catalog};
    catalog.meters = file.meters;
    for (Meter& meter : catalog.meters) meter.catalog = file.catalog;
    catalog.route_costs = file.route_costs;
    for (RouteCost& route : catalog.route_costs) route.catalog = file.catalog;
    for (const FilePlan& plan : file.plans) {
        PlanVersion version{.id = PlanVersionId::trusted("pv_" + plan.key),
                            .plan = PlanId::trusted("plan_" + plan.key),
                            .key = plan.key,
                            .name = plan.name,
                            .rank = plan.rank,
                            .is_default = plan.is_default,
                            .number = 1,
                            .prices = {},
                            .allowances = plan.allowances,
                            .features = plan.features,
                            .custom_price = plan.custom_price,
                            .catalog = file.catalog,
                            .description = plan.description};
        for (const FilePrice& price : plan.prices)
            version.prices.push_back({PriceId::trusted("price_x"), price.recurrence, price.amount});
        catalog.plans.push_back(std::move(version));
    }
    return catalog;
}

std::vector<std::string> texts(const std::vector<CatalogDifference>& differences) {
    std::vector<std::string> found;
    for (const auto& difference : differences) found.push_back(to_text(difference));
    return found;
}

using Texts = std::vector<std::string>;

TEST(PlanDiff, EqualCatalogsDifferInNothing) {
    EXPECT_EQ(texts(plan_diff(stored_as(small_file()), small_file())), Texts{});
}

TEST(PlanDiff, SaysWhatChangedFromWhatToWhat) {
    const Catalog stored = stored_as(small_file());
    struct Case {
        const char* name;
        void (*change)(CatalogFile&);
        Texts expected;
    };
    const Case cases[] = {
        {"a price",
         [](CatalogFile& f) { f.plans[1].prices[0].amount = Money(10900, Currency::Usd); },
         {"~ plan pro: price usd every month: 99.00 USD -> 109.00 USD"}},
        {"an interval",
         [](CatalogFile& f) { f.plans[1].prices[0].recurrence.count = 3; },
         {"- plan pro: price usd every month: 99.00 USD",
          "+ plan pro: price usd every 3 months: 99.00 USD"}},
        {"an allowance",
         [](CatalogFile& f) { f.plans[1].allowances = {calls(20'000, "0.015")}; },
         {"~ plan pro: api_calls: 10000 included, then 0.02 each -> 20000 included, then 0.015 "
          "each"}},
        {"a policy",
         [](CatalogFile& f) { f.plans[1].allowances = {calls(10'000, nullptr)}; },
         {"~ plan pro: api_calls: 10000 included, then 0.02 each -> 10000 included, then blocked"}},
        {"a cap",
         [](CatalogFile& f) { f.plans[1].allowances[0].overage_cap = UnitPrice::whole(50); },
         {"~ plan pro: api_calls: 10000 included, then 0.02 each -> 10000 included, then 0.02 each "
          "up to 50"}},
        {"a soft limit",
         [](CatalogFile& f) { f.plans[0].allowances[0].overage = OveragePolicy::Allow; },
         {"~ plan free: api_calls: 100 included, then blocked -> 100 included, then allowed"}},
        {"another window",
         [](CatalogFile& f) {
             f.plans[0].allowances.push_back(calls(10, nullptr));
             f.plans[0].allowances.back().reset = {Reset::Kind::Rolling, 24};
         },
         {"+ plan free: api_calls by rolling_1d: 10 included, then blocked"}},
        {"a meter's property",
         [](CatalogFile& f) { f.meters[0].property = "tokens"; },
         {"~ meter api_calls: sum of api.call -> sum of \"tokens\" of api.call"}},
        {"a meter's filter",
         [](CatalogFile& f) { f.meters[0].filter = {{"model", {"a", "b\""}}}; },
         {"+ meter api_calls: filter \"model\": \"a\", \"b\\\"\""}},
        {"a meter's groups",
         [](CatalogFile& f) { f.meters[0].group_by = {"region", "os"}; },
         {"+ meter api_calls: group_by: \"region\", \"os\""}},
        {"a name",
         [](CatalogFile& f) { f.plans[1].name = "Pro"; },
         {"~ plan pro: name: PRO -> Pro"}},
        {"a plan less",
         [](CatalogFile& f) { f.plans.pop_back(); },
         {"- plan pro: rank 2", "- plan pro: api_calls: 10000 included, then 0.02 each",
          "- plan pro: name: PRO", "- plan pro: price usd every month: 99.00 USD"}},
        {"a route",
         [](CatalogFile& f) { f.route_costs[0].units = 4; },
         {"~ route * /signals: 1 of api_calls, row 1 -> 4 of api_calls, row 1"}},
        {"a route's failure rule",
         [](CatalogFile& f) { f.route_costs[0].on_failure = OnFailure::Closed; },
         {"+ route * /signals: on_failure: closed"}},
        {"a meter's events",
         [](CatalogFile& f) { f.meters[0].event_type = "call"; },
         {"~ meter api_calls: sum of api.call -> sum of call"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        CatalogFile file = small_file();
        c.change(file);
        EXPECT_EQ(texts(plan_diff(stored, file)), c.expected);
    }
}

TEST(PlanContent, IsAboutPricesAndAllowancesOnly) {
    FilePlan plan = small_file().plans[1];
    const std::string before = plan_content(plan);
    plan.name = "Professional";
    plan.rank = 7;
    plan.is_default = true;
    EXPECT_EQ(plan_content(plan), before);
    plan.allowances = {calls(10'001, "0.02")};
    EXPECT_NE(plan_content(plan), before);
    for (const auto change : {+[](Allowance& a) { a.reset = {Reset::Kind::Day, 0}; },
                              +[](Allowance& a) { a.overage_cap = UnitPrice::whole(1); },
                              +[](Allowance& a) { a.overage = OveragePolicy::Allow; }}) {
        plan = small_file().plans[1];
        change(plan.allowances[0]);
        EXPECT_NE(plan_content(plan), before);
    }
}

TEST(PlanContent, DoesNotDependOnTheOrderOfTheFile) {
    FilePlan plan = small_file().plans[1];
    plan.prices.push_back({{Interval::Year, 1}, Money(99'000, Currency::Usd)});
    const std::string before = plan_content(plan);
    std::swap(plan.prices[0], plan.prices[1]);
    EXPECT_EQ(plan_content(plan), before);
}

}  // namespace
}  // namespace turnpike
