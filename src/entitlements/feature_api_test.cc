#include "entitlements/feature_api.h"

#include <set>

#include <gtest/gtest.h>

#include "audit/audit.h"
#include "entitlements/capacity.h"
#include "entitlements/ofrep.h"
#include "entitlements/testing.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;
using testing::run;

constexpr const char* kTeamTiers = R"(
[[meters]]
key = "runs"
name = "Runs"
unit = "run"
event_type = "run"
aggregation = "sum"
[[features]]
key = "csv_export"
name = "CSV export"
kind = "boolean"
[[features]]
key = "support"
name = "Support"
kind = "configuration"
[[features]]
key = "users"
name = "Users"
kind = "capacity"
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
allowances = [{ meter = "runs", included = "2", overage = "block" }]
features = { users = 3 }
[[plans]]
key = "pro"
name = "Pro"
rank = 1
prices = [{ currency = "usd", interval = "month", amount = "29.00" }]
features = { users = 10, csv_export = true }
[[plans]]
key = "scale"
name = "Scale"
rank = 2
prices = [{ currency = "usd", interval = "month", amount = "99.00" }]
features = { users = "unlimited", csv_export = true, support = "by phone" }
)";

class FeatureRoutes : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        world_->sell(read_catalog_file(kTeamTiers).value());
        alice_ = world_->add_customer("alice");
        world_->add_customer("bob");
        entitlements_.emplace(db(), world_->usage(), clock_, world_->ids(), world_->catalog(),
                              standings_, "");
    }
    static http::Request asking(const char* method_body, const char* feature) {
        http::Request request;
        request.method = http::Method::Put;
        request.headers = {{"Content-Type", "application/json"}};
        request.body = method_body;
        request.path_values = {{"customer", "alice"}, {"feature", feature}};
        return request;
    }
    static Json read(const Result<http::Response>& answer) {
        if (answer) return *parse_json(answer->body);
        std::string text(answer.error().reason.text());
        for (const FieldError& field : answer.error().fields) text += " " + field.pointer;
        return Json(text);
    }
    Json put(const char* feature, const char* body) {
        return read(run(api_().put_entitlement(testing::seller(), asking(body, feature))));
    }
    Json remove(const char* feature) {
        return read(run(api_().delete_entitlement(testing::seller(), asking("", feature))));
    }
    Json list(const Principal& caller = testing::seller()) {
        return read(run(api_().get_entitlements(caller, asking("", ""))));
    }
    Json check(const Json& body) {
        http::Request request = asking(to_text(body).c_str(), "");
        return read(run(entitlements_->post_check(testing::seller(), request)));
    }
    Json use(const char* id, std::int64_t runs) {
        const Json body{{"customer", "alice"},
                        {"meter", "runs"},
                        {"quantity", runs},
                        {"source", "test"},
                        {"id", id}};
        const http::Request request = asking(to_text(body).c_str(), "");
        return read(run(entitlements_->post_consume(testing::seller(), request)));
    }
    Json usage_of_runs() {
        http::Request request = asking("", "");
        request.query = {{"customer", "alice"}};
        return read(run(entitlements_->get_usage(testing::seller(), request)))["meters"][0];
    }
    Json flag(const char* key) {
        OfrepApi ofrep{*entitlements_};
        http::Request request = asking(R"({"context":{"targetingKey":"alice"}})", "");
        request.path_values = {{"key", key}};
        return read(run(ofrep.post_one(testing::seller(), request)));
    }
    void take(std::int64_t n) {
        const bool taken = db().write_blocking([&](sql::Transaction& tx) {
            const auto his = load_standing(tx, world_->catalog(), "alice", kStart).value();
            return take_capacity(tx, his, "users", n)->allowed;
        });
        ASSERT_TRUE(taken);
    }
    FeatureApi api_() { return FeatureApi{*entitlements_}; }

    std::optional<MeteredWorld> world_;
    ManualClock clock_{kStart};
    StandingCache standings_{{}};
    std::optional<EntitlementsApi> entitlements_;
    CustomerId alice_ = CustomerId::trusted("cus_none");
};
INSTANTIATE_TEST_SUITE_P(, FeatureRoutes, sql::both_engines(), sql::engine_name);

