#include "invoicing/visible.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "customers/service.h"
#include "people/organizations_testing.h"

namespace turnpike {
namespace {

using testing::code_of;
using testing::seen;

class VisibleTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        olga_ = world_->sign_up("olga");
        acme_ = world_->organization(olga_);
    }
    Result<VisibleCustomers> visible_to(const Principal& caller) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return invoices_visible_to(tx, caller); });
    }
    bool lists(const Principal& caller, const std::string& named) {
        return db().read_blocking([&](sql::Transaction& tx) {
            const auto listed = customers_to_list(tx, caller, &named);
            if (!listed) EXPECT_EQ(listed.error().reason, Reason("customer.not_found"));
            return listed.has_value();
        });
    }
    CustomerId customer(const std::string& external_id) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return find_customer(tx, "ext:" + external_id)->id; });
    }

    std::optional<testing::OrganizationsWorld> world_;
    Principal olga_;
    std::string acme_;
};
INSTANTIATE_TEST_SUITE_P(Engines, VisibleTest, sql::both_engines(), sql::engine_name);

TEST_P(VisibleTest, BillsOfAnOrganizationAreForItsAdmins) {
    const auto acme = std::vector{customer(acme_)};
    const auto ada = world_->joined(olga_, acme_, "ada", "admin");
    const auto bob = world_->joined(olga_, acme_, "bob");
    const auto mallory = world_->sign_up("mallory");
    const auto evil = world_->organization(mallory, "Evil");
    EXPECT_EQ(visible_to(olga_).value(), acme);
    EXPECT_EQ(visible_to(ada).value(), acme);
    EXPECT_EQ(visible_to(bob).error().reason, Reason("customer.not_found")) << "a mere member";
    EXPECT_EQ(visible_to(mallory).value(), std::vector{customer(evil)});
    EXPECT_EQ(visible_to(testing::admin()).value(), std::nullopt) << "everybody's";

    EXPECT_TRUE(lists(olga_, acme_));
    EXPECT_TRUE(lists(ada, acme.front().text()));
    for (const auto& [who, whose] : {std::pair{bob, acme_}, {mallory, acme_}, {olga_, evil}})
        EXPECT_FALSE(lists(who, whose)) << who.name;
    EXPECT_TRUE(lists(testing::seller({Scope::BillingRead}), acme_));
}

TEST_P(VisibleTest, WhoBuysForHimselfTooSeesBoth) {
    const auto own = db().write_blocking([&](sql::Transaction& tx) {
        return customer_of(tx, olga_, world_->clock.now(), world_->ids);
    });
    ASSERT_TRUE(own);
    auto both = visible_to(olga_).value().value();
    auto expected = std::vector{own->id, customer(acme_)};
    std::ranges::sort(both, {}, &CustomerId::text);
    std::ranges::sort(expected, {}, &CustomerId::text);
    EXPECT_EQ(both, expected);
}

TEST_P(VisibleTest, WhoIsNoAdminAnyMoreSeesNothing) {
    const auto ada = world_->joined(olga_, acme_, "ada", "admin");
    ASSERT_TRUE(visible_to(ada));
    ASSERT_EQ(seen(world_->call(&OrganizationsApi::patch_member, olga_, OrgRole::Admin,
                                {{"organization", acme_}, {"user", ada.user->text()}},
                                {{"role", "member"}}))
                  .status,
              200);
    EXPECT_EQ(visible_to(ada).error().reason, Reason("customer.not_found"));
}

}  // namespace
}  // namespace turnpike
