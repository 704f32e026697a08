// What events do to meters, from their text to the counters, in every store.

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "catalog/catalog_file.h"
#include "metering/event_body.h"
#include "metering/ingest.h"
#include "metering/store_testing.h"
#include "metering/usage_model_testing.h"

namespace turnpike {
namespace {

using testing::events_of;
using testing::Kind;
using testing::kind_name;
using testing::kSeptember;
using testing::run;
using testing::StoreWorld;
using Texts = std::vector<std::string>;

constexpr std::string_view kMeters = R"(
[[meters]]
key = "tokens"
name = "Tokens"
unit = "token"
event_type = "completion"
aggregation = "sum"
property = "tokens"
filter = { model = ["large", "huge"] }
group_by = ["model", "region"]
[[meters]]
key = "requests"
name = "Requests"
unit = "request"
event_type = "completion"
aggregation = "count"
[[meters]]
key = "people"
name = "People"
unit = "person"
event_type = "completion"
aggregation = "unique"
property = "user"
[[meters]]
key = "peak"
name = "Peak"
unit = "GB"
event_type = "storage"
aggregation = "max"
[[meters]]
key = "floor"
name = "Floor"
unit = "GB"
event_type = "storage"
aggregation = "min"
[[meters]]
key = "level"
name = "Level"
unit = "GB"
event_type = "storage"
aggregation = "last"
)";

/// One plan, "basic", that everybody has.
CatalogFile catalog_with(const std::string& allowances) {
    const auto file = read_catalog_file(std::string(kMeters) +
                                        "[[plans]]\nkey = \"basic\"\nname = \"BASIC\"\nrank = 0\n" +
                                        "default = true\nprices = [{ currency = \"usd\", interval "
                                        "= \"month\", amount = \"0\" }]\n" +
                                        "allowances = [" + allowances + "]\n");
    EXPECT_TRUE(file) << file.error().message;
    return *file;
}
std::string allowed(const std::string& meter, const std::string& included,
                    const std::string& more = "overage = \"block\"") {
    return "{ meter = \"" + meter + "\", included = \"" + included + "\", " + more + " }";
}
std::string reset(const std::string& text) {
    return "overage = \"block\", reset = \"" + text + "\"";
}

Instant at(const std::string& text) { return *parse_rfc3339("2024-09-" + text + "Z"); }

class Counting : public testing::StoreTest {
protected:
    void sell(const std::string& allowances) { given_->world.sell(catalog_with(allowances)); }

    /// "accepted", or why not; `now` is the event's time as well.
    std::string send(const std::string& type, const std::string& data, Instant now,
                     const std::string& more = "") {
        const std::string id = std::to_string(++sent_);
        return send_text(R"({"specversion":"1.0","id":")" + id + R"(","source":"t","type":")" +
                             type + R"(","subject":"alice","data":)" + data + more + "}",
                         now);
    }
    std::string send_text(const std::string& json, Instant now) {
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        const std::vector<EventEntry> entries{read_event(scanner, json)};
        const auto catalog = given_->world.catalog().get();
        WindowLook look;
        look.find = [&](sql::Transaction&, std::string_view, Instant) -> Result<CustomerWindow> {
            return CustomerWindow{alice_,     std::nullopt, default_plan_of(catalog),
                                  kSeptember, now,          ++revision_};
        };
        const auto report = run(given_->store().append(append_job({entries, *catalog, look, now})));
        EXPECT_TRUE(report) << report.error().message;
        const UsageOutcome& outcome = report->outcomes.at(0);
        detail_ = outcome.complaint ? outcome.complaint->detail : "";
        if (outcome.complaint) return std::string(outcome.complaint->code);
        return std::string(to_text(outcome.verdict));
    }
    std::string complete(const std::string& model, int tokens, const std::string& user,
                         Instant now) {
        return send("completion",
                    R"({"model":")" + model + R"(","tokens":)" + std::to_string(tokens) +
                        R"(,"user":")" + user + "\"}",
                    now);
    }
    std::string store(const std::string& quantity, Instant now) {
        return send("storage", "{\"quantity\":" + quantity + "}", now);
    }
    /// "day 2.5" for each window of the meter that was used, in the order of resets.
    Texts shown(const std::string& meter, Instant now) {
        return given_->db->read_blocking([&](sql::Transaction& tx) {
            Texts found;
            const auto counters =
                given_->store().counters(tx, alice_, std::nullopt, kSeptember.start, now);
            if (const auto of_meter = counters.find(meter); of_meter != counters.end())
                for (const Counter& counter : of_meter->second)
                    found.push_back(to_text(counter.reset) + " " + counter.used.text());
            return found;
        });
    }
    std::string used(const std::string& meter, Instant now) {
        const auto windows = shown(meter, now);
        return windows.empty() ? "-" : windows.front().substr(windows.front().find(' ') + 1);
    }

    int sent_ = 0;
    std::string detail_;  ///< of the complaint about the last event
    std::int64_t revision_ = 0;
};

