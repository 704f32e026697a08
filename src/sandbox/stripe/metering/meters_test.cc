#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Reply;
using testing::TwinUnderTest;

constexpr std::int64_t kStart = 1'762'799'351;  // 2025-11-10T18:29:11Z, the twin's first moment
constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMidnight = kStart - kStart % kDay;

constexpr const char* kApiCalls =
    "display_name=API+calls&event_name=api_calls&default_aggregation[formula]=sum";

class Meters : public ::testing::Test {
protected:
    std::string meter(const std::string& form = kApiCalls) {
        return twin_.post_id("/v1/billing/meters", form);
    }
    Reply send(const std::string& value, std::int64_t timestamp, const std::string& more = "") {
        return twin_.post("/v1/billing/meter_events",
                          "event_name=api_calls&payload[stripe_customer_id]=" + customer_ +
                              "&payload[value]=" + value +
                              "&timestamp=" + std::to_string(timestamp) + more);
    }
    Reply summaries(const std::string& meter, std::int64_t from, std::int64_t to,
                    const std::string& more = "") {
        return twin_.get("/v1/billing/meters/" + meter + "/event_summaries?customer=" + customer_ +
                         "&start_time=" + std::to_string(from) + "&end_time=" + std::to_string(to) +
                         more);
    }
    /// The one number of the day that the twin begins on.
    Json today(const std::string& meter) {
        return summaries(meter, kMidnight, kMidnight + kDay)
            .body.at("data")
            .at(0)
            .at("aggregated_value");
    }
    std::vector<Json> reports() {
        return twin_.get("/v2/core/events").body.at("data").get<std::vector<Json>>();
    }

    TwinUnderTest twin_;
    std::string customer_ = twin_.post_id("/v1/customers", "email=a%40b.co");
};

TEST_F(Meters, AreMadeWithStripesDefaults) {
    const auto made = twin_.post("/v1/billing/meters", kApiCalls);
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_THAT(text_of(made.body, "id"), HasSubstr("mtr_test_"));
    Json body = made.body;
    body.erase("id");
    EXPECT_EQ(body, (Json{{"object", "billing.meter"},
                          {"created", kStart},
                          {"customer_mapping",
                           {{"event_payload_key", "stripe_customer_id"}, {"type", "by_id"}}},
                          {"default_aggregation", {{"formula", "sum"}}},
                          {"display_name", "API calls"},
                          {"event_name", "api_calls"},
                          {"event_time_window", nullptr},
                          {"livemode", false},
                          {"status", "active"},
                          {"status_transitions", {{"deactivated_at", nullptr}}},
                          {"updated", kStart},
                          {"value_settings", {{"event_payload_key", "value"}}}}));
    EXPECT_THAT(twin_.event_types(), ElementsAre("customer.created", "billing.meter.created"));
}

