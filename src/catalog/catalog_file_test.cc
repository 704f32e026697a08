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

/// kGood, where overage is billed.
std::string billed(const std::string& more) {
    return with("\"block\"", "\"bill\", overage_unit_price = \"0.01\", " + more);
}

/// kGood with another aggregation in line 7, and what may follow it.
std::string metered(const std::string& aggregation) { return with("\"sum\"", aggregation); }

/// kGood with another aggregation, and an allowance of five hours.
std::string rolling(const std::string& aggregation, const std::string& more = "") {
    std::string text = with("\"block\"", "\"block\", reset = \"rolling_5h\"");
    text.replace(text.find("\"sum\"\n"), 6, aggregation + "\n" + more);
    return text;
}

/// kGood and a route, whose table is in line 16.
std::string with_route(std::string_view pattern) {
    return std::string(kGood) + "[[routes]]\nmethod = \"*\"\npattern = \"" + std::string(pattern) +
           "\"\nmeter = \"api_calls\"\nunits = 1\n";
}

/// kGood with another aggregation, and a route that costs so much of it.
std::string routed(const std::string& aggregation, int units) {
    return with("\"sum\"", aggregation) +
           "[[routes]]\nmethod = \"*\"\npattern = \"/a\"\nmeter = \"api_calls\"\nunits = " +
           std::to_string(units) + "\n";
}

/// kGood and a plan, whose table is in line 16.
std::string with_plan(const std::string& key, int rank, const std::string& more = "") {
    return std::string(kGood) + "[[plans]]\nkey = \"" + key + "\"\nrank = " + std::to_string(rank) +
           "\n" + more + "name = \"OTHER\"\n" +
           "prices = [{ currency = \"usd\", interval = \"month\", amount = \"9.00\" }]\n";
}

TEST(CatalogFiles, SayHowLongATrialOfAPlanMayBe) {
    EXPECT_EQ(read_catalog_file(kGood)->plans.front().trial_days_max, 30);
    const std::string text = with("rank = 0", "rank = 0\ntrial_days_max = 0");
    EXPECT_EQ(read_catalog_file(text)->plans.front().trial_days_max, 0);
    EXPECT_EQ(complaints(with("rank = 0", "rank = 0\ntrial_days_max = 731")),
              std::vector<std::string>{"line 13 out_of_range"});
}

TEST(CatalogFile, AnAllowanceMaySayThatItStartsAgainWithThePeriod) {
    const auto file = read_catalog_file(with("\"block\"", "\"block\", reset = \"billing_period\""));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->plans[0].allowances, read_catalog_file(kGood)->plans[0].allowances);
    const auto other = read_catalog_file(with("\"block\"", "\"block\", reset = \"year\""));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().message,
              "catalog:15: 'reset' must be billing_period, day, week, month, lifetime, "
              "rolling_<1 to 744>h or rolling_<1 to 366>d, not 'year'");
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

