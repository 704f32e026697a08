#include "people/sign_in_guard.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kMonday = from_unix_seconds(1'700'000'000);

class SignInGuardTest : public ::testing::Test {
protected:
    /// \return 0 when there may be an attempt, else how many seconds to wait
    int attempt(const std::string& account, const std::string& peer, Instant now,
                Peer familiar = Peer::Strange) {
        const auto begun = guard_.begin({account, peer}, familiar, now);
        if (begun) return 0;
        EXPECT_EQ(begun.error().reason.text(), "people.too_many_attempts");
        return begun.error().retry_after_s.value();
    }

    SignInGuard guard_;
};

// Five failures are free; then 1, 2, 4, ... seconds.
TEST_F(SignInGuardTest, GuessingFromOneAddressGetsSlow) {
    Instant now = kMonday;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt("alice", "a", now), 0) << i;
    for (const int wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}) {
        EXPECT_EQ(attempt("alice", "a", now), 0);
        EXPECT_EQ(attempt("alice", "a", now), wait);
        now += std::chrono::seconds(wait);
    }
    EXPECT_EQ(attempt("bob", "a", now), 0) << "another account from there";
}

// Twenty free ones over all strange addresses; at the worst one attempt a minute.
TEST_F(SignInGuardTest, StrangersDoNotLockAnybodyOut) {
    Instant now = kMonday;
    for (int i = 0; i < 400; ++i) attempt("alice", "net" + std::to_string(i), now += 1s);
    EXPECT_EQ(attempt("alice", "home", now, Peer::Familiar), 0);
    EXPECT_LE(attempt("alice", "hotel", now), 60);
    EXPECT_EQ(attempt("alice", "hotel", now + 61s), 0);
}

// Fifty free ones of one address over all accounts.
TEST_F(SignInGuardTest, OneAddressTriesManyAccountsSlowly) {
    for (int i = 0; i < 51; ++i)
        EXPECT_EQ(attempt("user" + std::to_string(i), "a", kMonday), 0) << i;
    EXPECT_GT(attempt("another", "a", kMonday), 0);
    EXPECT_EQ(attempt("another", "b", kMonday), 0);
}

// One subscriber of a network has a /64 of addresses: 2^64 of them are one peer.
TEST_F(SignInGuardTest, AddressesOfOneSubscriberAreOne) {
    for (int i = 0; i < 51; ++i)
        attempt("user" + std::to_string(i), "2001:db8:1:2::" + std::to_string(i), kMonday);
    EXPECT_GT(attempt("another", "2001:db8:1:2:ffff::1", kMonday), 0);
    EXPECT_EQ(attempt("another", "2001:db8:1:3::1", kMonday), 0);
}

TEST_F(SignInGuardTest, WhoGetsInIsForgiven) {
    for (int day = 0; day < 100; ++day) {
        ASSERT_EQ(attempt("alice", "office", kMonday), 0) << day;
        guard_.succeeded({"alice", "office"}, Peer::Strange, kMonday);
    }
}

// Five mistakes a day are free, whoever remembers in the end.
TEST_F(SignInGuardTest, WhoGetsInIsForgivenTheMistakesBefore) {
    for (int day = 0; day < 5; ++day) {
        const Instant now = kMonday + std::chrono::hours(day);
        for (int i = 0; i < 6; ++i)
            ASSERT_EQ(attempt("alice", "office", now, Peer::Familiar), 0) << day;
        guard_.succeeded({"alice", "office"}, Peer::Familiar, now);
    }
}

// Mallory keeps good attempts under way while she guesses at others.
TEST_F(SignInGuardTest, AnAccountOfOnesOwnBuysNoGuesses) {
    const SignInGuard::Attempt own{"mallory", "a"};
    for (int i = 0; i < 5; ++i) ASSERT_EQ(attempt(own.account, own.peer, kMonday), 0);
    for (int i = 0; i < 46; ++i)
        ASSERT_EQ(attempt("user" + std::to_string(i), "a", kMonday + 1us), 0) << i;
    EXPECT_EQ(attempt("another", "a", kMonday + 2us), 1);
    for (int i = 0; i < 5; ++i) guard_.succeeded(own, Peer::Strange, kMonday);
    EXPECT_EQ(attempt("another", "a", kMonday + 2us), 1) << "still";
}

// A net of addresses guesses on while its victim signs in from a hotel.
TEST_F(SignInGuardTest, AnAccountsOwnerBuysItsGuessersNone) {
    const SignInGuard::Attempt own{"alice", "hotel"};
    ASSERT_EQ(attempt(own.account, own.peer, kMonday), 0);
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(attempt("alice", "net" + std::to_string(i), kMonday + 1us), 0) << i;
    EXPECT_EQ(attempt("alice", "net", kMonday + 2us), 1);
    guard_.succeeded(own, Peer::Strange, kMonday);
    EXPECT_EQ(attempt("alice", "net", kMonday + 2us), 1) << "still";
}

}  // namespace
}  // namespace turnpike
