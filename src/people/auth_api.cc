#include "people/auth_api.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "access/keyed_request.h"
#include "access/session_cookie.h"
#include "audit/authority.h"
#include "json/value.h"
#include "people/email.h"
#include "people/invitations.h"
#include "people/password_resets.h"
#include "people/password_rules.h"
#include "people/user_store.h"
#include "people/wire.h"

namespace turnpike {
namespace {

constexpr std::size_t kUserAgentMax = 200;

Entrance entrance_of(const http::Request& request) {
    const auto* agent = request.header("user-agent");
    return {request.peer, agent == nullptr ? "" : agent->substr(0, kUserAgentMax),
            request.request_id};
}

http::Response answer_ended(const SessionId& session) {
    Json json;
    json["id"] = session.text();
    json["object"] = "session";
    json["ended"] = true;
    return http::ok(json);
}

http::Response answer_signed_in(int status, const SignedIn& in, bool as_cookie) {
    Json json;
    json["object"] = "sign_in";
    if (!as_cookie) json["token"] = in.secret;
    json["session"] = write_session(in.session, in.session.id);
    json["user"] = write_user(in.user);
    auto response = http::json_response(status, json);
    response.headers.emplace_back("Cache-Control", "no-store");
    if (as_cookie) response.headers.emplace_back("Set-Cookie", set_session_cookie(in.secret));
    return response;
}

/// A page of another site must not sign its visitor in or up; programs do not send these headers.
Result<void> check_sender(const http::Request& request) {
    const bool is_browser =
        request.header("sec-fetch-site") != nullptr || request.header("origin") != nullptr;
    if (!is_browser) return {};
    return check_same_site(request);
}

/// The body of a request that signs in.
template <class T>
Result<T> read_from(const http::Request& request, Result<T> (*read)(const Json&)) {
    if (auto good = check_sender(request); !good) return failure(good);
    const auto body = request.json();
    if (!body) return failure(body);
    return read(*body);
}

}  // namespace

std::string_view to_text(SignInFate fate) {
    switch (fate) {
        case SignInFate::Good: return "good";
        case SignInFate::Refused: return "refused";
        case SignInFate::HeldBack: return "held_back";
    }
    return "";
}

asio::awaitable<AuthApi::Account> AuthApi::account_of(std::string email_key, std::string peer) {
    auto work = [&](sql::Transaction& tx) {
        Account account;
        account.user = find_user_by_email_key(tx, email_key);
        if (!account.user) return account;
        account.hash = load_password_hash(tx, account.user->id).value_or("");
        if (has_signed_in_from(tx, account.user->id, peer)) account.familiar = Peer::Familiar;
        return account;
    };
    co_return co_await db.read(work);
}

asio::awaitable<Result<CheckedPassword>> AuthApi::check(std::string email_key, std::string password,
                                                        std::string peer) {
    const auto account = co_await account_of(email_key, peer);
    const SignInGuard::Attempt attempt{email_key, peer};
    const Instant began = clock.now();
    if (auto good = guard.begin(attempt, account.familiar, began); !good) {
        told(SignInFate::HeldBack);
        co_return failure(good);
    }
    const auto verdict = co_await passwords.verify(account.hash, password);
    if (!verdict) co_return failure(verdict);
    if (!verdict->is_right) {
        told(SignInFate::Refused);
        co_return sign_in_refused();
    }
    guard.succeeded(attempt, account.familiar, began);
    CheckedPassword checked{account.user->id, account.hash};
    if (verdict->is_of_other_cost) {
        auto better = co_await passwords.hash(password);
        if (better) checked.better_hash = *std::move(better);
    }
    co_return checked;
}

asio::awaitable<Result<SignedIn>> AuthApi::open(CheckedPassword checked, Entrance entrance) {
    auto work = [&](sql::Transaction& tx) {
        return sign_in(tx, checked, entrance, clock.now(), ids);
    };
    auto in = co_await db.write(work);
    told(in ? SignInFate::Good : SignInFate::Refused);
    co_return in;
}

AuthApi::Answer AuthApi::post_signup(const Principal& /*caller*/, const http::Request& request) {
    const auto wanted = read_from(request, read_sign_up);
    if (!wanted) co_return failure(wanted);
    if (auto good = check_password(wanted->password, wanted->email); !good) co_return failure(good);
    if (sign_ups == SignUps::Invited) {
        auto look = [&](sql::Transaction& tx) {
            return check_invited(tx, wanted->email, wanted->invitation.value_or(""), clock.now());
        };
        const auto invited = co_await db.read(look);
        if (!invited) co_return failure(invited);
    }
    const auto key = fold_email(wanted->email);
    if (!key) co_return failure(key);
    // Who asks for one taken address after another is told less and less often that it is taken.
    const SignInGuard::Attempt attempt{*key, request.peer};
    const Instant began = clock.now();
    if (auto good = guard.begin(attempt, Peer::Familiar, began); !good) {
        told(SignInFate::HeldBack);
        co_return failure(good);
    }
    auto hash = co_await passwords.hash(wanted->password);
    if (!hash) co_return failure(hash);

    const NewUser newcomer{wanted->email, *hash, wanted->name};
    const auto entrance = entrance_of(request);
    auto work = [&](sql::Transaction& tx) -> Result<SignedIn> {
        const auto user = create_user(tx, newcomer, {"", request.request_id}, clock.now(), ids);
        if (!user) return failure(user);
        return sign_in(tx, {user->id, newcomer.password_hash}, entrance, clock.now(), ids);
    };
    const auto in = co_await db.write(work);
    if (!in) co_return failure(in);
    guard.succeeded(attempt, Peer::Familiar, began);
    co_return answer_signed_in(201, *in, wanted->cookie);
}

AuthApi::Answer AuthApi::post_login(const Principal& /*caller*/, const http::Request& request) {
    const auto wanted = read_from(request, read_login);
    if (!wanted) co_return failure(wanted);
    // What is no address finds nobody, and is told so in the same words and time.
    const auto key = fold_email(wanted->email);
    auto checked = co_await check(key ? *key : "", wanted->password, request.peer);
    if (!checked) co_return failure(checked);
    const auto in = co_await open(*std::move(checked), entrance_of(request));
    if (!in) co_return failure(in);
    co_return answer_signed_in(200, *in, wanted->cookie);
}

AuthApi::Answer AuthApi::post_logout(const Principal& caller, const http::Request& request) {
    if (!caller.session)
        co_return conflict("people.no_session", "a host's token is no session; the host ends it");
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto user = load_user(tx, *caller.user);
        if (!user) return no_such_user();
        const auto ended =
            end_session(tx, *user, caller.session->text(), {authority, clock.now(), ids});
        if (!ended) return failure(ended);
        auto response = answer_ended(*ended);
        response.headers.emplace_back("Set-Cookie", clear_session_cookie());
        return keep_answer(tx, caller, std::move(response));
    };
    auto answer = co_await db.write(work);
    if (answer) authenticator.forget_session(*caller.session);
    co_return answer;
}

