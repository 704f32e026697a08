#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "audit/audit.h"
#include "customers/service.h"
#include "people/invitations.h"
#include "people/members.h"
#include "people/organizations_testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::code_of;
using testing::seen;

class OrganizationsTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        olga_ = world_->sign_up("olga");
        acme_ = world_->organization(olga_);
    }
    Result<http::Response> member(testing::OrganizationsWorld::Handler handler,
                                  const Principal& caller, OrgRole needed, const Principal& whom,
                                  const Json& body = {}) {
        return world_->call(handler, caller, needed,
                            {{"organization", acme_}, {"user", whom.user->text()}}, body);
    }
    Result<http::Response> set_role(const Principal& caller, const Principal& whom,
                                    const char* role) {
        return member(&OrganizationsApi::patch_member, caller, OrgRole::Admin, whom,
                      {{"role", role}});
    }
    Result<http::Response> remove(const Principal& caller, const Principal& whom) {
        return member(&OrganizationsApi::delete_member, caller, OrgRole::Admin, whom);
    }
    Result<http::Response> in_acme(testing::OrganizationsWorld::Handler handler,
                                   const Principal& caller, OrgRole needed, const Json& body = {}) {
        return world_->call(handler, caller, needed, {{"organization", acme_}}, body);
    }
    Result<http::Response> leave(const Principal& caller) {
        return in_acme(&OrganizationsApi::post_leave, caller, OrgRole::Member);
    }
    Result<http::Response> project(const Principal& caller, const char* name) {
        return in_acme(&OrganizationsApi::post_project, caller, OrgRole::Member, {{"name", name}});
    }

    std::optional<testing::OrganizationsWorld> world_;
    Principal olga_;
    std::string acme_;
};
INSTANTIATE_TEST_SUITE_P(Engines, OrganizationsTest, sql::both_engines(), sql::engine_name);

TEST_P(OrganizationsTest, HasItsOwnerAndItsCustomer) {
    const auto got = in_acme(&OrganizationsApi::get_organization, olga_, OrgRole::Member);
    const auto body = seen(got).body;
    EXPECT_EQ(body["slug"], "acme-inc");
    EXPECT_EQ(body["role"], "owner");
    EXPECT_EQ(body["is_active"], true);
    const auto customer =
        db().read_blocking([&](sql::Transaction& tx) { return find_customer(tx, "ext:" + acme_); });
    ASSERT_TRUE(customer);
    EXPECT_EQ(body["customer"], customer->id.text());
    EXPECT_EQ(customer->name, "Acme, Inc.");
    EXPECT_EQ(customer->email, "olga@example.com");
    EXPECT_EQ(world_->counted("users"), 1);

    const auto second = world_->organization(olga_);
    const auto other = world_->call(&OrganizationsApi::get_organization, olga_, OrgRole::Member,
                                    {{"organization", second}});
    EXPECT_TRUE(seen(other).body["slug"].get<std::string>().starts_with("acme-inc-"));
    const auto by_slug = world_->call(&OrganizationsApi::get_organization, olga_, OrgRole::Member,
                                      {{"organization", "acme-inc"}});
    EXPECT_EQ(seen(by_slug).body["id"], acme_);
}

TEST_P(OrganizationsTest, RenamingTakesTheCustomerAlong) {
    const auto patch = [&](const Json& body) {
        return in_acme(&OrganizationsApi::patch_organization, olga_, OrgRole::Admin, body);
    };
    EXPECT_EQ(seen(patch({{"name", "Umbrella"}, {"slug", "umbrella"}})).body["slug"], "umbrella");
    const auto customer =
        db().read_blocking([&](sql::Transaction& tx) { return find_customer(tx, "ext:" + acme_); });
    EXPECT_EQ(customer->name, "Umbrella");
    world_->organization(olga_, "Other");
    EXPECT_EQ(code_of(patch({{"slug", "other"}})), "organization.slug_taken");
    EXPECT_EQ(code_of(patch({{"slug", "No Slug"}})), "organization.invalid_slug");
    EXPECT_EQ(code_of(patch({{"name", "4242424242424242"}})), "request.card_number");
    for (const auto* field : {"customer", "is_active", "role", "id", "created_at"})
        EXPECT_EQ(code_of(patch({{field, "x"}})), "request.invalid_body") << field;
}

