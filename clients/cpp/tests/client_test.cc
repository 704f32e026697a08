// Calls that wait for their answer, against a server that loses requests and answers.
#include "turnpike/client/client.h"

#include <functional>

#include <gtest/gtest.h>

#include "misbehaving_server.h"
#include "small_turnpike.h"

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = MisbehavingServer::Fault::Kind;

/// Whoever waits finds that the time has come, and the wait is written down.
class SkippingClock : public Clock {
public:
    Instant wall_now() override { return {}; }
    Steady now() override { return now_; }
    void wait_until(std::unique_lock<std::mutex>&, std::condition_variable&,
                    Steady until) override {
        waits.push_back(std::chrono::ceil<milliseconds>(until - now_));
        now_ = until;
    }

    std::vector<milliseconds> waits;

private:
    Steady now_{};
};

class ClientTest : public testing::Test {
protected:
    Client client(milliseconds request_timeout = seconds(10)) {
        return *Client::create({.url = server_.url() + "/",
                                .token = "tp_test_secret",
                                .request_timeout = request_timeout,
                                .clock = &clock_});
    }
    /// The id that request number `request` consumed under.
    std::string id_of(std::size_t request) {
        return each_event(server_.requests(request + 1).at(request), "id").at(0);
    }

    SkippingClock clock_;
    SmallTurnpike turnpike_;
    MisbehavingServer server_{std::ref(turnpike_)};
};

const ConsumeRequest kUse{.customer = "acme", .meter = "api_calls"};

TEST_F(ClientTest, ConsumesOnceHoweverOftenItMustAsk) {
    server_.fail_next({{Kind::LoseRequest}, {Kind::LoseAnswer}, {Kind::CutAnswer}});
    const auto consumed = client().consume(kUse);
    ASSERT_TRUE(consumed) << consumed.error().message;
    EXPECT_TRUE(consumed->allowed);
    EXPECT_TRUE(consumed->duplicate) << "the second attempt consumed";
    for (std::size_t request = 0; request < 4; ++request) EXPECT_EQ(id_of(request), consumed->id);
    EXPECT_EQ(turnpike_.counted(), 1U);
    ASSERT_EQ(clock_.waits.size(), 3U);
    EXPECT_LE(clock_.waits[0], milliseconds(100));
    EXPECT_LE(clock_.waits[2], milliseconds(400));
}

TEST_F(ClientTest, ConsumesTwiceWhenAskedTwice) {
    auto asks = client();
    EXPECT_NE(asks.consume(kUse)->id, asks.consume(kUse)->id);
    EXPECT_EQ(turnpike_.counted(), 2U);
}

TEST_F(ClientTest, SaysUnderWhichIdItMayHaveConsumed) {
    server_.fail_next(
        {{Kind::LoseAnswer}, {Kind::LoseAnswer}, {Kind::LoseAnswer}, {Kind::LoseAnswer}});
    auto asks = client();
    const auto lost = asks.consume(kUse);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::Unavailable);
    EXPECT_EQ(lost.error().code, "client.connection_lost");
    ASSERT_EQ(lost.error().event_ids.size(), 1U);
    auto again = kUse;
    again.id = lost.error().event_ids[0];
    EXPECT_TRUE(asks.consume(again)->duplicate);
    EXPECT_EQ(turnpike_.counted(), 1U);
}

TEST_F(ClientTest, ADenialIsAnAnswer) {
    auto request = kUse;
    request.meter = "used_up";
    const auto denied = client().consume(request);
    ASSERT_TRUE(denied);
    EXPECT_FALSE(denied->allowed);
    EXPECT_EQ(denied->standing.reason, "limit_exceeded");
    EXPECT_EQ(denied->standing.limit, "100");
    EXPECT_EQ(denied->standing.remaining, "0");
    EXPECT_EQ(denied->standing.upgrade->plan, "pro");
    EXPECT_EQ(denied->standing.upgrade->url, "https://example.com/upgrade");
    EXPECT_EQ(denied->standing.reset, "day");
    EXPECT_EQ(denied->standing.resets_at,
              Instant(std::chrono::sys_days(std::chrono::year(2024) / 10 / 15)));
    EXPECT_EQ(server_.requests(1).size(), 1U);
}