TEST_F(Meters, AreRefused) {
    meter();
    struct Case {
        std::string form;
        std::string param;
    };
    const std::string aggregation = "&default_aggregation[formula]=sum";
    const std::vector<Case> cases{
        {"event_name=e" + aggregation, "display_name"},
        {"display_name=d" + aggregation, "event_name"},
        {"display_name=d&event_name=e", "default_aggregation"},
        {"display_name=d&event_name=e&default_aggregation[formula]=max",
         "default_aggregation[formula]"},
        {"display_name=d&event_name=" + std::string(101, 'e') + aggregation, "event_name"},
        {"display_name=" + std::string(251, 'd') + "&event_name=e" + aggregation, "display_name"},
        {"display_name=d&event_name=e&event_time_window=week" + aggregation, "event_time_window"},
        {"display_name=d&event_name=e&customer_mapping[event_payload_key]=k" + aggregation,
         "customer_mapping[type]"},
        {"display_name=d&event_name=e&colour=red" + aggregation, "colour"},
        {kApiCalls, "event_name"},  // an active meter has it
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin_.post("/v1/billing/meters", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
    }
}

TEST_F(Meters, EndAndComeBack) {
    const auto id = meter();
    const std::string path = "/v1/billing/meters/" + id;
    twin_.clock().set(from_unix_seconds(kStart + 60));
    const auto ended = twin_.post(path + "/deactivate");
    EXPECT_EQ(text_of(ended.body, "status"), "inactive");
    EXPECT_EQ(ended.body.at("status_transitions").at("deactivated_at"), kStart + 60);
    EXPECT_EQ(twin_.post(path + "/deactivate").status, 400);
    EXPECT_EQ(send("1", kStart).error("code"), "archived_meter");

    const auto other = meter();  // its name is free now
    EXPECT_EQ(twin_.post(path + "/reactivate").error("param"), "event_name");
    EXPECT_EQ(send("1", kStart).status, 200);
    twin_.post("/v1/billing/meters/" + other + "/deactivate");
    const auto back = twin_.post(path + "/reactivate");
    EXPECT_EQ(text_of(back.body, "status"), "active");
    EXPECT_TRUE(back.body.at("status_transitions").at("deactivated_at").is_null());
    EXPECT_EQ(twin_.get("/v1/billing/meters?status=inactive").body.at("data").size(), 1U);
    EXPECT_EQ(text_of(twin_.post(path, "display_name=Calls").body, "display_name"), "Calls");
}

TEST_F(Meters, CountWhatTheirFormulaSays) {
    const auto count = meter("display_name=n&event_name=n&default_aggregation[formula]=count");
    const auto last = meter("display_name=l&event_name=l&default_aggregation[formula]=last");
    for (const char* name : {"n", "l"})
        for (const char* value : {"5", "7.5"})
            EXPECT_EQ(twin_
                          .post("/v1/billing/meter_events",
                                std::string("event_name=") + name +
                                    "&payload[stripe_customer_id]=" + customer_ +
                                    "&payload[value]=" + value)
                          .status,
                      200);
    EXPECT_EQ(today(count), 2);
    EXPECT_EQ(today(last), parse_json("7.5").value());
}

TEST_F(Meters, ReadThePayloadKeysTheyWereTold) {
    const auto id = meter(std::string(kApiCalls) +
                          "&customer_mapping[event_payload_key]=who&customer_mapping[type]=by_id"
                          "&value_settings[event_payload_key]=tokens");
    const auto reply =
        twin_.post("/v1/billing/meter_events",
                   "event_name=api_calls&payload[who]=" + customer_ + "&payload[tokens]=12");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(today(id), 12);
}

TEST_F(Meters, AnEventIsAnsweredAsSent) {
    const auto id = meter();
    const auto reply = send("25", kStart - 60, "&identifier=identifier_123");
    EXPECT_EQ(reply.body, (Json{{"object", "billing.meter_event"},
                                {"created", kStart},
                                {"event_name", "api_calls"},
                                {"identifier", "identifier_123"},
                                {"livemode", false},
                                {"payload", {{"stripe_customer_id", customer_}, {"value", "25"}}},
                                {"timestamp", kStart - 60}}));
    EXPECT_EQ(today(id), 25);
}

TEST_F(Meters, AnIdentifierIsGoodOnceIn24Hours) {
    const auto id = meter();
    EXPECT_EQ(send("1", kStart, "&identifier=twice").status, 200);
    twin_.clock().set(from_unix_seconds(kStart + kDay - 1));
    const auto again = send("1", kStart, "&identifier=twice");
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.error("type"), "invalid_request_error");
    EXPECT_EQ(again.error("message"), "An event already exists with identifier twice.");
    EXPECT_EQ(today(id), 1);
    twin_.clock().set(from_unix_seconds(kStart + kDay));
    EXPECT_EQ(send("1", kStart, "&identifier=twice").status, 200);
    EXPECT_EQ(today(id), 2);
}

TEST_F(Meters, TimesAreWithin35DaysAndFiveMinutes) {
    meter();
    EXPECT_EQ(send("1", kStart - 35 * kDay).status, 200);
    EXPECT_EQ(send("1", kStart - 35 * kDay - 1).error("code"), "timestamp_too_far_in_past");
    EXPECT_EQ(send("1", kStart + 300).status, 200);
    EXPECT_EQ(send("1", kStart + 301).error("code"), "timestamp_in_future");
    EXPECT_TRUE(reports().empty());
}

