#include "people/auth_api.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "access/session_cookie.h"
#include "audit/audit.h"
#include "people/letters_testing.h"
#include "people/user_store.h"
#include "people/users_api.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::admin;
using testing::code_of;
using testing::request_with;
using testing::run;
using testing::seen;

constexpr const char* kPassword = "correct horse";

class AuthApiTest : public sql::DatabaseTest {
protected:
    using Handler = AuthApi::Answer (AuthApi::*)(const Principal&, const http::Request&);

    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        authenticator_ =
            std::make_unique<Authenticator>(*KeySet::make({}), KeyMode::Test, db(), clock_);
        api_.emplace(AuthApi{db(),
                             clock_,
                             ids_,
                             *authenticator_,
                             passwords_,
                             guard_,
                             [this](SignInFate fate) { ++fates_[fate]; },
                             {box_, true, {}},
                             SignUps::Open});
        users_.emplace(UsersApi{db(), clock_, ids_, *authenticator_, cursors_});
    }

    Result<http::Response> call(Handler handler, const Json& body, const Principal& caller = {}) {
        auto request = request_with(body.is_null() ? "" : to_text(body));
        request.method = http::Method::Post;
        request.peer = peer_;
        request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
        request.path_values = path_;
        return run((*api_.*handler)(caller, request));
    }
    Result<http::Response> sign_up(const std::string& email, const std::string& password) {
        return call(&AuthApi::post_signup, {{"email", email}, {"password", password}});
    }
    Result<http::Response> login(const std::string& email, const std::string& password) {
        return call(&AuthApi::post_login, {{"email", email}, {"password", password}});
    }
    static std::string token_of(const Result<http::Response>& answer) {
        return seen(answer).body["token"].get<std::string>();
    }
    Result<Principal> who(const std::string& token) {
        http::Request request;
        request.headers = {{"Authorization", "Bearer " + token}};
        return run(authenticator_->authenticate(request));
    }
    std::string name_of(const std::string& token) {
        const auto principal = who(token);
        return principal ? principal->name : std::string(principal.error().reason.text());
    }
    /// The tokens in the letters that wait, oldest first.
    std::vector<std::string> letters(const std::string& recipient) {
        return testing::letter_codes(db(), box_, "password_reset", recipient);
    }
    std::int64_t count(const std::string& table) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM " + table)->integer(0);
        });
    }
    std::set<std::string> deeds() {
        const auto records = db().read_blocking(
            [](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {}); });
        std::set<std::string> actions;
        for (const auto& record : records) actions.insert(record.entry.action);
        return actions;
    }

    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids_;
    CursorCodec cursors_{std::string(32, 'k')};
    SecretBox box_{{Secret(std::string(SecretBox::kKeyBytes, 'b'))}};
    PasswordPool passwords_{2, kCheapPassword};
    SignInGuard guard_;
    std::map<SignInFate, int> fates_;
    std::unique_ptr<Authenticator> authenticator_;
    std::optional<AuthApi> api_;
    std::optional<UsersApi> users_;
    std::string peer_ = "192.0.2.1";
    http::Headers headers_;
    std::vector<std::pair<std::string_view, std::string>> path_;
};
INSTANTIATE_TEST_SUITE_P(Engines, AuthApiTest, sql::both_engines(), sql::engine_name);

TEST_P(AuthApiTest, WhoSignsUpIsSignedIn) {
    const auto answer =
        call(&AuthApi::post_signup,
             {{"email", "Alice@Example.com"}, {"password", kPassword}, {"name", "Alice"}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(*http::find_header(answer->headers, "Cache-Control"), "no-store");
    EXPECT_EQ(http::find_header(answer->headers, "Set-Cookie"), nullptr);
    const auto body = seen(answer).body;
    EXPECT_EQ(body["user"]["email"], "Alice@Example.com");
    EXPECT_EQ(body["user"]["external_id"], body["user"]["id"]);
    EXPECT_EQ(body["user"]["is_superuser"], false);
    EXPECT_EQ(body["session"]["expires_at"], "2023-11-14T22:43:20Z") << "half an hour later";
    EXPECT_TRUE(body["token"].get<std::string>().starts_with("tps_"));

    const auto principal = who(token_of(answer));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, PrincipalKind::Customer);
    EXPECT_EQ(principal->name, "user:" + body["user"]["id"].get<std::string>());
    const auto me = seen(call(&AuthApi::get_me, {}, *principal)).body;
    EXPECT_EQ(me["name"], "Alice");
    EXPECT_EQ(deeds(), (std::set<std::string>{"user.created", "user.signed_in"}));
    for (const auto* secret : {kPassword, "Alice", "xample"})
        for (const auto& record : db().read_blocking(
                 [](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {}); }))
            EXPECT_EQ(to_text(record.entry.detail).find(secret), std::string::npos);
}

