#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "audit/audit.h"
#include "base/error.h"
#include "people/letters.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

inline constexpr std::chrono::hours kResetLife{1};
/// More letters than these in an hour would be somebody else's joke.
inline constexpr int kResetsPerHour = 3;

/// Somebody says that he has forgotten the password of this account. A letter goes to the account's
/// own address, if there is one, active and with a password. Whoever asks learns nothing: the
/// ledger does as much work for an account that is not there.
///
/// Errors: Conflict "people.no_letters" where no mail server is configured, for every address.
struct ResetRequest {
    std::string_view email;
    std::string_view request_id;
};
Result<std::monostate> request_reset(sql::Transaction& tx, const ResetRequest& asked,
                                     const LetterDesk& desk, Instant now, IdSource& ids);

struct ResetLink {
    User user;
    std::string secret;
    Instant expires_at;
};
/// For an administrator, who passes it on himself.
///
/// Errors: NotFound "people.user_not_found"; Conflict "people.no_password" for a host's user.
Result<ResetLink> make_reset_link(sql::Transaction& tx, std::string_view user,
                                  const Authority& authority, Instant now, IdSource& ids);

/// Whose password the secret may set. Errors: InvalidArgument "people.reset_invalid".
Result<User> user_of_reset(sql::Transaction& tx, std::string_view secret, Instant now);
struct NewPassword {
    std::string secret;
    std::string hash;
    std::string request_id;
};
/// Sets it, and ends all sessions; works once. The caller then tells the Authenticator.
///
/// Errors: as user_of_reset.
Result<User> confirm_reset(sql::Transaction& tx, const NewPassword& wanted, Instant now,
                           IdSource& ids);

}  // namespace turnpike