AuthApi::Answer AuthApi::get_me(const Principal& caller, const http::Request& /*request*/) {
    auto look = [&](sql::Transaction& tx) { return user_calling(tx, caller); };
    auto known = co_await db.read(look);
    if (!known) co_return failure(known);
    if (*known) co_return http::ok(write_user(**known));
    auto make = [&](sql::Transaction& tx) { return ensure_user(tx, caller, clock.now(), ids); };
    const auto user = co_await db.write(make);
    if (!user) co_return failure(user);
    co_return http::ok(write_user(*user));
}

AuthApi::Answer AuthApi::post_password(const Principal& caller, const http::Request& request) {
    const auto wanted = read_from(request, read_password_change);
    if (!wanted) co_return failure(wanted);
    auto look = [&](sql::Transaction& tx) { return user_calling(tx, caller); };
    const auto user = co_await db.read(look);
    if (!user) co_return failure(user);
    if (!*user || !(*user)->has_password || !(*user)->email)
        co_return conflict("people.no_password",
                           "this user signs in elsewhere and has no password");
    if (auto good = check_password(wanted->new_password, *(*user)->email); !good)
        co_return failure(good);
    auto checked = co_await check((*user)->email_key, wanted->current_password, request.peer);
    if (!checked) co_return failure(checked);
    auto hash = co_await passwords.hash(wanted->new_password);
    if (!hash) co_return failure(hash);

    const Authority authority = authority_of(caller, request);
    const auto entrance = entrance_of(request);
    auto work = [&](sql::Transaction& tx) -> Result<SignedIn> {
        if (load_password_hash(tx, checked->user) != checked->hash) return sign_in_refused();
        change_password(tx, **user, *hash, {authority, clock.now(), ids});
        return sign_in(tx, {checked->user, *hash}, entrance, clock.now(), ids);
    };
    const auto in = co_await db.write(work);
    if (!in) co_return failure(in);
    authenticator.forget_user(checked->user);
    co_return answer_signed_in(200, *in, wanted->cookie);
}