TEST_P(AuthApiTest, OneMailboxIsOneUser) {
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    EXPECT_EQ(code_of(sign_up("ALICE@example.COM", "another horse")), "people.email_taken");
    EXPECT_TRUE(sign_up("\u0430lice@example.com", kPassword)) << "a Cyrillic letter is another";
    EXPECT_TRUE(login("ALICE@example.com", kPassword));
    EXPECT_EQ(code_of(login("alice@example.com", "another horse")), "people.sign_in_refused");
}

TEST_P(AuthApiTest, WhereOnlyTheInvitedSignUpNobodyElseDoes) {
    api_->sign_ups = SignUps::Invited;
    EXPECT_EQ(code_of(sign_up("alice@example.com", kPassword)), "people.sign_up_closed");
    const Json guess{
        {"email", "alice@example.com"}, {"password", kPassword}, {"invitation", "tpi_guessed"}};
    EXPECT_EQ(code_of(call(&AuthApi::post_signup, guess)), "people.sign_up_closed");
}

TEST_P(AuthApiTest, SignUpRefusals) {
    const std::pair<Json, const char*> cases[] = {
        {{{"email", "nobody"}, {"password", kPassword}}, "people.invalid_email"},
        {{{"email", "a>b<c@x.com"}, {"password", kPassword}}, "people.invalid_email"},
        {{{"email", "a@example.com"}, {"password", "short"}}, "people.weak_password"},
        {{{"email", "a@example.com"}, {"password", "password1"}}, "people.weak_password"},
        {{{"email", "abcdefgh@example.com"}, {"password", "ABCDEFGH@example.com"}},
         "people.weak_password"},
        {{{"email", "a@example.com"}}, "request.invalid_body"},
        {{{"email", "a@example.com"}, {"password", std::string(1025, 'x')}},
         "request.invalid_body"},
        {{{"email", "a@example.com"}, {"password", kPassword}, {"is_superuser", true}},
         "request.invalid_body"},
        {{{"email", "a@example.com"}, {"password", kPassword}, {"name", "4242 4242 4242 4242"}},
         "request.card_number"},
    };
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(code_of(call(&AuthApi::post_signup, body)), expected) << to_text(body);
    EXPECT_EQ(count("users"), 0);
}

// Five of one address and fifty of any are free, the next one costs a wait, as with signing in
// (sign_in_guard.cc): 6 + 45 are the 51 after which somebody waits whatever he asks.
TEST_P(AuthApiTest, WhoAsksWhichAddressesAreTakenWaits) {
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(code_of(sign_up("alice@example.com", kPassword)), "people.email_taken");
    EXPECT_EQ(code_of(sign_up("ALICE@example.com", kPassword)), "people.too_many_attempts");
    EXPECT_EQ(code_of(sign_up("bob@example.com", kPassword)), "ok");
    for (int i = 0; i < 45; ++i) {
        const auto name = "user" + std::to_string(i) + "@example.com";
        ASSERT_TRUE(sign_up(name, kPassword)) << "who makes accounts is not slowed down";
        EXPECT_EQ(code_of(sign_up(name, kPassword)), "people.email_taken");
    }
    EXPECT_EQ(code_of(sign_up("carl@example.com", kPassword)), "people.too_many_attempts");
    peer_ = "192.0.2.77";
    EXPECT_EQ(code_of(sign_up("carl@example.com", kPassword)), "ok");
    EXPECT_TRUE(login("alice@example.com", kPassword)) << "strangers do not keep her out";
}

