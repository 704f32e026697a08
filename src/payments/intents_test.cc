#include "payments/intents.h"

#include <map>
#include <stdexcept>

#include <gtest/gtest.h>

#include "payments/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A provider that makes an object for each POST it executes and remembers answers by key.
class FakeProvider {
public:
    enum class Mood { Works, Declines, Refused, RateLimited, LosesAnswers, LosesRequests, Crashes };

    Mood mood = Mood::Works;
    int calls = 0;
    int objects = 0;
    std::string body;                     ///< of every answer; "": an object's
    std::map<std::string, Sent> answers;  ///< by idempotency key
    std::vector<std::string> bodies;

    void forget_keys() { answers.clear(); }

    SendIntent sender() {
        return [this](const Intent& intent) -> asio::awaitable<Sent> { co_return receive(intent); };
    }

private:
    Sent receive(const Intent& intent) {
        ++calls;
        bodies.push_back(intent.body);
        if (mood == Mood::Refused || mood == Mood::RateLimited)
            return {.fate = SendFate::NothingHappened, .note = "refused connection"};
        if (mood == Mood::LosesRequests) return {.fate = SendFate::Unknown, .note = "no reply"};
        const Sent answer = execute(intent);
        if (mood == Mood::Crashes) throw std::runtime_error("our process is gone");
        if (mood == Mood::LosesAnswers) return {.fate = SendFate::Unknown, .note = "timed out"};
        return answer;
    }

    Sent execute(const Intent& intent) {
        if (const auto known = answers.find(intent.idempotency_key); known != answers.end())
            return known->second;
        Sent answer{.fate = SendFate::Refused, .http_status = 402, .body = R"({"error":{}})"};
        if (mood != Mood::Declines) {
            ++objects;
            answer = {.fate = SendFate::Succeeded,
                      .http_status = 200,
                      .body = R"({"id":"obj_)" + std::to_string(objects) + "\"}"};
        }
        if (!body.empty()) answer.body = body;
        answers.emplace(intent.idempotency_key, answer);
        return answer;
    }
};

class Intents : public sql::DatabaseTest {
protected:
    IntentRequest request(std::string body = "amount=100") const {
        return {.provider = "fake",
                .obligation = obligation,
                .method = "POST",
                .path = "/v1/things",
                .body = std::move(body)};
    }
    Result<IntentOutcome> perform_once(IntentRequest asked) {
        return run(perform({db(), clock, ids}, std::move(asked), provider.sender()));
    }
    Result<IntentOutcome> perform_once() { return perform_once(request()); }
    Intent row() {
        auto found = db().read_blocking(
            [&](sql::Transaction& tx) { return find_intent(tx, "fake", obligation); });
        if (!found) throw std::runtime_error("no intent");
        return *found;
    }

    std::string obligation = "subscription:sub_1:start";
    ManualClock clock{from_unix_seconds(1'726'358'400)};
    RandomIdSource ids;
    FakeProvider provider;
};

TEST_P(Intents, AnswersTheFirstOutcomeForEver) {
    const auto first = perform_once();
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->state, IntentState::Succeeded);
    EXPECT_EQ(first->reply, R"({"id":"obj_1"})");
    EXPECT_FALSE(first->replayed);

    clock.advance(hours(24 * 365));
    provider.forget_keys();
    const auto again = perform_once();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->reply, first->reply);
    EXPECT_EQ(again->http_status, 200);
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(provider.calls, 1);
    EXPECT_EQ(row().attempts, 1);
}

TEST_P(Intents, TheSecretsOfAReplyAreToldOnceAndNotKept) {
    provider.body = R"({"id":"pi_1","client_secret":"pi_1_secret_Canary"})";
    EXPECT_EQ(perform_once()->reply, provider.body);
    EXPECT_EQ(perform_once()->reply, R"({"id":"pi_1","client_secret":"pi_1_secret_****"})");
    EXPECT_EQ(row().reply, R"({"id":"pi_1","client_secret":"pi_1_secret_****"})");
}

TEST_P(Intents, ADeclineIsRepeatedOnlyUnderANewObligation) {
    provider.mood = FakeProvider::Mood::Declines;
    EXPECT_EQ(perform_once()->state, IntentState::Refused);
    provider.mood = FakeProvider::Mood::Works;
    const auto again = perform_once();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->state, IntentState::Refused);
    EXPECT_EQ(again->http_status, 402);
    EXPECT_EQ(provider.calls, 1);

    obligation = "subscription:sub_1:start:2";
    EXPECT_EQ(perform_once()->state, IntentState::Succeeded);
    EXPECT_EQ(provider.objects, 1);
}