AuthApi::Answer AuthApi::post_password_reset(const Principal& /*caller*/,
                                             const http::Request& request) {
    const auto email = read_from(request, read_reset_request);
    if (!email) co_return failure(email);
    auto work = [&](sql::Transaction& tx) {
        return request_reset(tx, {*email, request.request_id}, letters, clock.now(), ids);
    };
    if (const auto asked = co_await db.write(work); !asked) {
        spdlog::warn("event=password_reset.not_sent request={} hint=\"configure smtp.url\"",
                     request.request_id);
        co_return failure(asked);
    }
    Json json;
    json["object"] = "password_reset";
    json["detail"] = "If there is an account with this address, a letter is on its way.";
    co_return http::json_response(202, json);
}

AuthApi::Answer AuthApi::post_password_reset_confirm(const Principal& /*caller*/,
                                                     const http::Request& request) {
    const auto wanted = read_from(request, read_reset);
    if (!wanted) co_return failure(wanted);
    auto look = [&](sql::Transaction& tx) { return user_of_reset(tx, wanted->token, clock.now()); };
    const auto user = co_await db.read(look);
    if (!user) co_return failure(user);
    if (auto good = check_password(wanted->password, user->email.value_or("")); !good)
        co_return failure(good);
    auto hash = co_await passwords.hash(wanted->password);
    if (!hash) co_return failure(hash);

    const NewPassword password{wanted->token, *hash, request.request_id};
    auto work = [&](sql::Transaction& tx) { return confirm_reset(tx, password, clock.now(), ids); };
    const auto changed = co_await db.write(work);
    if (!changed) co_return failure(changed);
    authenticator.forget_user(changed->id);
    Json json;
    json["object"] = "password_reset";
    json["done"] = true;
    co_return http::ok(json);
}

AuthApi::Answer AuthApi::get_sessions(const Principal& caller, const http::Request& /*request*/) {
    auto work = [&](sql::Transaction& tx) -> Result<std::vector<Session>> {
        const auto user = user_calling(tx, caller);
        if (!user) return failure(user);
        if (!*user) return std::vector<Session>{};
        return live_sessions(tx, (*user)->id, clock.now());
    };
    const auto sessions = co_await db.read(work);
    if (!sessions) co_return failure(sessions);
    Json json;
    json["object"] = "list";
    json["data"] = Json::array();
    for (const auto& session : *sessions)
        json["data"].push_back(write_session(session, caller.session));
    json["has_more"] = false;
    json["next_cursor"] = nullptr;
    co_return http::ok(json);
}

AuthApi::Answer AuthApi::delete_session(const Principal& caller, const http::Request& request) {
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<SessionId> {
        const auto user = user_calling(tx, caller);
        if (!user) return failure(user);
        if (!*user) return no_such_session();
        return end_session(tx, **user, request.path_value("session"),
                           {authority, clock.now(), ids});
    };
    const auto ended = co_await db.write(work);
    if (!ended) co_return failure(ended);
    authenticator.forget_session(*ended);
    co_return answer_ended(*ended);
}

}  // namespace turnpike
