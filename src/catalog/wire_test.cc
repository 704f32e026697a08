#include "catalog/wire.h"

#include <gtest/gtest.h>

#include "catalog/cache.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

Catalog with_presets(std::initializer_list<const char*> presets) {
    const auto db = sql::open_test_database();
    SeededIdSource ids{1};
    return db->write_blocking([&](sql::Transaction& tx) {
        for (const char* preset : presets) {
            const auto file = read_catalog_file(*preset_catalog(preset), preset).value();
            EXPECT_TRUE(apply_catalog(tx, file, from_unix_seconds(0), ids)) << preset;
        }
        return load_catalog(tx);
    });
}

TEST(CatalogWire, PricingMarksWhoseSellersOneTalksTo) {
    Catalog catalog = with_presets({"api-metering"});
    catalog.plans.back().prices.clear();
    catalog.plans.back().custom_price = true;
    const Json tiers = write_pricing(catalog, "api-metering")["tiers"];
    EXPECT_EQ(tiers.back()["talk_to_sales"], true);
    EXPECT_FALSE(tiers.back().contains("price"));
    EXPECT_FALSE(tiers.front().contains("talk_to_sales"));
}

TEST(CatalogWire, PricingIsThePublishedTable) {
    const Catalog catalog = with_presets({"learning-app", "api-metering"});
    const Json body = write_pricing(catalog, "api-metering");
    EXPECT_EQ(body["currency"], "usd");
    const Json expected = Json::parse(R"([
        {"tier":"free","name":"FREE","price":"0.00","price_amount":0,"currency":"usd",
         "interval":"month","api_calls_included":100,"overage":null,"overage_policy":"block"},
        {"tier":"starter","name":"STARTER","price":"29.00","price_amount":2900,"currency":"usd",
         "interval":"month","api_calls_included":1000,"overage":"0.03","overage_policy":"bill"},
        {"tier":"pro","name":"PRO","price":"99.00","price_amount":9900,"currency":"usd",
         "interval":"month","api_calls_included":10000,"overage":"0.02","overage_policy":"bill"},
        {"tier":"enterprise","name":"ENTERPRISE","price":"499.00","price_amount":49900,
         "currency":"usd","interval":"month","api_calls_included":100000,"overage":"0.01",
         "overage_policy":"bill"}])");
    EXPECT_EQ(body["tiers"], expected);
    EXPECT_EQ(body["unit_costs"].size(), 4U);
}

TEST(CatalogWire, ChangesBetweenVersionsAreNamedOneByOne) {
    const Catalog catalog = with_presets({"api-metering"});
    const PlanVersion& starter = *catalog.plan("starter");
    EXPECT_EQ(write_plan_changes(starter, starter), Json::array());
    PlanVersion from = starter, to = starter;
    from.features = {{"csv", true}, {"support", std::string("mail")}, {"users", Capacity{7}}};
    to.features = {{"csv", true}, {"sso", true}, {"users", Capacity{2}}};
    to.allowances.front().included = Quantity::whole(500);
    const Json expected = Json::parse(R"([
        {"feature": "sso", "from": null, "to": true},
        {"feature": "support", "from": "mail", "to": null},
        {"feature": "users", "from": {"limit": 7}, "to": {"limit": 2}},
        {"meter": "api_calls",
         "from": [{"meter": "api_calls", "included": "1000", "reset": "billing_period",
                   "overage_policy": "bill", "overage_unit_price": "0.03", "overage_cap": null}],
         "to": [{"meter": "api_calls", "included": "500", "reset": "billing_period",
                 "overage_policy": "bill", "overage_unit_price": "0.03", "overage_cap": null}]}])");
    EXPECT_EQ(write_plan_changes(from, to), expected);
}