TEST_P(Counting, AUseMustFitEveryWindow) {
    sell(allowed("requests", "3", reset("day")) + "," + allowed("requests", "5") + "," +
         allowed("requests", "100", reset("lifetime")));
    const auto request = [&](const std::string& time) {
        return send("completion", "{}", at(time));
    };
    for (const char* time : {"10T00:00:00", "10T12:00:00", "10T23:59:59.999999"})
        EXPECT_EQ(request(time), "accepted") << time;
    EXPECT_EQ(request("10T23:59:59.999999"), "limit_exceeded") << "the fourth of a day";
    EXPECT_EQ(detail_, "it would pass the allowance of requests for its day");
    EXPECT_EQ(request("11T00:00:00"), "accepted");
    EXPECT_EQ(request("11T00:00:00"), "accepted");
    EXPECT_EQ(request("11T00:00:01"), "limit_exceeded") << "the sixth of a month";
    EXPECT_EQ(detail_, "it would pass the allowance of requests for its billing period");
    EXPECT_EQ(shown("requests", at("11T00:00:02")),
              (Texts{"billing_period 5", "day 2", "lifetime 5"}));
    EXPECT_EQ(shown("requests", at("12T00:00:00")), (Texts{"billing_period 5", "lifetime 5"}))
        << "nothing was used on this day";
}

TEST_P(Counting, AnEventCountsInTheDayOfItsOwnTime) {
    sell(allowed("requests", "2", reset("day")) + "," + allowed("requests", "10", reset("week")));
    const std::string yesterday = R"(,"time":"2024-09-10T22:00:00Z")";
    const auto late = [&] { return send("completion", "{}", at("11T01:00:00"), yesterday); };
    EXPECT_EQ(late(), "accepted");
    EXPECT_EQ(late(), "accepted");
    EXPECT_EQ(late(), "limit_exceeded");
    EXPECT_EQ(send("completion", "{}", at("11T01:00:00")), "accepted");
    EXPECT_EQ(shown("requests", at("11T01:00:00")), (Texts{"day 1", "week 3"}));
    EXPECT_EQ(shown("requests", at("10T23:00:00")), (Texts{"day 2", "week 3"}));
}

TEST_P(Counting, OneEventMovesEveryMeterThatItFeeds) {
    sell(allowed("tokens", "1000") + "," + allowed("requests", "10") + "," +
         allowed("people", "2"));
    Instant now = at("10T12:00:00");
    EXPECT_EQ(complete("large", 400, "ann", now), "accepted");
    now += std::chrono::seconds(1);
    EXPECT_EQ(complete("small", 400, "bob", now), "accepted") << "its tokens are not counted";
    EXPECT_EQ(used("tokens", now), "400");
    EXPECT_EQ(used("requests", now), "2");
    EXPECT_EQ(used("people", now), "2");

    // One of three is full: nothing moves.
    EXPECT_EQ(complete("large", 1, "eve", now), "limit_exceeded") << "a third person";
    EXPECT_EQ(detail_, "it would pass the allowance of people for its billing period");
    EXPECT_EQ(complete("huge", 601, "ann", now), "limit_exceeded") << "1,001 tokens";
    EXPECT_EQ(used("tokens", now), "400");
    EXPECT_EQ(used("requests", now), "2");
    EXPECT_EQ(complete("huge", 600, "ann", now + std::chrono::seconds(1)), "accepted");

    const auto events = events_of(given_->store());
    ASSERT_EQ(events.size(), 3U);
    Texts moved;
    for (const MovedCounter& count : events[0].counts)
        moved.push_back(count.meter_key + " " + to_text(count.reset) + " " + count.value.text());
    EXPECT_EQ(moved, (Texts{"people billing_period 1", "requests billing_period 1",
                            "tokens billing_period 600"}));
    EXPECT_EQ(events[0].event.properties, R"({"model":"huge"})");
    EXPECT_EQ(events[1].counts.size(), 2U);
    EventFilter of_tokens;
    of_tokens.meter_key = "tokens";
    EXPECT_EQ(events_of(given_->store(), of_tokens).size(), 2U);
}