TEST_P(Intents, OneObligationHasOneContent) {
    ASSERT_TRUE(perform_once());
    EXPECT_EQ(reason_of(perform_once(request("amount=200"))), "payment.obligation_changed");
    auto other_path = request();
    other_path.path = "/v1/others";
    EXPECT_EQ(reason_of(perform_once(other_path)), "payment.obligation_changed");
    auto other_method = request();
    other_method.method = "DELETE";
    EXPECT_EQ(reason_of(perform_once(other_method)), "payment.obligation_changed");
    EXPECT_EQ(provider.calls, 1);
    EXPECT_EQ(row().body, "amount=100");
}

TEST_P(Intents, ChangedContentIsRefusedBeforeTheOutcomeIsKnownToo) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    EXPECT_EQ(reason_of(perform_once(request("amount=200"))), "payment.obligation_changed");
    EXPECT_EQ(provider.calls, 1);
}

TEST_P(Intents, TheFirstDescriptionWinsWhereThatIsAllowed) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    auto named = request("name=Ann");
    named.content = IntentContent::FirstWins;
    EXPECT_EQ(reason_of(perform_once(named)), "payment.outcome_unknown");
    provider.mood = FakeProvider::Mood::Works;
    named.body = "name=Anna";
    ASSERT_TRUE(perform_once(named));
    EXPECT_EQ(provider.bodies, (std::vector<std::string>{"name=Ann", "name=Ann"}));
}

TEST_P(Intents, NothingHappenedLeavesItPending) {
    provider.mood = FakeProvider::Mood::Refused;
    const auto down = perform_once();
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(down.error().reason.text(), "payment.provider_down");
    EXPECT_TRUE(down.error().retry_after_s);
    EXPECT_EQ(row().state, IntentState::Pending);
    EXPECT_EQ(row().attempts, 1);

    // Nothing ever left, so age does not matter.
    clock.advance(hours(100));
    provider.mood = FakeProvider::Mood::Works;
    EXPECT_TRUE(perform_once());
    EXPECT_EQ(provider.objects, 1);
    EXPECT_EQ(row().attempts, 2);
}

TEST_P(Intents, ALostAnswerIsUnknownUntilTheSameKeyTellsIt) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    const auto lost = perform_once();
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::OutcomeUnknown);
    EXPECT_EQ(lost.error().reason.text(), "payment.outcome_unknown");
    EXPECT_EQ(row().state, IntentState::Unknown);

    clock.advance(hours(23));
    provider.mood = FakeProvider::Mood::Works;
    const auto found = perform_once();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->reply, R"({"id":"obj_1"})");
    EXPECT_EQ(provider.objects, 1);
    EXPECT_EQ(provider.calls, 2);
}

TEST_P(Intents, UnknownStaysUnknownWhenALaterTryDoesNotLeave) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    const auto since = row().updated_at;
    clock.advance(minutes(10));
    provider.mood = FakeProvider::Mood::Refused;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    EXPECT_EQ(row().state, IntentState::Unknown);
    EXPECT_EQ(row().updated_at, since) << "the age counts from the first request";
}

/// The other one's request may be out there while ours never left.
TEST_P(Intents, OnlyTheLastOneOutMaySayThatNothingHappened) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    SendIntent overtaken = [&](const Intent&) -> asio::awaitable<Sent> {
        const auto other = co_await perform({db(), clock, ids}, request(), provider.sender());
        EXPECT_EQ(reason_of(other), "payment.outcome_unknown");
        co_return Sent{.fate = SendFate::NothingHappened, .note = "refused connection"};
    };
    const auto outcome = run(perform({db(), clock, ids}, request(), std::move(overtaken)));
    EXPECT_EQ(reason_of(outcome), "payment.outcome_unknown");
    EXPECT_EQ(row().state, IntentState::Unknown);
}

TEST_P(Intents, AnOldUnknownIsNeverSentBlindly) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    provider.mood = FakeProvider::Mood::Works;
    provider.forget_keys();
    clock.advance(hours(23) + std::chrono::seconds(1));
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    EXPECT_EQ(provider.calls, 1);
    EXPECT_EQ(provider.objects, 1);
}