TEST(CatalogWire, APlanShowsItsContent) {
    const Catalog catalog = with_presets({"api-metering", "attribution"});
    const Json pro = write_plan(*catalog.plan("pro"));
    EXPECT_EQ(pro["prices"][0]["amount"], 9900);
    EXPECT_EQ(pro["allowances"][0]["included"], "10000");
    EXPECT_EQ(pro["allowances"][0]["overage_unit_price"], "0.02");
    EXPECT_EQ(pro["catalog"], "api-metering");
    const Json scale = write_plan(*catalog.plan("attribution~scale"));
    EXPECT_EQ(scale["catalog"], "attribution");
    EXPECT_EQ(scale["features"]["advanced_export"], true);
    EXPECT_EQ(scale["features"]["lookback_windows"], Json({{"limit", 30}}));
    EXPECT_FALSE(pro["features"].contains("advanced_export"));
}

/// The tiers of spec/systems.md, section 3.
TEST(Presets, TheLearningAppLimitsDaysAndWeeks) {
    const Catalog catalog = with_presets({"learning-app"});
    const PlanVersion& free = catalog.default_plan();
    EXPECT_EQ(free.allowances_of("ai_minutes").front().included, Quantity::whole(30));
    EXPECT_EQ(to_text(free.allowances_of("ai_minutes").front().reset), "day");
    EXPECT_EQ(free.allowances_of("scenarios").front().included, Quantity::whole(5));
    EXPECT_EQ(to_text(free.allowances_of("scenarios").front().reset), "week");
    EXPECT_EQ(catalog.plan("premium")->prices[0].amount, Money(999, Currency::Usd));
    EXPECT_EQ(catalog.plan("plus")->prices[0].amount, Money(1'999, Currency::Usd));
    EXPECT_EQ(catalog.plan("premium")->feature("custom_ai"), nullptr);
    EXPECT_EQ(*catalog.plan("plus")->feature("business_german"), FeatureValue(true));
    EXPECT_TRUE(catalog.plan("enterprise")->custom_price);
    EXPECT_TRUE(catalog.plan("enterprise")->prices.empty());
    for (const char* paid : {"premium", "plus", "enterprise"})
        EXPECT_EQ(catalog.plan(paid)->allowances_of("ai_minutes").front().overage,
                  OveragePolicy::Allow);
}

/// Section 4: what is gated, and from which tier.
TEST(Presets, AttributionGatesByTier) {
    const Catalog catalog = with_presets({"attribution"});
    struct Case {
        const char *feature, *from;
    };
    const Case cases[] = {{"csv_export", "starter"},      {"first_touch", "starter"},
                          {"last_touch", "starter"},      {"ai_attribution", "pro"},
                          {"workflow_automation", "pro"}, {"alerts", "pro"},
                          {"api_access", "pro"},          {"batch_generate", "pro"},
                          {"custom_ai_prompts", "pro"},   {"advanced_export", "scale"},
                          {"playbooks", "scale"},         {"priority_support", "scale"},
                          {"white_label", "scale"},       {"custom_integrations", "scale"}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.feature);
        for (const PlanVersion& plan : catalog.plans)
            EXPECT_EQ(plan.feature(c.feature) != nullptr, plan.rank >= catalog.plan(c.from)->rank)
                << plan.key;
    }
    EXPECT_EQ(*catalog.plan("starter")->feature("lookback_windows"), FeatureValue(Capacity{5}));
    EXPECT_EQ(*catalog.plan("pro")->feature("lookback_windows"), FeatureValue(Capacity{30}));
    EXPECT_EQ(catalog.plan("pro")->prices[0].amount, Money(2'900, Currency::Usd));
    EXPECT_EQ(catalog.plan("scale")->prices[0].amount, Money(9'900, Currency::Usd));
}

TEST(Presets, AllOfThemFitInOneLedger) {
    const Catalog catalog =
        with_presets({"api-metering", "saas-orgs", "learning-app", "attribution"});
    EXPECT_EQ(catalog.keys, preset_names());
    EXPECT_EQ(catalog.default_plan("saas-orgs").key, "free");
    EXPECT_EQ(*catalog.plan("saas-orgs~pro")->feature("users"), FeatureValue(Capacity{10}));
    EXPECT_EQ(*catalog.plan("saas-orgs~pro")->feature("projects"), FeatureValue(Capacity{50}));
}

}  // namespace
}  // namespace turnpike
