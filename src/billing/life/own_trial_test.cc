#include "billing/life/own_trial.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

const PlanVersionId kPro = PlanVersionId::trusted("plv_1");

PlanVersion some_plan(const PlanVersionId& id) {
    return {.id = id,
            .plan = PlanId::trusted("plan_1"),
            .key = "pro",
            .name = "PRO",
            .prices = {},
            .allowances = {}};
}

/// Of two plans, of which the other one has no trial.
Catalog some_catalog() {
    Catalog catalog;
    catalog.plans.push_back(some_plan(PlanVersionId::trusted("plv_2")));
    catalog.plans.back().trial_days_max = 0;
    catalog.plans.push_back(some_plan(kPro));
    return catalog;
}

TEST(OwnTrial, OnlyTheSellerGivesALongOne) {
    Principal user, seller, superuser;
    user.kind = PrincipalKind::Customer;
    seller.kind = PrincipalKind::Seller;
    superuser.kind = PrincipalKind::Admin;
    const Catalog usual = some_catalog();
    EXPECT_TRUE(check_own_trial(user, usual, kPro, 0));
    EXPECT_TRUE(check_own_trial(user, usual, kPro, 30));
    const auto longer = check_own_trial(user, usual, kPro, 31);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, ErrorCode::Unprocessable);
    EXPECT_EQ(longer.error().reason, Reason("subscription.trial_too_long"));
    EXPECT_TRUE(check_own_trial(seller, usual, kPro, 730));
    EXPECT_TRUE(check_own_trial(superuser, usual, kPro, 730));
}

TEST(OwnTrial, ThePlanSaysHowLongItMayBe) {
    Principal user;
    user.kind = PrincipalKind::Customer;
    Catalog catalog = some_catalog();
    auto& longest = catalog.plans.back().trial_days_max;
    longest = 60;
    EXPECT_TRUE(check_own_trial(user, catalog, kPro, 60));
    EXPECT_FALSE(check_own_trial(user, catalog, kPro, 61));
    longest = 0;
    EXPECT_TRUE(check_own_trial(user, catalog, kPro, 0));
    EXPECT_FALSE(check_own_trial(user, catalog, kPro, 1));
}

}  // namespace
}  // namespace turnpike
