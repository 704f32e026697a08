#include "dialects/saas_orgs_admin.h"

#include <functional>

#include <gtest/gtest.h>

#include "people/organizations_testing.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days;
using testing::code_of;
using testing::seen;

class SaasOrgsAdminTest : public sql::DatabaseTest {
protected:
    using Query = std::vector<std::pair<std::string, std::string>>;
    using Handler = SaasOrgsAdmin::Answer (SaasOrgsAdmin::*)(const Principal&,
                                                             const http::Request&);
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        olga_ = world_->sign_up("olga");
        acme_ = world_->organization(olga_, "Acme");
    }
    Result<http::Response> ask(Handler handler, Query query = {}, std::string user = "") {
        SaasOrgsAdmin dialect{db(), world_->clock, world_->cursors,
                              std::string(world_->catalog.get()->primary())};
        auto request = testing::request_with("");
        request.query = std::move(query);
        request.path_values = {{"user_id", std::move(user)}};
        return testing::run((dialect.*handler)(testing::admin(), request));
    }
    Json asked(Handler handler, Query query = {}) {
        const auto answer = seen(ask(handler, std::move(query)));
        EXPECT_EQ(answer.status, 200) << to_text(answer.body);
        return answer.body;
    }
    /// To professional, at $49.00 a month, for a month from now on.
    Subscription subscribe(
        const std::string& organization,
        const std::function<void(Subscription&)>& change = [](auto&) {}) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const Instant now = world_->clock.now();
            const PlanVersion plan = world_->catalog.get()->plans.back();
            Subscription wanted{.id = world_->ids.make<SubscriptionId>(now),
                                .customer = find_organization(tx, organization)->customer,
                                .plan_version = plan.id,
                                .price = plan.prices.front().id,
                                .provider = "stripe",
                                .period = {now, now + days(30)},
                                .created_at = now};
            EXPECT_TRUE(insert_subscription(tx, wanted));
            wanted.version = 1;
            wanted.status = SubscriptionStatus::Active;
            wanted.provider_subscription_id = "sub_of_" + organization;
            wanted.started_at = now;
            change(wanted);
            return save_subscription(tx, wanted, now).value();
        });
    }

    std::optional<testing::OrganizationsWorld> world_;
    Principal olga_;
    std::string acme_;
};
INSTANTIATE_TEST_SUITE_P(Engines, SaasOrgsAdminTest, sql::both_engines(), sql::engine_name);

TEST_P(SaasOrgsAdminTest, WhereNobodyPaysNothingRecurs) {
    const Json board = asked(&SaasOrgsAdmin::get_dashboard);
    EXPECT_EQ(board["mrr"], 0);
    EXPECT_EQ(board["arr"], 0);
    EXPECT_TRUE(board["arpc"].is_null()) << "nobody's average is no number";
    EXPECT_EQ(board["currency"], "usd");
    EXPECT_EQ(to_text(board["users"]), R"({"total":1,"active":1,"inactive":0,"new_7_days":1})");
    EXPECT_EQ(board["subscriptions"]["total"], 0);
    EXPECT_EQ(board["subscriptions"]["active"], 0);
    EXPECT_TRUE(board["growth_7_days"]["mrr_rate"].is_null());
    EXPECT_TRUE(board["revenue"].empty());
}