TEST_P(AuthApiTest, AWrongPasswordAndAWrongAddressAreToldAlike) {
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    const auto wrong = login("alice@example.com", "wrong horse");
    const auto nobody = login("nobody@example.com", kPassword);
    const auto no_address = login("nobody", kPassword);
    EXPECT_EQ(seen(wrong).status, 401);
    EXPECT_EQ(to_text(seen(wrong).body), to_text(seen(nobody).body));
    EXPECT_EQ(to_text(seen(wrong).body), to_text(seen(no_address).body));
    EXPECT_EQ(fates_[SignInFate::Refused], 3);
}

TEST_P(AuthApiTest, GuessingIsHeldBackAndTheOwnerIsNot) {
    peer_ = "192.0.2.7";
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    peer_ = "198.51.100.1";
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(code_of(login("alice@example.com", "guess " + std::to_string(i))),
                  "people.sign_in_refused");
    const auto held = login("alice@example.com", kPassword);
    EXPECT_EQ(seen(held).status, 429) << "even the right one waits";
    EXPECT_EQ(held.error().retry_after_s, 1);
    EXPECT_EQ(fates_[SignInFate::HeldBack], 1);
    peer_ = "192.0.2.7";
    EXPECT_TRUE(login("alice@example.com", kPassword));
}

TEST_P(AuthApiTest, ABrowsersSessionIsInACookieAndNotInTheBody) {
    headers_ = {{"Sec-Fetch-Site", "same-origin"}};
    const auto answer =
        call(&AuthApi::post_signup,
             {{"email", "alice@example.com"}, {"password", kPassword}, {"cookie", true}});
    ASSERT_TRUE(answer);
    EXPECT_FALSE(seen(answer).body.contains("token"));
    const auto* cookie = http::find_header(answer->headers, "Set-Cookie");
    ASSERT_NE(cookie, nullptr);
    EXPECT_TRUE(cookie->starts_with("__Host-turnpike_session=tps_"));
    EXPECT_TRUE(cookie->ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));

    headers_ = {{"Sec-Fetch-Site", "cross-site"}};
    EXPECT_EQ(code_of(login("alice@example.com", kPassword)), "access.cross_site")
        << "nobody is signed in by another site";
    headers_ = {{"Origin", "https://evil.example"}, {"Host", "pay.example"}};
    EXPECT_EQ(code_of(login("alice@example.com", kPassword)), "access.cross_site");
}

TEST_P(AuthApiTest, EachLoginIsANewSessionAndLogoutEndsIt) {
    const auto first = token_of(sign_up("alice@example.com", kPassword));
    const auto second = token_of(login("alice@example.com", kPassword));
    EXPECT_NE(first, second);
    const auto caller = *who(first);
    const auto ended = call(&AuthApi::post_logout, {}, caller);
    ASSERT_TRUE(ended);
    EXPECT_TRUE(http::find_header(ended->headers, "Set-Cookie")->contains("Max-Age=0"));
    EXPECT_EQ(name_of(first), "access.session_over");
    EXPECT_NE(name_of(second), "access.session_over");
}

TEST_P(AuthApiTest, SessionsAreListedAndEndedByTheirOwner) {
    const auto first = token_of(sign_up("alice@example.com", kPassword));
    clock_.advance(1s);
    const auto second = token_of(login("alice@example.com", kPassword));
    const auto mallory = *who(token_of(sign_up("mallory@example.com", kPassword)));
    const auto alice = *who(second);
    const auto listed = seen(call(&AuthApi::get_sessions, {}, alice)).body["data"];
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0]["current"], true);
    EXPECT_EQ(listed[1]["current"], false);
    EXPECT_EQ(listed[1]["peer"], "192.0.2.1");

    path_ = {{"session", listed[1]["id"].get<std::string>()}};
    EXPECT_EQ(code_of(call(&AuthApi::delete_session, {}, mallory)), "people.session_not_found");
    EXPECT_EQ(code_of(call(&AuthApi::delete_session, {}, alice)), "ok");
    EXPECT_EQ(code_of(call(&AuthApi::delete_session, {}, alice)), "people.session_not_found");
    EXPECT_EQ(name_of(first), "access.session_over");
}

