#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/authenticator.h"
#include "access/principal.h"
#include "base/id.h"
#include "http/message.h"
#include "people/letters.h"
#include "people/password_pool.h"
#include "people/sign_in_guard.h"
#include "people/users.h"
#include "sql/database.h"

namespace turnpike {

/// How an attempt to sign in ended; for the metric.
enum class SignInFate : std::uint8_t { Good, Refused, HeldBack };
std::string_view to_text(SignInFate fate);  ///< "held_back"

/// Who may make himself a user with a password. A host's users come with its token either way.
enum class SignUps : std::uint8_t { Open, Invited };

/// Handlers of /v1/auth. The policy table has let the caller in already. Answers that hold a
/// session's secret are not stored by anybody; with {"cookie": true} it goes into the cookie
/// instead of the body, where no script sees it.
struct AuthApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    Authenticator& authenticator;
    PasswordPool& passwords;
    SignInGuard& guard;
    std::function<void(SignInFate)> told;
    LetterDesk letters;
    SignUps sign_ups;

    /// POST /v1/auth/signup {"email", "password", "name", "cookie", "invitation"}; 201, signed in
    Answer post_signup(const Principal& caller, const http::Request& request);
    /// POST /v1/auth/login {"email", "password", "cookie"}
    Answer post_login(const Principal& caller, const http::Request& request);
    /// POST /v1/auth/logout
    Answer post_logout(const Principal& caller, const http::Request& request);
    /// GET /v1/auth/me
    Answer get_me(const Principal& caller, const http::Request& request);
    /// POST /v1/auth/password {"current_password", "password", "cookie"}: ends every session, and
    /// answers with a new one
    Answer post_password(const Principal& caller, const http::Request& request);
    /// POST /v1/auth/password_reset {"email"}: 202 whatever there is, 409 without a mail server
    Answer post_password_reset(const Principal& caller, const http::Request& request);
    /// POST /v1/auth/password_reset/confirm {"token", "password"}
    Answer post_password_reset_confirm(const Principal& caller, const http::Request& request);
    /// GET /v1/auth/sessions: those that are alive, all in one answer
    Answer get_sessions(const Principal& caller, const http::Request& request);
    /// DELETE /v1/auth/sessions/{session}
    Answer delete_session(const Principal& caller, const http::Request& request);

private:
    struct Account {
        std::optional<User> user;
        std::string hash;
        Peer familiar = Peer::Strange;
    };
    asio::awaitable<Account> account_of(std::string email_key, std::string peer);
    /// The password checked, within what the guard allows. Errors: as sign_in; those of the guard.
    asio::awaitable<Result<CheckedPassword>> check(std::string email_key, std::string password,
                                                   std::string peer);
    asio::awaitable<Result<SignedIn>> open(CheckedPassword checked, Entrance entrance);
};

}  // namespace turnpike
