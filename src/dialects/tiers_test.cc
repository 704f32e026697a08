#include "dialects/tiers.h"

#include <gtest/gtest.h>

#include "catalog/preset.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::MeteredWorld;
using Texts = std::vector<std::string>;
constexpr std::string_view kPrimary;

/// What a preset's file states, sold as the primary catalog.
class Tiers : public ::testing::Test {
protected:
    std::shared_ptr<const Catalog> sold(const char* preset) {
        world_.sell(read_catalog_file(*preset_catalog(preset), preset).value());
        return world_.catalog().get();
    }
    std::string outcome(const Catalog& catalog, const char* tier) {
        const auto sold = sold_tier(catalog, kPrimary, tier);
        if (sold) return catalog.plan(kPrimary, tier)->prices[0].amount.text();
        EXPECT_EQ(sold.error().code, ErrorCode::InvalidArgument);
        EXPECT_EQ(sold.error().fields.at(0).pointer, "/tier");
        return std::string(sold.error().reason.text());
    }
    std::unique_ptr<sql::Database> ledger_ = sql::open_test_database();
    MeteredWorld world_{*ledger_};
};

TEST_F(Tiers, SayWhatTheyIncludeAsPeopleReadIt) {
    const auto catalog = sold("learning-app");
    const auto included = [&](const char* tier) {
        return included_in(*catalog, *catalog->plan(kPrimary, tier));
    };
    EXPECT_EQ(included("free"), (Texts{"30 AI minutes a day", "5 Scenarios a week"}));
    EXPECT_EQ(included("premium"), (Texts{"All features", "Premium content", "Unlimited AI"}));

    const auto other = sold("attribution");
    EXPECT_EQ(included_in(*other, *other->plan(kPrimary, "starter")),
              (Texts{"CSV export", "First-touch attribution", "Last-touch attribution",
                     "Lookback windows: 5"}));
}

TEST_F(Tiers, ThatCannotBeBoughtAreWrongTiers) {
    const auto catalog = sold("learning-app");
    EXPECT_EQ(outcome(*catalog, "premium"), "9.99 USD");
    EXPECT_EQ(outcome(*catalog, "free"), "billing.tier_not_sold");
    EXPECT_EQ(outcome(*catalog, "enterprise"), "billing.talk_to_sales");
    EXPECT_EQ(outcome(*catalog, "gold"), "billing.unknown_tier");
    EXPECT_EQ(outcome(*catalog, ""), "billing.unknown_tier");
}

}  // namespace
}  // namespace turnpike
