#include "billing/life/own_trial.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

PlanVersion some_plan() {
    return {.id = PlanVersionId::trusted("plv_1"),
            .plan = PlanId::trusted("plan_1"),
            .key = "pro",
            .name = "PRO",
            .prices = {},
            .allowances = {}};
}

TEST(OwnTrial, OnlyTheSellerGivesALongOne) {
    Principal user, seller, superuser;
    user.kind = PrincipalKind::Customer;
    seller.kind = PrincipalKind::Seller;
    superuser.kind = PrincipalKind::Admin;
    const PlanVersion usual = some_plan();
    EXPECT_TRUE(check_own_trial(user, usual, 0));
    EXPECT_TRUE(check_own_trial(user, usual, 30));
    const auto longer = check_own_trial(user, usual, 31);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, ErrorCode::Unprocessable);
    EXPECT_EQ(longer.error().reason, Reason("subscription.trial_too_long"));
    EXPECT_TRUE(check_own_trial(seller, usual, 730));
    EXPECT_TRUE(check_own_trial(superuser, usual, 730));
}

TEST(OwnTrial, ThePlanSaysHowLongItMayBe) {
    Principal user;
    user.kind = PrincipalKind::Customer;
    PlanVersion plan = some_plan();
    plan.trial_days_max = 60;
    EXPECT_TRUE(check_own_trial(user, plan, 60));
    EXPECT_FALSE(check_own_trial(user, plan, 61));
    plan.trial_days_max = 0;
    EXPECT_TRUE(check_own_trial(user, plan, 0));
    EXPECT_FALSE(check_own_trial(user, plan, 1));
}

}  // namespace
}  // namespace turnpike
