#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

std::optional<User> load_user(sql::Transaction& tx, const UserId& id);
std::optional<User> find_user_by_email_key(sql::Transaction& tx, std::string_view key);
std::optional<User> find_user_by_external_id(sql::Transaction& tx, std::string_view external_id);
/// nullopt: the user has none.
std::optional<std::string> load_password_hash(sql::Transaction& tx, const UserId& id);
/// False, and no change, when the e-mail or the external id is taken.
bool insert_user(sql::Transaction& tx, const User& user,
                 const std::optional<std::string>& password_hash);
void set_password(sql::Transaction& tx, const UserId& id, std::string_view hash);
void set_last_seen(sql::Transaction& tx, const UserId& id, Instant now);
/// Raises the version, so that what is counted for one user is counted by one at a time.
void lock_user(sql::Transaction& tx, const UserId& id);
/// False when he is so already.
bool set_deactivated(sql::Transaction& tx, const UserId& id, std::optional<Instant> at);
/// Newest first; page.fetch() users at most; with that e-mail when given, folded.
std::vector<User> list_users(sql::Transaction& tx, const std::optional<std::string>& email_key,
                             const PageQuery& page);

struct PasswordReset {
    PasswordResetId id;
    UserId user;
    Instant created_at;
    Instant expires_at;
};
void insert_reset(sql::Transaction& tx, const PasswordReset& reset, std::string_view hash);
/// Of one that is neither used nor over.
std::optional<PasswordReset> find_reset(sql::Transaction& tx, std::string_view hash, Instant now);
/// Uses up every open one of the user. \return how many
std::int64_t use_up_resets(sql::Transaction& tx, const UserId& user, Instant now);
std::int64_t count_resets(sql::Transaction& tx, const UserId& user, Instant since);

}  // namespace turnpike