TEST_F(ClientTest, ARefusalIsTypedAndNotTriedAgain) {
    server_.fail_next({{Kind::Answer, problem(400, "request.invalid_body")}});
    const auto refused = client().check({.customer = "acme", .meter = "m", .requested = "x"});
    ASSERT_FALSE(refused);
    const Error& error = refused.error();
    EXPECT_EQ(error.kind, ErrorKind::Refused);
    EXPECT_EQ(error.code, "request.invalid_body");
    EXPECT_EQ(error.message, "what happened");
    ASSERT_TRUE(error.problem);
    EXPECT_EQ(error.problem->status, 400);
    EXPECT_EQ(error.problem->type, "https://turnpike.dev/problems/request.invalid_body");
    EXPECT_EQ(error.problem->title, "A title");
    EXPECT_EQ(error.problem->instance, "/v1");
    EXPECT_EQ(error.problem->request_id, "req_1");
    ASSERT_EQ(error.problem->errors.size(), 1U);
    EXPECT_EQ(error.problem->errors[0].pointer, "/quantity");
    EXPECT_EQ(error.problem->errors[0].code, "malformed");
    EXPECT_TRUE(clock_.waits.empty());
}

TEST_F(ClientTest, TriesAtMostAttemptsMaxTimes) {
    const MisbehavingServer::Fault busy{Kind::Answer, problem(503, "ledger.unavailable")};
    server_.fail_next({busy, busy, busy, busy, busy});
    const auto refused = client().check({.customer = "acme", .meter = "m"});
    EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
    EXPECT_EQ(refused.error().code, "ledger.unavailable");
    EXPECT_EQ(server_.requests(4).size(), 4U);
}

TEST_F(ClientTest, WaitsForAShortRetryAfterAndHandsBackALongOne) {
    server_.fail_next({{Kind::Answer, problem(429, "access.rate_limited", "Retry-After: 2\r\n")}});
    EXPECT_TRUE(client().check({.customer = "acme", .meter = "m"})->allowed);
    ASSERT_EQ(clock_.waits.size(), 1U);
    EXPECT_GE(clock_.waits[0], seconds(2));
    server_.fail_next({{Kind::Answer, problem(429, "access.rate_limited", "Retry-After: 60\r\n")}});
    const auto refused = client().check({.customer = "acme", .meter = "m"});
    EXPECT_EQ(refused.error().retry_after, seconds(60));
    EXPECT_EQ(clock_.waits.size(), 1U);
}

TEST_F(ClientTest, GivesUpAnAttemptThatTakesTooLong) {
    server_.fail_next({{Kind::Silence}});
    EXPECT_TRUE(client(milliseconds(50)).consume(kUse)->duplicate);
    EXPECT_EQ(turnpike_.counted(), 1U);
}

TEST_F(ClientTest, AnAnswerThatEndsWithinItsHeadIsLost) {
    // Half of so short an answer is not even its headers.
    server_.fail_next({{Kind::CutAnswer}});
    const auto verdict = client().record(Event{.customer = "acme", .meter = "api_calls"});
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(verdict->kind, VerdictKind::Duplicate);
}

TEST_F(ClientTest, AServerThatIsNotThereIsUnavailable) {
    auto nobody = *Client::create(
        {.url = "http://127.0.0.1:1", .token = "t", .attempts_max = 1, .clock = &clock_});
    EXPECT_EQ(nobody.check({.customer = "acme", .meter = "m"}).error().code,
              "client.not_connected");
}

TEST_F(ClientTest, AnAnswerThatIsNotTurnpikesIsUnavailable) {
    for (const char* body : {"<html>", "{}", "[]", R"({"allowed":1})"}) {
        server_.fail_next({{Kind::Answer, {200, body, {}}}});
        const auto odd = client().check({.customer = "acme", .meter = "m"});
        ASSERT_FALSE(odd) << body;
        EXPECT_EQ(odd.error().kind, ErrorKind::Unavailable);
        EXPECT_EQ(odd.error().code, "client.unexpected_answer");
    }
    server_.fail_next({{Kind::Answer, {302, "", "Location: http://127.0.0.1:1/\r\n"}}});
    EXPECT_EQ(client().check({.customer = "acme", .meter = "m"}).error().kind, ErrorKind::Refused);
}

