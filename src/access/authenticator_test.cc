#include "access/authenticator.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::run;
const Instant kNow = from_unix_seconds(1'700'000'000);
constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

JwtConfig jwt_config() {
    JwtConfig config;
    config.hs256_secret = kSecret;
    return config;
}

http::Request with_headers(http::Headers headers) {
    http::Request request;
    request.headers = std::move(headers);
    return request;
}
http::Request bearer(const std::string& credential) {
    return with_headers({{"Authorization", "Bearer " + credential}});
}

class AuthenticatorTest : public ::testing::Test {
protected:
    struct Made {
        ApiKey key;
        std::string secret;
    };
    Made make(KeyPrefix prefix, std::optional<Instant> expires_at = {}) {
        const auto minted = mint_key(prefix, random_bytes(20));
        ApiKey key{.id = ids_.make<ApiKeyId>(kNow),
                   .customer = std::nullopt,
                   .name = "a key",
                   .scopes = {},
                   .hint = minted.hint,
                   .created_at = kNow,
                   .expires_at = expires_at,
                   .revoked_at = std::nullopt};
        if (prefix == KeyPrefix::Customer)
            key.customer = CustomerId::trusted("cus_01HF00000000000000000000AA");
        else
            key.scopes = {Scope::UsageWrite, Scope::UsageRead};
        return {key, minted.secret};
    }
    Made stored(KeyPrefix prefix, std::optional<Instant> expires_at = {}) {
        auto made = make(prefix, expires_at);
        insert(made);
        return made;
    }
    void insert(const Made& made) {
        db_->write_blocking([&](sql::Transaction& tx) {
            insert_key(tx, made.key, key_hash(made.secret));
            return true;
        });
    }
    void revoke(const ApiKeyId& id) {
        db_->write_blocking([&](sql::Transaction& tx) { return revoke_key(tx, id, clock_.now()); });
    }
    std::string token(Role role, Duration lifetime = 15min) {
        const Claims claims{"alice", role, "a@example.com", clock_.now(), clock_.now() + lifetime};
        return *mint_hs256(jwt_config(), claims);
    }
    Result<Principal> ask(const http::Request& request) {
        return run(authenticator_.authenticate(request));
    }
    std::string outcome(const http::Request& request) {
        const auto principal = ask(request);
        if (principal) return principal->name.empty() ? "anonymous" : principal->name;
        const bool is_deactivated = principal.error().reason == Reason("people.user_deactivated");
        EXPECT_EQ(principal.error().code,
                  is_deactivated ? ErrorCode::Forbidden : ErrorCode::Unauthenticated);
        return std::string(principal.error().reason.text());
    }
    /// What is known without the database; "?" when it would have to be asked.
    std::string outcome_at_once(const http::Request& request) {
        const auto answer = authenticator_.authenticate_at_once(request);
        if (!answer) return "?";
        return *answer ? (*answer)->name : std::string(answer->error().reason.text());
    }

    /// Whether the caller is let in before 100 ms are over, which lie between the two waits for the
    /// ledger (40 ms and 1 s). However late the machine is, one loop's timers end in their order,
    /// and this one is set when the wait has begun already.
    bool is_let_in_soon(const http::Request& request) {
        db_->set(sql::FragileDatabase::State::Hanging);
        boost::asio::io_context io;
        std::optional<Result<Principal>> answer;
        boost::asio::co_spawn(io, authenticator_.authenticate(request),
                              [&](const std::exception_ptr&, Result<Principal> principal) {
                                  answer = std::move(principal);
                              });
        io.poll();
        std::optional<bool> is_soon;
        boost::asio::steady_timer bound(io, 100ms);
        bound.async_wait([&](auto) {
            // Once more around the loop: what the wait's end has set off comes before.
            boost::asio::post(io, [&] { is_soon = answer.has_value(); });
        });
        while (!answer || !is_soon) io.run_one();
        EXPECT_EQ((*answer)->name, "user:alice");
        db_->set(sql::FragileDatabase::State::Up);  // which ends what still waits for it
        io.run();
        return *is_soon;
    }

    std::unique_ptr<sql::Database> ledger_ = sql::open_test_database();
    std::unique_ptr<sql::FragileDatabase> db_ = std::make_unique<sql::FragileDatabase>(*ledger_);
    ManualClock clock_{kNow};
    RandomIdSource ids_;
    Authenticator authenticator_{*KeySet::make(jwt_config()), KeyMode::Test, *db_, clock_, 1'600};
};

TEST_F(AuthenticatorTest, TokensMakeUsersAndAdministrators) {
    const auto user = ask(bearer(token(Role::User)));
    ASSERT_TRUE(user);
    EXPECT_EQ(user->kind, PrincipalKind::Customer);
    EXPECT_EQ(user->external_id, "alice");
    EXPECT_EQ(user->email, "a@example.com");
    EXPECT_EQ(user->name, "user:alice");
    EXPECT_EQ(user->customer, std::nullopt);

    const auto admin = ask(bearer(token(Role::Admin)));
    ASSERT_TRUE(admin);
    EXPECT_EQ(admin->kind, PrincipalKind::Admin);
    EXPECT_EQ(admin->name, "admin:alice");
    EXPECT_TRUE(admin->has(Scope::Operations));
}

TEST_F(AuthenticatorTest, KeysMakeSellersAndCustomers) {
    const auto seller = stored(KeyPrefix::SellerTest);
    for (const auto& request : {bearer(seller.secret), with_headers({{"X-API-Key", seller.secret}}),
                                with_headers({{"x-api-key", seller.secret}}),
                                with_headers({{"authorization", "bearer " + seller.secret}})}) {
        const auto principal = ask(request);
        ASSERT_TRUE(principal);
        EXPECT_EQ(principal->kind, PrincipalKind::Seller);
        EXPECT_EQ(principal->scopes, (std::vector{Scope::UsageWrite, Scope::UsageRead}));
        EXPECT_FALSE(principal->has(Scope::BillingRead));
        EXPECT_EQ(principal->name, "key:" + seller.key.id.text());
    }
    const auto customer = stored(KeyPrefix::Customer);
    const auto principal = ask(bearer(customer.secret));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, PrincipalKind::Customer);
    EXPECT_EQ(principal->customer, customer.key.customer);
    EXPECT_FALSE(principal->has(Scope::UsageWrite));
}

TEST_F(AuthenticatorTest, CredentialsThatAreNotOneCredential) {
    const auto key = stored(KeyPrefix::SellerTest).secret;
    const std::string malformed = "access.credential_malformed";
    const std::pair<http::Headers, std::string> cases[] = {
        {{}, "anonymous"},
        {{{"Cookie", "key=" + key}}, "anonymous"},
        {{{"Authorization", ""}}, malformed},
        {{{"Authorization", "Bearer"}}, malformed},
        {{{"Authorization", "Bearer "}}, malformed},
        {{{"Authorization", "Basic " + to_base64(key + ":")}}, malformed},
        {{{"Authorization", key}}, malformed},
        {{{"Authorization", "Bearer " + std::string(8'193, 'a')}}, malformed},
        {{{"X-API-Key", ""}}, malformed},
        {{{"Authorization", "Bearer " + key}, {"X-API-Key", key}}, malformed},
        {{{"Authorization", "Bearer " + key}, {"Authorization", "Bearer " + key}}, malformed},
        {{{"X-API-Key", key}, {"x-api-key", key}}, malformed},
        {{{"Authorization", "Bearer  " + key}}, "access.token_malformed"},
        {{{"X-API-Key", token(Role::Admin)}}, "access.key_invalid"},
    };
    for (const auto& [headers, expected] : cases)
        EXPECT_EQ(outcome(with_headers(headers)), expected)
            << (headers.empty() ? "" : headers.front().second);
}

TEST_F(AuthenticatorTest, AKeyInTheQueryIsNotRead) {
    auto request = with_headers({});
    const auto key = stored(KeyPrefix::SellerTest).secret;
    request.query = {{"api_key", key}, {"key", key}, {"access_token", key}};
    request.target = "/v1/plans?api_key=" + key;
    EXPECT_EQ(outcome(request), "anonymous");
}

TEST_F(AuthenticatorTest, KeysThatDoNotWork) {
    auto live = stored(KeyPrefix::SellerLive), expired = stored(KeyPrefix::SellerTest, kNow);
    auto revoked = stored(KeyPrefix::SellerTest);
    revoke(revoked.key.id);
    auto wrong_kind = make(KeyPrefix::Customer);
    wrong_kind.key.customer = std::nullopt;
    wrong_kind.key.scopes = {Scope::Operations};
    insert(wrong_kind);
    for (const auto& secret : {live.secret, expired.secret, revoked.secret, wrong_kind.secret,
                               make(KeyPrefix::SellerTest).secret})
        EXPECT_EQ(outcome(bearer(secret)), "access.key_invalid") << secret;
    EXPECT_EQ(outcome(bearer(stored(KeyPrefix::SellerTest, kNow + 1us).secret)).substr(0, 4),
              "key:");
}

// Neither a typing error nor a key of the other mode costs a look-up.
TEST_F(AuthenticatorTest, ChecksumAndModeAreCheckedBeforeTheDatabase) {
    auto typo = stored(KeyPrefix::SellerTest).secret;
    EXPECT_EQ(outcome_at_once(bearer(typo)), "?");
    typo.back() = typo.back() == '0' ? '1' : '0';
    EXPECT_EQ(outcome_at_once(bearer(typo)), "access.key_invalid");
    EXPECT_EQ(outcome_at_once(bearer("tp_test_")), "access.key_invalid");
    EXPECT_EQ(outcome_at_once(bearer(stored(KeyPrefix::SellerLive).secret)), "access.key_invalid");
}

TEST_F(AuthenticatorTest, AKnownKeyIsAnsweredFromMemoryForFiveSeconds) {
    const auto key = stored(KeyPrefix::SellerTest);
    const auto name = "key:" + key.key.id.text();
    ASSERT_EQ(outcome(bearer(key.secret)), name);
    revoke(key.key.id);  // as another node would: without telling this one
    clock_.advance(kKeyMemory - 1us);
    EXPECT_EQ(outcome_at_once(bearer(key.secret)), name);
    clock_.advance(1us);
    EXPECT_EQ(outcome_at_once(bearer(key.secret)), "?");
    // A busy machine may be late with its answer, which counts from then on.
    if (outcome(bearer(key.secret)) == name)
        EXPECT_EQ(outcome(bearer(key.secret)), "access.key_invalid");
    db_->set(sql::FragileDatabase::State::Down);
    clock_.advance(kUnknownKeyMemory);
    EXPECT_THROW(outcome(bearer(key.secret)), sql::Failure) << "it was known to be invalid";
}

TEST_F(AuthenticatorTest, AKnownKeyWorksForAnHourWithoutTheLedger) {
    const auto key = stored(KeyPrefix::SellerTest), stranger = stored(KeyPrefix::SellerTest);
    const auto short_key = stored(KeyPrefix::SellerTest, kNow + 30min);
    const auto name = "key:" + key.key.id.text();
    ASSERT_EQ(outcome(bearer(key.secret)), name);
    ASSERT_NE(outcome(bearer(short_key.secret)), "access.key_invalid");
    db_->set(sql::FragileDatabase::State::Down);
    clock_.advance(30min - 1us);
    EXPECT_EQ(outcome(bearer(short_key.secret)), "key:" + short_key.key.id.text());
    clock_.advance(1us);
    EXPECT_THROW(outcome(bearer(short_key.secret)), sql::Failure) << "it has expired";
    EXPECT_THROW(outcome(bearer(stranger.secret)), sql::Failure);
    clock_.advance(30min - 1us);
    EXPECT_EQ(outcome(bearer(key.secret)), name);
    clock_.advance(1us);
    EXPECT_THROW(outcome(bearer(key.secret)), sql::Failure);
}

TEST_F(AuthenticatorTest, AKeyThatWasForgottenHereDoesNotComeBackWithoutTheLedger) {
    const auto key = stored(KeyPrefix::SellerTest);
    ASSERT_EQ(outcome(bearer(key.secret)), "key:" + key.key.id.text());
    authenticator_.forget_key(key.key.id);
    db_->set(sql::FragileDatabase::State::Down);
    EXPECT_THROW(outcome(bearer(key.secret)), sql::Failure);
}

TEST_F(AuthenticatorTest, AKeyIsNotRememberedPastItsEnd) {
    const auto key = stored(KeyPrefix::SellerTest, kNow + 2s);
    ASSERT_EQ(outcome(bearer(key.secret)), "key:" + key.key.id.text());
    clock_.advance(2s);
    EXPECT_EQ(outcome(bearer(key.secret)), "access.key_invalid");
}

TEST_F(AuthenticatorTest, ARevocationHereWorksAtOnce) {
    const auto key = stored(KeyPrefix::SellerTest), other = stored(KeyPrefix::SellerTest);
    ASSERT_EQ(outcome(bearer(key.secret)), "key:" + key.key.id.text());
    ASSERT_EQ(outcome(bearer(other.secret)), "key:" + other.key.id.text());
    revoke(key.key.id);
    authenticator_.forget_key(key.key.id);
    EXPECT_EQ(outcome(bearer(key.secret)), "access.key_invalid");
    EXPECT_EQ(outcome_at_once(bearer(other.secret)), "key:" + other.key.id.text());
}

TEST_F(AuthenticatorTest, ARevocationIsNotUndoneByALookUpThatItOvertook) {
    for (int round = 0; round < 30; ++round) {
        const auto key = stored(KeyPrefix::SellerTest);
        std::atomic<bool> stop = false;
        std::jthread asking([&] {
            while (!stop) (void)ask(bearer(key.secret));
        });
        std::this_thread::sleep_for(std::chrono::microseconds(200 * (round % 5)));
        revoke(key.key.id);
        authenticator_.forget_key(key.key.id);
        stop = true;
        asking.join();
        ASSERT_EQ(outcome(bearer(key.secret)), "access.key_invalid") << round;
    }
}

TEST_F(AuthenticatorTest, AnUnknownKeyIsRememberedBriefly) {
    const auto key = make(KeyPrefix::SellerTest);
    EXPECT_EQ(outcome(bearer(key.secret)), "access.key_invalid");
    EXPECT_EQ(outcome_at_once(bearer(key.secret)), "access.key_invalid");
    insert(key);
    clock_.advance(kUnknownKeyMemory);
    EXPECT_EQ(outcome_at_once(bearer(key.secret)), "?");
    EXPECT_EQ(outcome(bearer(key.secret)), "key:" + key.key.id.text());
}

TEST_F(AuthenticatorTest, GuessesDoNotPushGoodCredentialsOut) {
    const auto key = stored(KeyPrefix::SellerTest);
    const auto admin = token(Role::Admin);
    ASSERT_EQ(outcome(bearer(key.secret)), "key:" + key.key.id.text());
    ASSERT_EQ(outcome(bearer(admin)), "admin:alice");
    for (int i = 0; i < 3'000; ++i)
        ASSERT_EQ(outcome(bearer(make(KeyPrefix::SellerTest).secret)), "access.key_invalid");
    EXPECT_EQ(outcome_at_once(bearer(key.secret)), "key:" + key.key.id.text());
}

TEST_F(AuthenticatorTest, ARememberedTokenStillExpires) {
    const auto short_token = token(Role::User, 30s);
    EXPECT_EQ(outcome(bearer(short_token)), "user:alice");
    clock_.advance(89s);  // exp + 59 s: inside the leeway
    EXPECT_EQ(outcome(bearer(short_token)), "user:alice");
    clock_.advance(1s);
    EXPECT_EQ(outcome(bearer(short_token)), "access.token_expired");
}

TEST_F(AuthenticatorTest, AHostsTokenIsNoWayBackForADeactivatedUser) {
    const auto set_deactivated = [&](std::optional<Instant> at) {
        db_->write_blocking([&](sql::Transaction& tx) {
            return tx.run("UPDATE users SET deactivated_at = $1 WHERE external_id = 'alice'", {at});
        });
    };
    const auto alice = bearer(token(Role::User));
    EXPECT_EQ(outcome(alice), "user:alice") << "nobody knows her yet";
    db_->write_blocking([&](sql::Transaction& tx) {
        return tx.run(
            "INSERT INTO users (id, external_id, email_key, is_superuser, created_at, version) "
            "VALUES ('usr_1', 'alice', 'usr_1', 0, 0, 1)");
    });
    set_deactivated(clock_.now());
    authenticator_.forget_subject("alice");
    EXPECT_EQ(outcome(alice), "people.user_deactivated");
    EXPECT_EQ(outcome(alice), "people.user_deactivated") << "again";
    EXPECT_EQ(outcome(bearer(token(Role::Admin))), "admin:alice") << "no user of the host's";
    set_deactivated(std::nullopt);
    EXPECT_EQ(outcome(alice), "user:alice");

    set_deactivated(clock_.now());  // on another node
    EXPECT_EQ(outcome_at_once(alice), "user:alice");
    clock_.advance(kSubjectMemory);
    EXPECT_EQ(outcome(alice), "people.user_deactivated");
    for (const auto state : {sql::FragileDatabase::State::Down, sql::FragileDatabase::State::Up}) {
        const auto late = bearer(token(Role::User, 10min));
        db_->set(state);
        const bool is_down = state == sql::FragileDatabase::State::Down;
        EXPECT_EQ(outcome(late), is_down ? "user:alice" : "people.user_deactivated")
            << "an outage shuts nobody out";
    }
}

// Who was let in before waits a little (40 ms) for a ledger that hangs, and is let in, also when
// his token's signature has to be checked anew.
TEST_F(AuthenticatorTest, AHangingLedgerHoldsNoTokenUp) {
    const auto alice = bearer(token(Role::User));
    ASSERT_EQ(outcome(alice), "user:alice");
    clock_.advance(kSubjectMemory);
    EXPECT_TRUE(is_let_in_soon(alice));
    clock_.advance(kTokenMemory);
    EXPECT_TRUE(is_let_in_soon(alice)) << "his signature is forgotten, that we asked is not";
}

// Whether a stranger is deactivated is worth a wait; the ledger's silence is not asked for twice.
TEST_F(AuthenticatorTest, AHangingLedgerHoldsATokenUpOnce) {
    const auto alice = bearer(token(Role::User));
    EXPECT_FALSE(is_let_in_soon(alice));
    EXPECT_TRUE(is_let_in_soon(alice));
    clock_.advance(kTokenMemory);
    EXPECT_TRUE(is_let_in_soon(alice));
}

TEST_F(AuthenticatorTest, AChangedTokenIsAnotherToken) {
    const auto good = token(Role::User);
    ASSERT_EQ(outcome(bearer(good)), "user:alice");
    for (const std::size_t place : {good.find('.') + 5, good.size() - 10}) {
        auto changed = good;
        changed[place] = changed[place] == 'A' ? 'B' : 'A';
        EXPECT_EQ(outcome(bearer(changed)), "access.token_signature");
    }
}

}  // namespace
}  // namespace turnpike