TEST_P(OrganizationsTest, UsersSeeTheirOwnAndTheSellerSeesAll) {
    const auto mallory = world_->sign_up("mallory");
    world_->organization(mallory, "Evil");
    const auto listed = [&](const Principal& caller) {
        return seen(world_->call(&OrganizationsApi::get_organizations, caller, OrgRole::Member, {}))
            .body["data"]
            .size();
    };
    EXPECT_EQ(listed(olga_), 1U);
    EXPECT_EQ(listed(mallory), 1U);
    EXPECT_EQ(listed(world_->sign_up("root", Superuser::Yes)), 2U);
    EXPECT_EQ(listed(testing::seller({Scope::CustomersRead})), 2U);
    EXPECT_EQ(listed(testing::user("stranger")), 0U);
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::get_members, mallory, OrgRole::Member)),
              "organization.not_found");
}

TEST_P(OrganizationsTest, OnlyTheSellerNamesAnOwner) {
    const auto bob = world_->sign_up("bob");
    const auto make = [&](const Principal& caller, const Json& body) {
        return world_->call(&OrganizationsApi::post_organization, caller, OrgRole::Member, {},
                            body);
    };
    const auto for_bob = Json{{"name", "Bobs"}, {"owner", bob.user->text()}};
    EXPECT_EQ(code_of(make(olga_, for_bob)), "organization.other_owner");
    EXPECT_EQ(code_of(make(testing::admin(), {{"name", "Nobodys"}})), "organization.owner_needed");
    EXPECT_EQ(code_of(make(testing::admin(), {{"name", "x"}, {"owner", "nobody@example.com"}})),
              "people.user_not_found");
    EXPECT_EQ(seen(make(testing::seller({Scope::CustomersWrite}), for_bob)).status, 201);
    EXPECT_EQ(seen(make(testing::user("hosts-own"), {{"name", "Hosted"}})).body["role"], "owner");
}

TEST_P(OrganizationsTest, AnInvitationBringsInWhoeverWasMeant) {
    const auto sent = world_->invite(olga_, acme_, "Bob@example.com", "admin");
    ASSERT_EQ(seen(sent).status, 201);
    const auto body = seen(sent).body;
    EXPECT_EQ(body["state"], "open");
    EXPECT_EQ(body["expires_at"], "2023-11-21T22:13:20Z") << "seven days later";
    EXPECT_FALSE(body.contains("token")) << "it is for the mailbox's owner alone";
    const auto token = world_->letter("Bob@example.com");

    const auto mallory = world_->sign_up("mallory");
    EXPECT_EQ(code_of(world_->accept(mallory, token)), "invitation.other_email");
    const auto bob = world_->sign_up("bob");
    const auto joined = world_->accept(bob, token);
    EXPECT_EQ(seen(joined).body["role"], "admin");
    EXPECT_EQ(code_of(world_->accept(bob, token)), "invitation.invalid") << "once";
    const auto members =
        seen(in_acme(&OrganizationsApi::get_members, bob, OrgRole::Member)).body["data"];
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(world_->counted("users"), 2) << "the invited were counted already";
}

TEST_P(OrganizationsTest, AHostsUserJoinsByTheAddressInHisToken) {
    ASSERT_TRUE(world_->invite(olga_, acme_, "hans@example.com"));
    auto hans = testing::user("hans");
    EXPECT_EQ(code_of(world_->accept(hans, world_->letter("hans@example.com"))),
              "invitation.other_email");
    hans.email = "Hans@Example.com";
    EXPECT_EQ(code_of(world_->accept(hans, world_->letter("hans@example.com"))), "ok");
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::get_organization, hans, OrgRole::Member)), "ok");
}

