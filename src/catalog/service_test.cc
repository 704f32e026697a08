#include "catalog/service.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "catalog/cache.h"
#include "catalog/plan_warnings.h"
#include "catalog/preset.h"
#include "catalog/price_links.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

const Instant kNow = from_unix_seconds(1'725'148'800);

class CatalogStore : public sql::DatabaseTest {
protected:
    std::vector<CatalogDifference> apply(const CatalogFile& file) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, file, kNow, ids_).value(); });
    }
    Catalog catalog() {
        return db().read_blocking([](sql::Transaction& tx) { return load_catalog(tx); });
    }
    static CatalogFile preset() { return *read_catalog_file(*preset_catalog("api-metering")); }

    SeededIdSource ids_{1};
};

TEST_P(CatalogStore, StoresWhatTheFileSays) {
    EXPECT_FALSE(apply(preset()).empty());
    EXPECT_EQ(plan_diff(catalog(), preset()), std::vector<CatalogDifference>{});
    EXPECT_EQ(catalog().default_plan().key, "free");
    EXPECT_EQ(catalog().plan("pro")->number, 1);
    EXPECT_EQ(catalog().route_cost("GET", "/export/pdf")->units, 5);
}

TEST_P(CatalogStore, ARouteKeepsItsFailureRule) {
    CatalogFile file = preset();
    file.route_costs[0].on_failure = OnFailure::Closed;
    file.route_costs[1].on_failure = OnFailure::Open;
    apply(file);
    const auto stored = catalog();
    EXPECT_EQ(stored.route_costs[0].on_failure, OnFailure::Closed);
    EXPECT_EQ(stored.route_costs[1].on_failure, OnFailure::Open);
    EXPECT_EQ(stored.route_costs[2].on_failure, std::nullopt);
    EXPECT_EQ(plan_diff(stored, file), std::vector<CatalogDifference>{});
}

TEST_P(CatalogStore, ApplyingTwiceChangesNothing) {
    apply(preset());
    const auto before = catalog();
    EXPECT_TRUE(apply(preset()).empty());
    EXPECT_EQ(catalog().plan("pro")->id, before.plan("pro")->id);
}