TEST_P(AuthApiTest, ANewPasswordEndsEverySession) {
    const auto elsewhere = token_of(sign_up("alice@example.com", kPassword));
    const auto here = token_of(login("alice@example.com", kPassword));
    const auto caller = *who(here);
    const auto change = [&](const char* current, const char* wanted) {
        return call(&AuthApi::post_password, {{"current_password", current}, {"password", wanted}},
                    caller);
    };
    EXPECT_EQ(code_of(change("wrong horse", "battery staple")), "people.sign_in_refused");
    EXPECT_EQ(code_of(change(kPassword, "password1")), "people.weak_password");
    const auto changed = change(kPassword, "battery staple");
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(name_of(elsewhere), "access.session_over");
    EXPECT_EQ(name_of(here), "access.session_over");
    EXPECT_EQ(name_of(token_of(changed)), caller.name);
    EXPECT_EQ(code_of(login("alice@example.com", kPassword)), "people.sign_in_refused");
    EXPECT_TRUE(login("alice@example.com", "battery staple"));
}

TEST_P(AuthApiTest, AForgottenPasswordIsSetByALetterOnce) {
    const auto session = token_of(sign_up("alice@example.com", kPassword));
    const auto asked = call(&AuthApi::post_password_reset, {{"email", "Alice@example.com"}});
    EXPECT_EQ(seen(asked).status, 202);
    const auto sent = letters("alice@example.com");
    ASSERT_EQ(sent.size(), 1U) << "to the account's own address";
    const auto confirm = [&](const std::string& token, const char* password) {
        return call(&AuthApi::post_password_reset_confirm,
                    {{"token", token}, {"password", password}});
    };
    EXPECT_EQ(code_of(confirm(sent[0], "short")), "people.weak_password");
    EXPECT_EQ(code_of(confirm(sent[0], "battery staple")), "ok");
    EXPECT_EQ(code_of(confirm(sent[0], "battery horse")), "people.reset_invalid");
    EXPECT_EQ(name_of(session), "access.session_over");
    EXPECT_TRUE(login("alice@example.com", "battery staple"));
    for (const auto* other : {"tpr_", "", "tpr_00000000000000000000000000000000000000"})
        EXPECT_NE(code_of(confirm(other, "battery horse")), "ok") << other;
}

TEST_P(AuthApiTest, AResetLinkIsOverAfterAnHour) {
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    ASSERT_TRUE(call(&AuthApi::post_password_reset, {{"email", "alice@example.com"}}));
    clock_.advance(1h);
    EXPECT_EQ(
        code_of(call(&AuthApi::post_password_reset_confirm,
                     {{"token", letters("alice@example.com")[0]}, {"password", "battery staple"}})),
        "people.reset_invalid");
}

TEST_P(AuthApiTest, NobodyLearnsWhoHasAnAccount) {
    ASSERT_TRUE(sign_up("alice@example.com", kPassword));
    const auto ask = [&](const char* email) {
        return call(&AuthApi::post_password_reset, {{"email", email}});
    };
    const auto known = ask("alice@example.com"), unknown = ask("nobody@example.com"),
               nonsense = ask("nobody");
    EXPECT_EQ(known->status, 202);
    EXPECT_EQ(known->body, unknown->body);
    EXPECT_EQ(known->body, nonsense->body);
    EXPECT_EQ(count("notices"), 1);
    EXPECT_EQ(count("password_resets"), 1);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask("alice@example.com"));
    EXPECT_EQ(count("notices"), 3) << "nobody's mailbox is flooded";
    clock_.advance(1h);
    ASSERT_TRUE(ask("alice@example.com"));
    EXPECT_EQ(count("notices"), 4);
}