TEST(CatalogFile, ComposesNames) {
    const auto file = read_catalog_file(with("\"FREE\"", "\"Cafe\u0301\""));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->plans[0].name, "Caf\u00E9");
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
        {"a name that turns text around", with("\"FREE\"", "\"FREE\\u202E\""), "line 11 bad_text"},
        {"a name of nothing to see", with("\"FREE\"", "\"\\u200B\""), "line 11 bad_text"},
        {"a number for a name", with("\"FREE\"", "1"), "line 11 wrong_type"},
        {"a fraction for a rank", with("rank = 0", "rank = 0.5"), "line 12 out_of_range"},
        {"a number for an amount", with("\"0.00\"", "0.00"), "line 14 wrong_type"},
        {"half a cent", with("\"0.00\"", "\"0.005\""), "line 14 bad_amount"},
        {"more than is charged", with("\"0.00\"", "\"1000000.00\""), "line 14 bad_amount"},
        {"a negative amount", with("\"0.00\"", "\"-1\""), "line 14 bad_amount"},
        {"an unknown currency", with("\"usd\"", "\"xxx\""), "line 14 unknown_value"},
        {"an unknown interval", with("\"month\"", "\"fortnight\""), "line 14 unknown_value"},
        {"a negative allowance", with("\"100\"", "\"-1\""), "line 15 bad_decimal"},
        {"billing without a price", with("\"block\"", "\"bill\""), "line 15 required"},
        {"a price without billing", with("\"block\"", "\"block\", overage_unit_price = \"1\""),
         "line 15 overage_is_not_billed"},
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
        {"a route that costs a largest value", routed("\"max\"", 1), "line 19 route_needs_sum"},
        {"a route that costs two events", routed("\"count\"", 2), "line 19 route_needs_sum"},
        {"a meter twice",
         std::string(kGood) + "[[meters]]\nname = \"x\"\nkey = \"api_calls\"\nunit = \"x\"\n" +
             "event_type = \"x\"\naggregation = \"sum\"\n",
         "line 18 duplicate"},
        {"two default plans", with_plan("other", 1, "default = true\n"), "line 19 one_default"},
        {"a key twice", with_plan("free", 1), "line 17 duplicate"},
        {"a rank twice", with_plan("other", 0), "line 18 duplicate"},
        {"a reset that nobody knows", with("\"block\"", "\"block\", reset = \"year\""),
         "line 15 unknown_value"},
        {"a rolling window of nothing", with("\"block\"", "\"block\", reset = \"rolling_0h\""),
         "line 15 unknown_value"},
        {"a rolling window of years", with("\"block\"", "\"block\", reset = \"rolling_367d\""),
         "line 15 unknown_value"},
        {"a cap without billing", with("\"block\"", "\"block\", overage_cap = \"1\""),
         "line 15 overage_is_not_billed"},
        {"a price where overage is allowed",
         with("\"block\"", "\"allow\", overage_unit_price = \"1\""),
         "line 15 overage_is_not_billed"},
        {"a negative cap", billed("overage_cap = \"-1\""), "line 15 bad_decimal"},
        {"a cap that is a number", billed("overage_cap = 20.00"), "line 15 wrong_type"},
        {"a cap finer than a unit price", billed("overage_cap = \"0.0000000001\""),
         "line 15 bad_decimal"},
        {"billing by the day", billed("reset = \"day\""), "line 15 overage_needs_billing_period"},
        {"an allowance twice",
         with("overage = \"block\" }]",
              "overage = \"block\" }, { meter = \"api_calls\", included = \"5\", "
              "overage = \"allow\" }]"),
         "line 15 duplicate"},
        {"a window twice in two words",
         with("overage = \"block\" }]",
              "overage = \"block\", reset = \"rolling_24h\" }, { meter = \"api_calls\", "
              "included = \"5\", overage = \"block\", reset = \"rolling_1d\" }]"),
         "line 15 duplicate"},
        {"an aggregation that nobody knows", metered("\"mean\""), "line 7 unknown_value"},
        {"no property of which texts differ", metered("\"unique\""), "line 2 required"},
        {"a property where events are counted", metered("\"count\"\nproperty = \"n\""),
         "line 8 nothing_measured"},
        {"an empty property", metered("\"max\"\nproperty = \"\""), "line 8 wrong_type"},
        {"a property with a control character", metered("\"max\"\nproperty = \"a\\tb\""),
         "line 2 bad_property"},
        {"a property of 65 bytes", metered("\"max\"\nproperty = \"" + std::string(65, 'x') + "\""),
         "line 2 bad_property"},
        {"a filter that is no table", metered("\"sum\"\nfilter = [\"a\"]"), "line 8 wrong_type"},
        {"a filter of nothing", metered("\"sum\"\nfilter = {}"), "line 8 wrong_type"},
        {"a filter without values", metered("\"sum\"\nfilter = { a = [] }"), "line 8 wrong_type"},
        {"a filter of one text", metered("\"sum\"\nfilter = { a = \"b\" }"), "line 8 wrong_type"},
        {"a filter of numbers", metered("\"sum\"\nfilter = { a = [200] }"), "line 8 wrong_type"},
        {"a filter's value twice", metered("\"sum\"\nfilter = { a = [\"b\", \"b\"] }"),
         "line 8 duplicate"},
        {"nine filters",
         metered("\"sum\"\nfilter = { a=[\"x\"], b=[\"x\"], c=[\"x\"], d=[\"x\"], e=[\"x\"], "
                 "f=[\"x\"], g=[\"x\"], h=[\"x\"], i=[\"x\"] }"),
         "line 8 wrong_type"},
        {"five groups", metered("\"sum\"\ngroup_by = [\"a\", \"b\", \"c\", \"d\", \"e\"]"),
         "line 8 wrong_type"},
        {"a group twice", metered("\"sum\"\ngroup_by = [\"a\", \"a\"]"), "line 8 duplicate"},
        {"a group with a control character", metered("\"sum\"\ngroup_by = [\"a\\n\"]"),
         "line 2 bad_property"},
        {"a rolling window of a largest value", rolling("\"max\""),
         "line 15 rolling_needs_sum_or_count"},
        {"a rolling window of different texts", rolling("\"unique\"", "property = \"who\"\n"),
         "line 16 rolling_needs_sum_or_count"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(complaints(c.toml), std::vector<std::string>{c.complaint});
    }
}

