#include "catalog/guards.h"

#include <gtest/gtest.h>

#include "catalog/plan_diff.h"

namespace turnpike {
namespace {

TEST(UseRate, IsReadAsItIsWritten) {
    for (const char* text : {"1/second", "60/minute", "1000000/hour", "7/day"}) {
        const auto rate = parse_use_rate(text);
        ASSERT_TRUE(rate) << text;
        EXPECT_EQ(to_text(*rate), text);
    }
    EXPECT_EQ(parse_use_rate("3/hour"), (UseRate{3, std::chrono::seconds(3'600)}));
    for (const char* text : {"", "/", "60", "/minute", "0/minute", "-1/minute", "+1/minute",
                             "1.5/minute", "01/minute", "1000001/day", "99999999999999999999/day",
                             "60/week", "60/Minute", "60 /minute", "60/minute "})
        EXPECT_FALSE(parse_use_rate(text)) << text;
}

TEST(Guards, TheFirstRowThatMatchesGuards) {
    const Guards guards{.routes = {{"GET", "/lessons/{lesson}", "premium", std::nullopt, "school"},
                                   {"*", "/lessons/**", "plus", std::nullopt, "school"}},
                        .rates = {{"premium", UseRate{2}, "school"}}};
    EXPECT_EQ(guards.route("GET", "/lessons/7")->feature_key, "premium");
    EXPECT_EQ(guards.route("POST", "/lessons/7")->feature_key, "plus");
    EXPECT_EQ(guards.route("GET", "/lessons/7/a")->feature_key, "plus");
    EXPECT_EQ(guards.route("GET", "/other"), nullptr);
    EXPECT_EQ(guards.rate("school", "premium")->count, 2);
    EXPECT_EQ(guards.rate("elsewhere", "premium"), nullptr);
    EXPECT_EQ(guards.rate("school", "plus"), nullptr);
}

TEST(Guards, AFileThatGuardsOtherwiseDiffers) {
    const Guards stored{.routes = {{"GET", "/a", "premium", std::nullopt, "school"},
                                   {"GET", "/b", "premium", std::nullopt, "another"}},
                        .rates = {{"premium", UseRate{2}, "school"}}};
    CatalogFile file;
    file.catalog = "school";
    file.guards = {.routes = {{"GET", "/a", "", UseRate{9}}}, .rates = {}};
    std::vector<std::string> told;
    for (const auto& one : guard_diff(stored, file)) told.push_back(to_text(one));
    EXPECT_EQ(told, (std::vector<std::string>{"- feature premium: rate_limit: 2/minute",
                                              "~ guard GET /a: premium, row 1 -> no feature, row 1",
                                              "+ guard GET /a: rate_limit: 9/minute"}));
}

}  // namespace
}  // namespace turnpike
