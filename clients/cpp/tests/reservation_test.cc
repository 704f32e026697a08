// Reservations against a server that loses requests and answers.
#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "misbehaving_server.h"
#include "small_turnpike.h"
#include "turnpike/client/client.h"
#include "turnpike/client/hold.h"

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = MisbehavingServer::Fault::Kind;

const ReserveRequest kWork{.customer = "acme", .meter = "tokens", .quantity = "60"};

/// The allowance is 100 units, and nothing of it is used.
class ReservationTest : public testing::Test {
protected:
    static Client client_of(const MisbehavingServer& server, milliseconds request_timeout) {
        return *Client::create({.url = server.url(),
                                .token = "tp_test_secret",
                                .request_timeout = request_timeout,
                                .backoff = {milliseconds(1), milliseconds(2)}});
    }
    /// The id of an open reservation.
    std::string held(const std::string& quantity = "60") {
        auto request = kWork;
        request.quantity = quantity;
        return client_.reserve(request)->reservation->id;
    }

    SmallTurnpike turnpike_;
    MisbehavingServer server_{std::ref(turnpike_)};
    Client client_ = client_of(server_, seconds(10));
};

TEST_F(ReservationTest, HoldsAndCommitsOnceHoweverOftenItMustAsk) {
    server_.fail_next({{Kind::LoseRequest}, {Kind::LoseAnswer}, {Kind::CutAnswer}});
    auto request = kWork;
    request.ttl = seconds(120);
    request.properties = {{"model", "m-1"}};
    const auto reserved = client_.reserve(request);
    ASSERT_TRUE(reserved) << reserved.error().message;
    EXPECT_EQ(reserved->outcome, ReserveOutcome::Held);
    EXPECT_EQ(reserved->standing.remaining, "93");
    const Reservation& reservation = *reserved->reservation;
    EXPECT_EQ(reservation.status, ReservationStatus::Open);
    EXPECT_EQ(reservation.reserved, "60");
    EXPECT_EQ(reservation.source, "turnpike-client");
    // Five minutes after midnight.
    EXPECT_EQ(reservation.expires_at,
              std::chrono::sys_days(std::chrono::year(2024) / 9 / 15) + std::chrono::minutes(5));
    EXPECT_FALSE(reservation.ended_at);
    EXPECT_EQ(turnpike_.held(), 60);
    const auto requests = server_.requests(4);
    for (const auto& sent : requests) {
        EXPECT_EQ(each_event(sent, "id").at(0), reservation.event_id);
        EXPECT_NE(sent.body.find(R"("properties":{"model":"m-1"})"), std::string::npos);
        EXPECT_NE(sent.body.find(R"("ttl_s":120)"), std::string::npos);
    }

    server_.fail_next({{Kind::LoseRequest}, {Kind::LoseAnswer}, {Kind::CutAnswer}});
    const auto ended = client_.commit(reservation.id, "25", {{"model", "m-2"}});
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->outcome, EndOutcome::Committed);
    EXPECT_EQ(ended->reservation->status, ReservationStatus::Committed);
    EXPECT_EQ(ended->reservation->quantity, "25");
    EXPECT_TRUE(ended->reservation->ended_at);
    EXPECT_EQ(turnpike_.committed(), 25);
    EXPECT_EQ(turnpike_.held(), 0);
    const auto commit = server_.requests(8).at(7);
    EXPECT_EQ(commit.target, "/v1/usage/reservations/" + reservation.id + "/commit");
    EXPECT_EQ(commit.body, R"({"properties":{"model":"m-2"},"quantity":"25"})");
}

TEST_F(ReservationTest, SaysUnderWhichIdItMayHold) {
    server_.fail_next(
        {{Kind::LoseAnswer}, {Kind::LoseAnswer}, {Kind::LoseAnswer}, {Kind::LoseAnswer}});
    const auto lost = client_.reserve(kWork);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::Unavailable);
    auto again = kWork;
    again.id = lost.error().event_ids.at(0);
    EXPECT_EQ(client_.reserve(again)->outcome, ReserveOutcome::Held);
    EXPECT_EQ(turnpike_.held(), 60);
}

TEST_F(ReservationTest, AttemptsThatTakeTooLongHoldAndCommitOnce) {
    auto hasty = client_of(server_, milliseconds(50));
    server_.fail_next({{Kind::Silence}});
    const auto reserved = hasty.reserve(kWork);
    EXPECT_EQ(reserved->outcome, ReserveOutcome::Held);
    server_.fail_next({{Kind::Silence}});
    EXPECT_EQ(hasty.commit(reserved->reservation->id, "60")->outcome, EndOutcome::Committed);
    EXPECT_EQ(turnpike_.committed(), 60);
}

TEST_F(ReservationTest, ADenialIsAnAnswer) {
    held();
    const auto full = client_.reserve(kWork);
    ASSERT_TRUE(full) << full.error().message;
    EXPECT_EQ(full->outcome, ReserveOutcome::LimitExceeded);
    EXPECT_FALSE(full->reservation);
    EXPECT_EQ(full->standing.limit, "100");
    EXPECT_EQ(full->standing.upgrade->plan, "pro");
    auto request = kWork;
    request.meter = "not_in_plan";
    EXPECT_EQ(client_.reserve(request)->outcome, ReserveOutcome::NotInPlan);
}