TEST(CatalogFile, AMeterSaysWhatItMeasuresAndOfWhichEvents) {
    const auto file = read_catalog_file(
        metered("\"last\"\nproperty = \"tokens\"\ngroup_by = [\"region\", \"os\"]\n"
                "filter = { region = [\"eu\"], model = [\"gpt-4\", \"gpt-4o\"] }"));
    ASSERT_TRUE(file) << file.error().message;
    const Meter& meter = file->meters[0];
    EXPECT_EQ(meter.aggregation, Meter::Aggregation::Last);
    EXPECT_EQ(meter.property, "tokens");
    EXPECT_EQ(meter.filter,
              (std::vector<PropertyFilter>{{"model", {"gpt-4", "gpt-4o"}}, {"region", {"eu"}}}));
    EXPECT_EQ(meter.group_by, (std::vector<std::string>{"region", "os"}));
    EXPECT_EQ(read_catalog_file(kGood)->meters[0].property, "quantity");
}

TEST(CatalogFile, AnEventMovesSixtyFourCountersAtMost) {
    const auto with_windows = [](int count) {
        std::string allowances;
        for (int i = 1; i <= count; ++i)
            allowances +=
                "{ meter = \"api_calls\", included = \"1\", overage = \"block\", reset = "
                "\"rolling_" +
                std::to_string(i) + "d\" },";
        return with("{ meter = \"api_calls\", included = \"100\", overage = \"block\" }",
                    allowances);
    };
    EXPECT_EQ(complaints(with_windows(64)), std::vector<std::string>{});
    EXPECT_EQ(complaints(with_windows(65)), std::vector<std::string>{"line 10 too_many_counts"});
}

TEST(CatalogFile, ARouteMayCostAnEvent) {
    const auto file = read_catalog_file(routed("\"count\"", 1));
    EXPECT_TRUE(file) << file.error().message;
}

TEST(CatalogFile, SeveralMetersMayHaveOneEventType) {
    const auto file =
        read_catalog_file(std::string(kGood) +
                          "[[meters]]\nkey = \"callers\"\nname = \"x\"\nunit = \"x\"\n"
                          "event_type = \"api.call\"\naggregation = \"unique\"\n"
                          "property = \"caller\"\n");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->meters[1].event_type, file->meters[0].event_type);
}

TEST(CatalogFile, APlanMayLimitOneMeterInSeveralWindows) {
    const auto file = read_catalog_file(
        with("[{ meter = \"api_calls\", included = \"100\", overage = \"block\" }]",
             "[{ meter = \"api_calls\", included = \"100\", overage = \"bill\", "
             "overage_unit_price = \"0.5\", overage_cap = \"20.00\" },"
             "{ meter = \"api_calls\", included = \"3\", overage = \"allow\", reset = \"day\" },"
             "{ meter = \"api_calls\", included = \"9\", overage = \"block\", "
             "reset = \"rolling_48h\" }]"));
    ASSERT_TRUE(file) << file.error().message;
    const auto& allowances = file->plans[0].allowances;
    ASSERT_EQ(allowances.size(), 3U);
    EXPECT_EQ(allowances[0].overage_cap, UnitPrice::whole(20));
    EXPECT_EQ(allowances[1].overage, OveragePolicy::Allow);
    EXPECT_EQ(allowances[1].reset, (Reset{Reset::Kind::Day, 0}));
    EXPECT_EQ(allowances[2].reset, (Reset{Reset::Kind::Rolling, 48}));
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

TEST(CatalogFile, AGuardNeedsAFeatureOrARate) {
    const std::string base = std::string(kGood) + R"(
[[features]]
key = "premium"
name = "Premium"
kind = "boolean"
rate_limit = "5/hour"
[[guards]]
method = "*"
pattern = "/lessons/**"
)";
    const auto file = read_catalog_file(base + "feature = \"premium\"\nrate_limit = \"1/day\"\n");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->guards.routes,
              (std::vector<RouteGuard>{{"*", "/lessons/**", "premium", parse_use_rate("1/day"),
                                        std::string(kCatalogWithoutName)}}));
    EXPECT_EQ(file->guards.rates, (std::vector<FeatureRate>{{"premium", *parse_use_rate("5/hour"),
                                                             std::string(kCatalogWithoutName)}}));

    // kGood has 15 lines, so the guard begins in line 22.
    struct Case {
        const char* more;
        const char* complaint;
    };
    const Case cases[] = {
        {"", "line 22 required"},
        {"feature = \"api_calls\"", "line 25 unknown_feature"},
        {"rate_limit = \"often\"", "line 25 unknown_value"},
        {"rate_limit = \"1/day\"\n[[guards]]\nmethod = \"*\"\npattern = \"/lessons/**\"\n"
         "feature = \"premium\"",
         "line 28 duplicate"},
        {"rate_limit = \"1/day\"\nmeter = \"api_calls\"", "line 26 unknown_key"},
    };
    for (const Case& c : cases)
        EXPECT_EQ(complaints(base + c.more), std::vector<std::string>{c.complaint}) << c.more;
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
