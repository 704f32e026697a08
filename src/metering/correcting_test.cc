// Voids and amends, from their text to counters and listings, in every store.

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/catalog_file.h"
#include "json/value.h"
#include "metering/event_body.h"
#include "metering/ingest.h"
#include "metering/store_testing.h"
#include "metering/wire.h"

namespace turnpike {
namespace {

using testing::Kind;
using testing::kind_name;
using testing::kSeptember;
using testing::run;
using Texts = std::vector<std::string>;

std::string meter(const std::string& key, const std::string& aggregation, const std::string& more) {
    return "[[meters]]\nkey = \"" + key +
           "\"\nname = \"M\"\nunit = \"u\"\nevent_type = \"call\"\n" + "aggregation = \"" +
           aggregation + "\"\n" + more + "\n";
}

/// One plan that everybody has.
CatalogFile catalog_with(const std::string& allowances) {
    const auto file = read_catalog_file(
        meter("tokens", "sum", "property = \"tokens\"") +
        meter("bytes", "sum", "property = \"b\"") + meter("uses", "count", "") +
        meter("peak", "max", "property = \"tokens\"") +
        meter("low", "min", "property = \"tokens\"") +
        meter("level", "last", "property = \"tokens\"") +
        meter("people", "unique", "property = \"user\"") +
        "[[plans]]\nkey = \"basic\"\nname = \"BASIC\"\nrank = 0\ndefault = true\n"
        "prices = [{ currency = \"usd\", interval = \"month\", amount = \"0\" }]\n"
        "allowances = [" +
        allowances + "]\n");
    EXPECT_TRUE(file) << file.error().message;
    return *file;
}
std::string allowed(const std::string& meter, const std::string& included,
                    const std::string& more = "overage = \"block\"") {
    return "{ meter = \"" + meter + "\", included = \"" + included + "\", " + more + " }";
}

const Instant kNow = *parse_rfc3339("2024-09-10T12:00:00Z");

std::string call(const std::string& id, const std::string& data) {
    return R"({"specversion":"1.0","id":")" + id +
           R"(","source":"t","type":"call","subject":"alice","data":)" + data + "}";
}
std::string void_of(const std::string& id, const std::string& original,
                    const std::string& customer = "alice") {
    return R"({"specversion":"1.0","id":")" + id +
           R"(","source":"t","type":"turnpike.usage.void","subject":")" + customer +
           R"(","data":{"source":"t","id":")" + original + "\"}}";
}
std::string amend_of(const std::string& id, const std::string& original,
                     const std::string& quantity) {
    return R"({"id":")" + id + R"(","source":"t","customer":"alice","amend":{"source":"t","id":")" +
           original + R"(","quantity":)" + quantity + "}}";
}

class Correcting : public testing::StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (given_) bob_ = world().add_customer("bob");
    }
    void sell(const std::string& allowances) { given_->world.sell(catalog_with(allowances)); }

    /// One request: "accepted", or why not, for each.
    Texts send(const Texts& events) {
        std::list<std::string> decoded;
        JsonScanner scanner(decoded);
        std::vector<EventEntry> entries;
        for (const std::string& json : events) entries.push_back(read_event(scanner, json));
        const auto catalog = given_->world.catalog().get();
        WindowLook look;
        look.find = [&](sql::Transaction&, std::string_view ref,
                        Instant) -> Result<CustomerWindow> {
            return CustomerWindow{ref == "bob" ? bob_ : alice_,
                                  std::nullopt,
                                  default_plan_of(catalog),
                                  kSeptember,
                                  kNow,
                                  revision_};
        };
        ++revision_;
        report_ = run(given_->store().append(append_job({entries, *catalog, look, kNow}))).value();
        Texts verdicts;
        for (const UsageOutcome& outcome : report_.outcomes)
            verdicts.emplace_back(outcome.complaint ? outcome.complaint->code
                                                    : to_text(outcome.verdict));
        return verdicts;
    }
    std::string send(const std::string& event) { return send(Texts{event}).front(); }

    /// "billing_period 2.5" for each window of the meter that was used, in the order of resets.
    Texts shown(const std::string& meter) {
        return given_->db->read_blocking([&](sql::Transaction& tx) {
            Texts found;
            const auto counters =
                given_->store().counters(tx, alice_, std::nullopt, kSeptember.start, kNow);
            if (const auto of_meter = counters.find(meter); of_meter != counters.end())
                for (const Counter& counter : of_meter->second)
                    found.push_back(to_text(counter.reset) + " " + counter.used.text());
            return found;
        });
    }
    std::string used(const std::string& meter) {
        const auto windows = shown(meter);
        return windows.empty() ? "-" : windows.front().substr(windows.front().find(' ') + 1);
    }
    /// As GET /v1/events shows it.
    Json listing_of(const std::string& id) {
        EventFilter named;
        named.name = {"t", id};
        const auto events = testing::events_of(given_->store(), named);
        return events.size() == 1 ? write_event(events.front()) : Json();
    }

    CustomerId bob_ = CustomerId::trusted("");
    std::int64_t revision_ = 0;
    AppendReport report_;
};