TEST_P(Counting, AMeterOutsideThePlanIsLeftOut) {
    sell(allowed("requests", "10"));
    const Instant now = at("10T12:00:00");
    EXPECT_EQ(send("completion", R"({"model":"large"})", now), "accepted")
        << "nobody needs its tokens";
    EXPECT_EQ(used("tokens", now), "-");
    EXPECT_EQ(store("1", now), "not_in_plan");
}

TEST_P(Counting, EachAggregationHasItsRule) {
    sell(allowed("peak", "10") + "," + allowed("floor", "10") + "," + allowed("level", "10"));
    const auto figures = [&](Instant now) {
        return Texts{used("peak", now), used("floor", now), used("level", now)};
    };
    EXPECT_EQ(store("4.5", at("10T12:00:00")), "accepted");
    EXPECT_EQ(figures(at("10T12:00:00")), (Texts{"4.5", "4.5", "4.5"}));
    EXPECT_EQ(store("7", at("10T13:00:00")), "accepted");
    EXPECT_EQ(figures(at("10T13:00:00")), (Texts{"7", "4.5", "7"}));
    EXPECT_EQ(store("2", at("10T14:00:00")), "accepted");
    EXPECT_EQ(figures(at("10T14:00:00")), (Texts{"7", "2", "2"}));
    // It came late: the level is that of the latest time.
    EXPECT_EQ(send("storage", R"({"quantity":9})", at("10T14:00:00"),
                   R"(,"time":"2024-09-10T12:30:00Z")"),
              "accepted");
    EXPECT_EQ(figures(at("10T14:00:00")), (Texts{"9", "2", "2"}));
    EXPECT_EQ(store("10.000001", at("10T15:00:00")), "limit_exceeded");
    EXPECT_EQ(store("10", at("10T15:00:00")), "accepted");
    EXPECT_EQ(figures(at("10T15:00:00")), (Texts{"10", "2", "10"}));
}

TEST_P(Counting, ARollingWindowForgetsByTheMinute) {
    sell(allowed("requests", "2", reset("rolling_1h")));
    const auto request = [&](const std::string& time) {
        return send("completion", "{}", at(time));
    };
    EXPECT_EQ(request("10T12:00:30"), "accepted");
    EXPECT_EQ(request("10T12:30:00"), "accepted");
    EXPECT_EQ(request("10T12:59:59"), "limit_exceeded");
    EXPECT_EQ(request("10T13:00:59.999999"), "limit_exceeded") << "its minute counts whole";
    EXPECT_EQ(request("10T13:01:00"), "accepted");
    EXPECT_EQ(request("10T13:01:00"), "limit_exceeded");
    EXPECT_EQ(shown("requests", at("10T13:30:59")), (Texts{"rolling_1h 2"}));
    EXPECT_EQ(shown("requests", at("10T13:31:00")), (Texts{"rolling_1h 1"}));
    EXPECT_EQ(request("11T00:00:00"), "accepted");
    EXPECT_EQ(shown("requests", at("11T00:00:00")), (Texts{"rolling_1h 1"}));
}

TEST_P(Counting, ASpendCapStopsAtTheLastAffordableUnit) {
    // Ten are included; 1.00 pays for 33 more at 0.03 each, which cost 0.99.
    sell(allowed("requests", "10",
                 R"(overage = "bill", overage_unit_price = "0.03", overage_cap = "1.00")"));
    const Instant now = at("10T12:00:00");
    for (int i = 0; i < 43; ++i) ASSERT_EQ(send("completion", "{}", now), "accepted") << i;
    EXPECT_EQ(send("completion", "{}", now), "limit_exceeded");
    EXPECT_EQ(used("requests", now), "43");
}

