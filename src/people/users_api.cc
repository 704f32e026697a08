#include "people/users_api.h"

#include "access/keyed_request.h"
#include "access/page.h"
#include "audit/authority.h"
#include "json/value.h"
#include "people/email.h"
#include "people/organization_store.h"
#include "people/password_resets.h"
#include "people/user_store.h"
#include "people/users.h"
#include "people/wire.h"

namespace turnpike {

UsersApi::Answer UsersApi::get_users(const Principal& /*caller*/, const http::Request& request) {
    const auto* email = request.query_value("email");
    const std::string listing = "users " + (email == nullptr ? "" : *email);
    const auto query = read_page(request, cursors, listing, {"email"});
    if (!query) co_return failure(query);
    std::optional<std::string> key;
    if (email != nullptr) {
        auto folded = fold_email(*email);
        if (!folded) co_return failure(folded);
        key = *std::move(folded);
    }
    auto work = [&](sql::Transaction& tx) { return list_users(tx, key, *query); };
    const auto page = cut_page(co_await db.read(work), *query);

    Json data = Json::array();
    for (const auto& user : page.items) data.push_back(write_user(user));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

UsersApi::Answer UsersApi::get_user(const Principal& /*caller*/, const http::Request& request) {
    struct Found {
        User user;
        std::vector<Membership> memberships;
    };
    auto work = [&](sql::Transaction& tx) -> Result<Found> {
        auto user = find_user(tx, request.path_value("user"));
        if (!user) return failure(user);
        auto memberships = memberships_of(tx, user->id);
        return Found{*std::move(user), std::move(memberships)};
    };
    const auto found = co_await db.read(work);
    if (!found) co_return failure(found);
    Json json = write_user(found->user);
    json["memberships"] = Json::array();
    for (const auto& membership : found->memberships) {
        Json one;
        one["organization"] = membership.organization.text();
        one["role"] = to_text(membership.role);
        json["memberships"].push_back(std::move(one));
    }
    co_return http::ok(json);
}

UsersApi::Answer UsersApi::post_deactivate(const Principal& caller, const http::Request& request) {
    const Authority authority = authority_of(caller, request);
    std::optional<User> who;
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto found = find_user(tx, request.path_value("user"));
        if (!found) return failure(found);
        const auto user = deactivate_user(tx, *found, authority, clock.now(), ids);
        if (!user) return failure(user);
        who = *user;
        return keep_answer(tx, caller, http::ok(write_user(*user)));
    };
    auto answer = co_await db.write(work);
    if (answer) {
        authenticator.forget_user(who->id);
        authenticator.forget_subject(who->external_id);
    }
    co_return answer;
}

UsersApi::Answer UsersApi::post_activate(const Principal& caller, const http::Request& request) {
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto found = find_user(tx, request.path_value("user"));
        if (!found) return failure(found);
        const auto user = activate_user(tx, *found, authority, clock.now(), ids);
        if (!user) return failure(user);
        return keep_answer(tx, caller, http::ok(write_user(*user)));
    };
    co_return co_await db.write(work);
}

UsersApi::Answer UsersApi::post_reset_link(const Principal& caller, const http::Request& request) {
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const std::string_view user = request.path_value("user");
        const auto link = make_reset_link(tx, user, authority, clock.now(), ids);
        if (!link) return failure(link);
        Json json;
        json["object"] = "password_reset";
        json["user"] = link->user.id.text();
        json["token"] = link->secret;
        json["expires_at"] = format_rfc3339(link->expires_at);
        auto response = http::json_response(201, json);
        response.headers.emplace_back("Cache-Control", "no-store");
        return keep_answer(tx, caller, std::move(response));
    };
    co_return co_await db.write(work);
}

}  // namespace turnpike