TEST_P(Intents, ReconciliationSettlesWhatItFound) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    const auto unknown = db().read_blocking([&](sql::Transaction& tx) {
        return unknown_intents(tx, "fake", clock.now() + minutes(1), 10);
    });
    ASSERT_EQ(unknown.size(), 1U);
    const auto settle_it = [&](sql::Transaction& tx) {
        return settle(tx, unknown[0], R"({"id":"obj_1"})", clock.now(), kIntentResendWindow);
    };
    EXPECT_TRUE(db().write_blocking(settle_it));
    EXPECT_FALSE(db().write_blocking(settle_it)) << "once";
    EXPECT_EQ(perform_once()->reply, R"({"id":"obj_1"})");
    EXPECT_EQ(provider.calls, 1);
}

TEST_P(Intents, WhatIsProvenAbsentIsSentUnderANewKey) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    const Intent old = row();
    EXPECT_FALSE(db().write_blocking([&](sql::Transaction& tx) {
        return settle(tx, old, std::nullopt, clock.now(), kIntentResendWindow);
    })) << "it may still come";
    EXPECT_EQ(row().state, IntentState::Unknown);
    clock.advance(hours(25));
    const auto settle_it = [&](sql::Transaction& tx) {
        return settle(tx, old, std::nullopt, clock.now(), kIntentResendWindow);
    };
    EXPECT_TRUE(db().write_blocking(settle_it));
    EXPECT_EQ(row().state, IntentState::Pending);
    EXPECT_NE(row().idempotency_key, old.idempotency_key);
    EXPECT_FALSE(db().write_blocking(settle_it)) << "once";

    provider.mood = FakeProvider::Mood::Works;
    EXPECT_TRUE(perform_once());
    EXPECT_EQ(provider.objects, 1);
}

/// A provider that knows no keys: what is unknown is looked for before it is sent again.
class LookedForIntents : public Intents {
protected:
    Result<IntentOutcome> perform_looking() {
        Looking looking{.find = [this](const Intent&) { return look(); },
                        .absent_after = minutes(2)};
        return run(perform({db(), clock, ids}, request(), provider.sender(), std::move(looking)));
    }
    asio::awaitable<Result<std::optional<std::string>>> look() {
        ++looks;
        if (is_blind) co_return fail(ErrorCode::NotFound, "payment.refused", "no such list");
        clock.advance(search_takes);
        if (provider.objects == 0) co_return std::nullopt;
        co_return std::optional<std::string>(R"({"id":"obj_1"})");
    }

    int looks = 0;
    bool is_blind = false;
    std::chrono::seconds search_takes{0};
};

TEST_P(LookedForIntents, WhatIsThereIsNotMadeTwice) {
    provider.mood = FakeProvider::Mood::LosesAnswers;
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    provider.forget_keys();
    const auto again = perform_looking();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->reply, R"({"id":"obj_1"})");
    EXPECT_EQ(provider.calls, 1);
    EXPECT_EQ(perform_looking()->reply, R"({"id":"obj_1"})");
    EXPECT_EQ(looks, 1) << "then our row tells";
}

TEST_P(LookedForIntents, WhatIsNotThereMayStillComeForAWhile) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    provider.mood = FakeProvider::Mood::Works;
    clock.advance(minutes(2));
    const auto early = perform_looking();
    EXPECT_EQ(reason_of(early), "payment.outcome_unknown");
    EXPECT_EQ(early.error().retry_after_s, 1);
    EXPECT_EQ(provider.calls, 1);

    clock.advance(std::chrono::seconds(1));
    const auto again = perform_looking();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(provider.calls, 2);
    EXPECT_EQ(provider.objects, 1);
}

/// What came while the pages were read may stand on one that was read before.
TEST_P(LookedForIntents, ASearchProvesNothingAboutItsOwnTime) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    clock.advance(minutes(1));
    search_takes = minutes(2);
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    EXPECT_EQ(row().state, IntentState::Unknown);
    EXPECT_EQ(provider.calls, 1);
    provider.mood = FakeProvider::Mood::Works;
    EXPECT_TRUE(perform_looking()) << "this search began three minutes after the request";
    EXPECT_EQ(provider.objects, 1);
}

TEST_P(LookedForIntents, TheWaitBeginsAnewWithEachTry) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    for (int tries = 1; tries <= 3; ++tries) {
        EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
        EXPECT_EQ(provider.calls, tries);
        EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
        EXPECT_EQ(provider.calls, tries) << "the last try may still be under way";
        clock.advance(minutes(3));
    }
}