TEST_P(CatalogStore, ChangedContentIsANewVersionAndTheOldOneStays) {
    apply(preset());
    const auto old = *catalog().plan("pro");
    CatalogFile file = preset();
    file.plans[2].prices[0].amount = Money(10'900, Currency::Usd);
    apply(file);

    const auto now = catalog();
    EXPECT_EQ(now.plan("pro")->number, 2);
    EXPECT_EQ(now.plan("pro")->prices[0].amount.minor(), 10'900);
    EXPECT_EQ(now.plan("starter")->number, 1);
    const auto kept =
        db().read_blocking([&](sql::Transaction& tx) { return load_plan_version(tx, old.id); });
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->prices[0].amount.minor(), 9'900);
    EXPECT_EQ(kept->number, 1);
}

TEST_P(CatalogStore, WarnsOfAMeterThatSubscribersStillHave) {
    apply(preset());
    const auto pro = *catalog().plan("pro");
    const auto subscribe = [&](const char* name, std::optional<Instant> ended_at) {
        db().write_blocking([&](sql::Transaction& tx) {
            tx.run(
                "INSERT INTO customers (id, external_id, metadata, created_at, version) "
                "VALUES ($1, $1, '{}', $2, 1)",
                {std::string("cus_") + name, kNow});
            tx.run(
                "INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, "
                "provider, status, period_start, period_end, cancel_at_period_end, ended_at, "
                "applied_ticket, created_at, updated_at, version) "
                "VALUES ($1, $2, $3, $4, 'stripe', 'active', $5, $5, 0, $6, 0, $5, $5, 1)",
                {std::string("sub_") + name, std::string("cus_") + name, pro.id, pro.prices[0].id,
                 kNow, ended_at});
            return std::monostate{};
        });
    };
    subscribe("a", std::nullopt);
    subscribe("b", std::nullopt);
    subscribe("ended", kNow);
    const auto warnings = [&](const CatalogFile& file) {
        return db().read_blocking([&](sql::Transaction& tx) { return plan_warnings(tx, file); });
    };
    EXPECT_TRUE(warnings(preset()).empty());
    CatalogFile other;
    other.catalog = "other";
    EXPECT_TRUE(warnings(other).empty()) << "another catalog's meters are not its affair";
    CatalogFile file = preset();
    const auto meter = pro.allowances[0].meter_key;
    std::erase_if(file.meters, [&](const Meter& one) { return one.key == meter; });
    ASSERT_EQ(warnings(file).size(), 1U);
    EXPECT_NE(warnings(file)[0].find("meter " + meter + " is not in the file, and 2 subscriptions"),
              std::string::npos)
        << warnings(file)[0];
}

TEST_P(CatalogStore, WarnsOfOverageThatNobodyIsChargedFor) {
    CatalogFile file = preset();
    const auto plan = std::ranges::find(file.plans, true, &FilePlan::is_default);
    plan->allowances[0].overage = OveragePolicy::Bill;
    plan->allowances[0].overage_unit_price = UnitPrice::parse("0.01");
    const auto warnings =
        db().read_blocking([&](sql::Transaction& tx) { return plan_warnings(tx, file); });
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_TRUE(warnings[0].starts_with("plan free is the default and bills overage of "))
        << warnings[0];
}

TEST_P(CatalogStore, ANameOrDefaultMakesNoVersion) {
    apply(preset());
    CatalogFile file = preset();
    file.plans[0].is_default = false;
    file.plans[1].is_default = true;
    file.plans[1].name = "Starter";
    EXPECT_EQ(apply(file).size(), 3U);
    const auto now = catalog();
    EXPECT_EQ(now.default_plan().key, "starter");
    EXPECT_EQ(now.plan("starter")->name, "Starter");
    EXPECT_EQ(now.plan("starter")->number, 1);
}

TEST_P(CatalogStore, AMissingPlanIsArchivedAndComesBack) {
    apply(preset());
    const auto pro = *catalog().plan("pro");
    CatalogFile file = preset();
    file.plans.erase(file.plans.begin() + 2);
    apply(file);
    EXPECT_EQ(catalog().plan("pro"), nullptr);
    EXPECT_TRUE(db().read_blocking(
        [&](sql::Transaction& tx) { return load_plan_version(tx, pro.id).has_value(); }));
    apply(preset());
    EXPECT_EQ(catalog().plan("pro")->id, pro.id);
}

Meter seats() {
    return {.key = "seats",
            .name = "Seats",
            .unit = "seat",
            .event_type = "api.call",
            .aggregation = Meter::Aggregation::Unique,
            .property = "who \"is\" it",
            .filter = {{"plan", {"a", "b, c"}}, {"region", {"eu"}}},
            .group_by = {"region", "os"},
            .catalog = "api-metering"};
}

TEST_P(CatalogStore, AMeterKeepsAllThatItCounts) {
    CatalogFile file = preset();
    file.meters.push_back(seats());
    apply(file);
    EXPECT_EQ(*catalog().meter("seats"), seats());
    EXPECT_EQ(plan_diff(catalog(), file), std::vector<CatalogDifference>{});

    file.meters.back().filter[1].any_of = {"eu", "us"};
    file.meters.back().property = "email";
    EXPECT_EQ(apply(file).size(), 2U);
    EXPECT_EQ(*catalog().meter("seats"), file.meters.back());
}

TEST_P(CatalogStore, AMeterNeverCountsInAnotherWay) {
    CatalogFile file = preset();
    file.meters.push_back(seats());
    apply(file);
    const Catalog before = catalog();
    CatalogFile other = file;
    other.meters.back().aggregation = Meter::Aggregation::Count;
    other.meters.back().name = "Places";
    const auto refused = [&] {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, other, kNow, ids_); });
    };
    EXPECT_EQ(refused().error().reason.text(), "catalog.aggregation_changed");
    EXPECT_EQ(catalog(), before);
    // Also not when it was archived in between.
    apply(preset());
    EXPECT_EQ(refused().error().reason.text(), "catalog.aggregation_changed");
    apply(file);
    EXPECT_EQ(catalog(), before);
}

TEST_P(CatalogStore, APlanKeepsSeveralAllowancesOfOneMeter) {
    CatalogFile file = preset();
    auto& allowances = file.plans[2].allowances;
    allowances[0].overage_cap = UnitPrice::parse("12.345678901");
    allowances.insert(allowances.begin(), {.meter_key = "api_calls",
                                           .included = Quantity::whole(100),
                                           .overage = OveragePolicy::Block,
                                           .overage_unit_price = {},
                                           .reset = *parse_reset("day")});
    allowances.push_back({.meter_key = "api_calls",
                          .included = Quantity::whole(7),
                          .overage = OveragePolicy::Allow,
                          .overage_unit_price = {},
                          .reset = *parse_reset("rolling_5h")});
    apply(file);
    const Catalog stored = catalog();
    EXPECT_EQ(plan_diff(stored, file), std::vector<CatalogDifference>{});
    const auto kept = stored.plan("pro")->allowances_of("api_calls");
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0], allowances[1]);  // by its period
    EXPECT_EQ(kept[1], allowances[0]);
    EXPECT_EQ(kept[2], allowances[2]);
    EXPECT_TRUE(stored.plan("pro")->allowances_of("seats").empty());
}