TEST_F(ReservationTest, TheSameRequestFindsWhatBecameOfIt) {
    auto request = kWork;
    request.id = "job-1";
    const auto id = client_.reserve(request)->reservation->id;
    EXPECT_EQ(client_.reserve(request)->reservation->id, id);
    EXPECT_EQ(client_.commit(id, "1")->outcome, EndOutcome::Committed);
    const auto found = client_.reserve(request);
    EXPECT_EQ(found->outcome, ReserveOutcome::Ended);
    EXPECT_EQ(found->reservation->status, ReservationStatus::Committed);
    request.quantity = "61";
    const auto other = client_.reserve(request);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind, ErrorKind::Refused);
    EXPECT_EQ(other.error().code, "reservation.conflict");
}

TEST_F(ReservationTest, ASurplusThatDoesNotFitLeavesItOpen) {
    const auto id = held();
    const auto beyond = client_.commit(id, "101");
    ASSERT_TRUE(beyond) << beyond.error().message;
    EXPECT_EQ(beyond->outcome, EndOutcome::ExceedsLimit);
    EXPECT_EQ(beyond->detail, "what happened");
    EXPECT_FALSE(beyond->reservation);
    EXPECT_EQ(turnpike_.held(), 60);
    EXPECT_EQ(client_.commit(id, "100")->outcome, EndOutcome::Committed);
}

TEST_F(ReservationTest, EndsOnceAndSaysHow) {
    const auto released = held();
    EXPECT_EQ(client_.release(released)->outcome, EndOutcome::Released);
    EXPECT_EQ(client_.release(released)->outcome, EndOutcome::Released) << "again";
    EXPECT_EQ(client_.commit(released, "1")->outcome, EndOutcome::Released);
    const auto expired = held();
    turnpike_.expire();
    EXPECT_EQ(client_.commit(expired, "1")->outcome, EndOutcome::Expired);
    EXPECT_EQ(client_.release(expired)->outcome, EndOutcome::Expired);
    const auto committed = held();
    EXPECT_EQ(client_.commit(committed, "1")->outcome, EndOutcome::Committed);
    EXPECT_EQ(client_.commit(committed, "2")->outcome, EndOutcome::AlreadyCommitted);
    EXPECT_EQ(client_.release(committed)->outcome, EndOutcome::AlreadyCommitted);
    EXPECT_EQ(client_.commit("rsv_unknown", "1").error().code, "reservation.not_found");
    EXPECT_EQ(turnpike_.committed(), 1);
}

TEST_F(ReservationTest, AnAnswerThatIsNotTurnpikesIsUnavailable) {
    const auto id = held();
    const std::string open = R"({"id":"rsv_1","status":"open","customer":"c","meter":"m",
        "source":"s","event_id":"e","reserved":"1","expires_at":"2024-09-15T00:00:00Z"})";
    for (const std::string& body : {std::string("<html>"), std::string("{}"), open}) {
        server_.fail_next({{Kind::Answer, {200, body, {}}}});
        EXPECT_EQ(client_.commit(id, "1").error().code, "client.unexpected_answer") << body;
    }
    server_.fail_next({{Kind::Answer, {201, R"({"id":"rsv_1","status":"odd"})", {}}}});
    EXPECT_EQ(client_.reserve(kWork).error().kind, ErrorKind::Unavailable);
    // A proxy that has lost us says 410 of its own.
    server_.fail_next({{Kind::Answer, {410, "gone", {}, "text/plain"}}});
    EXPECT_EQ(client_.commit(id, "1").error().kind, ErrorKind::Refused);
    EXPECT_EQ(turnpike_.held(), 60);
}

TEST_F(ReservationTest, AHoldIsReleasedWhenTheWorkFails) {
    const auto work = [&] {
        const Hold hold(client_, held());
        EXPECT_EQ(turnpike_.held(), 60);
        throw std::runtime_error("it failed");
    };
    EXPECT_THROW(work(), std::runtime_error);
    EXPECT_EQ(turnpike_.held(), 0);
    EXPECT_EQ(turnpike_.committed(), 0);
}

TEST_F(ReservationTest, AHoldThatWasToBeCommittedIsNotReleased) {
    {
        Hold hold(client_, held());
        EXPECT_EQ(hold.commit("101")->outcome, EndOutcome::ExceedsLimit);
        EXPECT_EQ(hold.commit("70")->outcome, EndOutcome::Committed);
    }
    EXPECT_EQ(turnpike_.committed(), 70);
    {
        Hold hold(client_, held("5"));
        server_.fail_next({{Kind::Answer, problem(400, "request.invalid_body")}});
        EXPECT_EQ(hold.commit("x").error().kind, ErrorKind::Refused);
    }
    EXPECT_EQ(turnpike_.held(), 5) << "what was used can still be committed";
}

}  // namespace
}  // namespace turnpike::client