TEST_P(Correcting, EveryCounterThatTheEventMovedIsCorrected) {
    sell(allowed("tokens", "100") + "," +
         allowed("tokens", "50", R"(overage = "block", reset = "day")") + "," +
         allowed("tokens", "60", R"(overage = "block", reset = "rolling_1h")") + "," +
         allowed("uses", "10"));
    EXPECT_EQ(send({call("1", R"({"tokens":20})"), call("2", R"({"tokens":30})")}),
              (Texts{"accepted", "accepted"}));
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 50", "day 50", "rolling_1h 50"}));

    EXPECT_EQ(send(void_of("v1", "1")), "accepted");
    EXPECT_EQ(report_.moved, std::vector{alice_});
    EXPECT_EQ(report_.corrected, std::vector{alice_});
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 30", "day 30", "rolling_1h 30"}));
    EXPECT_EQ(used("uses"), "1");

    EXPECT_EQ(send(amend_of("a1", "2", "\"12.5\"")), "accepted");
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 12.5", "day 12.5", "rolling_1h 12.5"}));
    EXPECT_EQ(used("uses"), "1") << "it is one call still";
    EXPECT_EQ(send(amend_of("a2", "2", "50")), "accepted") << "the newest holds";
    EXPECT_EQ(send(amend_of("a3", "2", "50.000001")), "limit_exceeded") << "of the day";
    EXPECT_EQ(report_.outcomes.front().complaint->detail,
              "it would pass the allowance of tokens for its day");
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 50", "day 50", "rolling_1h 50"}));
    EXPECT_EQ(send(void_of("v2", "2")), "accepted");
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 0", "day 0", "rolling_1h 0"}));
    EXPECT_EQ(used("uses"), "0");
    EXPECT_EQ(send(call("3", R"({"tokens":50})")), "accepted") << "there is room again";
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 50", "day 50", "rolling_1h 50"}));
}

TEST_P(Correcting, EachCorrectionHasItsVerdict) {
    sell(allowed("tokens", "100") + "," + allowed("bytes", "100") + "," + allowed("uses", "10"));
    ASSERT_EQ(send({call("1", R"({"tokens":20,"b":20})"), call("2", R"({"tokens":5,"b":6})")}),
              (Texts{"accepted", "accepted"}));
    EXPECT_EQ(send(void_of("v1", "none")), "unknown_event");
    EXPECT_EQ(send(void_of("v1", "1", "bob")), "unknown_event") << "it is not his";
    EXPECT_EQ(send(amend_of("v1", "2", "1")), "not_amendable") << "which of the two?";
    EXPECT_EQ(send(void_of("v1", "1")), "accepted") << "what was rejected left the name free";
    EXPECT_EQ(send(void_of("v1", "1")), "duplicate");
    EXPECT_EQ(send(void_of("v1", "2")), "conflict");
    EXPECT_EQ(send(amend_of("v1", "1", "1")), "conflict");
    EXPECT_EQ(send(void_of("v2", "1")), "already_voided");
    EXPECT_EQ(send(amend_of("v2", "1", "1")), "already_voided");
    EXPECT_EQ(send(void_of("v2", "v1")), "unknown_event") << "a correction is no event to void";
    // One name is one event for ever.
    EXPECT_EQ(send(call("v1", R"({"tokens":1,"b":1})")), "conflict");
    EXPECT_EQ(send(void_of("2", "2")), "conflict");
    EXPECT_EQ(send(call("1", R"({"tokens":20,"b":20})")), "duplicate") << "voided as it is";
    EXPECT_EQ(used("tokens"), "5");
    EXPECT_EQ(used("uses"), "1");

    sell(allowed("uses", "10") + "," + allowed("people", "100"));
    ASSERT_EQ(send(call("3", R"({"user":"ann"})")), "accepted");
    EXPECT_EQ(send(amend_of("a3", "3", "2")), "not_amendable") << "it measured nothing";
}