TEST_P(Counting, AChangeOfPlanChangesWhatFits) {
    sell(allowed("requests", "2", reset("day")) + "," + allowed("level", "5") + "," +
         allowed("peak", "100"));
    const Instant now = at("10T12:00:00");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(send("completion", "{}", now), "accepted");
    EXPECT_EQ(store("5", now), "accepted");
    sell(allowed("requests", "3", reset("day")) + "," + allowed("level", "3") + "," +
         allowed("peak", "100"));
    EXPECT_EQ(send("completion", "{}", now), "accepted");
    EXPECT_EQ(send("completion", "{}", now), "limit_exceeded");
    // What stands above its new limit may fall, and not rise.
    EXPECT_EQ(store("6", now), "limit_exceeded");
    EXPECT_EQ(store("4", now), "accepted");
    EXPECT_EQ(store("5", now), "limit_exceeded");
    EXPECT_EQ(store("3", now), "accepted");
}

TEST_P(Counting, AnEventIsItsWholeData) {
    sell(allowed("requests", "10") + "," + allowed("tokens", "1000"));
    const Instant now = at("10T12:00:00");
    const auto again = [&](const std::string& data) {
        return send_text(R"({"specversion":"1.0","id":"x","source":"t","type":"completion",)"
                         R"("subject":"alice","data":)" +
                             data + "}",
                         now);
    };
    EXPECT_EQ(again(R"({"model":"large","tokens":5,"note":"a"})"), "accepted");
    EXPECT_EQ(again(R"({"note":"a","tokens":5,"model":"large"})"), "duplicate");
    EXPECT_EQ(again(R"({"note":"b","tokens":5,"model":"large"})"), "conflict");
    EXPECT_EQ(again(R"({"tokens":5,"model":"large"})"), "conflict");
    // A plan that counts another of the type's meters first makes no other event of it.
    sell(allowed("tokens", "1000"));
    EXPECT_EQ(again(R"({"model":"large","tokens":5,"note":"a"})"), "duplicate");
}

TEST_P(Counting, APlainEventMovesTheMeterThatItNames) {
    sell(allowed("tokens", "1000") + "," + allowed("requests", "10") + "," +
         allowed("people", "1"));
    const Instant now = at("10T12:00:00");
    const auto plain = [&](const std::string& id, const std::string& rest) {
        return send_text(R"({"customer":"alice","source":"t","id":")" + id + "\"," + rest + "}",
                         now);
    };
    EXPECT_EQ(plain("1", R"("meter":"tokens","quantity":7)"), "accepted") << "without its filter";
    EXPECT_EQ(plain("2", R"("meter":"tokens","properties":{"tokens":"3"})"), "accepted");
    EXPECT_EQ(plain("3", R"("meter":"tokens")"), "missing_field");
    EXPECT_EQ(plain("4", R"("meter":"people","properties":{"user":"ann"})"), "accepted");
    EXPECT_EQ(plain("5", R"("meter":"people","properties":{"user":"ann"})"), "accepted");
    EXPECT_EQ(plain("6", R"("meter":"people","properties":{"user":"bob"})"), "limit_exceeded");
    EXPECT_EQ(plain("7", R"("meter":"people","quantity":1)"), "missing_field");
    EXPECT_EQ(used("tokens", now), "10");
    EXPECT_EQ(used("people", now), "1");
    EXPECT_EQ(used("requests", now), "-");
}

INSTANTIATE_TEST_SUITE_P(, Counting, ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log),
                         kind_name);

