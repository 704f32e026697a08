#include "notices/notice.h"

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "customers/service.h"
#include "notices/api.h"
#include "notices/notice_worker.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using std::chrono::hours, std::chrono::minutes;

class NoticeTest : public sql::DatabaseTest {
protected:
    CustomerId customer(const std::string& external_id, const std::optional<std::string>& email) {
        return db()
            .write_blocking([&](sql::Transaction& tx) {
                return ensure_customer(tx, external_id, email, now, ids);
            })
            ->id;
    }
    void post(const CustomerId& to, std::string_view kind, const std::string& obligation) {
        db().write_blocking([&](sql::Transaction& tx) {
            post_notice(tx, {kind, obligation, to, {{"amount", "29.00 USD"}}}, now, ids);
            return true;
        });
    }
    std::vector<ClaimedNotice> claim(Instant at) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return claim_notices(tx, at, at + minutes(2), 10); });
    }

    Instant now = from_unix_seconds(1'700'000'000);
    SeededIdSource ids{3};
    CursorCodec tokens{std::string(32, 'k')};
    SecretBox box{{Secret(std::string(SecretBox::kKeyBytes, 'b'))}};
};
INSTANTIATE_TEST_SUITE_P(, NoticeTest, sql::both_engines(), sql::engine_name);

TEST_P(NoticeTest, TellsTheSameOnce) {
    const auto alice = customer("alice", "alice@Example.COM");
    post(alice, "receipt", "invoice:inv_1:paid");
    post(alice, "receipt", "invoice:inv_1:paid");
    post(alice, "receipt", "invoice:inv_2:paid");
    post(customer("bob", std::nullopt), "receipt", "invoice:inv_3:paid");
    const auto claimed = claim(now);
    ASSERT_EQ(claimed.size(), 2U);
    EXPECT_EQ(claimed[0].recipient, "alice@example.com");
    EXPECT_EQ(claimed[0].values.at("amount"), "29.00 USD");
    EXPECT_TRUE(claim(now).empty()) << "they are in somebody's hands";
    EXPECT_EQ(claim(now + minutes(2)).size(), 2U) << "who may have died";
}

TEST_P(NoticeTest, TriesForThreeDays) {
    post(customer("alice", "alice@example.com"), "receipt", "invoice:inv_1:paid");
    const Error away{ErrorCode::Unavailable, "notices.not_sent", "away"};
    Instant at = now;
    int tries = 0;
    for (; tries < 100; ++tries) {
        const auto claimed = claim(at);
        if (claimed.empty()) break;
        db().write_blocking([&](sql::Transaction& tx) {
            mark_notice_failed(tx, claimed[0], away, at);
            return true;
        });
        at += hours(6);
    }
    // At 0, 6, 12 ... hours, and not once the next try would come after 72: 0 to 66 and, by waits
    // of an hour and less in the beginning, 72 itself is still tried.
    EXPECT_GE(tries, 11);
    EXPECT_LE(tries, 13);
}

// Sealed for its own row, so that another row's letter does not open in it.
TEST_P(NoticeTest, ALetterWithASecretStandsSealed) {
    const auto write = [&](const char* obligation, const char* code) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return post_letter(tx, box,
                               {.kind = "invitation",
                                .obligation = obligation,
                                .recipient = "Bob@Example.COM",
                                .values = {{"code", code}},
                                .good_until = now + hours(1)},
                               now, ids);
        });
    };
    write("invitation:1", "canary-1");
    write("invitation:2", "canary-2");
    auto claimed = claim(now);
    ASSERT_EQ(claimed.size(), 2U);
    EXPECT_EQ(claimed[0].recipient, "Bob@example.com");
    EXPECT_FALSE(claimed[0].sealed.contains("canary"));
    EXPECT_EQ(open_values(box, claimed[0])->at("code"), "canary-1");
    EXPECT_EQ(claimed[0].give_up_at, now + hours(1));
    std::swap(claimed[0].sealed, claimed[1].sealed);
    EXPECT_EQ(open_values(box, claimed[0]).error().reason, Reason("secrets.damaged"));
}

TEST_P(NoticeTest, WhatFailedForGoodIsForgotten) {
    post(customer("alice", "alice@example.com"), "receipt", "invoice:inv_1:paid");
    db().write_blocking([&](sql::Transaction& tx) {
        const auto one = claim_notices(tx, now, now + minutes(1), 1).at(0);
        mark_notice_failed(tx, one, {ErrorCode::Unprocessable, "notices.refused", "no"}, now);
        return true;
    });
    const auto row = db().read_blocking(
        [](sql::Transaction& tx) { return tx.one("SELECT state, data FROM notices"); });
    EXPECT_EQ(row->text(0), "failed");
    EXPECT_EQ(row->text(1), "{}");
}

TEST_P(NoticeTest, WhatTheServerRefusesIsNotRepeated) {
    post(customer("alice", "alice@example.com"), "receipt", "invoice:inv_1:paid");
    const auto claimed = claim(now);
    db().write_blocking([&](sql::Transaction& tx) {
        mark_notice_failed(tx, claimed.at(0),
                           {ErrorCode::Unprocessable, "notices.refused", "no such user"}, now);
        return true;
    });
    EXPECT_TRUE(claim(now + hours(1)).empty());
}