TEST_P(Correcting, WhatDoesNotAddUpShowsWhatIsLeft) {
    const auto shown_now = [&] {
        Texts shown;
        for (const char* meter : {"peak", "low", "level", "people"})
            shown.push_back(std::string(meter) + " " + used(meter));
        return shown;
    };
    sell(allowed("uses", "100") + "," + allowed("peak", "20") + "," + allowed("low", "10") + "," +
         allowed("level", "20") + "," + allowed("people", "3"));
    ASSERT_EQ(
        send({call("1", R"({"tokens":4,"user":"ann"})"), call("2", R"({"tokens":9,"user":"bob"})"),
              call("3", R"({"tokens":3,"user":"ann"})"),
              call("4", R"({"tokens":8,"user":"cleo"})")}),
        (Texts(4, "accepted")));
    ASSERT_EQ(shown_now(), (Texts{"peak 9", "low 3", "level 8", "people 3"}));
    EXPECT_EQ(send(call("5", R"({"tokens":1,"user":"dan"})")), "limit_exceeded");

    EXPECT_EQ(send({void_of("v2", "2"), void_of("v4", "4")}), (Texts(2, "accepted")));
    EXPECT_EQ(shown_now(), (Texts{"peak 4", "low 3", "level 3", "people 1"}))
        << "of one time, the third came last";
    restart();
    EXPECT_EQ(send(void_of("v3", "3")), "accepted");
    EXPECT_EQ(shown_now(), (Texts{"peak 4", "low 4", "level 4", "people 1"})) << "ann is in two";
    EXPECT_EQ(used("uses"), "1");
    EXPECT_EQ(send({call("5", R"({"tokens":1,"user":"dan"})"),
                    call("6", R"({"tokens":2,"user":"bob"})")}),
              (Texts(2, "accepted")))
        << "there is room for two again";

    EXPECT_EQ(send(amend_of("a1", "1", "20")), "accepted");
    EXPECT_EQ(shown_now(), (Texts{"peak 20", "low 1", "level 2", "people 3"}));
    EXPECT_EQ(send(amend_of("a2", "1", "21")), "limit_exceeded") << "of the peak";
    EXPECT_EQ(send(amend_of("a2", "6", "7.5")), "accepted");
    EXPECT_EQ(send(amend_of("a3", "5", "10.5")), "accepted");
    EXPECT_EQ(shown_now(), (Texts{"peak 20", "low 7.5", "level 7.5", "people 3"}));
    EXPECT_EQ(send(amend_of("a4", "6", "10.5")), "limit_exceeded") << "of the least";
    EXPECT_EQ(send({void_of("v6", "6"), void_of("v5", "5"), void_of("v1", "1")}),
              (Texts(3, "accepted")))
        << "a void always fits";
    EXPECT_EQ(shown_now(), (Texts{"peak 0", "low 0", "level 0", "people 0"}));
    restart();
    EXPECT_EQ(send(call("7", R"({"tokens":5,"user":"ann"})")), "accepted");
    EXPECT_EQ(shown_now(), (Texts{"peak 5", "low 5", "level 5", "people 1"}));
}

TEST_P(Correcting, EachPlansPartOfAPeakIsWhatItsEventsRaisedItBy) {
    sell(allowed("peak", "10") + "," + allowed("people", "1"));
    ASSERT_EQ(send({call("1", R"({"tokens":3,"user":"ann"})"),
                    call("2", R"({"tokens":8,"user":"ann"})")}),
              (Texts(2, "accepted")));
    sell(allowed("peak", "20") + "," + allowed("people", "5"));
    ASSERT_EQ(send({call("3", R"({"tokens":12,"user":"ann"})"),
                    call("4", R"({"tokens":5,"user":"bob"})")}),
              (Texts(2, "accepted")));
    const auto parts = [&](const std::string& meter) {
        const auto counter = given_->db->read_blocking([&](sql::Transaction& tx) {
            return given_->store()
                .counters(tx, alice_, std::nullopt, kSeptember.start, kNow)
                .at(meter)
                .front();
        });
        return counter.segments.at(1).from_used.text() + " " + counter.used.text() + " of " +
               counter.hard_limit->text();
    };
    ASSERT_EQ(parts("peak"), "8 12 of 20");
    ASSERT_EQ(parts("people"), "1 2 of 5");
    EXPECT_EQ(send(void_of("v1", "2")), "accepted");
    EXPECT_EQ(parts("peak"), "3 12 of 20");
    EXPECT_EQ(send(void_of("v2", "3")), "accepted");
    restart();
    EXPECT_EQ(parts("peak"), "3 5 of 20");
    EXPECT_EQ(send(amend_of("a1", "1", "11")), "limit_exceeded") << "the first plan had ten";
    EXPECT_EQ(send(amend_of("a1", "1", "10")), "accepted");
    EXPECT_EQ(parts("peak"), "10 10 of 20");
    EXPECT_EQ(send(void_of("v3", "1")), "accepted");
    EXPECT_EQ(parts("peak"), "0 5 of 20");
    EXPECT_EQ(parts("people"), "0 1 of 5");
}