/// The model's meters and plan versions, for their keys to refer to.
CustomerId stock(StoreWorld& given, const std::string& name) {
    CatalogFile file = catalog_with("");
    for (const CountRule& rule : testing::model_rules()) {
        const UsageWindow window = testing::model_window(rule, 0);
        if (std::ranges::find(file.meters, window.meter_key, &Meter::key) != file.meters.end())
            continue;
        Meter meter = file.meters.front();
        meter.key = window.meter_key;
        meter.aggregation = rule.aggregation;
        file.meters.push_back(meter);
    }
    given.world.sell(file);
    given.db->write_blocking([&](sql::Transaction& tx) {
        for (int i = 0; i < testing::kModelPlans; ++i)
            tx.run(R"sql(
                INSERT INTO plan_versions (id, plan_id, number, content_hash, custom_price,
                                           created_at)
                SELECT $1, id, $2, $1, 0, 0 FROM plans WHERE is_default = 1
                ON CONFLICT DO NOTHING)sql",
                   {"plan_" + std::to_string(i), 100 + i});
        return true;
    });
    return given.world.add_customer(name);
}

void ledger_counts_as_the_model(StoreWorld& given) {
    testing::UsageModel model;
    testing::Buyer buyer{stock(given, "a")};
    Instant clock = testing::kModelStart;
    const auto rules = testing::any_rules();
    const int batches = *rc::gen::inRange(1, 8);
    int sent = 0;
    std::vector<std::string> ids;  // of the model's events
    for (int batch = 0; batch < batches; ++batch) {
        std::vector<PendingUsage> events;
        std::vector<std::string> expected;
        std::vector<std::vector<testing::UsageModel::Figures>> figures;
        const int size = *rc::gen::inRange(1, 8);
        for (int i = 0; i < size; ++i) {
            if (*rc::gen::inRange(0, 6) == 0)
                buyer.plan = *rc::gen::inRange(0, testing::kModelPlans);
            clock += std::chrono::minutes(*rc::gen::element(0, 0, 1, 7, 55, 1'500));
            const Instant time = clock + std::chrono::minutes(*rc::gen::element(0, 5, -59, -2'000));
            const auto counts = testing::any_counts(buyer, rules, time);
            UsageEvent event{.source = "t",
                             .id = std::to_string(++sent),
                             .customer = buyer.id,
                             .meter_key = counts.front().window->meter_key,
                             .quantity = counts.front().value,
                             .time = time,
                             .latency_us = {}};
            events.push_back({event, TimeStated::Yes, {counts.begin(), counts.end()}});
            const bool fits = model.record(buyer.id, counts, time);
            if (fits) ids.push_back(event.id);
            expected.emplace_back(fits ? "" : "limit_exceeded");
            auto& left = figures.emplace_back();
            for (const UsageCount& count : counts)
                left.push_back(model.figures(buyer.id, *count.window, time));
            if (ids.empty() || *rc::gen::inRange(0, 3) > 0) continue;
            // Few, so that one is corrected again and again.
            const auto number =
                *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(ids.size(), 5));
            const auto correction = testing::any_correction("t", ids[number]);
            const CustomerId& who = buyer.id;
            events.push_back(testing::correcting(who, std::to_string(++sent), correction, clock));
            expected.push_back(model.correct(number, correction, clock));
            figures.emplace_back();
        }
        auto job = testing::job_of(events, clock);
        job.counters = AppendJob::Counters::Report;
        const auto report = run(given.store().append(std::move(job)));
        RC_ASSERT(report.has_value());
        for (std::size_t i = 0; i < events.size(); ++i) {
            const UsageOutcome& outcome = report->outcomes[i];
            RC_ASSERT(outcome.complaint.value_or(EventComplaint{}).code == expected[i]);
            for (std::size_t n = 0; n < figures[i].size(); ++n) {
                RC_ASSERT(outcome.counters[n].used == figures[i][n].used);
                RC_ASSERT(outcome.counters[n].hard_limit == figures[i][n].hard_limit);
            }
        }
    }
}

RC_GTEST_PROP(CountingProperty, TheLedgerCountsAsTheModelDoes, ()) {
    StoreWorld given(sql::open_test_database(), nullptr);
    ledger_counts_as_the_model(given);
}

RC_GTEST_PROP(CountingProperty, TheLogBesideALedgerDoesToo, ()) {
    const testing::ScratchFolder folder;
    StoreWorld given(sql::open_test_database(), &folder.path());
    ledger_counts_as_the_model(given);
}

}  // namespace
}  // namespace turnpike
