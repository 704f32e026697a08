// Voids and amends, through the client and through a recorder.
#include <functional>
#include <mutex>

#include <gtest/gtest.h>

#include "misbehaving_server.h"
#include "small_turnpike.h"
#include "turnpike/client/client.h"
#include "turnpike/client/recorder.h"

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = MisbehavingServer::Fault::Kind;
using Codes = std::vector<std::string>;

Event used(const std::string& id) { return {.customer = "acme", .meter = "api_calls", .id = id}; }

/// A correction with a name of its own.
Event called(const std::string& id, Event event) {
    event.id = id;
    return event;
}

std::string code_of(const Verdict& verdict) {
    switch (verdict.kind) {
        case VerdictKind::Accepted: return "accepted";
        case VerdictKind::Duplicate: return "duplicate";
        case VerdictKind::Unconfirmed: return "unconfirmed";
        case VerdictKind::Conflict:
        case VerdictKind::Rejected: break;
    }
    return verdict.code;
}

class CorrectionTest : public testing::Test {
protected:
    SmallTurnpike turnpike_;
    MisbehavingServer server_{std::ref(turnpike_)};
    Client client_ = *Client::create({.url = server_.url(),
                                      .token = "tp_test_secret",
                                      .source = "llm",
                                      .backoff = {milliseconds(1), milliseconds(2)}});
};

TEST_F(CorrectionTest, SaysWhichEventAndNothingElse) {
    Event fix = amend_event("acme", {.id = "c-2", .source = "jobs"}, "3.5");
    fix.source = "support";
    const std::vector<Event> events = {called("v-1", void_event("acme", {.id = "c-1"})),
                                       called("a-1", fix)};
    ASSERT_TRUE(client_.record(events));
    EXPECT_EQ(
        server_.requests(1).at(0).body,
        R"([{"customer":"acme","id":"v-1","source":"llm","void":{"id":"c-1","source":"llm"}},)"
        R"({"amend":{"id":"c-2","quantity":"3.5","source":"jobs"},)"
        R"("customer":"acme","id":"a-1","source":"support"}])");
}

TEST_F(CorrectionTest, HasAVerdictLikeAnyEvent) {
    const std::vector<Event> events = {used("1"),
                                       called("a", amend_event("acme", {.id = "1"}, "2")),
                                       called("v", void_event("acme", {.id = "1"})),
                                       called("v", void_event("acme", {.id = "1"})),
                                       called("w", void_event("acme", {.id = "1"})),
                                       called("x", void_event("acme", {.id = "2"}))};
    const auto verdicts = client_.record(events);
    ASSERT_TRUE(verdicts) << verdicts.error().message;
    Codes codes;
    for (const Verdict& verdict : *verdicts) codes.push_back(code_of(verdict));
    EXPECT_EQ(codes, (Codes{"accepted", "accepted", "accepted", "duplicate", "already_voided",
                            "unknown_event"}));
    EXPECT_TRUE(verdicts->at(3).is_counted());
    EXPECT_FALSE(verdicts->at(4).is_counted());
}

TEST_F(CorrectionTest, IsMadeOnceHoweverOftenItMustBeSent) {
    ASSERT_TRUE(client_.record(used("1")));
    server_.fail_next({{Kind::LoseRequest}, {Kind::LoseAnswer}, {Kind::CutAnswer}});
    const auto verdict = client_.record(void_event("acme", {.id = "1"}));
    EXPECT_EQ(verdict->kind, VerdictKind::Duplicate) << "the second attempt voided it";
}

TEST_F(CorrectionTest, FollowsItsEventThroughARecorder) {
    std::mutex mutex;
    std::map<std::string, std::string> codes;
    auto recorder =
        *Recorder::create(client_, {.on_verdict =
                                        [&](const Event& event, const Verdict& verdict) {
                                            const std::lock_guard lock(mutex);
                                            codes[event.id] = code_of(verdict);
                                        },
                                    .batch_max = 2,
                                    .backoff = {milliseconds(1), milliseconds(2)}});
    server_.fail_next({{Kind::LoseAnswer}, {Kind::LoseRequest}});
    // The last correction goes in a batch after its event's.
    for (const Event& event : {used("1"), called("v", void_event("acme", {.id = "1"})), used("2"),
                               used("3"), called("a", amend_event("acme", {.id = "2"}, "0")),
                               called("x", void_event("acme", {.id = "nothing"}))})
        ASSERT_TRUE(recorder.record(event));
    EXPECT_TRUE(recorder.close(seconds(10)).is_complete());
    const std::map<std::string, std::string> told = {{"1", "duplicate"}, {"v", "duplicate"},
                                                     {"2", "accepted"},  {"3", "accepted"},
                                                     {"a", "accepted"},  {"x", "unknown_event"}};
    EXPECT_EQ(codes, told);
}

TEST_F(CorrectionTest, IsRefusedWhenTheServerCouldNotReadIt) {
    const auto bad = [](const std::function<void(Event&)>& spoil) {
        Event event = amend_event("acme", {.id = "1"}, "2");
        spoil(event);
        return event;
    };
    const Event events[] = {
        void_event("acme", {.id = ""}),
        void_event("", {.id = "1"}),
        amend_event("acme", {.id = "1"}, ""),
        bad([](Event& event) { event.correction->kind = Correction::Kind::Void; }),
        bad([](Event& event) { event.meter = "api_calls"; }),
        bad([](Event& event) { event.latency = milliseconds(1); }),
        bad([](Event& event) { event.properties = {{"model", "m"}}; }),
    };
    for (const Event& event : events)
        EXPECT_EQ(client_.record(event).error().code, "client.invalid_event");
    EXPECT_EQ(server_.requests(0).size(), 0U);
}

}  // namespace
}  // namespace turnpike::client