TEST_P(OrganizationsTest, ADuplicateIsAConflict) {
    ASSERT_EQ(seen(world_->invite(olga_, acme_, "bob@example.com")).status, 201);
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "BOB@example.com")), "invitation.exists");
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "olga@example.com")),
              "invitation.already_member");
    EXPECT_EQ(seen(world_->invite(olga_, acme_, "b\u043eb@example.com")).status, 201)
        << "a Cyrillic o is another mailbox";
    EXPECT_EQ(world_->count("notices"), 2);
    EXPECT_EQ(world_->counted("users"), 3);
}

// The free plan has room for three; the owner is the first.
TEST_P(OrganizationsTest, MembersAndInvitedCountTogether) {
    world_->joined(olga_, acme_, "bob");
    ASSERT_EQ(seen(world_->invite(olga_, acme_, "carl@example.com")).status, 201);
    const auto full = seen(world_->invite(olga_, acme_, "dora@example.com"));
    EXPECT_EQ(full.status, 403);
    EXPECT_EQ(full.body["code"], "organization.no_room");
    EXPECT_EQ(full.body["allowed"], false);
    EXPECT_EQ(full.body["current_count"], 3);
    EXPECT_EQ(full.body["limit"], 3);
    EXPECT_EQ(full.body["remaining"], 0);
    EXPECT_EQ(full.body["upgrade"]["plan"], "professional");
    EXPECT_EQ(full.body["upgrade_url"], "https://shop.example/plans");
    EXPECT_EQ(world_->count("invitations"), 2) << "bob's and carl's";
}

TEST_P(OrganizationsTest, WhatEndsGivesItsSeatBack) {
    const auto bob = world_->joined(olga_, acme_, "bob");
    const auto invited = seen(world_->invite(olga_, acme_, "carl@example.com")).body;
    const auto token = world_->letter("carl@example.com");
    const auto withdraw = [&] {
        return world_->call(&OrganizationsApi::delete_invitation, olga_, OrgRole::Admin,
                            {{"organization", acme_}, {"invitation", invited["id"]}});
    };
    EXPECT_EQ(seen(withdraw()).body["state"], "withdrawn");
    EXPECT_EQ(code_of(withdraw()), "ok") << "the second time changes nothing";
    EXPECT_EQ(code_of(world_->accept(world_->sign_up("carl"), token)), "invitation.invalid");
    EXPECT_EQ(world_->counted("users"), 2);
    EXPECT_EQ(code_of(remove(olga_, bob)), "ok");
    EXPECT_EQ(world_->counted("users"), 1);
    EXPECT_EQ(code_of(remove(olga_, bob)), "organization.member_not_found");
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::get_organization, bob, OrgRole::Member)),
              "organization.not_found");
}

TEST_P(OrganizationsTest, AnInvitationIsOverAfterSevenDays) {
    ASSERT_EQ(seen(world_->invite(olga_, acme_, "bob@example.com")).status, 201);
    ASSERT_EQ(seen(world_->invite(olga_, acme_, "carl@example.com")).status, 201);
    world_->clock.advance(7 * 24h);
    EXPECT_EQ(code_of(world_->accept(world_->sign_up("bob"), world_->letter("bob@example.com"))),
              "invitation.invalid");
    EXPECT_EQ(seen(world_->invite(olga_, acme_, "bob@example.com")).status, 201) << "again";
    EXPECT_EQ(world_->counted("users"), 2);
    world_->clock.advance(7 * 24h);
    const auto ended = db().write_blocking(
        [&](sql::Transaction& tx) { return end_invitations_over(tx, world_->clock.now()); });
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(world_->counted("users"), 1);
    const auto listed =
        seen(in_acme(&OrganizationsApi::get_invitations, olga_, OrgRole::Admin)).body["data"];
    for (const auto& one : listed) EXPECT_EQ(one["state"], "expired");
}

TEST_P(OrganizationsTest, FiftyInvitationsAtOnceStayExact) {
    std::atomic<int> made{0}, refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 10; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 5; ++i) {
                const auto email = "u" + std::to_string(t * 5 + i) + "@example.com";
                const int status = seen(world_->invite(olga_, acme_, email)).status;
                if (status == 201) ++made;
                if (status == 403) ++refused;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(made, 2) << "the owner has the third";
    EXPECT_EQ(refused, 48);
    EXPECT_EQ(world_->count("invitations"), 2);
    EXPECT_EQ(world_->count("notices"), 2);
    EXPECT_EQ(world_->counted("users"), 3);
}