TEST_F(Meters, TimesAreThoseOfTheCustomersClock) {
    const auto clock = twin_.post_id("/v1/test_helpers/test_clocks",
                                     "frozen_time=" + std::to_string(kStart + 100 * kDay));
    customer_ = twin_.post_id("/v1/customers", "test_clock=" + clock);
    meter();
    EXPECT_EQ(send("1", kStart + 100 * kDay).status, 200);
    EXPECT_EQ(send("1", kStart).error("code"), "timestamp_too_far_in_past");
}

TEST_F(Meters, WhatIsWrongInsideAnEventIsReportedLater) {
    const auto id = meter();
    struct Case {
        std::string payload;
        std::string code;
        std::string message;
    };
    const std::string who = "payload[stripe_customer_id]=" + customer_;
    const std::vector<Case> cases{
        {"payload[value]=1", "meter_event_no_customer_defined",
         "Customer mapping key stripe_customer_id not found in payload."},
        {"payload[stripe_customer_id]=cus_none&payload[value]=1", "meter_event_customer_not_found",
         "No such customer: 'cus_none'"},
        {who + "&payload[value]=ten", "meter_event_invalid_value",
         "The value 'ten' is not a number."},
        {who + "&payload[count]=1", "meter_event_invalid_value",
         "Value key value not found in payload."},
        {who + "&payload[value]=1234567890123456", "meter_event_value_too_many_digits",
         "The value '1234567890123456' has more than 15 digits."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.code);
        const auto reply = twin_.post("/v1/billing/meter_events",
                                      "event_name=api_calls&identifier=e&" + c.payload);
        EXPECT_EQ(reply.status, 200) << reply.text;
        const auto report = reports().front();
        EXPECT_EQ(text_of(report, "type"), "v1.billing.meter.error_report_triggered");
        EXPECT_EQ(text_of(report.at("related_object"), "id"), id);
        EXPECT_EQ(
            report.at("data").at("reason"),
            (Json{{"error_count", 1},
                  {"error_types",
                   {{{"code", c.code},
                     {"error_count", 1},
                     {"sample_errors",
                      {{{"error_message", c.message}, {"request", {{"identifier", "e"}}}}}}}}}}));
    }
    EXPECT_EQ(today(id), 0);
}

TEST_F(Meters, EventsAreRefusedAtOnce) {
    const auto unknown = twin_.post("/v1/billing/meter_events",
                                    "event_name=nothing&payload[stripe_customer_id]=" + customer_);
    EXPECT_EQ(unknown.status, 400);
    EXPECT_EQ(unknown.error("message"), "No active meter found for event name \"nothing\".");
    meter();
    EXPECT_EQ(twin_.post("/v1/billing/meter_events", "payload[value]=1").error("param"),
              "event_name");
    EXPECT_EQ(twin_.post("/v1/billing/meter_events", "event_name=api_calls").error("param"),
              "payload");
    EXPECT_EQ(twin_.post("/v1/billing/meter_events", "event_name=api_calls&payload[value][b]=1")
                  .error("param"),
              "payload[value]");
}

TEST_F(Meters, AnEventIsTakenBackWithin24Hours) {
    const auto id = meter();
    send("25", kStart, "&identifier=wrong");
    send("5", kStart, "&identifier=right");
    const std::string cancel = "event_name=api_calls&type=cancel&cancel[identifier]=";
    const auto reply = twin_.post("/v1/billing/meter_event_adjustments", cancel + "wrong");
    EXPECT_EQ(reply.body, (Json{{"object", "billing.meter_event_adjustment"},
                                {"cancel", {{"identifier", "wrong"}}},
                                {"event_name", "api_calls"},
                                {"livemode", false},
                                {"status", "pending"},
                                {"type", "cancel"}}));
    EXPECT_EQ(today(id), 5);
    for (const char* missing : {"wrong", "other"})
        EXPECT_EQ(twin_.post("/v1/billing/meter_event_adjustments", cancel + missing).error("code"),
                  "resource_missing");
    twin_.clock().set(from_unix_seconds(kStart + kDay));
    const auto late = twin_.post("/v1/billing/meter_event_adjustments", cancel + "right");
    EXPECT_EQ(late.status, 400);
    EXPECT_EQ(today(id), 5);
}

