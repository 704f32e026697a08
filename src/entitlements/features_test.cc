#include "entitlements/features.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "entitlements/capacity.h"
#include "entitlements/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;

constexpr const char* kTeams = R"(
[[features]]
key = "users"
name = "Users"
kind = "capacity"
[[features]]
key = "csv_export"
name = "CSV export"
kind = "boolean"
[[features]]
key = "support"
name = "Support"
kind = "configuration"

[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
features = { users = 10 }
[[plans]]
key = "pro"
name = "Pro"
rank = 1
prices = [{ currency = "usd", interval = "month", amount = "49.00" }]
features = { users = "unlimited", csv_export = true, support = "by phone" }
)";

class Features : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        world_->sell(*read_catalog_file(kTeams));
        acme_ = world_->add_customer("acme");
    }
    Standing standing(Instant now = kStart) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return *load_standing(tx, world_->catalog(), "acme", now);
        });
    }
    FeatureValue value(const char* key, Instant now = kStart) {
        const Standing his = standing(now);
        return db().read_blocking(
            [&](sql::Transaction& tx) { return feature_of(tx, his, key).value(); });
    }
    void override_with(const char* key, const char* value, std::optional<Instant> expires_at) {
        db().write_blocking([&](sql::Transaction& tx) {
            return tx.run(
                R"sql(
                INSERT INTO entitlement_overrides (customer_id, feature_key, number, value, actor,
                       created_at, expires_at, removed_at)
                VALUES ($1, $2, $3, $4, 'key:k', $5, $6, NULL))sql",
                {acme_, key, ++overrides_, value, kStart, expires_at});
        });
    }
    CapacityState take(std::int64_t n = 1) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const auto his = *load_standing(tx, world_->catalog(), "acme", kStart);
            return take_capacity(tx, his, "users", n).value();
        });
    }
    void give_back(std::int64_t n) {
        db().write_blocking([&](sql::Transaction& tx) {
            give_back_capacity(tx, acme_, "users", n);
            return true;
        });
    }
    std::optional<MeteredWorld> world_;
    CustomerId acme_ = CustomerId::trusted("cus_none");
    int overrides_ = 0;
};

TEST_P(Features, ThePlanSaysAndTheRestIsAbsent) {
    EXPECT_EQ(value("users"), FeatureValue(Capacity{10}));
    EXPECT_EQ(value("csv_export"), FeatureValue(false));
    EXPECT_EQ(value("support"), FeatureValue(std::string()));
    const Standing his = standing();
    db().read_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(feature_of(tx, his, "zap").error().reason, Reason("entitlement.no_such_feature"));
        return true;
    });
    testing::add_subscription(*world_, acme_, {});
    EXPECT_EQ(value("users"), FeatureValue(Capacity{}));
    EXPECT_EQ(value("csv_export"), FeatureValue(true));
    EXPECT_EQ(value("support"), FeatureValue(std::string("by phone")));
}

TEST_P(Features, TheNewestOverrideThatHasNotExpiredCounts) {
    const Instant later = kStart + std::chrono::hours(1);
    override_with("users", "20", std::nullopt);
    override_with("users", "500", later);
    EXPECT_EQ(value("users"), FeatureValue(Capacity{500}));
    EXPECT_EQ(value("users", later - Duration(1)), FeatureValue(Capacity{500}));
    EXPECT_EQ(value("users", later), FeatureValue(Capacity{20}));
    override_with("csv_export", "true", later);
    EXPECT_EQ(value("csv_export"), FeatureValue(true));
    EXPECT_EQ(value("csv_export", later), FeatureValue(false));
}

TEST_P(Features, CapacityIsTakenUpToTheLimitAndGivenBack) {
    EXPECT_EQ(take(11), (CapacityState{false, 0, 10}));
    EXPECT_EQ(take(9), (CapacityState{true, 9, 10}));
    EXPECT_EQ(take(2), (CapacityState{false, 9, 10}));
    EXPECT_EQ(take(1), (CapacityState{true, 10, 10}));
    EXPECT_EQ(take(1), (CapacityState{false, 10, 10}));
    EXPECT_EQ(take(1).remaining(), 0);
    give_back(3);
    EXPECT_EQ(take(1), (CapacityState{true, 8, 10}));
    EXPECT_EQ(take(1).remaining(), 1);
}

TEST_P(Features, ASmallerLimitLeavesWhatIsThere) {
    EXPECT_TRUE(take(10).allowed);
    override_with("users", "4", std::nullopt);
    const CapacityState state = take(1);
    EXPECT_EQ(state, (CapacityState{false, 10, 4}));
    EXPECT_EQ(state.remaining(), 0);
    give_back(7);
    EXPECT_EQ(take(1), (CapacityState{true, 4, 4}));
}

TEST_P(Features, WithoutALimitEverythingFits) {
    override_with("users", "unlimited", std::nullopt);
    EXPECT_EQ(take(100), (CapacityState{true, 100, std::nullopt}));
    EXPECT_EQ(take(1).remaining(), std::nullopt);
}

TEST_P(Features, OnlyACapacityIsCounted) {
    const Standing his = standing();
    db().write_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(take_capacity(tx, his, "csv_export").error().reason,
                  Reason("entitlement.not_a_capacity"));
        EXPECT_EQ(capacity_of(tx, his, "zap").error().reason,
                  Reason("entitlement.no_such_feature"));
        EXPECT_EQ(capacity_of(tx, his, "users", 10), (CapacityState{true, 0, 10}));
        EXPECT_EQ(capacity_of(tx, his, "users", 11), (CapacityState{false, 0, 10}));
        return true;
    });
}

TEST_P(Features, OfFiftyAtOnceTenGetAPlace) {
    std::atomic<int> allowed = 0;
    std::vector<std::thread> invitations;
    for (int i = 0; i < 50; ++i)
        invitations.emplace_back([&] { allowed += take().allowed ? 1 : 0; });
    for (std::thread& invitation : invitations) invitation.join();
    EXPECT_EQ(allowed, 10);
    EXPECT_EQ(take(), (CapacityState{false, 10, 10}));
}

INSTANTIATE_TEST_SUITE_P(, Features, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
