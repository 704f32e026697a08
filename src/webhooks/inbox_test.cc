#include "webhooks/inbox.h"

#include <gtest/gtest.h>

#include "sql/testing.h"
#include "webhooks/resend.h"

namespace turnpike {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Error error_of(ErrorCode code) { return {code, "test.reason", "it did not work"}; }

class Inbox : public sql::DatabaseTest {
protected:
    Stored store(const std::string& id, const std::string& payload = "{}") {
        return db().write_blocking([&](sql::Transaction& tx) {
            return store_event(tx, {"stripe", id, "invoice.paid", payload}, ids, now);
        });
    }
    std::vector<InboxEvent> claim(int limit = 10) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return claim_due_events(tx, policy, now, limit); });
    }
    bool done(const InboxEvent& event) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return mark_event_done(tx, event.id, now); });
    }
    InboxState failed(const InboxEvent& event, ErrorCode code) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return mark_event_failed(tx, event, error_of(code), policy, now);
        });
    }
    InboxCounts counts() { return db().read_blocking(count_events); }
    InboxEvent only() {
        auto all =
            db().read_blocking([](sql::Transaction& tx) { return list_inbox_events(tx, {}); });
        if (all.size() != 1) throw std::runtime_error("expected one event");
        return all[0];
    }
    bool due() {
        return db().read_blocking([&](sql::Transaction& tx) { return has_due_events(tx, now); });
    }

    InboxPolicy policy;
    RandomIdSource ids;
    Instant now = from_unix_seconds(1'726'358'400);
};

TEST_P(Inbox, DoesNotKeepTheSecretsOfAPayload) {
    store("evt_1", R"({"data":{"object":{"id":"pi_1","client_secret":"pi_1_secret_Canary"}}})");
    EXPECT_EQ(claim().at(0).payload,
              R"({"data":{"object":{"id":"pi_1","client_secret":"pi_1_secret_****"}}})");
}

TEST_P(Inbox, KeepsTheFirstCopyOfAnEvent) {
    EXPECT_EQ(store("evt_1", "first"), Stored::New);
    EXPECT_EQ(store("evt_1", "second"), Stored::Duplicate);
    const auto received = now;
    now += std::chrono::microseconds(1);
    EXPECT_EQ(store("evt_2"), Stored::New);
    EXPECT_EQ(counts().pending, 2);
    const auto events = claim();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].payload, "first");
    EXPECT_EQ(events[0].type, "invoice.paid");
    EXPECT_EQ(events[0].received_at, received);
}

TEST_P(Inbox, AClaimHoldsForOneLease) {
    store("evt_1");
    ASSERT_EQ(claim().size(), 1U);
    EXPECT_FALSE(due());
    EXPECT_TRUE(claim().empty());
    now += policy.lease;
    EXPECT_TRUE(due());
    const auto again = claim();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempts, 2);
}

TEST_P(Inbox, ClaimsTheOldestFirstUpToTheLimit) {
    for (int i = 0; i < 5; ++i) {
        store("evt_" + std::to_string(i));
        now += seconds(1);
    }
    const auto first = claim(3);
    ASSERT_EQ(first.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(first[i].provider_event_id, "evt_" + std::to_string(i));
    EXPECT_EQ(claim(3).size(), 2U);
}

TEST_P(Inbox, DoneIsDoneOnce) {
    store("evt_1");
    const auto event = claim().at(0);
    EXPECT_TRUE(done(event));
    EXPECT_FALSE(done(event)) << "a second applier must not repeat the effect";
    EXPECT_EQ(only().state, InboxState::Done);
    EXPECT_EQ(only().applied_at, now);
    now += hours(100);
    EXPECT_TRUE(claim().empty());
    EXPECT_EQ(failed(event, ErrorCode::Conflict), InboxState::Pending);
    EXPECT_EQ(only().state, InboxState::Done) << "final";
}

TEST_P(Inbox, BacksOffByDoublingUpToAnHour) {
    const std::pair<int, int> waits[] = {{1, 1},     {2, 2},     {3, 4},      {12, 2048},
                                         {13, 3600}, {20, 3600}, {1000, 3600}};
    for (const auto& [attempts, wait] : waits)
        EXPECT_EQ(inbox_backoff(policy, attempts), seconds(wait)) << attempts;

    store("evt_1");
    EXPECT_EQ(failed(claim().at(0), ErrorCode::Conflict), InboxState::Pending);
    EXPECT_EQ(only().next_attempt_at, now + seconds(1));
    EXPECT_EQ(only().last_error, "test.reason: it did not work");
    EXPECT_TRUE(claim().empty());
    now += seconds(1);
    EXPECT_EQ(failed(claim().at(0), ErrorCode::Conflict), InboxState::Pending);
    EXPECT_EQ(only().next_attempt_at, now + seconds(2));
}

TEST_P(Inbox, OurOwnErrorIsDeadAfterTwentyTries) {
    store("evt_1");
    int tries = 0;
    while (counts().dead == 0 && tries < 100) {
        now = only().next_attempt_at;
        const auto state = failed(claim().at(0), ErrorCode::Unprocessable);
        EXPECT_EQ(state, ++tries < 20 ? InboxState::Pending : InboxState::Dead);
    }
    EXPECT_EQ(tries, 20);
    EXPECT_EQ(counts().pending, 0);
    now += hours(100);
    EXPECT_TRUE(claim().empty());
}

TEST_P(Inbox, WaitingForTheProviderIsBoundedByThreeDays) {
    store("evt_1");
    const auto received = now;
    while (counts().dead == 0 && now < received + hours(24 * 30)) {
        now = only().next_attempt_at;
        failed(claim().at(0), ErrorCode::Unavailable);
    }
    EXPECT_EQ(counts().dead, 1);
    EXPECT_GT(now - received, hours(72));
    EXPECT_LT(now - received, hours(74));
}

TEST_P(Inbox, AServerThatWasAwayForDaysStillTriesTwentyTimes) {
    store("evt_1");
    now += hours(200);
    EXPECT_EQ(failed(claim().at(0), ErrorCode::Unavailable), InboxState::Pending);
}

TEST_P(Inbox, ADeadEventCanBeRevived) {
    policy.attempts_max = 1;
    store("evt_1");
    const auto event = claim().at(0);
    const auto revive = [&] {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return revive_event(tx, event.id, now); });
    };
    EXPECT_FALSE(revive()) << "only a dead one";
    EXPECT_EQ(failed(event, ErrorCode::Conflict), InboxState::Dead);
    EXPECT_TRUE(revive());
    EXPECT_EQ(claim().at(0).attempts, 1);
}

