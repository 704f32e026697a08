#include "access/sessions.h"

#include <gtest/gtest.h>

#include "access/authenticator.h"
#include "access/handler_testing.h"
#include "access/session_cookie.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::run;

class SessionsTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        authenticator_ =
            std::make_unique<Authenticator>(*KeySet::make({}), KeyMode::Test, db(), clock_);
        alice_ = user("alice");
    }
    UserId user(const std::string& name) {
        const auto id = ids_.make<UserId>(clock_.now());
        db().write_blocking([&](sql::Transaction& tx) {
            return tx.run(
                "INSERT INTO users (id, external_id, email_key, is_superuser, created_at, version) "
                "VALUES ($1, $2, $1, 0, $3, 1)",
                {id, name, clock_.now()});
        });
        return id;
    }
    struct Opened {
        Session session;
        std::string secret;
    };
    Opened open(const UserId& user, bool is_superuser = false,
                const std::string& peer = "192.0.2.1") {
        Session session{.id = ids_.make<SessionId>(clock_.now()),
                        .user = user,
                        .external_id = "alice",
                        .email = "alice@example.com",
                        .is_superuser = is_superuser,
                        .peer = peer,
                        .user_agent = "curl",
                        .created_at = clock_.now(),
                        .last_used_at = clock_.now(),
                        .revoked_at = std::nullopt};
        auto minted =
            db().write_blocking([&](sql::Transaction& tx) { return open_session(tx, session); });
        return {std::move(session), std::move(minted.secret)};
    }
    std::string name_of(const http::Request& request) {
        const auto principal = run(authenticator_->authenticate(request));
        return principal ? principal->name : std::string(principal.error().reason.text());
    }
    std::string name_of(const std::string& secret) {
        http::Request request;
        request.headers = {{"Authorization", "Bearer " + secret}};
        return name_of(request);
    }
    bool revoke(const UserId& user, const SessionId& id) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return revoke_session(tx, user, id, clock_.now()); });
    }
    std::size_t alive(const UserId& user) {
        return db()
            .read_blocking(
                [&](sql::Transaction& tx) { return live_sessions(tx, user, clock_.now()); })
            .size();
    }

    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids_;
    std::unique_ptr<Authenticator> authenticator_;
    UserId alice_ = UserId::trusted("");
};
INSTANTIATE_TEST_SUITE_P(Engines, SessionsTest, sql::both_engines(), sql::engine_name);

TEST_P(SessionsTest, MakeUsersAndSuperusers) {
    const auto opened = open(alice_);
    http::Request request;
    request.headers = {{"Authorization", "Bearer " + opened.secret}};
    const auto principal = run(authenticator_->authenticate(request));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, PrincipalKind::Customer);
    EXPECT_EQ(principal->user, alice_);
    EXPECT_EQ(principal->session, opened.session.id);
    EXPECT_EQ(principal->external_id, "alice");
    EXPECT_EQ(principal->email, "alice@example.com");
    EXPECT_EQ(principal->name, "user:alice");
    EXPECT_TRUE(principal->is_user());

    EXPECT_EQ(name_of(open(alice_, true).secret), "admin:alice");
}

TEST_P(SessionsTest, EndWhenUnusedAndInAnyCaseAfterHalfADay) {
    const auto used = open(alice_), unused = open(alice_);
    for (int i = 0; i < 24; ++i) {
        clock_.advance(29min + 30s);
        EXPECT_EQ(name_of(used.secret), "user:alice") << i;
    }
    // 24 times 29.5 minutes are 11 h 48 min.
    EXPECT_EQ(name_of(unused.secret), "access.session_over");
    clock_.advance(11min);
    EXPECT_EQ(name_of(used.secret), "user:alice");
    clock_.advance(1min);
    EXPECT_EQ(name_of(used.secret), "access.session_over");
    EXPECT_EQ(alive(alice_), 0U);
}

