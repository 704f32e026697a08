#include "catalog/catalog_file.h"

#include <gtest/gtest.h>

#include "catalog/preset.h"

namespace turnpike {
namespace {

constexpr std::string_view kGood = R"(
[[meters]]
key = "api_calls"
name = "API calls"
unit = "call"
event_type = "api.call"
aggregation = "sum"

[[plans]]
key = "free"
name = "FREE"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
allowances = [{ meter = "api_calls", included = "100", overage = "block" }]
)";

std::vector<std::string> complaints(std::string_view toml) {
    const auto file = read_catalog_file(toml);
    std::vector<std::string> found;
    if (file) return found;
    EXPECT_EQ(file.error().reason.text(), "catalog.bad_file");
    for (const FieldError& field : file.error().fields)
        found.push_back(field.pointer + " " + field.code);
    return found;
}

/// kGood with one line replaced.
std::string with(std::string_view line, std::string_view instead) {
    std::string text(kGood);
    const auto at = text.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    text.replace(at, line.size(), instead);
    return text;
}

/// kGood and a route, whose table is in line 16.
std::string with_route(std::string_view pattern) {
    return std::string(kGood) + "[[routes]]\nmethod = \"*\"\npattern = \"" + std::string(pattern) +
           "\"\nmeter = \"api_calls\"\nunits = 1\n";
}

/// kGood and a plan, whose table is in line 16.
std::string with_plan(const std::string& key, int rank, const std::string& more = "") {
    return std::string(kGood) + "[[plans]]\nkey = \"" + key + "\"\nrank = " + std::to_string(rank) +
           "\n" + more + "name = \"OTHER\"\n" +
           "prices = [{ currency = \"usd\", interval = \"month\", amount = \"9.00\" }]\n";
}

TEST(CatalogFile, AnAllowanceMaySayThatItStartsAgainWithThePeriod) {
    const auto file = read_catalog_file(with("\"block\"", "\"block\", reset = \"billing_period\""));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->plans[0].allowances, read_catalog_file(kGood)->plans[0].allowances);
    const auto other = read_catalog_file(with("\"block\"", "\"block\", reset = \"week\""));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().message, "catalog:15: 'reset' must be billing_period, not 'week'");
}

TEST(CatalogFile, TheMessageNamesFileAndLineOnce) {
    const auto file = read_catalog_file(with_plan("free", 0, "default = true\n"), "presets/x.toml");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message,
              "presets/x.toml:17: there is a plan 'free' already, as in line 10; "
              "presets/x.toml:18: rank 0 belongs to a plan already, as in line 12; "
              "presets/x.toml:19: exactly one plan must have default = true, as in line 13");
}

TEST(CatalogFile, ReadsWhatIsRight) {
    const auto file = read_catalog_file(kGood);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(file->plans.size(), 1U);
    EXPECT_EQ(file->plans[0].prices[0].amount, Money(0, Currency::Usd));
    EXPECT_EQ(file->plans[0].allowances[0].included, Quantity::whole(100));
}