TEST_F(Meters, SummariesAreByHourAndDay) {
    const auto id = meter();
    send("1", kMidnight - kHour);  // yesterday, 23:00
    send("2", kMidnight - 1);      // yesterday, 23:59:59
    send("4", kMidnight);
    send("8", kMidnight + kHour);
    const auto values = [&](const std::string& grouping) {
        std::vector<std::pair<std::int64_t, std::int64_t>> found;
        for (const auto& row :
             summaries(id, kMidnight - kDay, kMidnight + kDay, grouping).body.at("data"))
            found.emplace_back(integer_of(row, "start_time") - kMidnight,
                               integer_of(row, "aggregated_value"));
        return found;
    };
    EXPECT_THAT(values(""), ElementsAre(std::pair(-kDay, 15)));
    EXPECT_THAT(values("&value_grouping_window=day"),
                ElementsAre(std::pair(0, 12), std::pair(-kDay, 3)));
    EXPECT_THAT(values("&value_grouping_window=hour"),
                ElementsAre(std::pair(kHour, 8), std::pair(0, 4), std::pair(-kHour, 3)));

    const auto first =
        summaries(id, kMidnight - kDay, kMidnight + kDay, "&value_grouping_window=hour&limit=1");
    EXPECT_TRUE(flag_of(first.body, "has_more"));
    const auto second = summaries(id, kMidnight - kDay, kMidnight + kDay,
                                  "&value_grouping_window=hour&limit=1&starting_after=" +
                                      text_of(first.body.at("data").at(0), "id"));
    EXPECT_EQ(second.body.at("data").at(0).at("aggregated_value"), 4);
}

TEST_F(Meters, SummariesBeginAndEndOnBoundaries) {
    const auto id = meter();
    struct Case {
        std::int64_t from, to;
        std::string grouping;
        std::string message;
    };
    const auto expected = [](std::string_view name, std::int64_t given, std::string_view which,
                             std::int64_t aligned) {
        return std::string(name) + " " + std::to_string(given) + " should be aligned with " +
               std::string(which) + " boundaries (expected " + std::to_string(aligned) + ")";
    };
    const std::vector<Case> cases{
        {kMidnight + 1, kMidnight + kDay, "",
         expected("start_time", kMidnight + 1, "minute", kMidnight)},
        {kMidnight, kMidnight + 119, "",
         expected("end_time", kMidnight + 119, "minute", kMidnight + 60)},
        {kMidnight + 60, kMidnight + kHour, "hour",
         expected("start_time", kMidnight + 60, "hourly", kMidnight) +
             " because the `value_grouping_window` is hour"},
        {kMidnight + kHour, kMidnight + kDay, "day",
         expected("start_time", kMidnight + kHour, "daily", kMidnight) +
             " because the `value_grouping_window` is day"},
        {kMidnight, kMidnight, "", "end_time must be after start_time"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.message);
        const auto reply = summaries(
            id, c.from, c.to, c.grouping.empty() ? "" : "&value_grouping_window=" + c.grouping);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("message"), c.message + ".");
    }
    EXPECT_EQ(summaries("mtr_none", kMidnight, kMidnight + 60).status, 404);
    customer_ = "cus_none";
    EXPECT_EQ(summaries(id, kMidnight, kMidnight + 60).error("param"), "customer");
}

TEST_F(Meters, OfAddedUpEventsTheLastOfAnHourCounts) {
    const auto id = meter(std::string(kApiCalls) + "&event_time_window=hour");
    send("10", kMidnight + 60);
    send("12", kMidnight + 30);  // the same hour: replaces it
    send("5", kMidnight + kHour);
    EXPECT_EQ(today(id), 17);
}

TEST_F(Meters, BelongToTheirAccount) {
    const auto id = meter();
    send("1", kStart, "&identifier=mine");
    twin_.use_key("sk_test_other");
    EXPECT_EQ(twin_.get("/v1/billing/meters/" + id).status, 404);
    EXPECT_EQ(send("1", kStart).error("code"), "resource_missing");
    meter();
    customer_ = twin_.post_id("/v1/customers", "");
    EXPECT_EQ(send("1", kStart, "&identifier=mine").status, 200);
}

TEST_F(Meters, KeepTheirEventsOverARestart) {
    const auto id = meter();
    send("3", kStart);
    twin_.restart();
    EXPECT_EQ(today(id), 3);
}

}  // namespace
}  // namespace turnpike::twin