TEST_P(FeatureRoutes, ACheckSaysWhatIsMissingAndWhoHasIt) {
    const Json csv = check({{"customer", "alice"}, {"feature", "csv_export"}});
    EXPECT_EQ(csv["allowed"], false);
    EXPECT_EQ(csv["reason"], "not_in_plan");
    EXPECT_EQ(csv["kind"], "boolean");
    EXPECT_EQ(csv["upgrade"]["plan"], "pro") << "the lowest plan that has it";
    EXPECT_EQ(csv["upgrade"]["price"], "29.00");
    const Json support = check({{"customer", "alice"}, {"feature", "support"}});
    EXPECT_EQ(support["value"], "");
    EXPECT_EQ(support["upgrade"]["plan"], "scale");

    take(2);
    const Json one = check({{"customer", "alice"}, {"feature", "users"}});
    EXPECT_EQ(one["allowed"], true);
    EXPECT_EQ(one["current_count"], 2);
    EXPECT_EQ(one["limit"], 3);
    EXPECT_EQ(one["remaining"], 1);
    const Json two = check({{"customer", "alice"}, {"feature", "users"}, {"requested", 2}});
    EXPECT_EQ(two["allowed"], false);
    EXPECT_EQ(two["reason"], "limit_exceeded");
    EXPECT_EQ(two["upgrade"]["plan"], "pro");
    const Json many = check({{"customer", "alice"}, {"feature", "users"}, {"requested", 9}});
    EXPECT_EQ(many["upgrade"]["plan"], "scale") << "2 and 9 do not fit in pro's 10";

    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "runs"}})["limit"], "2") << "a meter";
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "zap"}}), "entitlement.no_such_meter");
    EXPECT_EQ(check({{"customer", "alice"}, {"meter", "users"}}), "entitlement.no_such_meter");
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "users"}, {"requested", "1.5"}}),
              "entitlement.not_whole");
}

TEST_P(FeatureRoutes, AnOverrideCountsAtOnceAndUntilItExpires) {
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "users"}})["limit"], 3);
    const Json given = put("users", R"({"value":20,"expires_at":"2024-09-02T00:00:00Z"})");
    EXPECT_EQ(given["limit"], 20);
    EXPECT_EQ(given["overridden"], true);
    EXPECT_EQ(given["expires_at"], "2024-09-02T00:00:00Z");
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "users"}})["limit"], 20);
    clock_.set(kStart + std::chrono::hours(24));
    const Json after = check({{"customer", "alice"}, {"feature", "users"}});
    EXPECT_EQ(after["limit"], 3);
    EXPECT_EQ(after["overridden"], false);

    EXPECT_TRUE(put("users", R"({"value":"unlimited"})")["limit"].is_null());
    EXPECT_EQ(remove("users")["limit"], 3);
    EXPECT_EQ(remove("users")["limit"], 3) << "nothing to remove";
    std::multiset<std::string> told;
    for (const auto& one :
         db().read_blocking([&](sql::Transaction& tx) { return list_audit(tx, alice_, {}); }))
        told.insert(one.entry.action);
    EXPECT_EQ(told, (std::multiset<std::string>{"entitlement.overridden", "entitlement.overridden",
                                                "entitlement.override_removed"}));
}

TEST_P(FeatureRoutes, TheSameOverrideAgainIsTheSame) {
    put("csv_export", R"({"value":true})");
    put("csv_export", R"({"value":true})");
    const auto rows = db().read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT COUNT(*) FROM entitlement_overrides")->integer(0);
    });
    EXPECT_EQ(rows, 1);
    put("csv_export", R"({"value":false,"expires_at":"2024-09-03T00:00:00Z"})");
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "csv_export"}})["allowed"], false);
    clock_.set(kStart + std::chrono::hours(48));
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "csv_export"}})["allowed"], true)
        << "what is for longer counts again";
}

