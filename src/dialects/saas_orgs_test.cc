#include "dialects/saas_orgs.h"

#include <gtest/gtest.h>

#include "people/organizations_testing.h"
#include "subscriptions/service.h"
#include "subscriptions/trials.h"

namespace turnpike {
namespace {

using testing::code_of;
using testing::seen;

/// The published example: Professional at $49.00 a month, 10 users and 50 projects.
constexpr const char* kPublishedPlans = R"(
[[features]]
key = "users"
name = "Users"
kind = "capacity"
[[features]]
key = "projects"
name = "Projects"
kind = "capacity"

[[plans]]
key = "professional"
name = "Professional"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "49.00" }]
features = { users = 10, projects = 50 }
[[plans]]
key = "enterprise"
name = "Enterprise"
rank = 1
prices = [{ currency = "usd", interval = "month", amount = "199.00" }]
features = { users = "unlimited", projects = "unlimited" }
)";

class SaasOrgsTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db(), kPublishedPlans);
        olga_ = world_->sign_up("olga");
        olga_.needed_role = OrgRole::Member;
        acme_ = world_->organization(olga_);
        for (const auto* name : {"a", "b", "c", "d"})
            EXPECT_EQ(seen(world_->invite(olga_, acme_, std::string(name) + "@example.com")).status,
                      201);
        for (const auto* name : {"one", "two", "three"})
            EXPECT_EQ(seen(world_->call(&OrganizationsApi::post_project, olga_, OrgRole::Member,
                                        {{"organization", acme_}}, {{"name", name}}))
                          .status,
                      201);
    }
    Result<http::Response> ask(SaasOrgs::Answer (SaasOrgs::*handler)(const Principal&,
                                                                     const http::Request&),
                               const Principal& caller) {
        SaasOrgs dialect{db(), world_->clock, world_->catalog};
        auto request = testing::request_with("");
        request.path_values = {{"org_id", acme_}};
        return testing::run((dialect.*handler)(caller, request));
    }
    /// To a month of the only plan, as the provider tells it.
    void subscribe(const char* status, Instant end) {
        db().write_blocking([&](sql::Transaction& tx) {
            const auto& plan = world_->catalog.get()->default_plan();
            const auto customer =
                tx.one("SELECT customer_id FROM organizations WHERE id = $1", {acme_})->text(0);
            return tx.run(
                R"sql(
                INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider,
                       status, period_start, period_end, cancel_at_period_end, applied_ticket,
                       created_at, updated_at, version)
                VALUES ('sub_1', $1, $2, $3, 'stripe', $6, $4, $5, 0, 0, $4, $4, 1))sql",
                {customer, plan.id, plan.prices.front().id, end - std::chrono::days(31), end,
                 status});
        });
    }
    /// What the summary says of the subscription after `change`, the assignments of an UPDATE.
    std::string shown_with(const std::string& change, Instant moment = {}) {
        db().write_blocking([&](sql::Transaction& tx) {
            return tx.run("UPDATE subscriptions SET " + change + " WHERE CAST($1 AS BIGINT) >= 0",
                          {moment});
        });
        const auto body = seen(ask(&SaasOrgs::get_summary, olga_)).body["subscription"];
        return body["status"].get<std::string>() + (body["active"] == true ? ", active" : "");
    }

    std::optional<testing::OrganizationsWorld> world_;
    Principal olga_;
    std::string acme_;
};
INSTANTIATE_TEST_SUITE_P(Engines, SaasOrgsTest, sql::both_engines(), sql::engine_name);

TEST_P(SaasOrgsTest, LimitsAreThePublishedOnes) {
    EXPECT_EQ(to_text(seen(ask(&SaasOrgs::get_users_limit, olga_)).body),
              R"({"allowed":true,"current_count":5,"limit":10,"remaining":5})");
    EXPECT_EQ(to_text(seen(ask(&SaasOrgs::get_projects_limit, olga_)).body),
              R"({"allowed":true,"current_count":3,"limit":50,"remaining":47})");
}

TEST_P(SaasOrgsTest, TheSummaryIsThePublishedOne) {
    EXPECT_EQ(to_text(seen(ask(&SaasOrgs::get_summary, olga_)).body),
              R"({"subscription":{"active":false,"status":"none","current_period_end":null},)"
              R"("plan":{"name":"Professional","price":4900,"currency":"usd","interval":"month"},)"
              R"("usage":{"users":{"allowed":true,"current_count":5,"limit":10,"remaining":5},)"
              R"("projects":{"allowed":true,"current_count":3,"limit":50,"remaining":47}}})");
    // 2025-02-01T00:00:00Z, as in the published example.
    const auto end = from_unix_seconds(1'738'368'000);
    subscribe("active", end);
    EXPECT_EQ(to_text(seen(ask(&SaasOrgs::get_summary, olga_)).body["subscription"]),
              R"({"active":true,"status":"active","current_period_end":"2025-02-01T00:00:00"})");
}

// Whatever the provider said last, the summary says what the organization has now.
TEST_P(SaasOrgsTest, TheSummaryGoesByTheClock) {
    const Instant now = world_->clock.now();
    subscribe("creating", now + std::chrono::days(31));
    EXPECT_EQ(shown_with("status = 'creating'"), "none") << "its start is under way";
    EXPECT_EQ(shown_with("status = 'trialing'"), "trialing, active");
    EXPECT_EQ(shown_with("status = 'past_due', grace_ends_at = CAST($1 AS BIGINT) + 1", now),
              "past_due, active");
    EXPECT_EQ(shown_with("grace_ends_at = $1", now), "unpaid") << "the grace is over";
    EXPECT_EQ(shown_with("status = 'active', grace_ends_at = NULL"), "active, active");
    EXPECT_EQ(shown_with("pause_behavior = 'void', paused_at = $1", now), "paused");
    EXPECT_EQ(shown_with("resumes_at = $1", now), "active, active") << "by itself";
}

// Or who has tried one plan for nothing would try the next.
TEST_P(SaasOrgsTest, ATrialOfOnePlanIsThatOfAll) {
    const Instant now = world_->clock.now();
    subscribe("trialing", now + std::chrono::days(31));
    db().write_blocking([&](sql::Transaction& tx) {
        const auto organization = find_organization(tx, acme_);
        const auto subscription = find_live_subscription(tx, organization->customer);
        for (const auto& plan : world_->catalog.get()->plans)
            EXPECT_FALSE(has_had_trial(tx, subscription->customer, plan.id)) << plan.key;
        EXPECT_TRUE(use_trial(tx, *subscription, now));
        EXPECT_TRUE(use_trial(tx, *subscription, now)) << "the same one";
        for (const auto& plan : world_->catalog.get()->plans)
            EXPECT_TRUE(has_had_trial(tx, subscription->customer, plan.id)) << plan.key;
        return true;
    });
}

TEST_P(SaasOrgsTest, MembersOnly) {
    auto mallory = world_->sign_up("mallory");
    mallory.needed_role = OrgRole::Member;
    for (const auto handler :
         {&SaasOrgs::get_summary, &SaasOrgs::get_users_limit, &SaasOrgs::get_projects_limit})
        EXPECT_EQ(code_of(ask(handler, mallory)), "organization.not_found");
}

}  // namespace
}  // namespace turnpike
