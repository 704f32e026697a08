#include "sandbox/chaos/plan.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike::twin {
namespace {

using std::chrono::milliseconds;

ChaosPlan plan_of(const char* text) {
    auto plan = read_plan(*parse_json(text));
    EXPECT_TRUE(plan) << text;
    return plan.value_or(ChaosPlan{});
}

TEST(Plan, ReadsCallsAndWebhooks) {
    const auto plan = plan_of(R"({"seed": 7, "rules": [
        {"call": "POST /v1/subscriptions", "do": "error_after_commit", "next": 2},
        {"call": "/v1/customers", "do": "delay", "wait_ms": 30, "percent": 10},
        {"webhook": "invoice.*", "do": "duplicate", "count": 3},
        {"webhook": "*", "endpoint": "we_1", "do": "reorder", "order": ["b", "a"]},
        {"webhook": "*", "do": "old_version", "version": "2022-11-15"}]})");
    EXPECT_EQ(plan.seed, 7U);
    ASSERT_EQ(plan.rules.size(), 5U);
    EXPECT_EQ(plan.rules[0], (ChaosRule{.about = "POST /v1/subscriptions",
                                        .misfortune = Misfortune::ErrorAfterCommit,
                                        .next = 2}));
    EXPECT_EQ(plan.rules[1], (ChaosRule{.about = "* /v1/customers",
                                        .misfortune = Misfortune::Delay,
                                        .next = 0,
                                        .percent = 10,
                                        .wait = milliseconds(30)}));
    EXPECT_EQ(plan.rules[2].count, 3);
    EXPECT_EQ(plan.rules[3].order, (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(plan.rules[3].endpoint, "we_1");
    EXPECT_EQ(plan.rules[4].version, "2022-11-15");
}

TEST(Plan, IsReadAsItWasWritten) {
    for (const auto& plan : {random_plan(3), plan_of(R"({"rules": [
             {"call": "*", "do": "timeout"}, {"webhook": "*", "do": "timeout"},
             {"webhook": "*", "do": "burst", "count": 5, "wait_ms": 100}]})")}) {
        const auto again = read_plan(to_json(plan));
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(*again, plan);
    }
}

TEST(Plan, WithoutRulesIsALittleOfEverything) {
    const auto plan = plan_of(R"({"seed": 42})");
    EXPECT_EQ(plan.seed, 42U);
    for (const auto traffic : {Traffic::Calls, Traffic::Webhooks})
        for (int i = 0; i <= static_cast<int>(Misfortune::OldVersion); ++i) {
            const auto misfortune = static_cast<Misfortune>(i);
            const auto count = std::ranges::count_if(plan.rules, [&](const ChaosRule& rule) {
                return rule.traffic == traffic && rule.misfortune == misfortune;
            });
            EXPECT_EQ(count, happens_to(misfortune, traffic) ? 1 : 0) << name_of(misfortune);
        }
    EXPECT_TRUE(plan_of(R"({"rules": []})").rules.empty());
}

TEST(Plan, RefusesWhatItDoesNotKnow) {
    for (const char* const rule : {
             R"({"do": "drop"})",
             R"({"call": "*", "webhook": "*", "do": "delay"})",
             R"({"call": "*", "do": "drop"})",
             R"({"webhook": "*", "do": "rate_limit"})",
             R"({"webhook": "*", "do": "explode"})",
             R"({"call": "*", "do": "error", "next": 0})",
             R"({"call": "*", "do": "error", "percent": 101})",
             R"({"call": "*", "do": "error", "percent": 5, "next": 5})",
             R"({"call": "*", "do": "error", "wait_ms": 5})",
             R"({"call": "*", "do": "delay", "wait_ms": 600001})",
             R"({"call": "*", "do": "error", "endpoint": "*"})",
             R"({"webhook": "*", "do": "duplicate", "count": 1})",
             R"({"webhook": "*", "do": "reorder", "order": ["a"]})",
             R"({"webhook": "*", "do": "reorder", "order": ["a", 5]})",
             R"({"webhook": "*", "do": "reorder", "order": ["a", "b"], "percent": 5})",
             R"([])",
         })
        EXPECT_FALSE(read_rule(*parse_json(rule))) << rule;
    EXPECT_FALSE(read_plan(*parse_json(R"({"seed": -1})")));
    EXPECT_FALSE(read_plan(*parse_json(R"({"rules": [{"call": "*"}]})")));
    EXPECT_FALSE(read_plan(*parse_json(R"({"rule": []})")));
}

}  // namespace
}  // namespace turnpike::twin