TEST_P(AuthApiTest, AHostsUserGetsARowAndHasNoPassword) {
    auto token = testing::user("alice");
    token.email = "alice@example.com";
    const auto me = seen(call(&AuthApi::get_me, {}, token)).body;
    EXPECT_EQ(me["external_id"], "alice");
    EXPECT_EQ(me["email"], "alice@example.com");
    EXPECT_EQ(me["has_password"], false);
    EXPECT_EQ(seen(call(&AuthApi::get_me, {}, token)).body["id"], me["id"]);
    EXPECT_EQ(count("users"), 1);

    EXPECT_EQ(code_of(call(&AuthApi::post_logout, {}, token)), "people.no_session");
    EXPECT_EQ(code_of(call(&AuthApi::post_password,
                           {{"current_password", "x"}, {"password", "battery staple"}}, token)),
              "people.no_password");
    ASSERT_TRUE(call(&AuthApi::post_password_reset, {{"email", "alice@example.com"}}));
    EXPECT_EQ(count("notices"), 0);
    EXPECT_EQ(code_of(login("alice@example.com", kPassword)), "people.sign_in_refused");
}

// Neither can have claimed the other's account: the address is not proved by signing up.
TEST_P(AuthApiTest, AHostsUserAndOneWithAPasswordAreTwo) {
    const auto with_password = seen(sign_up("alice@example.com", kPassword)).body["user"];
    auto token = testing::user("alice");
    token.email = "Alice@example.com";
    const auto me = seen(call(&AuthApi::get_me, {}, token)).body;
    EXPECT_NE(me["id"], with_password["id"]);
    EXPECT_EQ(me["email"], nullptr);
}

TEST_P(AuthApiTest, ADeactivatedUserIsOutAtOnce) {
    const auto session = token_of(sign_up("alice@example.com", kPassword));
    EXPECT_NE(name_of(session), "access.session_over");
    auto request = request_with("");
    request.path_values = {{"user", "alice@example.com"}};
    EXPECT_EQ(seen(run(users_->post_deactivate(admin(), request))).body["is_active"], false);
    EXPECT_EQ(name_of(session), "access.session_over");
    EXPECT_EQ(code_of(login("alice@example.com", kPassword)), "people.user_deactivated");
    EXPECT_EQ(code_of(login("alice@example.com", "wrong horse")), "people.sign_in_refused");
    ASSERT_TRUE(call(&AuthApi::post_password_reset, {{"email", "alice@example.com"}}));
    EXPECT_EQ(count("notices"), 0);
    EXPECT_EQ(seen(run(users_->post_activate(admin(), request))).body["is_active"], true);
    EXPECT_TRUE(login("alice@example.com", kPassword));
}

TEST_P(AuthApiTest, AdministratorsListUsersAndMakeResetLinks) {
    const auto alice = seen(sign_up("alice@example.com", kPassword)).body["user"];
    clock_.advance(1s);
    ASSERT_TRUE(sign_up("bob@example.com", kPassword));
    auto request = request_with("");
    EXPECT_EQ(seen(run(users_->get_users(admin(), request))).body["data"].size(), 2U);
    request.query = {{"email", "ALICE@example.com"}};
    const auto found = seen(run(users_->get_users(admin(), request))).body["data"];
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]["id"], alice["id"]);
    EXPECT_FALSE(to_text(found).contains("argon2"));

    request.query = {};
    request.path_values = {{"user", alice["id"].get<std::string>()}};
    EXPECT_EQ(seen(run(users_->get_user(admin(), request))).body["memberships"].size(), 0U);
    const auto link = seen(run(users_->post_reset_link(admin(), request)));
    EXPECT_EQ(link.status, 201);
    EXPECT_EQ(code_of(call(&AuthApi::post_password_reset_confirm,
                           {{"token", link.body["token"]}, {"password", "battery staple"}})),
              "ok");
    EXPECT_TRUE(login("alice@example.com", "battery staple"));
    request.path_values = {{"user", "usr_01HF00000000000000000000AA"}};
    EXPECT_EQ(code_of(run(users_->get_user(admin(), request))), "people.user_not_found");
}

}  // namespace
}  // namespace turnpike
