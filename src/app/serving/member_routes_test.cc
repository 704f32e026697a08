// Every route for members, for everybody who may come, in his own organization, in another one, and
// in one that is not there: made from the policy table, so that a new route without a line here
// fails.

#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "app/serving/matrix_testing.h"
#include "people/invitations.h"
#include "people/projects.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

enum class Where : std::uint8_t { Own, Foreign, Absent };

/// One organization with one of everything that a path can name.
struct Place {
    std::string organization, user, invitation, project, subscription;
};

/// What a request of the route says, so that only the right to it can be missing.
struct Fixture {
    std::function<std::string(const Place&)> body;
    int status = 200;
    bool is_for_members_only = false;  ///< the seller is refused, who is no member
};

const std::map<std::string, Fixture>& fixtures() {
    const auto nothing = [](const Place&) { return std::string(); };
    const auto text = [](std::string body) { return [body](const Place&) { return body; }; };
    // Whoever is let in hears that there is no such plan, before any provider does.
    const auto buys = [](const Place& place) {
        return R"({"plan_id":"none","organization_id":")" + place.organization + R"("})";
    };
    const auto target = [](const Place& place) { return R"({"user":")" + place.user + R"("})"; };
    const std::string organization = "/v1/organizations/{organization}";
    const std::string project = organization + "/projects/{project}";
    static const std::map<std::string, Fixture> table = {
        {"GET /v1/organizations", {nothing}},
        {"POST /v1/organizations", {text(R"({"name":"New"})"), 201}},
        {"GET " + organization, {nothing}},
        {"PATCH " + organization, {text(R"({"name":"Renamed"})")}},
        {"POST " + organization + "/deactivate", {nothing}},
        {"POST " + organization + "/reactivate", {nothing}},
        {"POST " + organization + "/transfer", {target}},
        {"POST " + organization + "/leave", {nothing, 200, true}},
        {"GET " + organization + "/members", {nothing}},
        {"PATCH " + organization + "/members/{user}", {text(R"({"role":"admin"})")}},
        {"DELETE " + organization + "/members/{user}", {nothing}},
        {"GET " + organization + "/invitations", {nothing}},
        {"POST " + organization + "/invitations", {text(R"({"email":"new@example.com"})"), 201}},
        {"DELETE " + organization + "/invitations/{invitation}", {nothing}},
        {"GET " + organization + "/payment_methods", {nothing}},
        // Whoever is let in hears what is wrong with the body, before any provider does.
        {"POST " + organization + "/payment_methods", {text("{}"), 400}},
        {"POST " + organization + "/portal_sessions",
         {text(R"({"return_url":"https://evil.example/"})"), 422}},
        {"GET " + organization + "/projects", {nothing}},
        {"POST " + organization + "/projects", {text(R"({"name":"New"})"), 201}},
        {"GET " + project, {nothing}},
        {"PATCH " + project, {text(R"({"name":"Renamed"})")}},
        {"POST " + project + "/archive", {nothing}},
        {"POST /api/subscriptions", {buys, 400}},
        {"GET /api/subscriptions/organization/{org_id}", {nothing}},
        {"GET /api/subscriptions/{subscription_id}", {nothing}},
        {"PUT /api/subscriptions/{subscription_id}", {text(R"({"plan_id":"none"})"), 400}},
        {"POST /api/subscriptions/{subscription_id}/cancel", {nothing}},
        {"GET /api/usage/organization/{org_id}/summary", {nothing}},
        {"GET /api/usage/organization/{org_id}/users/limit", {nothing}},
        {"GET /api/usage/organization/{org_id}/projects/limit", {nothing}},
    };
    return table;
}

class MemberRoutes : public MatrixTest {
protected:
    void SetUp() override { open(""); }

    /// An organization with a spare owner; with the callers in their roles where they have some.
    Place new_place(Where where) {
        const auto spare = new_user(), target = new_user();
        return write([&](sql::Transaction& tx) -> Result<Place> {
            NewOrganization wanted;
            wanted.name = "Place " + std::to_string(made_);
            wanted.owner = spare.id.text();
            wanted.catalog = "api-metering";  // counts no members, so that there is always room
            const OrgMaking making{kMatrixMaker, now(), app_->ids, app_->catalog};
            const auto made = create_organization(tx, wanted, testing::admin(), making);
            if (!made) return failure(made);
            insert_membership(tx, {made->id, target.id, OrgRole::Member, now()});
            if (where == Where::Own) {
                insert_membership(tx,
                                  {made->id, users_.at(Caller::Member), OrgRole::Member, now()});
                insert_membership(tx,
                                  {made->id, users_.at(Caller::OrgAdmin), OrgRole::Admin, now()});
                insert_membership(tx, {made->id, users_.at(Caller::Owner), OrgRole::Owner, now()});
            }
            if (where == Where::Foreign)
                insert_membership(
                    tx, {made->id, users_.at(Caller::ForeignOwner), OrgRole::Owner, now()});
            const OrgAccess access{*made, std::nullopt, OrgRole::Owner, true};
            const OrgDeed deed{access, kMatrixMaker, now(), app_->ids, app_->catalog};
            const auto invited = invite(tx, deed, {"invited@example.com", OrgRole::Member},
                                        app_->organizations_api.letters);
            if (!invited) return failure(invited);
            const auto project = create_project(tx, deed, "Project");
            if (!project) return failure(project);
            const auto subscription = ended_subscription(tx, *made);
            return Place{made->id.text(), target.id.text(), invited->made->id.text(),
                         project->made->id.text(), subscription.text()};
        });
    }
    /// Nothing can be done with it any more, and no provider is asked.
    SubscriptionId ended_subscription(sql::Transaction& tx, const Organization& organization) {
        const auto& plan = *app_->catalog.get()->plan("api-metering", "pro");
        Subscription wanted{.id = app_->ids.make<SubscriptionId>(now()),
                            .customer = organization.customer,
                            .plan_version = plan.id,
                            .price = plan.prices.front().id,
                            .provider = "stripe",
                            .period = {now(), now() + std::chrono::days(30)},
                            .created_at = now()};
        EXPECT_TRUE(insert_subscription(tx, wanted));
        wanted.version = 1;
        wanted.status = SubscriptionStatus::Canceled;
        wanted.provider_subscription_id = "sub_of_" + organization.id.text();
        wanted.started_at = wanted.ended_at = now();
        EXPECT_TRUE(save_subscription(tx, wanted, now()));
        return wanted.id;
    }
    /// The same place, with nothing in it.
    Place emptied(Place place) {
        place.organization = app_->ids.make<OrganizationId>(now()).text();
        place.subscription = app_->ids.make<SubscriptionId>(now()).text();
        return place;
    }

    static std::string path_of(std::string_view pattern, const Place& place) {
        std::string path(pattern);
        for (const auto& [part, text] :
             {std::pair{"{organization}", place.organization},
              std::pair{"{org_id}", place.organization}, std::pair{"{user}", place.user},
              std::pair{"{invitation}", place.invitation}, std::pair{"{project}", place.project},
              std::pair{"{subscription_id}", place.subscription}}) {
            const auto at = path.find(part);
            if (at != std::string::npos) path.replace(at, std::string_view(part).size(), text);
        }
        EXPECT_FALSE(path.contains('{')) << "this test knows no such part of a path: " << path;
        return path;
    }
    http::Response ask_of(const Policy& policy, const Fixture& fixture, Caller caller,
                          const Place& place) {
        auto body = fixture.body(place);
        const bool names_an_owner = policy.pattern == "/v1/organizations" &&
                                    policy.method == "POST" && is_seller(policy, caller);
        if (names_an_owner) body = R"({"name":"New","owner":")" + place.user + R"("})";
        return ask(policy, caller,
                   {std::string(policy.method), path_of(policy.pattern, place), std::move(body)});
    }

    static std::optional<OrgRole> role_of(Caller caller, Where where) {
        const bool own = where == Where::Own;
        if (own && caller == Caller::Member) return OrgRole::Member;
        if (own && caller == Caller::OrgAdmin) return OrgRole::Admin;
        if (own && caller == Caller::Owner) return OrgRole::Owner;
        if (where == Where::Foreign && caller == Caller::ForeignOwner) return OrgRole::Owner;
        return std::nullopt;
    }
    /// In its path, by its subscription there, or in its body.
    static bool names_an_organization(const Policy& policy) {
        return policy.pattern.contains("{organization}") || policy.pattern.contains("{org_id}") ||
               policy.pattern.starts_with("/api/subscriptions");
    }
    /// What docs/people.md promises.
    static int expected(const Policy& policy, const Fixture& fixture, Caller caller, Where where) {
        if (const auto refusal = refusal_at_the_gate(policy, caller)) return *refusal;
        if (!names_an_organization(policy)) return fixture.status;
        if (where == Where::Absent) return 404;
        if (is_seller(policy, caller)) return fixture.is_for_members_only ? 403 : fixture.status;
        const auto role = role_of(caller, where);
        if (!role) return 404;
        return *role < *policy.role ? 403 : fixture.status;
    }
};

TEST_F(MemberRoutes, EverybodyEverywhere) {
    int cells = 0;
    for (const Policy& policy : kPolicies) {
        if (policy.who != Who::Member) continue;
        const auto name = std::string(policy.method) + " " + std::string(policy.pattern);
        const auto fixture = fixtures().find(name);
        if (fixture == fixtures().end()) {
            ADD_FAILURE() << name << " is for members, and nobody has said what it is asked with";
            continue;
        }
        for (const Caller caller : kCallers)
            for (const Where where : {Where::Own, Where::Foreign, Where::Absent}) {
                auto place = new_place(where);
                if (where == Where::Absent) place = emptied(std::move(place));
                const auto answer = ask_of(policy, fixture->second, caller, place);
                EXPECT_EQ(answer.status, expected(policy, fixture->second, caller, where))
                    << name << " by " << to_text(caller) << ", place " << static_cast<int>(where)
                    << ": " << answer.body;
                ++cells;
            }
    }
    // 30 routes, fourteen callers, three places.
    EXPECT_EQ(cells, 30 * 14 * 3);
}

TEST_F(MemberRoutes, AnotherOrganizationLooksLikeNone) {
    const auto words_of = [&](const Policy& policy, const Place& place) {
        auto body = *parse_json(
            ask_of(policy,
                   fixtures().at(std::string(policy.method) + " " + std::string(policy.pattern)),
                   Caller::Stranger, place)
                .body);
        body.erase("instance");
        return to_text(body);
    };
    for (const Policy& policy : kPolicies) {
        if (policy.who != Who::Member || !names_an_organization(policy)) continue;
        const auto foreign = new_place(Where::Foreign);
        const auto absent = emptied(foreign);
        EXPECT_EQ(words_of(policy, foreign), words_of(policy, absent))
            << policy.method << ' ' << policy.pattern;
    }
}

}  // namespace
}  // namespace turnpike