TEST_P(FeatureRoutes, BadOverridesAreRefused) {
    EXPECT_EQ(put("zap", R"({"value":true})"), "entitlement.no_such_feature");
    EXPECT_EQ(put("users", R"({"value":true})"), "entitlement.wrong_value");
    EXPECT_EQ(put("users", R"({"value":"ten"})"), "entitlement.wrong_value");
    EXPECT_EQ(put("csv_export", R"({"value":1})"), "entitlement.wrong_value");
    EXPECT_EQ(put("users", R"({"value":-1})"), "request.invalid_body /value");
    EXPECT_EQ(put("users", R"({})"), "request.invalid_body /value");
    EXPECT_EQ(put("users", R"({"value":5,"zap":1})"), "request.invalid_body /zap");
    EXPECT_EQ(put("users", R"({"value":5,"expires_at":"2024-09-01T00:00:00Z"})"),
              "entitlement.expires_in_the_past");
    EXPECT_EQ(put("users", R"({"value":5,"expires_at":"tomorrow"})"),
              "request.invalid_body /expires_at");
}

// The free plan stops at 2 runs a month.
TEST_P(FeatureRoutes, AMetersLimitIsOverriddenAndComesBack) {
    const Json six = put("runs", R"({"value":"6","expires_at":"2024-09-02T00:00:00Z"})");
    EXPECT_EQ(six["kind"], "metered");
    EXPECT_EQ(six["limit"], "6");
    EXPECT_EQ(six["hard_limit"], "6");
    EXPECT_EQ(six["value"], Json({{"limit", "6"}, {"overage", "block"}}));
    EXPECT_EQ(six["overridden"], true);
    EXPECT_EQ(six["expires_at"], "2024-09-02T00:00:00Z");
    EXPECT_EQ(use("first", 5)["remaining"], "1");
    EXPECT_EQ(use("second", 2)["code"], "limit_exceeded");
    EXPECT_EQ(check({{"customer", "alice"}, {"feature", "runs"}})["remaining"], "1");
    EXPECT_EQ(check({{"customer", "bob"}, {"feature", "runs"}})["limit"], "2") << "nobody else's";
    EXPECT_EQ(flag("runs")["metadata"]["limit"], "6");
    const Json usage = usage_of_runs();
    EXPECT_EQ(usage["included"], "6");
    EXPECT_EQ(usage["remaining"], "1");

    clock_.set(kStart + std::chrono::hours(24));
    const Json after = check({{"customer", "alice"}, {"feature", "runs"}});
    EXPECT_EQ(after["allowed"], false) << "5 are more than the plan's 2";
    EXPECT_EQ(after["remaining"], "0");
    EXPECT_EQ(use("third", 1)["code"], "limit_exceeded");
    EXPECT_EQ(list()["data"][3]["overridden"], false);
    EXPECT_EQ(list()["data"][3]["value"]["limit"], "2");
}

