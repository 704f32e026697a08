#include "metering/api.h"

#include <limits>

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

/// Does `writes_left` writes; those after them fail.
class FailingDatabase final : public sql::Database {
public:
    explicit FailingDatabase(sql::Database& inner) : inner_(inner) {}
    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (kind == Kind::Write && writes_left-- <= 0)
            return done(std::make_exception_ptr(sql::Failure("the disk is full", false)));
        inner_.submit(kind, std::move(job), std::move(done));
    }

    int writes_left = std::numeric_limits<int>::max();

private:
    sql::Database& inner_;
};

class EventsApi : public ::testing::Test {
protected:
    using Handler = asio::awaitable<Result<http::Response>> (MeteringApi::*)(const Principal&,
                                                                             const http::Request&);
    Result<http::Response> call(Handler handler, const http::Request& request,
                                const Principal& caller = testing::seller()) {
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
    static http::Request lines(std::string body) {
        http::Request request;
        request.headers = {{"Content-Type", "application/x-ndjson"}};
        request.body = std::move(body);
        return request;
    }
    /// `count` events of no unit, so that no limit is reached.
    static std::string many(int count) {
        std::string body;
        for (int i = 1; i <= count; ++i)
            body += event(std::to_string(i), "alice", R"(,"data":{"quantity":0})") + "\n";
        return body;
    }
    static std::string event(const std::string& id, const std::string& subject,
                             const std::string& more = "") {
        return R"({"specversion":"1.0","source":"t","type":"api.call","id":")" + id +
               R"(","subject":")" + subject + "\"" + more + "}";
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    FailingDatabase failing_{*db_};
    CustomerId alice_ = world_.add_customer("alice");
    ManualClock clock_{kStart + std::chrono::hours(1)};
    CursorCodec cursors_{std::string(32, 'k')};
    std::vector<CustomerId> moved_;
    Result<CustomerWindow> window_of(std::string_view ref, Instant now) {
        if (ref != "alice" && ref != alice_.text()) return not_found("test.nobody", "nobody");
        return CustomerWindow{alice_, contract_, default_plan_of(world_.catalog().get()),
                              kSeptember, now};
    }
    /// What billing says, for the one period that there is.
    PeriodBilling billing_of(const BilledPeriod& period) {
        EXPECT_EQ(period.subscription, contract_);
        EXPECT_EQ(period.meter_key, "api_calls");
        EXPECT_EQ(period.start, kSeptember.start);
        return billing_;
    }
    /// The event of this name, followed.
    Json followed(const std::string& name, const Principal& caller) {
        http::Request request;
        request.query = {{"source", "t"}, {"event_id", name}};
        const auto listed = call(&MeteringApi::get_events, request);
        EXPECT_TRUE(listed) << listed.error().message;
        const Json data = (*parse_json(listed->body))["data"];
        EXPECT_EQ(data.size(), 1U);
        request = {};
        request.path_values = {{"event", data[0]["id"].get<std::string>()}};
        const auto answer = call(&MeteringApi::get_event, request, caller);
        EXPECT_TRUE(answer) << answer.error().message;
        return *parse_json(answer->body);
    }
    Contract contract_;
    PeriodBilling billing_;
    BeginLook begin_look_ = [this] {
        return WindowLook{[this](sql::Transaction&, std::string_view ref, Instant now) {
            return window_of(ref, now);
        }};
    };
    SqlUsage usage_{failing_, world_.ids()};
    MeteringApi api_{
        failing_,
        usage_,
        clock_,
        world_.catalog(),
        cursors_,
        begin_look_,
        [this](const CustomerId& customer) { moved_.push_back(customer); },
        [](const CustomerId&) {},
        [this](sql::Transaction&, const BilledPeriod& period) { return billing_of(period); }};
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

TEST_F(EventsApi, CountsAPlainEventByItsMeter) {
    const Json report =
        post(R"([{"customer":"alice","meter":"api_calls","quantity":2,"source":"t","id":"1"},)"
             R"({"customer":"alice","meter":"no_meter","quantity":2,"source":"t","id":"2"},)"
             R"({"customer":"alice","meter":"api_calls","source":"t","id":"3"}])");
    EXPECT_EQ(report["verdicts"], Json::parse(R"(["accepted","rejected","rejected"])"));
    EXPECT_EQ(report["rejected"][0]["code"], "unknown_meter");
    EXPECT_EQ(report["rejected"][1]["code"], "missing_field");
    // The same fact as a CloudEvent is the same event.
    EXPECT_EQ(post("[" + event("1", "alice", R"(,"data":{"quantity":2})") + "]")["verdicts"][0],
              "duplicate");
}

TEST_F(EventsApi, SaysWhatItTakes) {
    http::Request request;
    request.headers = {{"Content-Type", "text/csv"}};
    auto answer = call(&MeteringApi::post_events, request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 415);
    EXPECT_NE(answer->body.find("event.unsupported_type"), std::string::npos);
    EXPECT_NE(answer->body.find("application/x-ndjson"), std::string::npos);

    request.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip, br"}};
    answer = call(&MeteringApi::post_events, request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 415);
    EXPECT_NE(answer->body.find("http.unsupported_coding"), std::string::npos);
    EXPECT_EQ(*http::find_header(answer->headers, "Accept-Encoding"), "gzip, zstd, identity");
}

TEST_F(EventsApi, AnEncodedBodyThatIsNotSoundIsRefused) {
    http::Request request;
    request.body = "no gzip";
    for (const char* type : {"application/json", "application/x-ndjson"}) {
        request.headers = {{"Content-Type", type}, {"Content-Encoding", "gzip"}};
        const auto answer = call(&MeteringApi::post_events, request);
        const std::string code = answer ? (*parse_json(answer->body))["code"].get<std::string>()
                                        : std::string(answer.error().reason.text());
        EXPECT_EQ(code, "http.bad_encoding") << type;
    }
}

TEST_F(EventsApi, ReportsLinesThatWereNotAcceptedByTheirNumber) {
    const auto answer =
        call(&MeteringApi::post_events,
             lines(event("1", "alice") + "\n\n" + event("1", "alice") + "\nnope\n" +
                   event("2", "bob") + "\n" + event("1", "alice", R"(,"data":{"quantity":2})") +
                   "\n" + event("3", "alice")));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    const Json report = *parse_json(answer->body);
    EXPECT_EQ(report["lines_done"], 7);
    EXPECT_EQ(report["totals"], Json::parse(R"({"events":6,"accepted":2,"duplicates":1,
                                                "conflicts":1,"rejected":2})"));
    EXPECT_EQ(report["rejected_codes"], Json::parse(R"({"bad_json":1,"unknown_customer":1})"));
    EXPECT_EQ(report["duplicates"], Json::parse(R"([{"line":3}])"));
    EXPECT_EQ(report["conflicts"][0]["line"], 6);
    EXPECT_EQ(report["rejected"][0]["line"], 4);
    EXPECT_EQ(report["rejected"][0]["code"], "bad_json");
    EXPECT_EQ(report["rejected"][1]["line"], 5);
    EXPECT_EQ(moved_, std::vector{alice_});
}

TEST_F(EventsApi, EveryThousandLinesAreATransactionOfTheirOwn) {
    failing_.writes_left = 2;
    auto answer = call(&MeteringApi::post_events, lines(many(2'500)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_NE(http::find_header(answer->headers, "Retry-After"), nullptr);
    Json report = *parse_json(answer->body);
    EXPECT_EQ(report["code"], "event.interrupted");
    EXPECT_EQ(report["lines_done"], 2'000);
    EXPECT_EQ(report["totals"]["accepted"], 2'000);

    failing_.writes_left = 10;
    answer = call(&MeteringApi::post_events, lines(many(2'500)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    report = *parse_json(answer->body);
    EXPECT_EQ(failing_.writes_left, 7);
    EXPECT_EQ(report["totals"]["duplicates"], 2'000);
    EXPECT_EQ(report["totals"]["accepted"], 500);
    EXPECT_EQ(report["duplicates"].size(), 2'000U);
}

TEST_F(EventsApi, AStoreThatTakesNothingSaysWhenToComeBack) {
    testing::FullUsage full(usage_);
    full.appends_left = 2;
    MeteringApi api{*db_,
                    full,
                    clock_,
                    world_.catalog(),
                    cursors_,
                    begin_look_,
                    [](const auto&) {},
                    [](const auto&) {},
                    {}};
    const Principal seller = testing::seller();
    const auto in_the_middle = testing::run(api.post_events(seller, lines(many(2'500))));
    ASSERT_TRUE(in_the_middle);
    EXPECT_EQ(in_the_middle->status, 503);
    EXPECT_NE(http::find_header(in_the_middle->headers, "Retry-After"), nullptr);
    const Json report = *parse_json(in_the_middle->body);
    EXPECT_EQ(report["code"], "event.interrupted");
    EXPECT_EQ(report["totals"]["accepted"], 2'000);

    auto whole = lines("[" + event("x", "alice") + "]");
    whole.headers = {{"Content-Type", "application/json"}};
    const auto refused = testing::run(api.post_events(seller, whole));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
}

TEST_F(EventsApi, OneBadLineAmongManyIsRejectedAlone) {
    std::string body = many(1'500) + "{\"id\":\n";
    body += event("last", "alice");
    const auto answer = call(&MeteringApi::post_events, lines(body));
    ASSERT_TRUE(answer);
    const Json report = *parse_json(answer->body);
    EXPECT_EQ(report["totals"]["accepted"], 1'501);
    EXPECT_EQ(report["rejected"].size(), 1U);
    EXPECT_EQ(report["rejected"][0]["line"], 1'501);
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

TEST_F(EventsApi, AnEventIsFollowedToItsCountersAndCharges) {
    contract_ = SubscriptionId::trusted("sub_1");
    post("[" + event("1", "alice", R"(,"data":{"quantity":60})") + "," +
         event("2", "alice", R"(,"data":{"quantity":"2.5"})") + "]");
    billing_.state = PeriodBilling::State::Closed;
    PeriodCharge charge{.id = OverageChargeId::trusted("ovc_1"),
                        .kind = PeriodCharge::Kind::Overage,
                        .quantity = Quantity::whole(7),
                        .unit_price = *UnitPrice::parse("0.02"),
                        .amount = Money(14, Currency::Usd),
                        .created_at = kSeptember.end,
                        .on = BilledOn{.provider = "stripe",
                                       .provider_invoice_id = "in_1",
                                       .invoice = InvoiceId::trusted("inv_1"),
                                       .number = "A-1",
                                       .status = "paid",
                                       .line = InvoiceLineId::trusted("il_1")}};
    billing_.charges.push_back(charge);
    charge.id = OverageChargeId::trusted("ovc_2");
    charge.kind = PeriodCharge::Kind::Adjustment;
    charge.quantity = Quantity::whole(-1);
    charge.amount = Money(-2, Currency::Usd);
    charge.on.reset();
    billing_.charges.push_back(charge);

    auto caller = testing::seller();
    caller.scopes = {Scope::UsageRead, Scope::BillingRead};
    const Json shown = followed("2", caller);
    EXPECT_EQ(shown["object"], "event");
    EXPECT_EQ(shown["event_id"], "2");
    EXPECT_EQ(shown["counts"], Json::parse(R"([{
        "meter": "api_calls", "aggregation": "sum", "reset": "billing_period",
        "window_start": "2024-09-01T00:00:00Z", "value": "2.5", "amended_value": null,
        "window_end": "2024-10-01T00:00:00Z", "used": "62.5", "included": "100",
        "hard_limit": "100", "overage": "0",
        "billing": {"state": "closed", "charges": [
            {"id": "ovc_1", "kind": "overage", "quantity": "7", "unit_price": "0.02",
             "amount": {"amount": 14, "currency": "USD"}, "created_at": "2024-10-01T00:00:00Z",
             "invoice": {"id": "inv_1", "number": "A-1", "status": "paid", "provider": "stripe",
                         "provider_invoice_id": "in_1", "line": "il_1"}},
            {"id": "ovc_2", "kind": "adjustment", "quantity": "-1", "unit_price": "0.02",
             "amount": {"amount": -2, "currency": "USD"}, "created_at": "2024-10-01T00:00:00Z",
             "invoice": null}]}}])"));
}

TEST_F(EventsApi, WhatWasChargedIsForThoseWhoReadBilling) {
    contract_ = SubscriptionId::trusted("sub_1");
    post("[" + event("1", "alice") + "]");
    auto caller = testing::seller();
    caller.scopes = {Scope::UsageRead};
    EXPECT_FALSE(followed("1", caller)["counts"][0].contains("billing"));
    caller.scopes.push_back(Scope::BillingRead);
    EXPECT_EQ(followed("1", caller)["counts"][0]["billing"],
              Json::parse(R"({"state":"open","charges":[]})"));
}

TEST_F(EventsApi, TheDefaultPlanChargesNothing) {
    post("[" + event("1", "alice") + "]");
    auto caller = testing::seller();
    caller.scopes = {Scope::UsageRead, Scope::BillingRead};
    EXPECT_EQ(followed("1", caller)["counts"][0]["billing"], Json());
}

TEST_F(EventsApi, AnEventThatIsNotThereIsNotFound) {
    for (const char* id :
         {"", "1", "ue_1", "cus_00000000000000000000000000", "ue_00000000000000000000000000"}) {
        http::Request request;
        request.path_values = {{"event", id}};
        const auto answer = call(&MeteringApi::get_event, request);
        ASSERT_FALSE(answer) << id;
        EXPECT_EQ(answer.error().code, ErrorCode::NotFound);
        EXPECT_EQ(answer.error().reason, Reason("event.not_found"));
    }
}

TEST_F(EventsApi, ANameIsASourceAndAnId) {
    post("[" + event("1", "alice") + "," + event("2", "alice") + "]");
    http::Request request;
    request.query = {{"source", "t"}, {"event_id", "3"}};
    const auto none = call(&MeteringApi::get_events, request);
    ASSERT_TRUE(none);
    EXPECT_EQ((*parse_json(none->body))["data"], Json::array());
    for (const char* half : {"source", "event_id"}) {
        request.query = {{half, "t"}};
        const auto refused = call(&MeteringApi::get_events, request);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason("request.invalid_query")) << half;
    }
}

}  // namespace
}  // namespace turnpike