TEST_P(OrganizationsTest, RolesAreGivenByThoseWhoHaveThem) {
    const auto ada = world_->joined(olga_, acme_, "ada", "admin");
    const auto bob = world_->joined(olga_, acme_, "bob");
    EXPECT_EQ(code_of(set_role(bob, ada, "member")), "organization.role_too_small");
    EXPECT_EQ(code_of(set_role(ada, bob, "owner")), "organization.role_too_small");
    EXPECT_EQ(code_of(set_role(ada, olga_, "member")), "organization.role_too_small");
    EXPECT_EQ(code_of(remove(ada, olga_)), "organization.role_too_small");
    EXPECT_EQ(seen(set_role(ada, bob, "admin")).body["role"], "admin");
    EXPECT_EQ(seen(set_role(olga_, bob, "owner")).body["role"], "owner");
    EXPECT_EQ(code_of(set_role(olga_, bob, "emperor")), "request.invalid_body");
    EXPECT_EQ(code_of(set_role(olga_, world_->sign_up("eve"), "admin")),
              "organization.member_not_found");
    EXPECT_EQ(code_of(world_->invite(ada, acme_, "x@example.com", "owner")),
              "organization.role_too_small");
}

TEST_P(OrganizationsTest, TheLastOwnerStays) {
    const auto bob = world_->joined(olga_, acme_, "bob", "admin");
    EXPECT_EQ(code_of(leave(olga_)), "organization.last_owner");
    EXPECT_EQ(code_of(set_role(olga_, olga_, "admin")), "organization.last_owner");
    EXPECT_EQ(code_of(remove(testing::admin(), olga_)), "organization.last_owner");
    const auto deactivate = [&](const Principal& whom) {
        return db().write_blocking([&](sql::Transaction& tx) -> Result<User> {
            const auto user = find_user(tx, whom.user->text());
            if (!user) return failure(user);
            return deactivate_user(tx, *user, {"admin:root", ""}, world_->clock.now(), world_->ids);
        });
    };
    EXPECT_EQ(deactivate(olga_).error().reason.text(), "organization.last_owner");
    ASSERT_TRUE(deactivate(bob));
    EXPECT_EQ(code_of(set_role(olga_, bob, "owner")), "ok");
    EXPECT_EQ(code_of(leave(olga_)), "organization.last_owner")
        << "an owner who cannot sign in is none";
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::get_members, bob, OrgRole::Member)),
              "people.user_deactivated");
}

// Whoever made an organization alone can be shut out like anybody else.
TEST_P(OrganizationsTest, TheLastOwnerOfADeactivatedOneIsShutOut) {
    const auto bob = world_->joined(olga_, acme_, "bob");
    const auto other = world_->organization(olga_, "Other");
    const auto shut_out = [&] {
        return db().write_blocking([&](sql::Transaction& tx) -> Result<User> {
            const auto user = find_user(tx, olga_.user->text());
            if (!user) return failure(user);
            return deactivate_user(tx, *user, {"admin:root", ""}, world_->clock.now(), world_->ids);
        });
    };
    const auto refused = shut_out();
    EXPECT_EQ(refused.error().reason.text(), "organization.last_owner");
    for (const auto& organization : {acme_, other})
        EXPECT_TRUE(refused.error().message.contains(organization)) << refused.error().message;

    const auto as_seller = [&](testing::OrganizationsWorld::Handler handler,
                               const std::string& organization, const Json& body = {}) {
        return code_of(world_->call(handler, testing::admin(), OrgRole::Owner,
                                    {{"organization", organization}}, body));
    };
    for (const auto& organization : {acme_, other})
        ASSERT_EQ(as_seller(&OrganizationsApi::post_deactivate, organization), "ok");
    ASSERT_TRUE(shut_out());
    EXPECT_EQ(as_seller(&OrganizationsApi::post_reactivate, acme_), "organization.no_owner");
    const Json to_bob{{"user", bob.user->text()}};
    EXPECT_EQ(as_seller(&OrganizationsApi::post_transfer, acme_, to_bob), "ok");
    EXPECT_EQ(as_seller(&OrganizationsApi::post_reactivate, acme_), "ok");
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::post_transfer, bob, OrgRole::Owner, to_bob)), "ok")
        << "he is the owner";
}

