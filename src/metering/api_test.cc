#include "metering/api.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "json/value.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;

class EventsApi : public ::testing::Test {
protected:
    using Handler = asio::awaitable<Result<http::Response>> (MeteringApi::*)(const Principal&,
                                                                             const http::Request&);
    Result<http::Response> call(Handler handler, const http::Request& request) {
        const Principal caller = testing::seller();
        asio::io_context io;
        auto answer = asio::co_spawn(io, (api_.*handler)(caller, request), asio::use_future);
        io.run();
        return answer.get();
    }
    Json post(const std::string& body) {
        http::Request request;
        request.headers = {{"Content-Type", "application/json"}};
        request.body = body;
        const auto answer = call(&MeteringApi::post_events, request);
        EXPECT_TRUE(answer);
        EXPECT_EQ(answer->status, 200);
        return *parse_json(answer->body);
    }
    static std::string event(const std::string& id, const std::string& subject,
                             const std::string& more = "") {
        return R"({"specversion":"1.0","source":"t","type":"api.call","id":")" + id +
               R"(","subject":")" + subject + "\"" + more + "}";
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    CustomerId alice_ = world_.add_customer("alice");
    ManualClock clock_{kStart + std::chrono::hours(1)};
    CursorCodec cursors_{std::string(32, 'k')};
    std::vector<CustomerId> moved_;
    FindWindow find_window_ = [this](sql::Transaction&, std::string_view ref,
                                     Instant now) -> Result<CustomerWindow> {
        if (ref != "alice" && ref != alice_.text()) return not_found("test.nobody", "nobody");
        return CustomerWindow{alice_, std::nullopt, default_plan_of(world_.catalog().get()),
                              kSeptember, now};
    };
    MeteringApi api_{*db_,
                     clock_,
                     world_.ids(),
                     world_.catalog(),
                     cursors_,
                     find_window_,
                     [this](const CustomerId& customer) { moved_.push_back(customer); }};
};

TEST_F(EventsApi, GivesAVerdictForEachEvent) {
    const std::string batch =
        "[" + event("1", "alice") + "," + event("1", "alice") + "," + event("2", "bob") + "," +
        event("3", "alice", R"(,"data":{"quantity":100})") + "," +
        event("4", "alice", R"(,"data":{"quantity":"1.5"})") + "," +
        event("5", "alice", R"(,"data":{"units":1})") + "," +
        event("6", "alice", R"(,"time":"2024-09-01T01:05:01Z")") + "," +
        R"({"specversion":"1.0"},)" +
        R"({"specversion":"1.0","id":"9","source":"t","type":"x","subject":"alice"}])";
    const Json report = post(batch);
    EXPECT_EQ(report["accepted"], 2);
    EXPECT_EQ(report["duplicates"], Json::parse(R"([{"index":1}])"));
    EXPECT_EQ(report["conflicts"], Json::array());
    std::vector<std::string> codes;
    for (const auto& entry : report["rejected"])
        codes.push_back(std::to_string(entry["index"].get<int>()) + " " +
                        entry["code"].get<std::string>());
    EXPECT_EQ(codes,
              (std::vector<std::string>{"2 unknown_customer", "3 limit_exceeded", "5 missing_field",
                                        "6 time_in_future", "7 missing_field", "8 unknown_meter"}));
    EXPECT_EQ(report["verdicts"].size(), 9U);
    EXPECT_EQ(report["verdicts"][4], "accepted");
    EXPECT_EQ(moved_, std::vector{alice_});
}

TEST_F(EventsApi, ReportsAConflict) {
    post("[" + event("1", "alice") + "]");
    const Json report = post("[" + event("1", "alice", R"(,"data":{"quantity":2})") + "]");
    EXPECT_EQ(report["accepted"], 0);
    EXPECT_EQ(report["conflicts"][0]["index"], 0);
}

TEST_F(EventsApi, AnEventWithoutATimeIsTheSameWheneverItComesAgain) {
    post("[" + event("1", "alice") + "]");
    clock_.advance(std::chrono::hours(5));
    EXPECT_EQ(post("[" + event("1", "alice") + "]")["verdicts"][0], "duplicate");
}

TEST_F(EventsApi, SaysWhichTypesItTakes) {
    http::Request request;
    request.headers = {{"Content-Type", "application/x-ndjson"}};
    const auto answer = call(&MeteringApi::post_events, request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 415);
    EXPECT_NE(answer->body.find("application/cloudevents-batch+json"), std::string::npos);
}

TEST_F(EventsApi, ListsInPages) {
    for (int i = 0; i < 5; ++i) {
        clock_.advance(std::chrono::seconds(1));
        post("[" + event(std::to_string(i), "alice") + "]");
    }
    std::string seen;
    http::Request request;
    request.query = {{"limit", "2"}, {"customer", "alice"}};
    for (int page = 0; page < 3; ++page) {
        const auto answer = call(&MeteringApi::get_events, request);
        ASSERT_TRUE(answer) << answer.error().message;
        const Json body = *parse_json(answer->body);
        for (const auto& row : body["data"]) seen += row["event_id"].get<std::string>() + " ";
        EXPECT_EQ(body["has_more"], page < 2);
        if (page < 2)
            request.query = {{"limit", "2"},
                             {"customer", "alice"},
                             {"cursor", body["next_cursor"].get<std::string>()}};
    }
    EXPECT_EQ(seen, "4 3 2 1 0 ");
    request.query.front() = {"meter", "api_calls"};  // the cursor is of another listing
    EXPECT_FALSE(call(&MeteringApi::get_events, request));
}

}  // namespace
}  // namespace turnpike