TEST(CatalogFile, RefusesWithTheLine) {
    struct Case {
        const char* name;
        std::string toml;
        std::string complaint;
    };
    const Case cases[] = {
        {"syntax", with("rank = 0", "rank ="), "line 12 syntax"},
        {"an unknown key", with("rank = 0", "rank = 0\ntypo = 1"), "line 13 unknown_key"},
        {"an unknown table", std::string(kGood) + "[extra]\n", "line 16 unknown_key"},
        {"a missing key", with("name = \"FREE\"\n", ""), "line 9 required"},
        {"a fraction for a rank", with("rank = 0", "rank = 0.5"), "line 12 out_of_range"},
        {"a number for an amount", with("\"0.00\"", "0.00"), "line 14 wrong_type"},
        {"half a cent", with("\"0.00\"", "\"0.005\""), "line 14 bad_amount"},
        {"a negative amount", with("\"0.00\"", "\"-1\""), "line 14 bad_amount"},
        {"an unknown currency", with("\"usd\"", "\"xxx\""), "line 14 unknown_value"},
        {"an unknown interval", with("\"month\"", "\"fortnight\""), "line 14 unknown_value"},
        {"a negative allowance", with("\"100\"", "\"-1\""), "line 15 bad_decimal"},
        {"billing without a price", with("\"block\"", "\"bill\""), "line 15 required"},
        {"a price without billing", with("\"block\"", "\"block\", overage_unit_price = \"1\""),
         "line 15 overage_is_blocked"},
        {"upper case key", with("\"free\"", "\"Free\""), "line 10 bad_key"},
        {"an unknown meter", with("meter = \"api_calls\"", "meter = \"calls\""),
         "line 15 unknown_meter"},
        {"no default plan", with("default = true\n", ""), "line 1 one_default"},
        {"a bad pattern",
         std::string(kGood) +
             "[[routes]]\nmethod = \"*\"\npattern = \"/a*\"\nmeter = \"api_calls\"\nunits = 1\n",
         "line 16 bad_pattern"},
        {"an unclosed brace", with_route("/a/{symbol"), "line 16 bad_pattern"},
        {"an unopened brace", with_route("/a/symbol}"), "line 16 bad_pattern"},
        {"a brace in the middle", with_route("/a/x{symbol}"), "line 16 bad_pattern"},
        {"a brace in braces", with_route("/a/{{symbol}}"), "line 16 bad_pattern"},
        {"braces around nothing", with_route("/a/{}"), "line 16 bad_pattern"},
        {"a failure rule that nobody knows", with_route("/a") + "on_failure = \"half-open\"\n",
         "line 21 unknown_value"},
        {"a failure rule that is no text", with_route("/a") + "on_failure = true\n",
         "line 21 wrong_type"},
        {"a route of an unknown meter",
         std::string(kGood) + "[[routes]]\nmethod = \"*\"\npattern = \"/a\"\nunits = 1\n" +
             "meter = \"calls\"\n",
         "line 20 unknown_meter"},
        {"a route twice", with_route("/a") + with_route("/a").substr(kGood.size()),
         "line 23 duplicate"},
        {"a meter twice",
         std::string(kGood) + "[[meters]]\nname = \"x\"\nkey = \"api_calls\"\nunit = \"x\"\n" +
             "event_type = \"x\"\naggregation = \"sum\"\n",
         "line 18 duplicate"},
        {"two default plans", with_plan("other", 1, "default = true\n"), "line 19 one_default"},
        {"a key twice", with_plan("free", 1), "line 17 duplicate"},
        {"a rank twice", with_plan("other", 0), "line 18 duplicate"},
        {"another reset", with("\"block\"", "\"block\", reset = \"day\""), "line 15 unknown_value"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(complaints(c.toml), std::vector<std::string>{c.complaint});
    }
}

TEST(CatalogFile, TellsEveryMistakeAtOnce) {
    std::string toml = with("rank = 0", "rank = -1");
    toml.replace(toml.find("\"0.00\""), 6, "\"free\"");
    toml += "colour = \"red\"\n";
    EXPECT_EQ(complaints(toml),
              (std::vector<std::string>{"line 12 out_of_range", "line 14 bad_amount",
                                        "line 16 unknown_key"}));
}

TEST(CatalogFile, ARouteMaySayWhatHappensWithoutTheLedger) {
    const auto rule_of = [](const std::string& toml) {
        const auto file = read_catalog_file(toml);
        EXPECT_TRUE(file) << file.error().message;
        return file->route_costs.at(0).on_failure;
    };
    EXPECT_EQ(rule_of(with_route("/a")), std::nullopt);
    EXPECT_EQ(rule_of(with_route("/a") + "on_failure = \"open\"\n"), OnFailure::Open);
    EXPECT_EQ(rule_of(with_route("/a") + "on_failure = \"closed\"\n"), OnFailure::Closed);
}

TEST(CatalogFile, ThePresetIsThePublishedTable) {
    const auto toml = preset_catalog("api-metering");
    ASSERT_TRUE(toml);
    const auto file = read_catalog_file(*toml);
    ASSERT_TRUE(file) << file.error().message;

    struct Tier {
        const char *key, *name;
        std::int64_t cents, included;
        const char* overage;  // "" is blocked
    };
    const Tier tiers[] = {{"free", "FREE", 0, 100, ""},
                          {"starter", "STARTER", 2'900, 1'000, "0.03"},
                          {"pro", "PRO", 9'900, 10'000, "0.02"},
                          {"enterprise", "ENTERPRISE", 49'900, 100'000, "0.01"}};
    ASSERT_EQ(file->plans.size(), std::size(tiers));
    for (std::size_t i = 0; i < std::size(tiers); ++i) {
        const FilePlan& plan = file->plans[i];
        SCOPED_TRACE(plan.key);
        EXPECT_EQ(plan.key, tiers[i].key);
        EXPECT_EQ(plan.name, tiers[i].name);
        EXPECT_EQ(plan.is_default, i == 0);
        ASSERT_EQ(plan.prices.size(), 1U);
        EXPECT_EQ(plan.prices[0],
                  (FilePrice{{Interval::Month, 1}, Money(tiers[i].cents, Currency::Usd)}));
        ASSERT_EQ(plan.allowances.size(), 1U);
        EXPECT_EQ(plan.allowances[0].meter_key, "api_calls");
        EXPECT_EQ(plan.allowances[0].included, Quantity::whole(tiers[i].included));
        const auto& price = plan.allowances[0].overage_unit_price;
        EXPECT_EQ(price ? price->text() : "", tiers[i].overage);
    }
    Catalog routes;
    routes.route_costs = file->route_costs;
    EXPECT_EQ(routes.route_cost("GET", "/signals")->units, 1);
    EXPECT_EQ(routes.route_cost("GET", "/signals/history/AAPL")->units, 2);
    EXPECT_EQ(routes.route_cost("GET", "/export/csv")->units, 3);
    EXPECT_EQ(routes.route_cost("POST", "/export/pdf")->units, 5);
    EXPECT_EQ(routes.route_cost("GET", "/health"), nullptr);
    EXPECT_FALSE(preset_catalog("unknown"));
}

}  // namespace
}  // namespace turnpike