TEST_P(OrganizationsTest, OwnershipIsTransferred) {
    const auto bob = world_->joined(olga_, acme_, "bob");
    const auto transfer = [&](const Principal& caller, const Principal& to) {
        return in_acme(&OrganizationsApi::post_transfer, caller, OrgRole::Owner,
                       {{"user", to.user->text()}});
    };
    EXPECT_EQ(code_of(transfer(bob, bob)), "organization.role_too_small");
    EXPECT_EQ(seen(transfer(olga_, bob)).body["role"], "owner");
    EXPECT_EQ(code_of(transfer(olga_, olga_)), "organization.role_too_small") << "an admin now";
    EXPECT_EQ(code_of(leave(olga_)), "ok");
    EXPECT_EQ(code_of(transfer(bob, olga_)), "organization.member_not_found");
}

TEST_P(OrganizationsTest, OfTwoOwnersWhoLeaveAtOnceOneStays) {
    for (int round = 0; round < 5; ++round) {
        const auto name = std::to_string(round);
        const auto one = world_->sign_up("one" + name);
        acme_ = world_->organization(one, "Twins " + name);
        const auto two = world_->joined(one, acme_, "two" + name, "owner");
        std::atomic<int> left{0};
        std::thread first([&] { left += code_of(leave(one)) == "ok" ? 1 : 0; });
        std::thread second([&] { left += code_of(leave(two)) == "ok" ? 1 : 0; });
        first.join();
        second.join();
        EXPECT_EQ(left, 1);
    }
}

TEST_P(OrganizationsTest, ADeactivatedOneIsReadAndNotChanged) {
    const auto post = [&](testing::OrganizationsWorld::Handler handler, const Principal& caller) {
        return in_acme(handler, caller, OrgRole::Owner);
    };
    EXPECT_EQ(seen(post(&OrganizationsApi::post_deactivate, olga_)).body["is_active"], false);
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "x@example.com")), "organization.deactivated");
    EXPECT_EQ(code_of(project(olga_, "x")), "organization.deactivated");
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::post_transfer, olga_, OrgRole::Owner,
                              {{"user", olga_.user->text()}})),
              "organization.deactivated");
    EXPECT_EQ(code_of(in_acme(&OrganizationsApi::get_members, olga_, OrgRole::Member)), "ok");
    EXPECT_EQ(seen(post(&OrganizationsApi::post_reactivate, olga_)).body["is_active"], true);

    ASSERT_TRUE(post(&OrganizationsApi::post_deactivate, testing::admin()));
    EXPECT_EQ(code_of(post(&OrganizationsApi::post_reactivate, olga_)),
              "organization.deactivated_by_seller");
    EXPECT_EQ(code_of(post(&OrganizationsApi::post_reactivate, testing::admin())), "ok");
}

TEST_P(OrganizationsTest, ProjectsAreCountedUntilTheyAreArchived) {
    const auto first = seen(project(olga_, "Apollo"));
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(seen(project(olga_, "Gemini")).status, 201);
    const auto full = seen(project(olga_, "Mercury"));
    EXPECT_EQ(full.status, 403);
    EXPECT_EQ(full.body["feature"], "projects");
    EXPECT_EQ(full.body["limit"], 2);
    const auto at = [&](testing::OrganizationsWorld::Handler handler, const std::string& id,
                        const Json& body = {}) {
        return world_->call(handler, olga_, OrgRole::Admin,
                            {{"organization", acme_}, {"project", id}}, body);
    };
    const std::string id = first.body["id"];
    EXPECT_EQ(seen(at(&OrganizationsApi::patch_project, id, {{"name", "Skylab"}})).body["name"],
              "Skylab");
    EXPECT_NE(seen(at(&OrganizationsApi::post_archive, id)).body["archived_at"], nullptr);
    EXPECT_EQ(code_of(at(&OrganizationsApi::post_archive, id)), "ok");
    EXPECT_EQ(code_of(at(&OrganizationsApi::patch_project, id, {{"name", "x"}})),
              "project.archived");
    EXPECT_EQ(world_->counted("projects"), 1);
    EXPECT_EQ(seen(project(olga_, "Mercury")).status, 201);
    EXPECT_EQ(code_of(at(&OrganizationsApi::get_project, "prj_01HF00000000000000000000AA")),
              "project.not_found");
    const auto other = world_->organization(olga_, "Other");
    EXPECT_EQ(code_of(world_->call(&OrganizationsApi::get_project, olga_, OrgRole::Member,
                                   {{"organization", other}, {"project", id}})),
              "project.not_found")
        << "a project of another organization";
}