TEST_P(Correcting, ARequestIsTakenInItsOrder) {
    sell(allowed("tokens", "10"));
    EXPECT_EQ(send({void_of("v0", "1"), call("1", R"({"tokens":10})"), call("2", R"({"tokens":1})"),
                    amend_of("a1", "1", "9"), call("2", R"({"tokens":1})"), void_of("v1", "1"),
                    void_of("v1", "1"), amend_of("a2", "2", "10"), amend_of("a3", "2", "11"),
                    R"({"id":"x"})", call("3", R"({"tokens":1})"), void_of("v2", "2"),
                    void_of("v3", "2")}),
              (Texts{"unknown_event", "accepted", "limit_exceeded", "accepted", "accepted",
                     "accepted", "duplicate", "accepted", "limit_exceeded", "missing_field",
                     "limit_exceeded", "accepted", "already_voided"}));
    EXPECT_EQ(used("tokens"), "0");
}

TEST_P(Correcting, UsageLeavesThePlanItWasUsedUnder) {
    sell(allowed("tokens", "10"));
    ASSERT_EQ(send(call("1", R"({"tokens":8})")), "accepted");
    sell(allowed("tokens", "20"));
    ASSERT_EQ(send(call("2", R"({"tokens":12})")), "accepted");
    ASSERT_EQ(send(call("3", R"({"tokens":1})")), "limit_exceeded");
    restart();
    EXPECT_EQ(send(amend_of("a1", "1", "11")), "limit_exceeded") << "the first plan had ten";
    EXPECT_EQ(send(amend_of("a1", "1", "3")), "accepted");
    restart();
    const auto counter = given_->db->read_blocking([&](sql::Transaction& tx) {
        return given_->store()
            .counters(tx, alice_, std::nullopt, kSeptember.start, kNow)
            .at("tokens")
            .front();
    });
    EXPECT_EQ(counter.used, Quantity::whole(15));
    ASSERT_EQ(counter.segments.size(), 2U);
    EXPECT_EQ(counter.segments[1].from_used, Quantity::whole(3));
    EXPECT_EQ(counter.hard_limit, Quantity::whole(20));
    EXPECT_EQ(send(call("3", R"({"tokens":5})")), "accepted");
    EXPECT_EQ(send(call("4", R"({"tokens":1})")), "limit_exceeded");
}

TEST_P(Correcting, AStartKnowsWhatWasCorrected) {
    sell(allowed("tokens", "10"));
    ASSERT_EQ(send({call("1", R"({"tokens":4})"), call("2", R"({"tokens":5})"), void_of("v1", "1"),
                    amend_of("a1", "2", "3")}),
              (Texts(4, "accepted")));
    restart();
    EXPECT_EQ(used("tokens"), "3");
    EXPECT_EQ(send({void_of("v1", "1"), void_of("v2", "1"), amend_of("a1", "2", "3"),
                    amend_of("a1", "2", "4"), void_of("v3", "2")}),
              (Texts{"duplicate", "already_voided", "duplicate", "conflict", "accepted"}));
    EXPECT_EQ(used("tokens"), "0");
}

TEST_P(Correcting, AnEventOfNothingCanBecomeSomethingInEveryWindow) {
    sell(allowed("tokens", "100") + "," +
         allowed("tokens", "60", R"(overage = "block", reset = "rolling_1h")"));
    ASSERT_EQ(send(call("1", R"({"tokens":0})")), "accepted");
    EXPECT_EQ(send({amend_of("a1", "1", "5"), call("2", R"({"tokens":2})")}),
              (Texts{"accepted", "accepted"}));
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 7", "rolling_1h 7"}));
    EXPECT_EQ(send({amend_of("a2", "1", "0"), amend_of("a3", "2", "0"), amend_of("a4", "1", "6")}),
              (Texts(3, "accepted")));
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 6", "rolling_1h 6"}));
    EXPECT_EQ(send({void_of("v1", "1"), void_of("v2", "2")}), (Texts(2, "accepted")));
    EXPECT_EQ(shown("tokens"), (Texts{"billing_period 0", "rolling_1h 0"}));
}

