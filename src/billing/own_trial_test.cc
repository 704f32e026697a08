#include "billing/own_trial.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(OwnTrial, OnlyTheSellerGivesALongOne) {
    Principal user, seller, superuser;
    user.kind = PrincipalKind::Customer;
    seller.kind = PrincipalKind::Seller;
    superuser.kind = PrincipalKind::Admin;
    EXPECT_TRUE(check_own_trial(user, 0));
    EXPECT_TRUE(check_own_trial(user, 30));
    const auto longer = check_own_trial(user, 31);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, ErrorCode::Unprocessable);
    EXPECT_EQ(longer.error().reason, Reason("subscription.trial_too_long"));
    EXPECT_TRUE(check_own_trial(seller, 730));
    EXPECT_TRUE(check_own_trial(superuser, 730));
}

}  // namespace
}  // namespace turnpike