TEST_P(SaasOrgsAdminTest, WhoPaysIsInTheFiguresAndInHisRow) {
    world_->clock.advance(days(8));
    const auto zeta = world_->organization(olga_, "Zeta");
    world_->joined(olga_, zeta, "mia");
    const auto paid = subscribe(acme_);

    const Json board = asked(&SaasOrgsAdmin::get_dashboard);
    EXPECT_EQ(board["mrr"], 4900);
    EXPECT_EQ(board["arr"], 12 * 4900);
    EXPECT_EQ(board["arpc"], 4900);
    EXPECT_EQ(to_text(board["subscriptions"]),
              R"({"total":1,"active":1,"trialing":0,"by_status":{"active":1}})");
    // Olga and Acme are eight days old; Mia and Zeta are new.
    EXPECT_EQ(to_text(board["organizations"]),
              R"({"total":2,"active":2,"inactive":0,"new_7_days":1})");
    EXPECT_EQ(board["growth_7_days"]["users"], 1);
    EXPECT_EQ(board["revenue"][0]["paying_customers"], 1);

    const Json rows = asked(&SaasOrgsAdmin::get_organizations);
    ASSERT_EQ(rows["data"].size(), 2U);
    const Json& newest = rows["data"][0];
    EXPECT_EQ(newest["name"], "Zeta");
    EXPECT_EQ(newest["members"], 2);
    EXPECT_EQ(newest["subscription_status"], "none");
    EXPECT_EQ(newest["mrr"], 0);
    EXPECT_TRUE(newest["subscription_id"].is_null());
    const Json& payer = rows["data"][1];
    EXPECT_EQ(payer["subscription_id"], paid.id.text());
    EXPECT_EQ(payer["subscription_status"], "active");
    EXPECT_EQ(payer["plan"], "professional");
    EXPECT_EQ(payer["mrr"], 4900);
    EXPECT_EQ(payer["currency"], "usd");

    const Json page = asked(&SaasOrgsAdmin::get_organizations, {{"limit", "1"}});
    EXPECT_EQ(page["has_more"], true);
    const Json rest =
        asked(&SaasOrgsAdmin::get_organizations, {{"limit", "1"}, {"cursor", page["next_cursor"]}});
    EXPECT_EQ(rest["data"][0]["id"], acme_);
    EXPECT_EQ(rest["has_more"], false);
}

TEST_P(SaasOrgsAdminTest, AUserIsShownWithHisPlaces) {
    subscribe(acme_);
    const auto found = seen(ask(&SaasOrgsAdmin::get_user_details, {}, olga_.user->text()));
    ASSERT_EQ(found.status, 200);
    EXPECT_EQ(found.body["email"], "olga@example.com");
    ASSERT_EQ(found.body["organizations"].size(), 1U);
    const Json& place = found.body["organizations"][0];
    EXPECT_EQ(place["id"], acme_);
    EXPECT_EQ(place["role"], "owner");
    EXPECT_EQ(place["subscription_status"], "active");
    EXPECT_EQ(place["plan"], "professional");
    EXPECT_EQ(code_of(ask(&SaasOrgsAdmin::get_user_details, {}, "usr_none")),
              "people.user_not_found");
}

TEST_P(SaasOrgsAdminTest, WhatEndsIsListedBeforeItDoes) {
    const Instant now = world_->clock.now();
    const auto trial = subscribe(acme_, [&](Subscription& one) {
        one.status = SubscriptionStatus::Trialing;
        one.trial_start = now;
        one.trial_end = one.period.end = now + days(5);
    });
    EXPECT_TRUE(asked(&SaasOrgsAdmin::get_expiring, {{"days", "4"}})["data"].empty());
    const Json rows = asked(&SaasOrgsAdmin::get_expiring);  // seven days
    ASSERT_EQ(rows["data"].size(), 1U);
    const Json& row = rows["data"][0];
    EXPECT_EQ(row["subscription_id"], trial.id.text());
    EXPECT_EQ(row["organization_id"], acme_);
    EXPECT_EQ(row["organization_name"], "Acme");
    EXPECT_EQ(row["reason"], "trial_ending");
    EXPECT_EQ(row["at"], format_rfc3339(now + days(5)));
    EXPECT_EQ(row["price_amount"], 4900);
    for (const char* bad : {"-1", "0", "1e9", "367", "99999999999999999999", "1.5", "", " 7"})
        EXPECT_EQ(code_of(ask(&SaasOrgsAdmin::get_expiring, {{"days", bad}})),
                  "request.invalid_query")
            << bad;
    EXPECT_EQ(code_of(ask(&SaasOrgsAdmin::get_expiring, {{"dayz", "7"}})), "request.invalid_query");
}

TEST_P(SaasOrgsAdminTest, WhatIsNotPaidIsListed) {
    EXPECT_TRUE(asked(&SaasOrgsAdmin::get_failed_payments)["data"].empty());
    const auto late =
        subscribe(acme_, [](Subscription& one) { one.status = SubscriptionStatus::PastDue; });
    const Json rows = asked(&SaasOrgsAdmin::get_failed_payments);
    ASSERT_EQ(rows["data"].size(), 1U);
    EXPECT_EQ(rows["data"][0]["subscription_id"], late.id.text());
    EXPECT_EQ(rows["data"][0]["organization_id"], acme_);
    EXPECT_EQ(rows["data"][0]["status"], "past_due");
    EXPECT_EQ(asked(&SaasOrgsAdmin::get_dashboard)["mrr"], 4900)
        << "past due is still expected to be paid";
}

}  // namespace
}  // namespace turnpike