TEST_P(OrganizationsTest, EachDeedIsOnRecordWithoutNamesAndAddresses) {
    const auto bob = world_->joined(olga_, acme_, "bob");
    ASSERT_TRUE(set_role(olga_, bob, "admin"));
    ASSERT_TRUE(project(bob, "Apollo"));
    ASSERT_TRUE(leave(bob));
    PageQuery all;
    all.limit = PageQuery::kLimitMax;
    const auto records =
        db().read_blocking([&](sql::Transaction& tx) { return list_audit(tx, std::nullopt, all); });
    std::set<std::string> actions;
    for (const auto& record : records) {
        actions.insert(record.entry.action);
        const auto detail = to_text(record.entry.detail);
        for (const auto* personal : {"bob", "example", "Apollo", "Acme"})
            EXPECT_EQ(detail.find(personal), std::string::npos) << detail;
    }
    for (const auto* action :
         {"user.created", "organization.created", "customer.created", "invitation.created",
          "invitation.accepted", "organization.role_changed", "project.created",
          "organization.member_left"})
        EXPECT_TRUE(actions.contains(action)) << action;
}

TEST_P(OrganizationsTest, AUserMakesOnlySoManyInADay) {
    for (int i = 1; i < kOrganizationsPerDay; ++i) world_->organization(olga_);
    const auto make = [&](const Principal& caller, const Json& body) {
        return code_of(
            world_->call(&OrganizationsApi::post_organization, caller, OrgRole::Member, {}, body));
    };
    EXPECT_EQ(make(olga_, {{"name", "One more"}}), "organization.too_many");
    EXPECT_EQ(make(testing::admin(), {{"name", "Hers"}, {"owner", olga_.user->text()}}), "ok");
    EXPECT_EQ(make(world_->sign_up("bob"), {{"name", "Bobs"}}), "ok");
    world_->clock.advance(24h);
    EXPECT_EQ(make(olga_, {{"name", "One more"}}), "ok");
}

TEST_P(OrganizationsTest, OnlyTheSellerNamesTheCatalog) {
    const auto make = [&](const Principal& caller, Json body) {
        body["name"] = "Cheap";
        return code_of(
            world_->call(&OrganizationsApi::post_organization, caller, OrgRole::Member, {}, body));
    };
    EXPECT_EQ(make(olga_, {{"catalog", "saas-orgs"}}), "organization.catalog_of_seller");
    EXPECT_EQ(make(olga_, {{"catalog", "nothing-like-it"}}), "organization.catalog_of_seller");
    EXPECT_EQ(make(testing::user("hosts-own"), {{"catalog", "saas-orgs"}}),
              "organization.catalog_of_seller");
    const Json for_olga = {{"owner", olga_.user->text()}, {"catalog", "nothing-like-it"}};
    EXPECT_EQ(make(testing::seller({Scope::CustomersWrite}), for_olga), "customer.unknown_catalog");
}

