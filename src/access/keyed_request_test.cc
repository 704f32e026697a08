#include "access/keyed_request.h"

#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

class KeyedRequestTest : public sql::DatabaseTest {
protected:
    using Begun = Result<KeyedRequests::Begun>;
    static http::Request request(std::string body = R"({"n":1})", std::string path = "/v1/things") {
        auto made = testing::request_with(std::move(body));
        made.method = http::Method::Post;
        made.target = made.path = std::move(path);
        return made;
    }
    KeyedRequests& keys() {
        if (!keys_) keys_ = std::make_unique<KeyedRequests>(db(), box_, clock_, ids_);
        return *keys_;
    }
    Begun begin(const http::Request& asked, const std::string& key = "k",
                const std::string& principal = "user:ada") {
        return testing::run(keys().begin(principal, asked, key));
    }
    Begun begin() { return begin(request()); }
    static std::string code(const Begun& begun) {
        if (!begun) return std::string(begun.error().reason.text());
        return begun->answer ? "replayed" : "runs";
    }
    bool end(const Begun& begun, http::Response answer) {
        return testing::run(keys().end(*begun->run, answer));
    }
    static http::Response made() { return http::json_response(201, Json{{"id", "thing_1"}}); }

    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids_;
    const SecretBox box_{{Secret(std::string(32, 'k'))}};
    std::unique_ptr<KeyedRequests> keys_;
};
INSTANTIATE_TEST_SUITE_P(, KeyedRequestTest, sql::both_engines(), sql::engine_name);

TEST_P(KeyedRequestTest, ARepetitionGetsTheFirstAnswer) {
    const auto first = begin();
    ASSERT_EQ(code(first), "runs");
    auto answer = made();
    answer.headers.emplace_back("Cache-Control", "no-store");
    ASSERT_TRUE(end(first, answer));
    const auto again = begin();
    ASSERT_EQ(code(again), "replayed");
    EXPECT_EQ(again->answer->status, 201);
    EXPECT_EQ(again->answer->body, answer.body);
    answer.headers.emplace_back("Idempotent-Replayed", "true");
    EXPECT_EQ(again->answer->headers, answer.headers);
}

TEST_P(KeyedRequestTest, WhatIsKeptIsSealed) {
    ASSERT_TRUE(end(begin(), http::json_response(201, Json{{"secret", "tp_test_canary"}})));
    const auto row = db().read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT sealed_reply, scope, fingerprint FROM idempotency_keys");
    });
    for (std::size_t i = 0; i < row->size(); ++i) EXPECT_FALSE(row->text(i).contains("canary"));
}

TEST_P(KeyedRequestTest, AKeyBelongsToOneRequest) {
    ASSERT_TRUE(end(begin(), made()));
    EXPECT_EQ(code(begin(request(R"({"n":2})"))), "idempotency.key_reused");
    EXPECT_EQ(code(begin(request(R"({ "n" : 1 })"))), "replayed");
    EXPECT_EQ(code(begin(request(R"({"n":2})"), "l")), "runs");
    EXPECT_EQ(code(begin(request(R"({"n":2})", "/v1/others"))), "runs");
    EXPECT_EQ(code(begin(request(R"({"n":2})"), "k", "user:bob")), "runs");
}

TEST_P(KeyedRequestTest, WhileTheFirstRunsARepetitionWaits) {
    const auto first = begin();
    EXPECT_EQ(code(begin()), "idempotency.in_flight");
    EXPECT_EQ(code(begin(request(R"({"n":2})"))), "idempotency.key_reused");
    clock_.advance(KeyedRequests::kLease - std::chrono::seconds(1));
    testing::run([](KeyedRequests& all) -> asio::awaitable<bool> {
        co_await all.renew();
        co_return true;
    }(keys()));
    clock_.advance(std::chrono::seconds(5));
    EXPECT_EQ(code(begin()), "idempotency.in_flight") << "its lease was renewed";
    ASSERT_TRUE(end(first, made()));
    EXPECT_EQ(code(begin()), "replayed");
}

TEST_P(KeyedRequestTest, ARefusalWithoutEffectIsNotKept) {
    for (const int status : {400, 403, 404, 409, 422, 429})
        ASSERT_TRUE(end(begin(), {status, {}, ""}));
    ASSERT_TRUE(end(begin(), {402, {}, "{}"}));
    EXPECT_EQ(begin()->answer->status, 402) << "a declined payment is what was done";
}