TEST_P(CatalogStore, SellsUnderTheNewestOfTheProvidersPrices) {
    apply(preset());
    const auto pro = *catalog().plan("pro");
    const auto starter = *catalog().plan("starter");
    const PriceId price = pro.prices[0].id;
    db().write_blocking([&](sql::Transaction& tx) {
        EXPECT_FALSE(find_provider_price(tx, price, "stripe"));
        const Instant first = from_unix_seconds(1), second = from_unix_seconds(2);
        EXPECT_TRUE(link_provider_price(tx, {price, "stripe", "price_1"}, first));
        EXPECT_EQ(find_provider_price(tx, price, "stripe"), "price_1");
        EXPECT_TRUE(link_provider_price(tx, {price, "stripe", "price_2"}, second));
        EXPECT_EQ(find_provider_price(tx, price, "stripe"), "price_2");
        EXPECT_FALSE(link_provider_price(tx, {starter.prices[0].id, "stripe", "price_2"}, second));
        EXPECT_FALSE(find_provider_price(tx, starter.prices[0].id, "stripe"));
        EXPECT_EQ(sold_price_links(tx, "stripe", "api-metering"),
                  (std::map<std::string, std::string>{{price.text(), "price_2"}}));
        EXPECT_TRUE(sold_price_links(tx, "razorpay", "api-metering").empty());
        EXPECT_TRUE(sold_price_links(tx, "stripe", "saas-orgs").empty());
        const auto found = find_price_of_provider(tx, "stripe", "price_1");
        EXPECT_EQ(found->price, price);
        EXPECT_EQ(found->plan_version, pro.id);
        EXPECT_EQ(found->amount, Money(9'900, Currency::Usd));
        EXPECT_EQ(find_price_of_provider(tx, "stripe", "price_2")->price, price);
        EXPECT_FALSE(find_price_of_provider(tx, "stripe", "price_3"));
        EXPECT_FALSE(find_price_of_provider(tx, "razorpay", "price_1"));
        const auto ranks = plan_ranks(tx, starter.prices[0].id, price);
        EXPECT_EQ(ranks->from, 1);
        EXPECT_EQ(ranks->to, 2);
        EXPECT_FALSE(load_price(tx, PriceId::trusted("price_none")));
        return true;
    });
}

TEST_P(CatalogStore, TheCacheGivesOneSnapshotAndOldVersions) {
    apply(preset());
    CatalogCache cache;
    cache.reload(db());
    const auto before = cache.get();
    const auto old = before->plan("pro")->id;
    CatalogFile file = preset();
    file.plans[2].allowances[0].included = Quantity::whole(20'000);
    apply(file);
    cache.reload(db());

    EXPECT_EQ(before->plan("pro")->allowances[0].included, Quantity::whole(10'000));
    EXPECT_EQ(cache.get()->plan("pro")->allowances[0].included, Quantity::whole(20'000));
    db().read_blocking([&](sql::Transaction& tx) {
        const auto kept = cache.plan_version(tx, old);
        EXPECT_TRUE(kept);
        EXPECT_EQ((*kept)->allowances[0].included, Quantity::whole(10'000));
        EXPECT_EQ(*cache.plan_version(tx, old), *kept);
        EXPECT_FALSE(cache.plan_version(tx, PlanVersionId::trusted("pv_none")));
        return true;
    });
    EXPECT_EQ(default_plan_of(cache.get())->key, "free");
}

/// Hands out one answer only when somebody else has done something after it was read.
class SlowAnswers final : public sql::Database {
public:
    SlowAnswers(sql::Database& inner, std::function<void()> meanwhile)
        : inner_(inner), meanwhile_(std::move(meanwhile)) {}
    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind, sql::Job job, sql::Done done) override {
        inner_.read_blocking([&](sql::Transaction& tx) { return job(tx); });
        meanwhile_();
        done(nullptr);
    }

private:
    sql::Database& inner_;
    std::function<void()> meanwhile_;
};

TEST_P(CatalogStore, ALookThatEndsLateDoesNotBringAnOlderCatalogBack) {
    apply(preset());
    CatalogCache cache;
    SlowAnswers slow(db(), [&] {
        CatalogFile file = preset();
        file.plans[2].allowances[0].included = Quantity::whole(20'000);
        apply(file);
        cache.reload(db());
    });
    cache.reload(slow);
    EXPECT_EQ(cache.get()->plan("pro")->allowances[0].included, Quantity::whole(20'000));
}

INSTANTIATE_TEST_SUITE_P(, CatalogStore, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