TEST_P(FeatureRoutes, AMeterMayHaveNoLimitOrAnotherEnd) {
    const Json endless = put("runs", R"({"value":{"limit":null}})");
    EXPECT_EQ(endless["value"], Json({{"limit", nullptr}, {"overage", "allow"}}));
    EXPECT_FALSE(endless.contains("hard_limit"));
    EXPECT_EQ(use("many", 5'000)["allowed"], true);
    EXPECT_EQ(usage_of_runs()["hard_limit"], nullptr);
    EXPECT_EQ(usage_of_runs()["overage"], "0");
    const Json soft = put("runs", R"({"value":{"limit":"5001","overage":"allow"}})");
    EXPECT_EQ(soft["remaining"], "1");
    EXPECT_EQ(use("more", 2)["reason"], "soft_limit_passed");
    EXPECT_EQ(remove("runs")["allowed"], false) << "the plan's 2 are used up";
    EXPECT_EQ(put("runs", R"({"value":"unlimited"})")["allowed"], true);
    EXPECT_EQ(remove("runs")["overridden"], false);
    for (const char* bad :
         {R"({"value":true})", R"({"value":"ten"})", R"({"value":"2000 block"})",
          R"({"value":{"limit":"2000 allow"}})",
          R"({"value":{"limit":"2000 allow","overage":"block"}})",
          R"({"value":{"limit":null,"overage":"block"}})",
          R"({"value":{"limit":5,"overage":"bill"}})", R"({"value":{"limit":5,"zap":1}})",
          R"({"value":"1000000000001"})", R"({"value":1.5})"}) {
        const auto refusal = put("runs", bad).get<std::string>();
        EXPECT_TRUE(refusal == "entitlement.wrong_value" ||
                    refusal == "request.invalid_body /value")
            << bad << refusal;
    }
}

TEST_P(FeatureRoutes, WhatIsNotSoldAnyMoreIsNotGivenAndMayBeTaken) {
    for (const auto& [feature, value] :
         {std::pair("runs", R"({"value":6})"), std::pair("csv_export", R"({"value":true})")})
        EXPECT_EQ(put(feature, value)["overridden"], true);
    auto file = read_catalog_file(kTeamTiers).value();
    file.meters.clear();
    std::erase_if(file.features, [](const Feature& one) { return one.key == "csv_export"; });
    for (auto& plan : file.plans) {
        plan.allowances.clear();
        std::erase_if(plan.features, [](const auto& one) { return one.key == "csv_export"; });
    }
    world_->sell(file);
    const auto count = [&](const char* sql) {
        return db().read_blocking([&](sql::Transaction& tx) { return tx.one(sql)->integer(0); });
    };
    const auto audited = [&] {
        return count("SELECT COUNT(*) FROM audit_events WHERE action = 'entitlement.overridden'");
    };
    const auto given = [&] {
        return count("SELECT COUNT(*) FROM entitlement_overrides WHERE removed_at IS NULL");
    };
    EXPECT_EQ(audited(), 2);
    EXPECT_EQ(put("runs", R"({"value":7})"), "entitlement.no_such_feature");
    EXPECT_EQ(put("csv_export", R"({"value":false})"), "entitlement.no_such_feature");
    EXPECT_EQ(audited(), 2) << "nothing was given";
    EXPECT_EQ(given(), 2);
    remove("runs");
    remove("csv_export");
    EXPECT_EQ(given(), 0);
}

TEST_P(FeatureRoutes, EveryFeatureIsListedToWhoMaySeeIt) {
    take(1);
    const Json all = list();
    ASSERT_EQ(all["data"].size(), 4U);
    EXPECT_EQ(all["data"][0]["feature"], "csv_export");
    EXPECT_EQ(all["data"][2]["feature"], "users");
    EXPECT_EQ(all["data"][2]["current_count"], 1);
    EXPECT_EQ(all["data"][3]["feature"], "runs");
    EXPECT_EQ(all["data"][3]["kind"], "metered");
    EXPECT_EQ(all["data"][3]["remaining"], "2");
    EXPECT_EQ(list(testing::user("alice")), all);
    EXPECT_EQ(list(testing::user("bob")), "entitlement.other_customer");
}

TEST_P(FeatureRoutes, AFlagHasTheFeaturesValue) {
    put("support", R"({"value":"by post"})");
    EXPECT_EQ(flag("csv_export")["value"], false);
    EXPECT_EQ(flag("csv_export")["variant"], "not_in_plan");
    EXPECT_EQ(flag("support")["value"], "by post");
    EXPECT_EQ(flag("support")["metadata"]["overridden"], true);
    EXPECT_EQ(flag("users")["value"], 3);
    put("users", R"({"value":"unlimited"})");
    EXPECT_EQ(flag("users")["value"], 1'000'000'000);
    EXPECT_EQ(flag("zap")["errorCode"], "FLAG_NOT_FOUND");
}

}  // namespace
}  // namespace turnpike