TEST_P(LookedForIntents, WhoCannotLookDoesNotSend) {
    provider.mood = FakeProvider::Mood::LosesRequests;
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    is_blind = true;
    clock.advance(hours(48));
    EXPECT_EQ(reason_of(perform_looking()), "payment.outcome_unknown");
    EXPECT_EQ(provider.calls, 1);
    EXPECT_EQ(row().state, IntentState::Unknown);
}

TEST_P(Intents, KeysDeriveFromTheObligationAlone) {
    ASSERT_TRUE(perform_once());
    EXPECT_EQ(row().idempotency_key, idempotency_key("fake", obligation, 0));
    // sha256("fake|subscription:sub_1:start"), its first 48 hex digits.
    EXPECT_EQ(row().idempotency_key, "tp_cf0fd19caa8a32d6c8932f4bc44b5f31584e90de037c176f");
    EXPECT_NE(idempotency_key("fake", obligation, 1), idempotency_key("fake", obligation, 0));
    EXPECT_NE(idempotency_key("other", obligation, 0), idempotency_key("fake", obligation, 0));
}

/// Work done again on a backup from before the intent meets the provider's memory.
TEST_P(Intents, ARestoredBackupDoesNotChargeTwice) {
    ASSERT_TRUE(perform_once());
    db().write_blocking(
        [](sql::Transaction& tx) { return tx.run("DELETE FROM provider_intents"); });
    EXPECT_EQ(perform_once()->reply, R"({"id":"obj_1"})");
    EXPECT_EQ(provider.objects, 1);
}

TEST_P(Intents, ConcurrentAskersShareOneOutcome) {
    boost::asio::io_context io;
    std::vector<std::future<Result<IntentOutcome>>> outcomes;
    for (int i = 0; i < 20; ++i)
        outcomes.push_back(asio::co_spawn(
            io, perform({db(), clock, ids}, request(), provider.sender()), asio::use_future));
    io.run();
    for (auto& outcome : outcomes) {
        const auto got = outcome.get();
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_EQ(got->reply, R"({"id":"obj_1"})");
    }
    EXPECT_EQ(provider.objects, 1);
}

/// Every place where the process can die, then the same call by the next process.
TEST_P(Intents, DyingBetweenAnyTwoStepsMakesOneObject) {
    struct Point {
        const char* name;
        int write;  ///< which of perform's writes; 0: in the call itself
        CrashAt where;
    };
    const Point points[] = {
        {"before the intent is durable", 1, CrashAt::BeforeCommit},
        {"after the intent is durable, before the call", 1, CrashAt::AfterCommit},
        {"after the provider acted", 0, CrashAt::BeforeCommit},
        {"before the outcome is durable", 2, CrashAt::BeforeCommit},
        {"after the outcome is durable", 2, CrashAt::AfterCommit},
    };
    int expected_objects = 0;
    for (const Point& point : points) {
        SCOPED_TRACE(point.name);
        obligation = std::string("crash: ") + point.name;
        CrashingDatabase dying(db());
        if (point.write > 0)
            dying.crash(point.write, point.where);
        else
            provider.mood = FakeProvider::Mood::Crashes;
        EXPECT_ANY_THROW((void)run(perform({dying, clock, ids}, request(), provider.sender())));
        EXPECT_EQ(dying.crashed(), point.write > 0);

        provider.mood = FakeProvider::Mood::Works;
        const auto again = perform_once();
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->state, IntentState::Succeeded);
        EXPECT_EQ(provider.objects, ++expected_objects);
    }
}

TEST_P(Intents, CountsWhatIsOpen) {
    const auto open = [&] {
        return db().read_blocking(
            [](sql::Transaction& tx) { return count_unknown_intents(tx, "fake"); });
    };
    EXPECT_EQ(open(), 0);
    provider.mood = FakeProvider::Mood::LosesAnswers;
    EXPECT_EQ(reason_of(perform_once()), "payment.outcome_unknown");
    EXPECT_EQ(open(), 1);
    provider.mood = FakeProvider::Mood::Works;
    ASSERT_TRUE(perform_once());
    EXPECT_EQ(open(), 0);
}

INSTANTIATE_TEST_SUITE_P(, Intents, sql::both_engines(), sql::engine_name);
INSTANTIATE_TEST_SUITE_P(, LookedForIntents, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