TEST_P(Inbox, AnEventThatWasGivenUpIsSentAgainByHandWithARecord) {
    policy.attempts_max = 1;
    store("evt_1", R"({"id":"evt_1"})");
    const auto event = claim().at(0);
    const Authority root{"user:root", "req_1"};
    const auto resend = [&](const std::string& id) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return resend_event(tx, id, root, now, ids); });
    };
    EXPECT_EQ(resend("whe_none").error().reason.text(), "webhook.event_not_found");
    EXPECT_EQ(resend(event.id.text()).error().reason.text(), "webhook.event_not_dead");
    EXPECT_EQ(failed(event, ErrorCode::Conflict), InboxState::Dead);
    now += hours(1);
    const auto sent = resend(event.id.text());
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, InboxState::Pending);
    EXPECT_EQ(sent->payload, R"({"id":"evt_1"})");
    EXPECT_EQ(only().state, InboxState::Pending);
    EXPECT_EQ(only().next_attempt_at, now);
    const auto audited = db().read_blocking([&](sql::Transaction& tx) {
        return tx.one("SELECT actor FROM audit_events WHERE action = 'webhook_event.resent'")
            ->text(0);
    });
    EXPECT_EQ(audited, "user:root");
    EXPECT_EQ(claim().at(0).attempts, 1);
}

TEST_P(Inbox, AListHasPayloadsWhereTheyAreAskedFor) {
    store("evt_1", R"({"id":"evt_1"})");
    EXPECT_EQ(only().payload, "");
    const auto loaded = db().read_blocking(
        [](sql::Transaction& tx) { return list_inbox_events(tx, {}, Payloads::Load); });
    EXPECT_EQ(loaded.at(0).payload, R"({"id":"evt_1"})");
}

TEST_P(Inbox, AFailureOfAnOlderClaimDoesNotDisturbANewerOne) {
    store("evt_1");
    const auto slow = claim().at(0);
    now += policy.lease;
    const auto quick = claim().at(0);
    failed(slow, ErrorCode::Conflict);
    EXPECT_EQ(only().next_attempt_at, quick.next_attempt_at);
    EXPECT_FALSE(only().last_error);
}

TEST_P(Inbox, LongErrorsAreCutBetweenCharacters) {
    store("evt_1");
    const auto event = claim().at(0);
    std::string message;
    for (int i = 0; i < 300; ++i) message += "\xC3\xA9";  // é
    db().write_blocking([&](sql::Transaction& tx) {
        return mark_event_failed(tx, event, {ErrorCode::Conflict, "test.reason", message}, policy,
                                 now);
    });
    // 13 bytes "test.reason: " and 243 whole characters of two bytes: 499.
    EXPECT_EQ(only().last_error->size(), 499U);
}

TEST_P(Inbox, ListsNewestFirstByPages) {
    for (int i = 0; i < 5; ++i) {
        store("evt_" + std::to_string(i));
        now += seconds(1);
    }
    const auto list = [&](InboxFilter filter) {
        std::string names;
        for (const auto& event : db().read_blocking(
                 [&](sql::Transaction& tx) { return list_inbox_events(tx, filter); })) {
            EXPECT_EQ(event.payload, "");
            names += event.provider_event_id.substr(4);
        }
        return names;
    };
    EXPECT_EQ(list({}), "43210");
    EXPECT_EQ(list({.fetch = 2}), "43");
    const auto events =
        db().read_blocking([](sql::Transaction& tx) { return list_inbox_events(tx, {}); });
    EXPECT_EQ(list({.before = events[1].id.text(), .fetch = 2}), "21");
    EXPECT_EQ(list({.state = InboxState::Dead}), "");
    EXPECT_TRUE(done(claim(1).at(0)));
    EXPECT_EQ(list({.state = InboxState::Done}), "0");
    EXPECT_EQ(list({.state = InboxState::Pending}), "4321");
}

INSTANTIATE_TEST_SUITE_P(, Inbox, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