TEST_P(OrganizationsTest, AnOwnersInvitationIsWithdrawnByAnOwner) {
    const auto ada = world_->joined(olga_, acme_, "ada", "admin");
    const auto invited = seen(world_->invite(olga_, acme_, "bob@example.com", "owner")).body;
    const auto withdraw = [&](const Principal& caller) {
        return world_->call(&OrganizationsApi::delete_invitation, caller, OrgRole::Admin,
                            {{"organization", acme_}, {"invitation", invited["id"]}});
    };
    EXPECT_EQ(code_of(withdraw(ada)), "organization.role_too_small");
    EXPECT_EQ(seen(withdraw(olga_)).body["state"], "withdrawn");
}

TEST_P(OrganizationsTest, BillsGoWhereAnAdminSays) {
    const auto patch = [&](const Principal& caller, const Json& body) {
        return in_acme(&OrganizationsApi::patch_organization, caller, OrgRole::Admin, body);
    };
    const auto email = [&] {
        return db().read_blocking([&](sql::Transaction& tx) {
            return find_customer(tx, "ext:" + acme_)->email.value_or("");
        });
    };
    const auto bob = world_->joined(olga_, acme_, "bob");
    EXPECT_EQ(code_of(patch(bob, {{"billing_email", "b@example.com"}})),
              "organization.role_too_small");
    for (const auto* text : {"nonsense", "a>b<c@x.com"})
        EXPECT_EQ(code_of(patch(olga_, {{"billing_email", text}})), "customer.invalid_email");
    EXPECT_EQ(email(), "olga@example.com");
    const auto changed = seen(patch(olga_, {{"billing_email", "bills@example.com"}}));
    EXPECT_EQ(changed.body["billing_email"], "bills@example.com");
    EXPECT_EQ(email(), "bills@example.com");
    const auto got = in_acme(&OrganizationsApi::get_organization, olga_, OrgRole::Member);
    EXPECT_EQ(seen(got).body["billing_email"], "bills@example.com");
    EXPECT_EQ(seen(got).body["name"], "Acme, Inc.");
}

TEST_P(OrganizationsTest, TheOldOwnersAddressGoesWithHim) {
    const auto transfer = [&](const Principal& caller, const Principal& to) {
        return code_of(in_acme(&OrganizationsApi::post_transfer, caller, OrgRole::Owner,
                               {{"user", to.user->text()}}));
    };
    const auto shown = [&] {
        return seen(in_acme(&OrganizationsApi::get_organization, olga_, OrgRole::Member))
            .body["billing_email"];
    };
    const auto bob = world_->joined(olga_, acme_, "bob");
    ASSERT_EQ(transfer(olga_, bob), "ok");
    EXPECT_EQ(shown(), "bob@example.com");
    ASSERT_TRUE(in_acme(&OrganizationsApi::patch_organization, bob, OrgRole::Admin,
                        {{"billing_email", "bills@example.com"}}));
    ASSERT_EQ(transfer(bob, olga_), "ok");
    EXPECT_EQ(shown(), "bills@example.com") << "nobody's own";
}

constexpr const char* kNothingCounted = R"(
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
)";

class UncountedTest : public sql::DatabaseTest {};
INSTANTIATE_TEST_SUITE_P(Engines, UncountedTest, sql::both_engines(), sql::engine_name);

// A seller begins to count later: who was there before is counted with the first who comes.
TEST_P(UncountedTest, WhatTheCatalogDoesNotKnowIsWithoutEnd) {
    testing::OrganizationsWorld world(db(), kNothingCounted);
    const auto olga = world.sign_up("olga");
    const auto acme = world.organization(olga);
    const auto bob = world.joined(olga, acme, "bob");
    EXPECT_EQ(world.counted("users"), -1);

    world.sell(testing::kTeamsCatalog);
    EXPECT_EQ(seen(world.invite(olga, acme, "carl@example.com")).status, 201);
    EXPECT_EQ(world.counted("users"), 3);
    EXPECT_EQ(seen(world.invite(olga, acme, "dora@example.com")).status, 403);
    EXPECT_EQ(code_of(world.call(&OrganizationsApi::post_leave, bob, OrgRole::Member,
                                 {{"organization", acme}})),
              "ok");
    EXPECT_EQ(seen(world.invite(olga, acme, "dora@example.com")).status, 201);
}

}  // namespace
}  // namespace turnpike
