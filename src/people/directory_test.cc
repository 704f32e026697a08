#include "people/directory.h"

#include "people/organizations_testing.h"

namespace turnpike {
namespace {

using testing::seen;

class DirectoryTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        catalog_ = std::string(world_->catalog.get()->primary());
    }
    template <class Work>
    auto read(Work work) {
        return db().read_blocking(work);
    }
    std::optional<testing::OrganizationsWorld> world_;
    std::string catalog_;
};
INSTANTIATE_TEST_SUITE_P(Engines, DirectoryTest, sql::both_engines(), sql::engine_name);

TEST_P(DirectoryTest, NobodyIsNoFigure) {
    const HeadCount nobody{};
    EXPECT_EQ(read([](sql::Transaction& tx) { return count_users(tx, Instant{}); }), nobody);
    EXPECT_EQ(
        read([](sql::Transaction& tx) { return count_organizations(tx, std::nullopt, Instant{}); }),
        nobody);
}

TEST_P(DirectoryTest, CountsWhoIsThereWhoIsActiveAndWhoIsNew) {
    const auto olga = world_->sign_up("olga");
    world_->organization(olga, "Old");
    world_->clock.advance(std::chrono::days(8));
    const Instant week_ago = world_->clock.now() - std::chrono::days(7);
    const auto nina = world_->sign_up("nina");
    const auto left = world_->sign_up("left");
    const auto acme = world_->organization(nina, "New");
    const auto deactivated = world_->call(&OrganizationsApi::post_deactivate, nina, OrgRole::Owner,
                                          {{"organization", acme}});
    ASSERT_TRUE(deactivated);
    const auto gone = db().write_blocking([&](sql::Transaction& tx) -> Result<User> {
        const auto user = find_user(tx, left.user->text());
        return deactivate_user(tx, *user, {"job:test", ""}, world_->clock.now(), world_->ids);
    });
    ASSERT_TRUE(gone);

    // Olga, Nina and Left; Olga came 8 days ago; Left is deactivated.
    EXPECT_EQ(read([&](sql::Transaction& tx) { return count_users(tx, week_ago); }),
              (HeadCount{.total = 3, .active = 2, .added = 2}));
    const HeadCount organizations{.total = 2, .active = 1, .added = 1};
    EXPECT_EQ(organizations.inactive(), 1);
    EXPECT_EQ(
        read([&](sql::Transaction& tx) { return count_organizations(tx, std::nullopt, week_ago); }),
        organizations);
    EXPECT_EQ(
        read([&](sql::Transaction& tx) { return count_organizations(tx, catalog_, week_ago); }),
        organizations);
    EXPECT_EQ(
        read([&](sql::Transaction& tx) { return count_organizations(tx, "another", week_ago); }),
        HeadCount{});
}

TEST_P(DirectoryTest, ListsNewestFirstWithHowManyAreIn) {
    const auto olga = world_->sign_up("olga");
    const auto first = world_->organization(olga, "First");
    world_->joined(olga, first, "mia");
    EXPECT_EQ(seen(world_->call(&OrganizationsApi::post_project, olga, OrgRole::Member,
                                {{"organization", first}}, {{"name", "one"}}))
                  .status,
              201);
    world_->clock.advance(std::chrono::seconds(1));
    const auto second = world_->organization(olga, "Second");

    const auto listed =
        read([&](sql::Transaction& tx) { return list_directory(tx, catalog_, {}); });
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].organization.id.text(), second);
    EXPECT_EQ(listed[0].members, 1);
    EXPECT_EQ(listed[0].projects, 0);
    EXPECT_EQ(listed[1].organization.id.text(), first);
    EXPECT_EQ(listed[1].members, 2);
    EXPECT_EQ(listed[1].projects, 1);
    EXPECT_TRUE(
        read([&](sql::Transaction& tx) { return list_directory(tx, "another", {}); }).empty());

    const auto where = read([&](sql::Transaction& tx) { return affiliations_of(tx, *olga.user); });
    EXPECT_EQ(where.size(), 2U);
    for (const auto& one : where) EXPECT_EQ(one.role, OrgRole::Owner);
    const auto owner_of = [&](sql::Transaction& tx) {
        return organization_of(tx, listed[1].organization.customer);
    };
    EXPECT_EQ(read(owner_of).value().id.text(), first);
}

}  // namespace
}  // namespace turnpike
