#include "metering/placement.h"

#include <list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/event_body.h"
#include "metering/measurement.h"

namespace turnpike {
namespace {

const Period kSeptember{from_unix_seconds(1'725'148'800), from_unix_seconds(1'727'740'800)};
/// 2024-09-11T12:00:00Z.
const Instant kNow = from_unix_seconds(1'726'056'000);

Meter meter(const char* key, Meter::Aggregation aggregation, const char* property = "quantity") {
    return {.key = key,
            .name = key,
            .unit = "unit",
            .event_type = "completion",
            .aggregation = aggregation,
            .property = property};
}

Allowance hundred(const char* meter_key, const char* reset = "billing_period") {
    return {.meter_key = meter_key,
            .included = Quantity::whole(100),
            .overage = OveragePolicy::Block,
            .overage_unit_price = {},
            .reset = *parse_reset(reset)};
}

/// "completion" feeds four meters, of which the plan includes three; "ping" feeds one.
Catalog some_catalog() {
    using enum Meter::Aggregation;
    Catalog catalog;
    catalog.meters = {meter("people", Unique, "user"), meter("pings", Sum),
                      meter("requests", Count), meter("secret", Sum, "nothing"),
                      meter("tokens", Sum, "tokens")};
    catalog.meters[1].event_type = "ping";
    catalog.meters[4].filter = {{"model", {"large", "huge"}}, {"stream", {"true"}}};
    catalog.meters[4].group_by = {"model", "quantity", "region"};
    catalog.meters[2].group_by = {"region"};
    PlanVersion plan{.id = PlanVersionId::trusted("pv_1"),
                     .plan = PlanId::trusted("plan_1"),
                     .key = "basic",
                     .name = "BASIC",
                     .is_default = true,
                     .prices = {},
                     .allowances = {hundred("people"), hundred("pings"), hundred("requests"),
                                    hundred("requests", "day"), hundred("requests", "rolling_5h"),
                                    hundred("tokens")}};
    catalog.plans = {plan};
    return catalog;
}

class Placing : public ::testing::Test {
protected:
    EventEntry read(const std::string& json) {
        return read_event(scanner_, sent_.emplace_back(json));
    }
    Placed place(const std::string& json) {
        const EventEntry entry = read(json);
        EXPECT_TRUE(entry) << entry.error().detail;
        return placement_.place(*entry, alice_, TimeStated::No);
    }
    /// Windows of the subject "alice".
    static SubjectWindows known(Result<CustomerWindow> window) {
        SubjectWindows windows;
        windows.add("alice", std::move(window));
        return windows;
    }
    static std::string completion(const std::string& data, const std::string& more = "") {
        return R"({"specversion":"1.0","id":"1","source":"t","type":"completion",)"
               R"("subject":"alice","data":)" +
               data + more + "}";
    }
    /// "meter reset value" of each count, or the code.
    std::vector<std::string> counts(const std::string& json) {
        const auto placed = place(json);
        if (!placed) return {std::string(placed.error().code)};
        std::vector<std::string> found;
        for (const UsageCount& count : placed->counts)
            found.push_back(count.window->meter_key + " " + to_text(count.window->reset) + " " +
                            count.value.text());
        return found;
    }

    std::list<std::string> sent_;  // events outlive their placement
    std::list<std::string> decoded_;
    JsonScanner scanner_{decoded_};
    const Catalog catalog_ = some_catalog();
    const CustomerWindow september_{CustomerId::trusted("cus_1"),
                                    std::nullopt,
                                    std::make_shared<const PlanVersion>(catalog_.plans[0]),
                                    kSeptember,
                                    kNow,
                                    7,
                                    kSeptember.start};
    SubjectWindows alice_ = known(september_);
    Placement placement_{catalog_, kNow};
};

using Texts = std::vector<std::string>;

TEST_F(Placing, AnEventCountsInEveryMeterThatItPasses) {
    const Texts of_requests{"requests billing_period 1", "requests day 1", "requests rolling_5h 1"};
    const auto with = [&](const char* first, const Texts& more = {}) {
        Texts all{first};
        all.insert(all.end(), of_requests.begin(), of_requests.end());
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    struct Case {
        const char* name;
        const char* data;
        Texts expected;
    };
    const Case cases[] = {
        {"all", R"({"user":"ann","model":"large","stream":true,"tokens":"2.5","nothing":1})",
         with("people billing_period 1", {"tokens billing_period 2.5"})},
        {"one property is another", R"({"user":"ann","model":"small","stream":true,"tokens":2})",
         with("people billing_period 1")},
        {"the text of a truth", R"({"user":"ann","model":"huge","stream":"true","tokens":2})",
         with("people billing_period 1", {"tokens billing_period 2"})},
        {"one property is missing", R"({"user":"ann","model":"huge","tokens":2})",
         with("people billing_period 1")},
        {"a nested value is no property", R"({"user":"ann","model":["huge"],"stream":true})",
         with("people billing_period 1")},
        {"what is unique is missing", R"({"model":"small"})", {"missing_field"}},
        {"what is unique is null", R"({"user":null})", {"missing_field"}},
        {"what is measured is missing",
         R"({"user":"ann","model":"huge","stream":true})",
         {"missing_field"}},
        {"what is measured is no decimal",
         R"({"user":"ann","model":"huge","stream":true,"tokens":"many"})",
         {"bad_quantity"}},
        {"what is measured has an exponent",
         R"({"user":"ann","model":"huge","stream":true,"tokens":1e2})",
         {"bad_quantity"}},
        {"what is measured is negative",
         R"({"user":"ann","model":"huge","stream":true,"tokens":-1})",
         {"bad_quantity"}},
        {"what is measured is too much",
         R"({"user":"ann","model":"huge","stream":true,"tokens":1000000000001})",
         {"bad_quantity"}},
        {"what is measured is true",
         R"({"user":"ann","model":"huge","stream":true,"tokens":true})",
         {"bad_quantity"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(counts(completion(c.data)), c.expected);
    }
}

TEST_F(Placing, SaysWhyItCannot) {
    Catalog picky = catalog_;
    std::erase_if(picky.meters, [](const Meter& one) { return one.key != "tokens"; });
    Placement placement(picky, kNow);
    const auto code = [&](const std::string& json) {
        const auto placed = placement.place(*read(json), alice_, TimeStated::No);
        return placed ? "" : std::string(placed.error().code);
    };
    EXPECT_EQ(code(completion(R"({"model":"small","stream":true})")), "no_meter_matches");
    EXPECT_EQ(code(completion("null")), "no_meter_matches");
    const auto pong =
        R"({"specversion":"1.0","id":"1","source":"t","type":"pong","subject":"alice"})";
    EXPECT_EQ(code(pong), "unknown_meter");
    std::erase_if(picky.meters, [](const Meter&) { return true; });
    picky.meters = {catalog_.meters[3]};
    EXPECT_EQ(Placement(picky, kNow)
                  .place(*read(completion(R"({"nothing":1})")), alice_, TimeStated::No)
                  .error()
                  .code,
              "not_in_plan");
    auto nobody = known(not_found("customer.not_found", "no such customer"));
    EXPECT_EQ(placement_.place(*read(completion("{}")), nobody, TimeStated::No).error().code,
              "unknown_customer");
}

TEST_F(Placing, NoEventMovesMoreThanSixtyFourCounters) {
    PlanVersion plan = catalog_.plans[0];
    plan.allowances.clear();
    const auto code = [&] {
        CustomerWindow window = september_;
        window.plan = std::make_shared<const PlanVersion>(plan);
        auto alice = known(window);
        const auto placed =
            Placement(catalog_, kNow)
                .place(*read(completion(R"({"user":"ann"})")), alice, TimeStated::No);
        return placed ? std::to_string(placed->counts.size()) : std::string(placed.error().code);
    };
    for (int hours = 1; hours <= 63; ++hours)
        plan.allowances.push_back(
            hundred("requests", ("rolling_" + std::to_string(hours) + "h").c_str()));
    plan.allowances.push_back(hundred("people"));
    EXPECT_EQ(code(), "64");
    plan.allowances.push_back(hundred("people", "day"));
    EXPECT_EQ(code(), "too_many_counts");
}

TEST_F(Placing, ACloudEventWithoutDataIsOneUnit) {
    const std::string ping = R"({"specversion":"1.0","id":"1","source":"t","type":"ping",)"
                             R"("subject":"alice")";
    EXPECT_EQ(counts(ping + "}"), Texts{"pings billing_period 1"});
    EXPECT_EQ(counts(ping + R"(,"data":{}})"), Texts{"missing_field"});
    EXPECT_EQ(counts(ping + R"(,"data":{"quantity":0.5}})"), Texts{"pings billing_period 0.5"});
}

TEST_F(Placing, TheSameTextIsTheSameValueForEver) {
    const auto unique = [&](const char* user) {
        return place(completion(R"({"model":"small","user":)" + std::string(user) + "}"))
            ->counts.front()
            .unique;
    };
    EXPECT_EQ(unique("\"ann\""), unique(R"("\u0061nn")"));
    EXPECT_EQ(unique("17"), unique("\"17\""));
    EXPECT_NE(unique("\"ann\""), unique("\"Ann\""));
    EXPECT_NE(unique("\"\""), unique("\"0\""));
    // Counters remember it: the first half of SipHash-2-4-128 of "ann", by a program of its own.
    EXPECT_EQ(unique("\"ann\""), 0x8e338cb7da737804U);
}

TEST_F(Placing, EventsOfOneWindowShareIt) {
    const auto window = [&](const char* time, std::size_t count) {
        return place(completion(R"({"user":"a"})",
                                std::string(R"(,"time":"2024-09-)") + time + "Z\""))
            ->counts[count]
            .window;
    };
    const auto noon = window("11T11:00:00", 2);  // of the day
    EXPECT_EQ(to_text(noon->reset), "day");
    EXPECT_EQ(noon->period, (Period{kNow - std::chrono::hours(12), kNow + std::chrono::hours(12)}));
    EXPECT_EQ(noon->revision, 7);
    EXPECT_EQ(window("11T10:00:00", 2), noon);
    const auto before = window("10T23:59:59.999999", 2);
    EXPECT_EQ(before->period.end, noon->period.start);
    EXPECT_EQ(window("11T00:00:00", 2)->period, noon->period);
    EXPECT_EQ(window("10T00:00:00", 1), window("11T11:00:00", 1)) << "the billing period's";
    EXPECT_EQ(window("10T00:00:00", 3), window("11T11:00:00", 3)) << "a rolling one's";
}

const Period kAugust{from_unix_seconds(1'722'470'400), kSeptember.start};

TEST_F(Placing, LateUsageIsSoughtAndThenCountsInItsOwnPeriod) {
    Placement again(catalog_, kNow);
    Placement* by = &placement_;
    const auto first = [&](const char* time) {
        const auto json = completion(R"({"user":"a"})", std::string(R"(,"time":")") + time + "\"");
        return by->place(*read(json), alice_, TimeStated::Yes);
    };
    EXPECT_TRUE(first("2024-09-01T00:00:00Z"));
    EXPECT_TRUE(alice_.take_sought().empty());
    first("2024-08-31T23:59:59.999999Z");
    first("2024-08-01T00:00:00Z");
    const auto sought = alice_.take_sought();
    ASSERT_EQ(sought.size(), 2U);
    EXPECT_EQ(sought[0].subject, "alice");
    EXPECT_EQ(sought[0].moment, kSeptember.start - Duration(1));
    EXPECT_EQ(sought[1].moment, kAugust.start);
    EXPECT_TRUE(alice_.take_sought().empty());

    CustomerWindow august = september_;
    august.contract = SubscriptionId::trusted("sub_1");
    august.period = kAugust;
    august.revision = kPastRevision;
    august.since = kAugust.start;
    august.until = kAugust.end;
    EXPECT_FALSE(alice_.knows(sought[1]));
    alice_.add_past(sought[0], august);
    EXPECT_TRUE(alice_.knows(sought[1])) << "one look is enough for both";
    by = &again;
    for (const char* time : {"2024-08-31T23:59:59.999999Z", "2024-08-01T00:00:00Z"}) {
        const auto placed = first(time);
        ASSERT_TRUE(placed) << time;
        EXPECT_EQ(placed->counts[1].window->period, kAugust) << "the billing period's";
        for (const UsageCount& count : placed->counts) {
            EXPECT_EQ(count.window->contract, august.contract);
            EXPECT_EQ(count.window->revision, kPastRevision);
        }
    }
    EXPECT_EQ(to_text(first("2024-08-31T12:00:00Z")->counts[2].window->reset), "day");
    EXPECT_EQ(first("2024-08-31T12:00:00Z")->counts[2].window->period.end, kSeptember.start);
    EXPECT_EQ(first("2024-09-11T11:00:00Z")->counts[1].window->period, kSeptember);
}

TEST_F(Placing, WhatIsTooOldIsRejected) {
    using std::chrono::days;
    struct Case {
        const char* name;
        Instant now, system_now, time;
        const char* code;                 ///< "": it is placed
        std::optional<Instant> moment{};  ///< set: sought
    };
    const Instant later = kNow + days(100);
    const Case cases[] = {
        {"62 days", kNow, kNow, kNow - days(62), "", kNow - days(62)},
        {"a moment more", kNow, kNow, kNow - days(62) - Duration(1), "too_old"},
        {"five minutes ahead count now", kNow, kNow, kNow + kEventSkewMax, ""},
        {"more do not", kNow, kNow, kNow + kEventSkewMax + Duration(1), "time_in_future"},
        {"a test clock ahead: its time", later, kNow, later - days(62), "", later - days(62)},
        {"a test clock ahead: the system's counts now", later, kNow, kNow, ""},
        {"a test clock ahead: too old by both", later, kNow, kNow - days(63), "too_old"},
        {"a test clock behind: the system's counts now", kNow, later, later, ""},
        {"a test clock behind: its own past", kNow, later, kNow - days(30), "", kNow - days(30)},
        {"a test clock behind: too old by both", kNow, later, kNow - days(63), "too_old"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        CustomerWindow window = september_;
        window.now = c.now;
        window.since = c.now - days(1);
        auto alice = known(window);
        const std::string json =
            completion(R"({"user":"a"})", R"(,"time":")" + format_rfc3339(c.time) + "\"");
        const auto placed =
            Placement(catalog_, c.system_now).place(*read(json), alice, TimeStated::Yes);
        const auto sought = alice.take_sought();
        EXPECT_EQ(sought.empty() ? std::nullopt : std::optional(sought[0].moment), c.moment);
        if (c.moment) continue;
        EXPECT_EQ(placed ? "" : placed.error().code, c.code);
        if (placed) {
            EXPECT_EQ(placed->event.time, c.time);
            EXPECT_EQ(placed->counts[1].window->period, kSeptember);
        }
    }
}

TEST_F(Placing, KeepsWhatItsMetersGroupBy) {
    const auto kept = [&](const std::string& data) {
        return place(completion(data))->event.properties;
    };
    EXPECT_EQ(kept(R"({"user":"a","region":"eu \"1\"","model":"large"})"),
              R"({"region":"eu \"1\""})");
    EXPECT_EQ(kept(R"({"user":"a","region":7,"quantity":2.50,"model":"large","stream":true,)"
                   R"("tokens":1})"),
              R"({"model":"large","quantity":"2.50","region":"7"})");
    EXPECT_EQ(kept(R"({"user":"a","model":"large"})"), "");
    const auto long_region = [](std::size_t bytes) {
        return completion(R"({"user":"a","region":")" + std::string(bytes, 'x') + "\"}");
    };
    // {"region":""} has 13 bytes.
    EXPECT_EQ(place(long_region(kEventPropertiesMax - 13))->event.properties.size(),
              kEventPropertiesMax);
    EXPECT_EQ(counts(long_region(kEventPropertiesMax - 12)), Texts{"bad_property"});
}

// 4242 4242 4242 4242 may be a card or, as one number of sixteen digits in twenty, somebody's.
TEST_F(Placing, WhatLooksLikeACardNumberCountsAndIsNotKept) {
    const auto placed = [&](const std::string& data) {
        const auto done = place(completion(data));
        return done ? done->event.properties : std::string(done.error().code);
    };
    EXPECT_EQ(placed(R"({"user":"a","region":"4242 4242 4242 4242"})"), "");
    EXPECT_EQ(placed(R"({"user":"a","region":4242424242424242})"), "");
    EXPECT_EQ(placed(R"({"user":"4242424242424242","region":"eu","model":"4242424242424242",)"
                     R"("tokens":1})"),
              R"({"region":"eu"})");
    EXPECT_EQ(counts(completion(R"({"user":"a","region":"4242 4242 4242 4242"})")),
              counts(completion(R"({"user":"a","region":"eu"})")));
}

TEST_F(Placing, OnlyWhatSaysMoreThanItsMeterIsKept) {
    const std::string ping =
        R"({"specversion":"1.0","id":"1","source":"t","type":"ping","subject":"alice","data":)";
    EXPECT_EQ(place(ping + R"({"quantity":2}})")->said, "");
    EXPECT_EQ(place(ping + R"({"quantity":2,"b":"1","a":""}})")->said, "5:pings1:21:a0:1:b1:1");
    EXPECT_EQ(place(ping + R"({"quantity":2,"latency_ms":5}})")->said, "");
    // Of two meters the first one stands for both.
    EXPECT_EQ(place(completion(R"({"user":"ann"})"))->said, "6:people1:14:user3:ann");
}

}  // namespace
}  // namespace turnpike
