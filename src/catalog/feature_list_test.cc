#include "catalog/feature_list.h"

#include "catalog/plan_service.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using Names = std::vector<std::string>;

class FeatureListTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        const auto file = read_catalog_file(*preset_catalog("saas-orgs")).value();
        db().write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, file, now_, ids_).value(); });
    }
    Result<Names> ensure(const Names& names) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return ensure_features(tx, "saas-orgs", names, {staff_, now_, ids_});
        });
    }
    PlanVersion sell(const std::string& key, const Names& listed) {
        NewPlan wanted;
        wanted.catalog = "saas-orgs";
        wanted.plan.key = key;
        wanted.plan.name = key;
        wanted.plan.prices = {{{Interval::Month, 1}, Money(4900, Currency::Usd)}};
        wanted.listed = listed;
        return db().write_blocking([&](sql::Transaction& tx) {
            return create_plan(tx, wanted, staff_, now_, ids_).value();
        });
    }
    PlanVersion change(const PlanVersion& plan, const PlanPatch& patch) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return change_plan(tx, {plan.plan.text(), patch, staff_}, now_, ids_).value();
        });
    }
    Names list(const PlanVersion& plan) {
        return db().read_blocking([&](sql::Transaction& tx) { return feature_list(tx, plan.id); });
    }

    const Instant now_ = from_unix_seconds(1'725'148'800);
    const Authority staff_{"admin:root", "req_1"};
    SeededIdSource ids_{7};
};
INSTANTIATE_TEST_SUITE_P(, FeatureListTest, sql::both_engines(), sql::engine_name);

TEST_P(FeatureListTest, ANameIsThatOfAFeatureAndIsMadeWhereThereIsNone) {
    // The catalog has "Priority support"; the capitals do not matter, nor does a second mention.
    const auto keys = ensure({"Single sign-on", "PRIORITY support", "single SIGN-on"});
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(*keys, (Names{"single_sign_on", "priority_support"}));
    EXPECT_EQ(ensure({"Single sign-on"}).value(), (Names{"single_sign_on"})) << "made once";
    EXPECT_TRUE(ensure({}).value().empty());
}

TEST_P(FeatureListTest, NamesThatAKeyCannotTellApartHaveKeysOfTheirOwn) {
    const auto keys = ensure({"24/7 help", "24-7 help", "Größe", "++"}).value();
    ASSERT_EQ(keys.size(), 4U);
    EXPECT_EQ(keys[0], "24_7_help");
    EXPECT_TRUE(keys[1].starts_with("24_7_help_")) << keys[1];
    EXPECT_TRUE(keys[2].starts_with("gr_")) << keys[2];
    EXPECT_EQ(keys[3].size(), 12U) << "nothing of the name is left but its hash";
    EXPECT_EQ(ensure({"24-7 help"}).value(), (Names{keys[1]}));
    const std::string tedious(255, 'x');
    EXPECT_LE(ensure({tedious}).value().front().size(), 64U) << "the longest key";
}

TEST_P(FeatureListTest, ACapacityIsNothingToList) {
    const auto refused = ensure({"Users"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("catalog.bad_plan"));
}

TEST_P(FeatureListTest, AListHasItsOrderWhichMakesNoVersion) {
    const auto plan = sell("team", {"Zebra stripes", "Priority support", "Ants"});
    EXPECT_EQ(list(plan), (Names{"Zebra stripes", "Priority support", "Ants"}));
    PlanPatch patch;
    patch.listed = Names{"Ants", "Zebra stripes", "Priority support"};
    const auto turned = change(plan, patch);
    EXPECT_EQ(turned.number, 1);
    EXPECT_EQ(list(turned), *patch.listed);

    PlanPatch renamed;
    renamed.first_price.amount = 5900;
    const auto dearer = change(plan, renamed);
    EXPECT_EQ(dearer.number, 2);
    EXPECT_EQ(dearer.prices.front().amount, Money(5900, Currency::Usd));
    EXPECT_EQ(list(dearer), *patch.listed) << "the next version keeps the order";

    patch.listed = Names{"Ants"};
    const auto fewer = change(plan, patch);
    EXPECT_EQ(fewer.number, 3);
    EXPECT_EQ(list(fewer), *patch.listed);
    EXPECT_EQ(list(plan), (Names{"Ants", "Zebra stripes", "Priority support"}))
        << "who has the first version keeps what it lists";
}

TEST_P(FeatureListTest, AllThatIsSoldAtOnce) {
    const auto team = sell("team", {"Zebra stripes", "Ants"});
    const auto plain = sell("plain", {});
    const auto lists = db().read_blocking(
        [](sql::Transaction& tx) { return sold_feature_lists(tx, "saas-orgs"); });
    EXPECT_EQ(lists.at(team.id.text()), (Names{"Zebra stripes", "Ants"}));
    EXPECT_FALSE(lists.contains(plain.id.text()));
    EXPECT_EQ(lists.size(), 2U) << "Professional of the preset has three, Free none";
}

}  // namespace
}  // namespace turnpike