/// Each number that an amend has changed is told beside the one that was sent.
TEST_P(Correcting, AListingTellsWhichOfAnEventsCountsAreAmended) {
    sell(allowed("people", "10") + "," + allowed("uses", "10") + "," + allowed("tokens", "100") +
         "," + allowed("peak", "100"));
    ASSERT_EQ(send(call("1", R"({"tokens":5,"user":"ann"})")), "accepted");
    ASSERT_EQ(send(amend_of("a1", "1", "3")), "accepted");
    const Json listed = listing_of("1");
    EXPECT_EQ(listed["status"], "amended");
    Texts told;
    for (const Json& count : listed["counts"])
        told.push_back(count["meter"].get<std::string>() + " " +
                       count["aggregation"].get<std::string>() + " " + count["value"].dump() + " " +
                       count["amended_value"].dump());
    EXPECT_EQ(told, (Texts{R"(peak max "5" "3")", R"(people unique "1" null)",
                           R"(tokens sum "5" "3")", R"(uses count "1" null)"}));
    // These two speak of the first of them.
    EXPECT_EQ(listed["quantity"], "5");
    EXPECT_EQ(listed["amended_quantity"], "3");
}

TEST_P(Correcting, AnAmendThatLeavesTheFirstCountIsToldBesideTheOthers) {
    sell(allowed("people", "10") + "," + allowed("tokens", "100"));
    ASSERT_EQ(send(call("1", R"({"tokens":5,"user":"ann"})")), "accepted");
    ASSERT_EQ(send(amend_of("a1", "1", "3")), "accepted");
    const Json listed = listing_of("1");
    EXPECT_EQ(listed["meter"], "people");
    EXPECT_EQ(listed["quantity"], "1");
    EXPECT_TRUE(listed["amended_quantity"].is_null()) << "it is still one of the people";
    EXPECT_EQ(listed["counts"][1]["amended_value"], "3");
}

TEST_P(Correcting, ListingsTellBoth) {
    sell(allowed("tokens", "100") + "," + allowed("uses", "10"));
    ASSERT_EQ(send({call("1", R"({"tokens":4})"), call("2", R"({"tokens":5})"),
                    call("3", R"({"tokens":6})")}),
              (Texts(3, "accepted")));
    ASSERT_EQ(send(void_of("v1", "1")), "accepted");
    ASSERT_EQ(send(amend_of("a1", "2", "7.5")), "accepted");
    Texts told;
    const auto events = testing::events_of(given_->store());
    for (const RecordedEvent& event : events) {
        std::string text = event.event.id + " " + event.event.quantity.text();
        if (event.corrects)
            text += " " + std::string(to_text(event.corrects->kind)) + " of " + event.corrects->id;
        if (event.status.amended) text += " amended to " + event.status.amended->text();
        if (event.status.is_voided) text += " voided";
        for (const MovedCounter& count : event.counts)
            text += " " + count.meter_key + " " + count.value.text();
        told.push_back(text);
    }
    std::ranges::sort(told);  // a ledger does not keep the order within a millisecond
    EXPECT_EQ(told, (Texts{"1 4 voided tokens 4 uses 1", "2 5 amended to 7.5 tokens 5 uses 1",
                           "3 6 tokens 6 uses 1", "a1 7.5 amend of 2 tokens 2.5 uses 0",
                           "v1 0 void of 1 tokens -4 uses -1"}));
    EventFilter of_bob;
    of_bob.customer = bob_;
    EXPECT_TRUE(testing::events_of(given_->store(), of_bob).empty());
    EventFilter of_tokens;
    of_tokens.customer = alice_;
    of_tokens.meter_key = "tokens";
    EXPECT_EQ(testing::events_of(given_->store(), of_tokens).size(), 5U);
    of_tokens.meter_key = "bytes";
    EXPECT_TRUE(testing::events_of(given_->store(), of_tokens).empty());
}

INSTANTIATE_TEST_SUITE_P(, Correcting, ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log),
                         kind_name);

}  // namespace
}  // namespace turnpike
