#include "analytics/usage/usage_threshold.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "metering/window_calendar.h"

namespace turnpike {
namespace {

const Period kSeptember{*parse_rfc3339("2024-09-01T00:00:00Z"),
                        *parse_rfc3339("2024-10-01T00:00:00Z")};
const Instant kNoon = *parse_rfc3339("2024-09-15T12:00:00Z");

Allowance blocked(const char* included) {
    return {.meter_key = "calls", .included = *Quantity::parse(included), .overage_unit_price = {}};
}
Allowance billed(const char* included, const char* price, std::optional<const char*> cap = {}) {
    Allowance allowance = blocked(included);
    allowance.overage = OveragePolicy::Bill;
    allowance.overage_unit_price = UnitPrice::parse(price);
    if (cap) allowance.overage_cap = UnitPrice::parse(*cap);
    return allowance;
}
Allowance allowed(const char* included) {
    Allowance allowance = blocked(included);
    allowance.overage = OveragePolicy::Allow;
    return allowance;
}

UsageWindow window(const Allowance& allowance, const char* plan = "pv_1",
                   Meter::Aggregation aggregation = Meter::Aggregation::Sum) {
    const Period period = window_at(allowance.reset, kSeptember, kNoon);
    return window_of(std::nullopt, period, PlanVersionId::trusted(plan), aggregation, allowance);
}
Counter used(const Allowance& allowance, const char* quantity) {
    Counter counter = open_counter(window(allowance));
    EXPECT_TRUE(count_into(counter, *Quantity::parse(quantity), kNoon)) << quantity;
    return counter;
}

/// "usage 50: 5 of 10"
using Texts = std::vector<std::string>;
Texts texts(const Counter& counter) {
    Texts texts;
    for (const Threshold& reached : thresholds_reached(counter))
        texts.push_back(std::string(to_text(reached.kind)) + " " + std::to_string(reached.percent) +
                        ": " + reached.reached_amount + " of " + reached.full_amount);
    return texts;
}

TEST(ThresholdsReached, AreSharesOfWhatTheAllowanceIncludes) {
    struct Case {
        const char* name;
        Allowance allowance;
        const char* used;
        Texts expected;
    };
    const Case cases[] = {
        {"nothing used", blocked("10"), "0", {}},
        {"less than half", blocked("10"), "4.999999", {}},
        {"half, exactly", blocked("10"), "5", {"usage 50: 5 of 10"}},
        {"between", blocked("10"), "7.999999", {"usage 50: 7.999999 of 10"}},
        {"all at once",
         blocked("10"),
         "10",
         {"usage 50: 10 of 10", "usage 80: 10 of 10", "usage 100: 10 of 10"}},
        // 80 % of 0.000003 are 0.0000024: three millionths are needed.
        {"no millionth between",
         blocked("0.000003"),
         "0.000002",
         {"usage 50: 0.000002 of 0.000003"}},
        {"a limit of nothing", blocked("0"), "0", {}},
        {"beyond a soft limit",
         allowed("10"),
         "12",
         {"usage 50: 12 of 10", "usage 80: 12 of 10", "usage 100: 12 of 10"}},
        {"nothing included and no end", allowed("0"), "1000", {}},
        {"billed without a cap",
         billed("10", "0.03"),
         "9",
         {"usage 50: 9 of 10", "usage 80: 9 of 10"}},
        // 17 units of overage cost 0.51.
        {"half of the cap",
         billed("10", "0.03", "1.00"),
         "27",
         {"usage 50: 27 of 10", "usage 80: 27 of 10", "usage 100: 27 of 10",
          "spend 50: 0.51 of 1"}},
        // 0.48
        {"less than half of the cap", billed("0", "0.03", "1.00"), "16", {}},
        // 33 units cost 0.99: the cap still pays for a third of one.
        {"just before the last whole unit",
         billed("0", "0.03", "1.00"),
         "32.999999",
         {"spend 50: 0.98999997 of 1", "spend 80: 0.98999997 of 1"}},
        {"the last whole unit that the cap pays for",
         billed("0", "0.03", "1.00"),
         "33",
         {"spend 50: 0.99 of 1", "spend 80: 0.99 of 1", "spend 100: 0.99 of 1"}},
        {"the last whole unit behind an allowance",
         billed("10", "0.03", "1.00"),
         "43",
         {"usage 50: 43 of 10", "usage 80: 43 of 10", "usage 100: 43 of 10", "spend 50: 0.99 of 1",
          "spend 80: 0.99 of 1", "spend 100: 0.99 of 1"}},
        // 1.5 included and 3.333333 paid for: 4 is the last whole unit, 2.5 of it overage.
        {"the last whole unit behind half a one",
         billed("1.5", "0.03", "0.10"),
         "4",
         {"usage 50: 4 of 1.5", "usage 80: 4 of 1.5", "usage 100: 4 of 1.5",
          "spend 50: 0.075 of 0.1", "spend 80: 0.075 of 0.1", "spend 100: 0.075 of 0.1"}},
        // The cap pays for a third of a unit: whole ones spend nothing of it, parts half of it.
        {"no whole unit fits under the cap",
         billed("10", "0.03", "0.01"),
         "10",
         {"usage 50: 10 of 10", "usage 80: 10 of 10", "usage 100: 10 of 10"}},
        {"parts of a unit under such a cap",
         billed("10", "0.03", "0.01"),
         "10.2",
         {"usage 50: 10.2 of 10", "usage 80: 10.2 of 10", "usage 100: 10.2 of 10",
          "spend 50: 0.006 of 0.01"}},
        // A limit in units is what its seller wrote: its fraction is meant.
        {"a limit of units with a fraction",
         blocked("10.5"),
         "10",
         {"usage 50: 10 of 10.5", "usage 80: 10 of 10.5"}},
        // 33.333333 x 0.03 = 0.99999999, and nothing more is let in.
        {"the last millionth before the cap",
         billed("0", "0.03", "1.00"),
         "33.333333",
         {"spend 50: 0.99999999 of 1", "spend 80: 0.99999999 of 1", "spend 100: 0.99999999 of 1"}},
        {"a cap of nothing is a hard limit", billed("10", "0.03", "0"), "5", {"usage 50: 5 of 10"}},
        {"what costs nothing spends nothing", billed("10", "0", "1"), "5", {"usage 50: 5 of 10"}},
        {"the most that a counter holds",
         billed("1000000000000", "1", "1000000000"),
         "500000000000",
         {"usage 50: 500000000000 of 1000000000000"}},
        {"the dearest",
         billed("0", "1000000000", "9000000000"),
         "4.5",
         {"spend 50: 4500000000 of 9000000000"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(texts(used(c.allowance, c.used)), c.expected);
    }
}

TEST(ThresholdsReached, FollowTheAllowanceInForce) {
    // 90 of 100 are used; the new plan has 1,000, and what was used counts against them.
    Counter counter = used(blocked("100"), "90");
    counter = with_allowance(std::move(counter), window(blocked("1000"), "pv_2"));
    EXPECT_EQ(texts(counter), Texts{});
    ASSERT_TRUE(count_into(counter, Quantity::whole(410), kNoon));
    EXPECT_EQ(texts(counter), Texts{"usage 50: 500 of 1000"});
    // Down to less than is used: it ends where it stands, see with_allowance().
    counter = with_allowance(std::move(counter), window(blocked("100"), "pv_3"));
    EXPECT_EQ(texts(counter),
              (Texts{"usage 50: 500 of 500", "usage 80: 500 of 500", "usage 100: 500 of 500"}));
}

/// Against the definition, in whole numbers.
RC_GTEST_PROP(ThresholdsReached, AreThoseThatTheUsageReaches, ()) {
    const auto full = *rc::gen::inRange<std::int64_t>(1, 2'000);
    const auto reached = *rc::gen::inRange<std::int64_t>(0, full + 1);
    Counter counter = open_counter(window(blocked(Quantity::from_scaled(full).text().c_str())));
    RC_ASSERT(count_into(counter, Quantity::from_scaled(reached), kNoon));
    std::vector<int> expected, found;
    for (const int percent : {50, 80, 100})
        if (100 * reached >= full * percent) expected.push_back(percent);
    for (const Threshold& threshold : thresholds_reached(counter))
        found.push_back(threshold.percent);
    RC_ASSERT(found == expected);
}

TEST(AlertWindow, IsTheCounterOrADay) {
    struct Case {
        const char* name;
        Reset reset;
        Meter::Aggregation aggregation;
        const char *start, *end;
    };
    using enum Meter::Aggregation;
    using Kind = Reset::Kind;
    const Case cases[] = {
        {"a billing period", {}, Sum, "2024-09-01T00:00:00Z", "2024-10-01T00:00:00Z"},
        {"a day", {Kind::Day}, Sum, "2024-09-15T00:00:00Z", "2024-09-16T00:00:00Z"},
        {"a value that can fall, in a month",
         {Kind::Month},
         Last,
         "2024-09-01T00:00:00Z",
         "2024-10-01T00:00:00Z"},
        {"a rolling window",
         {Kind::Rolling, 6},
         Sum,
         "2024-09-15T00:00:00Z",
         "2024-09-16T00:00:00Z"},
        {"the last value of a lifetime",
         {Kind::Lifetime},
         Last,
         "2024-09-15T00:00:00Z",
         "2024-09-16T00:00:00Z"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Allowance allowance = blocked("10");
        allowance.reset = c.reset;
        Counter counter = open_counter(window(allowance, "pv_1", c.aggregation));
        ASSERT_TRUE(count_into(counter, Quantity::whole(1), kNoon));
        EXPECT_EQ(alert_window(counter), (Period{*parse_rfc3339(c.start), *parse_rfc3339(c.end)}));
    }
    Allowance lifetime = blocked("10");
    lifetime.reset = {Kind::Lifetime};
    EXPECT_EQ(alert_window(open_counter(window(lifetime))), endless_window());
}

}  // namespace
}  // namespace turnpike