TEST_F(ClientTest, ReadsWhereACustomerStands) {
    const auto answer = client().check({.customer = "acme", .meter = "api_calls"});
    EXPECT_TRUE(answer->allowed);
    EXPECT_EQ(answer->standing.remaining, "93");
    EXPECT_EQ(answer->standing.reason, "within_allowance");
    EXPECT_FALSE(answer->standing.upgrade);
}

TEST_F(ClientTest, ReadsTheUsageOfAPeriod) {
    const auto usage = client().usage("caf\xc3\xa9 &", "api_calls");
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_EQ(usage->plan, "pro");
    EXPECT_EQ(usage->period_end - usage->period_start, std::chrono::days(30));
    ASSERT_EQ(usage->meters.size(), 1U);
    EXPECT_EQ(usage->meters[0].used, "12345");
    EXPECT_EQ(usage->meters[0].reserved, "7");
    EXPECT_EQ(usage->meters[0].usage_percentage, "123.4");
    EXPECT_EQ(usage->meters[0].overage_amount, 4690);  // 2,345 at $0.02
    EXPECT_EQ(usage->meters[0].currency, "USD");
}

TEST_F(ClientTest, RecordsABatchWithAVerdictEach) {
    server_.fail_next({{Kind::LoseAnswer}});
    const Event good{.customer = "acme", .meter = "api_calls"};
    const Event bad{.customer = "acme", .meter = "unknown_meter"};
    const std::vector<Event> events = {good, bad, good};
    const auto verdicts = client().record(events);
    ASSERT_EQ(verdicts->size(), 3U);
    EXPECT_TRUE(verdicts->at(0).is_counted());
    EXPECT_EQ(verdicts->at(1).code, "unknown_meter");
    EXPECT_TRUE(verdicts->at(2).is_counted());
    EXPECT_EQ(turnpike_.counted(), 2U);
    EXPECT_TRUE(client().record(good)->is_counted());
}

TEST_F(ClientTest, RefusesABatchOfNoneAndOfTooMany) {
    const std::vector<Event> events(1'001, Event{.customer = "acme", .meter = "api_calls"});
    EXPECT_EQ(client().record(events).error().kind, ErrorKind::Invalid);
    EXPECT_EQ(client().record(std::vector<Event>{}).error().kind, ErrorKind::Invalid);
    EXPECT_EQ(client().record(Event{}).error().code, "client.invalid_event");
}

TEST_F(ClientTest, MakesACustomerOnceOrFindsIt) {
    const CustomerDraft draft{.external_id = "acme", .email = "a@example.com"};
    server_.fail_next({{Kind::LoseAnswer}});
    const auto made = client().ensure_customer(draft);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->id, "cus_1");
    EXPECT_EQ(made->email, "a@example.com");
    EXPECT_FALSE(made->name);
    EXPECT_EQ(made->metadata.at("tier"), "gold");
    EXPECT_EQ(client().ensure_customer(draft)->external_id, "acme");
}

TEST(ClientOptions, ThatCannotBeRightAreRefused) {
    const ClientOptions good{.url = "https://billing.example.com", .token = "t"};
    EXPECT_TRUE(Client::create(good));
    for (int i = 0; i < 7; ++i) {
        ClientOptions bad = good;
        if (i == 0) bad.url = "billing.example.com";
        if (i == 1) bad.url = "https://";
        if (i == 2) bad.url = "https://a/?b";
        if (i == 3) bad.token = "";
        if (i == 4) bad.token = "a\r\nX-Header: b";
        if (i == 5) bad.attempts_max = 0;
        if (i == 6) bad.request_timeout = milliseconds(0);
        EXPECT_EQ(Client::create(bad).error().code, "client.invalid_argument") << i;
    }
}

}  // namespace
}  // namespace turnpike::client