TEST_P(SessionsTest, ARevokedOneEndsAtOnceHere) {
    const auto one = open(alice_), other = open(alice_);
    EXPECT_EQ(name_of(one.secret), "user:alice");
    const auto mallory = user("mallory");
    EXPECT_FALSE(revoke(mallory, one.session.id)) << "somebody else's";
    EXPECT_TRUE(revoke(alice_, one.session.id));
    EXPECT_FALSE(revoke(alice_, one.session.id));
    authenticator_->forget_session(one.session.id);
    EXPECT_EQ(name_of(one.secret), "access.session_over");
    EXPECT_EQ(name_of(other.secret), "user:alice");

    db().write_blocking(
        [&](sql::Transaction& tx) { return revoke_sessions(tx, alice_, clock_.now()); });
    authenticator_->forget_user(alice_);
    EXPECT_EQ(name_of(other.secret), "access.session_over");
}

TEST_P(SessionsTest, AnotherNodeNoticesWithinSeconds) {
    const auto one = open(alice_);
    EXPECT_EQ(name_of(one.secret), "user:alice");
    EXPECT_TRUE(revoke(alice_, one.session.id));
    EXPECT_EQ(name_of(one.secret), "user:alice");
    clock_.advance(kSessionMemory);
    EXPECT_EQ(name_of(one.secret), "access.session_over");
}

TEST_P(SessionsTest, TheCookieWorksForPagesOfThisSite) {
    const auto one = open(alice_);
    http::Request request;
    request.headers = {{"Cookie", set_session_cookie(one.secret)}};
    EXPECT_EQ(name_of(request), "user:alice");
    request.method = http::Method::Post;
    EXPECT_EQ(name_of(request), "access.cross_site");
    request.headers.emplace_back("Sec-Fetch-Site", "same-origin");
    EXPECT_EQ(name_of(request), "user:alice");
    request.headers = {{"Cookie", set_session_cookie("tp_test_x")}};
    request.method = http::Method::Get;
    EXPECT_EQ(name_of(request), "access.session_over") << "keys do not come in cookies";
    request.headers = {{"X-API-Key", one.secret}};
    EXPECT_EQ(name_of(request), "access.key_invalid") << "nor sessions as keys";
    request.headers = {{"Authorization", "Bearer " + one.secret}, {"Cookie", "a=b"}};
    EXPECT_EQ(name_of(request), "user:alice");
}

TEST_P(SessionsTest, GuessesAndMistypedOnesAreRefused) {
    const auto one = open(alice_);
    auto mistyped = one.secret;
    mistyped.back() = mistyped.back() == '0' ? '1' : '0';
    for (const auto& guess :
         {mistyped, std::string("tps_"), mint_key(KeyPrefix::Session, std::string(20, 'x')).secret,
          mint_key(KeyPrefix::Invitation, std::string(20, 'x')).secret})
        EXPECT_NE(name_of(guess), "user:alice") << guess;
}

TEST_P(SessionsTest, OneUserHasABoundedNumber) {
    const auto first = open(alice_);
    for (int i = 0; i < kSessionsMax; ++i) {
        clock_.advance(1s);
        open(alice_);
    }
    EXPECT_EQ(alive(alice_), std::size_t{kSessionsMax});
    EXPECT_EQ(name_of(first.secret), "access.session_over");
}

TEST_P(SessionsTest, RememberWhereAUserSignsInFrom) {
    const auto from = [&](std::string_view peer) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return has_signed_in_from(tx, alice_, peer); });
    };
    EXPECT_FALSE(from("192.0.2.1"));
    open(alice_);
    EXPECT_TRUE(from("192.0.2.1"));
    EXPECT_FALSE(from("192.0.2.2"));
}

// What is one peer to the guard of sign-ins is one here: a device takes a new address of its
// network's /64 every day (RFC 8981).
TEST_P(SessionsTest, RememberANetworkNotADevicesAddressOfTheDay) {
    const auto from = [&](std::string_view peer) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return has_signed_in_from(tx, alice_, peer); });
    };
    open(alice_, false, "2001:db8:1:2:a5f0:11ff:fe22:3344");
    EXPECT_TRUE(from("2001:db8:1:2:7c1d:90e2:4b66:1"));
    EXPECT_FALSE(from("2001:db8:1:3:a5f0:11ff:fe22:3344"));
    EXPECT_FALSE(from("192.0.2.1"));
}

}  // namespace
}  // namespace turnpike
