#include "people/user_store.h"

namespace turnpike {
namespace {

constexpr std::string_view kLoadUser = R"sql(
    SELECT id, external_id, email, email_key, name, is_superuser,
           CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, deactivated_at, last_seen_at,
           created_at, version
      FROM users
     WHERE id = $1
)sql";

constexpr std::string_view kFindByEmail = R"sql(
    SELECT id, external_id, email, email_key, name, is_superuser,
           CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, deactivated_at, last_seen_at,
           created_at, version
      FROM users
     WHERE email_key = $1
)sql";

constexpr std::string_view kFindUserByExternalId = R"sql(
    SELECT id, external_id, email, email_key, name, is_superuser,
           CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, deactivated_at, last_seen_at,
           created_at, version
      FROM users
     WHERE external_id = $1
)sql";

constexpr std::string_view kListUsers = R"sql(
    SELECT id, external_id, email, email_key, name, is_superuser,
           CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, deactivated_at, last_seen_at,
           created_at, version
      FROM users
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
       AND ($6 = '' OR email_key = $6)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kLoadHash = R"sql(
    SELECT password_hash FROM users WHERE id = $1
)sql";

constexpr std::string_view kInsertUser = R"sql(
    INSERT INTO users (id, external_id, email, email_key, password_hash, name, is_superuser,
                       created_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kSetPassword = R"sql(
    UPDATE users SET password_hash = $2, version = version + 1 WHERE id = $1
)sql";

constexpr std::string_view kSetLastSeen = R"sql(
    UPDATE users SET last_seen_at = $2 WHERE id = $1
)sql";

constexpr std::string_view kLockUser = R"sql(
    UPDATE users SET version = version + 1 WHERE id = $1
)sql";

constexpr std::string_view kDeactivateUser = R"sql(
    UPDATE users SET deactivated_at = $2, version = version + 1
     WHERE id = $1 AND deactivated_at IS NULL
)sql";

constexpr std::string_view kActivateUser = R"sql(
    UPDATE users SET deactivated_at = NULL, version = version + 1
     WHERE id = $1 AND deactivated_at IS NOT NULL
)sql";

constexpr std::string_view kInsertReset = R"sql(
    INSERT INTO password_resets (id, hash, user_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
)sql";

constexpr std::string_view kFindReset = R"sql(
    SELECT id, user_id, created_at, expires_at
      FROM password_resets
     WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
)sql";

constexpr std::string_view kUseUpResets = R"sql(
    UPDATE password_resets SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL
)sql";

constexpr std::string_view kCountResets = R"sql(
    SELECT COUNT(*) FROM password_resets WHERE user_id = $1 AND created_at > $2
)sql";

User user_from_row(const sql::Row& row) {
    return {.id = row.id<UserId>(0),
            .external_id = row.text(1),
            .email = row.maybe_text(2),
            .email_key = row.text(3),
            .name = row.maybe_text(4),
            .is_superuser = row.flag(5),
            .has_password = row.flag(6),
            .deactivated_at = row.maybe_instant(7),
            .last_seen_at = row.maybe_instant(8),
            .created_at = row.instant(9),
            .version = row.integer(10)};
}

std::optional<User> maybe_user(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return user_from_row(*row);
}

}  // namespace

std::optional<User> load_user(sql::Transaction& tx, const UserId& id) {
    return maybe_user(tx.one(kLoadUser, {id}));
}

std::optional<User> find_user_by_email_key(sql::Transaction& tx, std::string_view key) {
    return maybe_user(tx.one(kFindByEmail, {key}));
}

std::optional<User> find_user_by_external_id(sql::Transaction& tx, std::string_view external_id) {
    return maybe_user(tx.one(kFindUserByExternalId, {external_id}));
}

std::optional<std::string> load_password_hash(sql::Transaction& tx, const UserId& id) {
    const auto row = tx.one(kLoadHash, {id});
    if (!row) return std::nullopt;
    return row->maybe_text(0);
}

bool insert_user(sql::Transaction& tx, const User& user,
                 const std::optional<std::string>& password_hash) {
    return tx.run(kInsertUser,
                  {user.id, user.external_id, user.email, user.email_key, password_hash, user.name,
                   user.is_superuser, user.created_at, user.version}) == 1;
}

void set_password(sql::Transaction& tx, const UserId& id, std::string_view hash) {
    tx.run(kSetPassword, {id, hash});
}

void set_last_seen(sql::Transaction& tx, const UserId& id, Instant now) {
    tx.run(kSetLastSeen, {id, now});
}

void lock_user(sql::Transaction& tx, const UserId& id) { tx.run(kLockUser, {id}); }

bool set_deactivated(sql::Transaction& tx, const UserId& id, std::optional<Instant> at) {
    return (at ? tx.run(kDeactivateUser, {id, *at}) : tx.run(kActivateUser, {id})) == 1;
}

std::vector<User> list_users(sql::Transaction& tx, const std::optional<std::string>& email_key,
                             const PageQuery& page) {
    std::vector<User> users;
    for (const auto& row : tx.all(kListUsers, {page.since, page.until, page.after.at, page.after.id,
                                               page.fetch(), email_key.value_or("")}))
        users.push_back(user_from_row(row));
    return users;
}

void insert_reset(sql::Transaction& tx, const PasswordReset& reset, std::string_view hash) {
    tx.run(kInsertReset, {reset.id, hash, reset.user, reset.created_at, reset.expires_at});
}

std::optional<PasswordReset> find_reset(sql::Transaction& tx, std::string_view hash, Instant now) {
    const auto row = tx.one(kFindReset, {hash, now});
    if (!row) return std::nullopt;
    return PasswordReset{.id = row->id<PasswordResetId>(0),
                         .user = row->id<UserId>(1),
                         .created_at = row->instant(2),
                         .expires_at = row->instant(3)};
}

std::int64_t use_up_resets(sql::Transaction& tx, const UserId& user, Instant now) {
    return tx.run(kUseUpResets, {user, now});
}

std::int64_t count_resets(sql::Transaction& tx, const UserId& user, Instant since) {
    return tx.one(kCountResets, {user, since})->integer(0);
}

}  // namespace turnpike
