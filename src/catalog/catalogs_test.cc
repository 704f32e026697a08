#include <algorithm>

#include <gtest/gtest.h>

#include "catalog/preset.h"
#include "catalog/service.h"
#include "sql/testing.h"

// Several catalogs in one ledger.

namespace turnpike {
namespace {

const Instant kApplied = from_unix_seconds(1'725'148'800);

constexpr const char* kLearning = R"(
catalog = "learning"
[[meters]]
key = "ai_minutes"
name = "AI minutes"
unit = "minute"
event_type = "ai.minute"
aggregation = "sum"
[[features]]
key = "custom_ai"
name = "Custom AI"
kind = "boolean"
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
allowances = [{ meter = "ai_minutes", included = "30", overage = "block", reset = "day" }]
[[plans]]
key = "pro"
name = "Pro"
rank = 1
description = "Everything"
prices = [{ currency = "usd", interval = "month", amount = "9.99" }]
features = { custom_ai = true }
[[plans]]
key = "enterprise"
name = "Enterprise"
rank = 2
custom_price = true
[[routes]]
method = "POST"
pattern = "/lessons"
meter = "ai_minutes"
units = 1
)";

CatalogFile learning() { return read_catalog_file(kLearning).value(); }
CatalogFile metering() { return *read_catalog_file(*preset_catalog("api-metering")); }

class Catalogs : public sql::DatabaseTest {
protected:
    Result<std::vector<CatalogDifference>> apply(const CatalogFile& file) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, file, kApplied, ids_); });
    }
    std::string refusal_of(const CatalogFile& file) {
        const auto applied = apply(file);
        return applied ? "applied" : std::string(applied.error().reason.text());
    }
    Catalog catalog() {
        return db().read_blocking([](sql::Transaction& tx) { return load_catalog(tx); });
    }
    SeededIdSource ids_{1};
};

TEST_P(Catalogs, TheFirstOneIsThePrimaryOneForEver) {
    ASSERT_TRUE(apply(metering()));
    ASSERT_TRUE(apply(learning()));
    const Catalog both = catalog();
    EXPECT_EQ(both.keys, (std::vector<std::string>{"api-metering", "learning"}));
    EXPECT_EQ(both.plan("pro")->name, "PRO");
    EXPECT_EQ(both.plan("learning~pro")->name, "Pro");
    EXPECT_EQ(both.plan("learning~pro")->description, "Everything");
    EXPECT_EQ(*both.plan("learning~pro")->feature("custom_ai"), FeatureValue(true));
    EXPECT_TRUE(both.plan("learning~enterprise")->custom_price);
    EXPECT_EQ(both.default_plan("learning").name, "Free");
    EXPECT_EQ(both.route_cost("POST", "/lessons")->catalog, "learning");
    EXPECT_EQ(both.meter("ai_minutes")->catalog, "learning");
    EXPECT_EQ(both.feature("learning", "custom_ai")->name, "Custom AI");
    EXPECT_EQ(plan_diff(both, metering()), std::vector<CatalogDifference>{});
    EXPECT_EQ(plan_diff(both, learning()), std::vector<CatalogDifference>{});
}

TEST_P(Catalogs, ApplyingOneLeavesTheOthersAlone) {
    ASSERT_TRUE(apply(metering()));
    ASSERT_TRUE(apply(learning()));
    const Catalog before = catalog();
    CatalogFile smaller = learning();
    std::erase_if(smaller.plans, [](const FilePlan& plan) { return plan.key == "pro"; });
    smaller.features.clear();
    smaller.route_costs.clear();
    ASSERT_TRUE(apply(smaller));
    const Catalog after = catalog();
    EXPECT_EQ(after.plan("learning~pro"), nullptr);
    EXPECT_EQ(after.features.size(), 0U);
    EXPECT_EQ(after.route_cost("POST", "/lessons"), nullptr);
    for (const char* key : {"free", "starter", "pro", "enterprise"})
        EXPECT_EQ(*after.plan(key), *before.plan(key));
    EXPECT_EQ(plan_diff(after, metering()), std::vector<CatalogDifference>{});
    ASSERT_TRUE(apply(learning()));
    EXPECT_EQ(catalog(), before);
}

TEST_P(Catalogs, MetersEventTypesAndRoutesBelongToOne) {
    ASSERT_TRUE(apply(metering()));
    const Catalog before = catalog();

    CatalogFile same_meter = learning();
    same_meter.meters[0].key = "api_calls";
    same_meter.plans[0].allowances[0].meter_key = "api_calls";
    same_meter.route_costs[0].meter_key = "api_calls";
    EXPECT_EQ(refusal_of(same_meter), "catalog.meter_taken");

    CatalogFile same_type = learning();
    same_type.meters[0].event_type = "api.call";
    EXPECT_EQ(refusal_of(same_type), "catalog.event_type_taken");

    CatalogFile same_route = learning();
    same_route.route_costs[0] = {"*", "/signals", "ai_minutes", 1};
    EXPECT_EQ(refusal_of(same_route), "catalog.route_taken");
    EXPECT_EQ(catalog(), before);
}

TEST_P(Catalogs, AFeatureKeepsItsKind) {
    ASSERT_TRUE(apply(learning()));
    CatalogFile other = learning();
    other.features[0].kind = FeatureKind::Capacity;
    other.plans[1].features[0].value = Capacity{3};
    EXPECT_EQ(refusal_of(other), "catalog.feature_kind_changed");
    CatalogFile without = learning();
    without.features.clear();
    without.plans[1].features.clear();
    ASSERT_TRUE(apply(without));
    EXPECT_EQ(refusal_of(other), "catalog.feature_kind_changed") << "it was only archived";
}

TEST_P(Catalogs, AFeatureValueMakesAVersion) {
    ASSERT_TRUE(apply(learning()));
    const Catalog before = catalog();
    CatalogFile file = learning();
    file.plans[1].features.clear();
    ASSERT_TRUE(apply(file));
    const Catalog after = catalog();
    EXPECT_EQ(after.plan("pro")->number, 2);
    EXPECT_EQ(after.plan("pro")->feature("custom_ai"), nullptr);
    const auto kept = db().read_blocking(
        [&](sql::Transaction& tx) { return load_plan_version(tx, before.plan("pro")->id); });
    ASSERT_TRUE(kept);
    EXPECT_EQ(*kept->feature("custom_ai"), FeatureValue(true));
}

INSTANTIATE_TEST_SUITE_P(, Catalogs, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