TEST_P(NoticeTest, AReaderEndsRemindersAndNothingElse) {
    const auto alice = customer("alice", "alice@example.com");
    NoticesApi api{db(), SystemClock(), tokens, "R&D Ltd"};
    auto request = testing::request_with("");
    const OptOut wish{"alice@example.com", alice, "limit_reached"};
    request.path_values = {{"token", opt_out_token(tokens, wish)}};
    EXPECT_EQ(testing::run(api.get_unsubscribe({}, request))->status, 200);
    post(alice, "limit_reached", "alert:1");
    EXPECT_EQ(claim(now).size(), 1U) << "looking at the page changes nothing";
    EXPECT_EQ(testing::run(api.post_unsubscribe({}, request))->status, 200);
    post(alice, "limit_reached", "alert:2");
    EXPECT_TRUE(claim(now).empty());
    post(alice, "receipt", "invoice:inv_1:paid");
    EXPECT_EQ(claim(now).size(), 1U);
    post(alice, "recommendation", "recommendation:1");
    EXPECT_EQ(claim(now).size(), 1U) << "another kind";
    post(customer("bob", "alice@example.com"), "limit_reached", "alert:3");
    EXPECT_EQ(claim(now).size(), 1U) << "another customer of the same reader's";
    request.path_values = {{"token", "made-up"}};
    EXPECT_EQ(testing::code_of(testing::run(api.post_unsubscribe({}, request))),
              "notices.unknown_token");
}

TEST_P(NoticeTest, AReaderSeesAPageAndNotAProblem) {
    NoticesApi api{db(), SystemClock(), tokens, "R&D Ltd"};
    auto request = testing::request_with("");
    request.headers = {{"Accept", "text/html,*/*;q=0.8"}};
    request.path_values = {{"token", "made-up"}};
    for (const auto ask : {&NoticesApi::get_unsubscribe, &NoticesApi::post_unsubscribe}) {
        const auto page = testing::run((api.*ask)({}, request));
        ASSERT_TRUE(page);
        EXPECT_EQ(page->status, 404);
        EXPECT_TRUE(page->body.contains("<h1>Reminders from R&amp;D Ltd</h1>")) << page->body;
        EXPECT_TRUE(page->body.contains("This link is not one of ours."));
        EXPECT_TRUE(page->body.contains("name=\"viewport\""));
    }
    const OptOut wish{"a@example.com", customer("alice", "a@example.com"), "limit_reached"};
    request.path_values = {{"token", opt_out_token(tokens, wish)}};
    EXPECT_TRUE(testing::run(api.get_unsubscribe({}, request))
                    ->body.contains("<h1>Reminders from R&amp;D Ltd</h1>"));
}

TEST_P(NoticeTest, LettersOfOneThingAreTakenBackTogether) {
    const auto alice = customer("alice", "alice@example.com");
    for (const char* obligation : {"invoice:inv_1:failed:1", "invoice:inv_1:failed:2",
                                   "invoice:inv_1:paid", "invoice:inv_10:failed:1"})
        post(alice, "payment_failed", obligation);
    post(customer("bob", "bob@example.com"), "payment_failed", "invoice:inv_1:failed:3");
    const auto take_back = [&](const char* begin) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return take_back_letters_of(tx, {alice, begin}, now); });
    };
    EXPECT_EQ(take_back("invoice:inv_1:failed:"), 2);
    EXPECT_EQ(take_back("invoice:inv_1:failed:"), 0);
    EXPECT_EQ(claim(now).size(), 3U) << "the receipt, another invoice's, and another customer's";
}

TEST_P(NoticeTest, AllRemindersEndAtOnce) {
    const auto alice = customer("alice", "alice@example.com");
    NoticesApi api{db(), SystemClock(), tokens, "R&D Ltd"};
    auto request = testing::request_with("");
    const OptOut wish{"alice@example.com", alice, "limit_reached"};
    request.path_values = {{"token", opt_out_token(tokens, wish)}};
    const auto page = testing::run(api.get_unsubscribe({}, request));
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->body.contains("how much of your plan you have used"));
    const std::string_view before = "action=\"/v1/unsubscribe/";
    const auto start = page->body.find(before) + before.size();
    request.path_values = {
        {"token", page->body.substr(start, page->body.find('"', start) - start)}};
    EXPECT_EQ(testing::run(api.post_unsubscribe({}, request))->status, 200);
    post(alice, "limit_reached", "alert:1");
    post(alice, "recommendation", "recommendation:1");
    EXPECT_TRUE(claim(now).empty());
}

TEST_P(NoticeTest, WhatNobodyCouldSendIsGivenUp) {
    post(customer("alice", "alice@example.com"), "receipt", "invoice:inv_1:paid");
    const auto sweep = [&](Instant at) {
        return db().write_blocking([&](sql::Transaction& tx) { return sweep_notices(tx, at); });
    };
    EXPECT_EQ(sweep(now + hours(72)), 0);
    EXPECT_EQ(sweep(now + hours(73)), 1);
    EXPECT_TRUE(claim(now + hours(73)).empty());
    EXPECT_EQ(sweep(now + hours(73 + 721)), 1) << "and forgotten after 30 days";
}

}  // namespace
}  // namespace turnpike
