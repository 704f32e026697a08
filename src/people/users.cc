#include "people/users.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "customers/customer.h"
#include "people/email.h"
#include "people/organization_store.h"
#include "people/user_store.h"

namespace turnpike {
namespace {

AuditEntry user_entry(const User& user, std::string action, const Authority& authority,
                      Instant now) {
    return {.at = now,
            .actor = authority.actor.empty() ? "user:" + user.external_id : authority.actor,
            .action = std::move(action),
            .object_id = user.id.text(),
            .customer = "",
            .request_id = authority.request_id};
}

std::unexpected<Error> user_deactivated() {
    return fail(ErrorCode::Forbidden, "people.user_deactivated", "this user is deactivated");
}

/// Changes of who owns what meet at the organization's row. What is deactivated can do without.
Result<void> check_leaves_owners(sql::Transaction& tx, const UserId& user) {
    std::string left_alone;
    for (const auto& membership : memberships_of(tx, user)) {
        if (membership.role != OrgRole::Owner) continue;
        lock_organization(tx, membership.organization);
        const auto organization = find_organization(tx, membership.organization.text());
        if (!organization || !is_active(*organization)) continue;
        if (count_other_owners(tx, membership.organization, user) > 0) continue;
        left_alone += (left_alone.empty() ? "" : ", ") + membership.organization.text();
    }
    if (left_alone.empty()) return {};
    return conflict("organization.last_owner",
                    "this is the last owner of " + left_alone +
                        "; transfer the ownership, or deactivate the organization, first");
}

}  // namespace

Result<User> create_user(sql::Transaction& tx, const NewUser& wanted, const Authority& authority,
                         Instant now, IdSource& ids) {
    const auto key = fold_email(wanted.email);
    if (!key) return failure(key);
    const auto id = ids.make<UserId>(now);
    User user{.id = id,
              .external_id = id.text(),
              .email = wanted.email,
              .email_key = *key,
              .name = wanted.name,
              .is_superuser = wanted.superuser == Superuser::Yes,
              .has_password = true,
              .deactivated_at = std::nullopt,
              .last_seen_at = std::nullopt,
              .created_at = now};
    if (!insert_user(tx, user, wanted.password_hash))
        return conflict("people.email_taken", "there is a user with this e-mail address");
    auto entry = user_entry(user, "user.created", authority, now);
    if (user.is_superuser) entry.detail["superuser"] = true;
    record(tx, entry, ids);
    return user;
}

std::unexpected<Error> no_such_user() {
    return not_found("people.user_not_found", "there is no such user");
}

Result<User> find_user(sql::Transaction& tx, std::string_view ref) {
    std::optional<User> user;
    if (const auto id = UserId::parse(ref))
        user = load_user(tx, *id);
    else if (const auto key = fold_email(ref))
        user = find_user_by_email_key(tx, *key);
    if (!user) return no_such_user();
    return *std::move(user);
}

std::vector<User> every_user(sql::Transaction& tx) {
    std::vector<User> users;
    PageQuery page;
    page.limit = PageQuery::kLimitMax;
    for (;;) {
        auto found = list_users(tx, std::nullopt, page);
        if (found.empty()) return users;
        page.after = {found.back().created_at, found.back().id.text()};
        std::ranges::move(found, std::back_inserter(users));
    }
}

Result<std::optional<User>> user_calling(sql::Transaction& tx, const Principal& caller) {
    if (!caller.is_user())
        return fail(ErrorCode::Forbidden, "people.not_a_user",
                    "this acts for a user, and the credential is not one's");
    auto user = caller.user ? load_user(tx, *caller.user)
                            : find_user_by_external_id(tx, caller.external_id);
    if (user && !is_active(*user)) return user_deactivated();
    return user;
}

Result<User> ensure_user(sql::Transaction& tx, const Principal& caller, Instant now,
                         IdSource& ids) {
    auto known = user_calling(tx, caller);
    if (!known) return failure(known);
    if (*known) return **std::move(known);
    if (caller.user) return no_such_user();
    if (const auto good = check_external_id(caller.external_id); !good) return failure(good);
    const auto id = ids.make<UserId>(now);
    User user{.id = id,
              .external_id = caller.external_id,
              .email = std::nullopt,
              .email_key = id.text(),
              .name = std::nullopt,
              .deactivated_at = std::nullopt,
              .last_seen_at = std::nullopt,
              .created_at = now};
    const auto key = caller.email ? fold_email(*caller.email) : Result<std::string>("");
    if (caller.email && key && !find_user_by_email_key(tx, *key)) {
        user.email = caller.email;
        user.email_key = *key;
    }
    if (!insert_user(tx, user, std::nullopt)) {
        auto other = user_calling(tx, caller);  // another request of his came first
        if (!other) return failure(other);
        if (!*other) return conflict("people.email_taken", "another user has this e-mail address");
        return **std::move(other);
    }
    record(tx, user_entry(user, "user.created", {caller.name, ""}, now), ids);
    return user;
}

std::unexpected<Error> sign_in_refused() {
    return fail(ErrorCode::Unauthenticated, "people.sign_in_refused",
                "the e-mail address or the password is wrong");
}

Result<SignedIn> sign_in(sql::Transaction& tx, const CheckedPassword& checked,
                         const Entrance& entrance, Instant now, IdSource& ids) {
    auto user = load_user(tx, checked.user);
    const auto hash = load_password_hash(tx, checked.user);
    if (!user || hash != checked.hash) return sign_in_refused();
    if (!is_active(*user)) return user_deactivated();
    if (checked.better_hash) set_password(tx, user->id, *checked.better_hash);
    set_last_seen(tx, user->id, now);
    user->last_seen_at = now;
    Session session{.id = ids.make<SessionId>(now),
                    .user = user->id,
                    .external_id = user->external_id,
                    .email = user->email,
                    .is_superuser = user->is_superuser,
                    .peer = entrance.peer,
                    .user_agent = entrance.user_agent,
                    .created_at = now,
                    .last_used_at = now,
                    .revoked_at = std::nullopt};
    auto minted = open_session(tx, session);
    auto entry = user_entry(*user, "user.signed_in", {"", entrance.request_id}, now);
    entry.detail["session"] = session.id.text();
    record(tx, entry, ids);
    return SignedIn{*std::move(user), std::move(session), std::move(minted.secret)};
}

std::unexpected<Error> no_such_session() {
    return not_found("people.session_not_found", "there is no such session");
}

Result<SessionId> end_session(sql::Transaction& tx, const User& user, std::string_view session,
                              const UserDeed& deed) {
    auto id = SessionId::parse(session);
    if (!id || !revoke_session(tx, user.id, *id, deed.now)) return no_such_session();
    auto entry = user_entry(user, "session.ended", deed.authority, deed.now);
    entry.detail["session"] = id->text();
    record(tx, entry, deed.ids);
    return *std::move(id);
}

void change_password(sql::Transaction& tx, const User& user, std::string_view hash,
                     const UserDeed& deed) {
    set_password(tx, user.id, hash);
    revoke_sessions(tx, user.id, deed.now);
    use_up_resets(tx, user.id, deed.now);
    record(tx, user_entry(user, "user.password_changed", deed.authority, deed.now), deed.ids);
}

Result<User> deactivate_user(sql::Transaction& tx, const User& user, const Authority& authority,
                             Instant now, IdSource& ids) {
    if (auto good = check_leaves_owners(tx, user.id); !good) return failure(good);
    if (!set_deactivated(tx, user.id, now)) return user;
    revoke_sessions(tx, user.id, now);
    use_up_resets(tx, user.id, now);
    record(tx, user_entry(user, "user.deactivated", authority, now), ids);
    auto changed = user;
    changed.deactivated_at = now;
    return changed;
}

Result<User> activate_user(sql::Transaction& tx, const User& user, const Authority& authority,
                           Instant now, IdSource& ids) {
    if (!set_deactivated(tx, user.id, std::nullopt)) return user;
    record(tx, user_entry(user, "user.activated", authority, now), ids);
    auto changed = user;
    changed.deactivated_at = std::nullopt;
    return changed;
}

}  // namespace turnpike