TEST_P(KeyedRequestTest, WhatMayHaveBeenDoneIsGoneOnWithUnderTheSameId) {
    const auto first = begin();
    db().write_blocking([&](sql::Transaction& tx) {
        note_progress(tx, first->run->id.text(), "cmd_1");
        return true;
    });
    ASSERT_TRUE(end(first, {503, {}, ""}));
    EXPECT_EQ(code(begin(request(R"({"n":2})"))), "idempotency.key_reused");
    const auto again = begin();
    ASSERT_EQ(code(again), "runs");
    EXPECT_EQ(again->run->id, first->run->id);
    EXPECT_EQ(db().read_blocking(
                  [&](sql::Transaction& tx) { return noted_progress(tx, again->run->id.text()); }),
              "cmd_1");
}

TEST_P(KeyedRequestTest, ARunThatDiedIsTakenOverOnce) {
    const auto dead = begin();
    clock_.advance(KeyedRequests::kLease + std::chrono::seconds(1));
    const auto heir = begin();
    ASSERT_EQ(code(heir), "runs");
    EXPECT_EQ(heir->run->id, dead->run->id);
    EXPECT_EQ(code(begin()), "idempotency.in_flight");
    EXPECT_FALSE(end(dead, made())) << "it was not dead, but its time is over";
    ASSERT_TRUE(end(heir, made()));
}

TEST_P(KeyedRequestTest, AStartFreesWhatThisLedgersOnlyOwnerHeld) {
    const auto dead = begin();
    keys().forget_leases();
    EXPECT_EQ(code(begin()), "runs");
}

TEST_P(KeyedRequestTest, AnswerAndEffectAreKeptTogether) {
    const auto first = begin();
    Principal caller;
    caller.keyed = first->run.get();
    const auto failed = db().write_blocking([&](sql::Transaction& tx) -> Result<http::Response> {
        const auto kept = keep_answer(tx, caller, made());
        if (!kept) return failure(kept);
        return unavailable("keyed_request_test.failed", "after it was kept");
    });
    EXPECT_FALSE(failed);
    EXPECT_EQ(code(begin()), "idempotency.in_flight") << "rolled back with the effect";
    const auto kept =
        db().write_blocking([&](sql::Transaction& tx) { return keep_answer(tx, caller, made()); });
    ASSERT_TRUE(kept);
    EXPECT_EQ(code(begin()), "replayed") << "before the handler has returned";
    EXPECT_TRUE(end(first, *kept));
}

TEST_P(KeyedRequestTest, ARunThatWasTakenOverHasNoEffect) {
    const auto slow = begin();
    Principal caller;
    caller.keyed = slow->run.get();
    clock_.advance(KeyedRequests::kLease + std::chrono::seconds(1));
    ASSERT_EQ(code(begin()), "runs");
    const auto refused =
        db().write_blocking([&](sql::Transaction& tx) { return keep_answer(tx, caller, made()); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("idempotency.in_flight"));
}

TEST_P(KeyedRequestTest, OneOfManyRuns) {
    constexpr int kCallers = 64;
    keys();
    std::vector<std::future<std::string>> callers;
    for (int i = 0; i < kCallers; ++i)
        callers.push_back(std::async(std::launch::async, [this] { return code(begin()); }));
    int running = 0;
    for (auto& caller : callers) {
        const auto word = caller.get();
        if (word == "runs") ++running;
        EXPECT_TRUE(word == "runs" || word == "idempotency.in_flight") << word;
    }
    EXPECT_EQ(running, 1);
}

TEST_P(KeyedRequestTest, KeysAreKeptForADayAtLeast) {
    ASSERT_TRUE(end(begin(), made()));
    clock_.advance(std::chrono::hours(24));
    EXPECT_EQ(testing::run(keys().sweep()), 0);
    EXPECT_EQ(code(begin()), "replayed");
    clock_.advance(std::chrono::hours(2));
    EXPECT_EQ(testing::run(keys().sweep()), 1);
    EXPECT_EQ(code(begin()), "runs");
}

}  // namespace
}  // namespace turnpike
