#include "sandbox/stripe/schedules/phase_dates.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

using Rule = PhaseDateError::Rule;
using Unit = BillingInterval::Unit;

Instant day(const char* date) { return *parse_rfc3339(std::string(date) + "T06:30:00Z"); }

PhaseDates from(const char* start) { return {.start = day(start)}; }
PhaseDates lasting(int count, Unit unit) { return {.length = BillingInterval{unit, count}}; }
PhaseDates until(const char* end) { return {.end = day(end)}; }
PhaseDates starting(const char* start, PhaseDates phase) {
    phase.start = day(start);
    return phase;
}

TEST(LayOut, PhasesFollowEachOther) {
    struct Case {
        const char* name;
        std::vector<PhaseDates> phases;
        std::vector<const char*> ends;
    };
    const Case cases[] = {
        {"one month", {starting("2026-03-01", lasting(1, Unit::Month))}, {"2026-04-01"}},
        {"an end by date", {starting("2026-03-01", until("2026-03-09"))}, {"2026-03-09"}},
        {"nothing said: one usual interval", {from("2026-03-01")}, {"2026-04-01"}},
        {"nothing said, but the next phase has a start",
         {from("2026-03-01"), starting("2026-05-20", lasting(2, Unit::Week))},
         {"2026-05-20", "2026-06-03"}},
        {"a start that repeats the end before it",
         {starting("2026-03-01", until("2026-03-09")),
          starting("2026-03-09", lasting(3, Unit::Day))},
         {"2026-03-09", "2026-03-12"}},
        // February's clamp must not move the later ones: they count from 31 January.
        {"months from the 31st",
         {starting("2026-01-31", lasting(1, Unit::Month)), lasting(1, Unit::Month),
          lasting(1, Unit::Month)},
         {"2026-02-28", "2026-03-31", "2026-04-30"}},
        {"the chain begins anew behind a date",
         {starting("2026-01-31", lasting(1, Unit::Month)), until("2026-03-15"),
          lasting(1, Unit::Month)},
         {"2026-02-28", "2026-03-15", "2026-04-15"}},
        {"and behind another unit",
         {starting("2026-01-31", lasting(1, Unit::Month)), lasting(1, Unit::Week),
          lasting(1, Unit::Month)},
         {"2026-02-28", "2026-03-07", "2026-04-07"}},
        {"a leap day",
         {starting("2024-02-29", lasting(1, Unit::Year)), lasting(3, Unit::Year)},
         {"2025-02-28", "2028-02-29"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto periods = lay_out(c.phases);
        ASSERT_TRUE(periods.has_value());
        ASSERT_EQ(periods->size(), c.ends.size());
        Instant start = *c.phases.front().start;
        for (std::size_t i = 0; i < c.ends.size(); ++i) {
            EXPECT_EQ((*periods)[i], (Period{start, day(c.ends[i])})) << "phase " << i;
            start = (*periods)[i].end;
        }
    }
}

TEST(LayOut, RefusesWhatDoesNotFitTogether) {
    struct Case {
        const char* name;
        std::vector<PhaseDates> phases;
        PhaseDateError error;
    };
    const Case cases[] = {
        {"no start", {lasting(1, Unit::Month)}, {0, Rule::NoStart}},
        {"an end before the start",
         {starting("2026-03-02", until("2026-03-01"))},
         {0, Rule::Empty}},
        {"no time at all", {starting("2026-03-02", until("2026-03-02"))}, {0, Rule::Empty}},
        {"a hole",
         {starting("2026-03-01", until("2026-03-09")), starting("2026-03-10", until("2026-04-01"))},
         {1, Rule::Gap}},
        {"an overlap",
         {starting("2026-03-01", lasting(1, Unit::Month)),
          starting("2026-03-20", until("2026-05-01"))},
         {1, Rule::Gap}},
        {"the third one is over before it starts",
         {starting("2026-03-01", lasting(1, Unit::Month)), lasting(1, Unit::Month),
          until("2026-04-30")},
         {2, Rule::Empty}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto periods = lay_out(c.phases);
        ASSERT_FALSE(periods.has_value());
        EXPECT_EQ(periods.error(), c.error);
    }
}

}  // namespace
}  // namespace turnpike::twin
