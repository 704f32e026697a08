#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "access/sessions.h"
#include "audit/audit.h"
#include "base/error.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

enum class Superuser : bool { No, Yes };

struct NewUser {
    std::string email;
    std::string password_hash;
    std::optional<std::string> name;
    Superuser superuser = Superuser::No;
};
/// \param authority  the actor "" means the new user himself
/// Errors: InvalidArgument "people.invalid_email"; Conflict "people.email_taken".
Result<User> create_user(sql::Transaction& tx, const NewUser& wanted, const Authority& authority,
                         Instant now, IdSource& ids);

/// The one wording for absent users.
std::unexpected<Error> no_such_user();
/// By "usr_..." or by e-mail.
///
/// Errors: NotFound "people.user_not_found".
Result<User> find_user(sql::Transaction& tx, std::string_view ref);

/// Newest first.
std::vector<User> every_user(sql::Transaction& tx);

/// Who calls. A host's token whose user nobody has seen yet gives nullopt.
///
/// Errors: Forbidden "people.user_deactivated", "people.not_a_user".
Result<std::optional<User>> user_calling(sql::Transaction& tx, const Principal& caller);
/// The same; a host's user gets his row. His e-mail is left out when another user has it: a token
/// and a password do not prove that two are one.
Result<User> ensure_user(sql::Transaction& tx, const Principal& caller, Instant now, IdSource& ids);

/// Where somebody signs in from.
struct Entrance {
    std::string peer;
    std::string user_agent;
    std::string request_id;
};
struct SignedIn {
    User user;
    Session session;
    std::string secret;  ///< shown once
};
/// A password that was checked, against this hash of this user.
struct CheckedPassword {
    UserId user;
    std::string hash;
    std::optional<std::string> better_hash{};  ///< at today's cost, when it was made at another
};
/// A session under a new id, with an audit record. Refused when the password is another by now.
///
/// Errors: Unauthenticated "people.sign_in_refused"; Forbidden "people.user_deactivated".
Result<SignedIn> sign_in(sql::Transaction& tx, const CheckedPassword& checked,
                         const Entrance& entrance, Instant now, IdSource& ids);
/// The one wording for a wrong e-mail and a wrong password.
std::unexpected<Error> sign_in_refused();

/// The one wording for absent sessions and somebody else's.
std::unexpected<Error> no_such_session();
/// On whose word something is done to a user, and when.
struct UserDeed {
    Authority authority;
    Instant now;
    IdSource& ids;
};
/// Ends one session. Errors: NotFound "people.session_not_found".
Result<SessionId> end_session(sql::Transaction& tx, const User& user, std::string_view session,
                              const UserDeed& deed);

/// A new password ends every session and every reset link; the caller then tells the Authenticator.
void change_password(sql::Transaction& tx, const User& user, std::string_view hash,
                     const UserDeed& deed);

/// Deactivating ends every session. Both are done once; the second time changes nothing.
///
/// Errors: Conflict "organization.last_owner".
Result<User> deactivate_user(sql::Transaction& tx, const User& user, const Authority& authority,
                             Instant now, IdSource& ids);
Result<User> activate_user(sql::Transaction& tx, const User& user, const Authority& authority,
                           Instant now, IdSource& ids);

}  // namespace turnpike
