#include "people/password_resets.h"

#include <utility>

#include "access/api_key.h"
#include "crypto/crypto.h"
#include "people/email.h"
#include "people/user_store.h"
#include "people/users.h"

namespace turnpike {
namespace {

constexpr std::size_t kResetRandomBytes = 20;

struct OpenedReset {
    PasswordReset reset;
    std::string secret;
};

OpenedReset open_reset(const UserId& user, Instant now, IdSource& ids, std::string& hash) {
    auto minted = mint_key(KeyPrefix::PasswordReset, random_bytes(kResetRandomBytes));
    hash = std::move(minted.hash);
    return {{.id = ids.make<PasswordResetId>(now),
             .user = user,
             .created_at = now,
             .expires_at = now + kResetLife},
            std::move(minted.secret)};
}

ResetLetter letter_of(std::string_view recipient, const OpenedReset& opened) {
    return {opened.reset.id, recipient, opened.secret, opened.reset.expires_at};
}

/// The commit is what takes the time: three rows, as for an account that is there, and none stays.
void make_as_much_work(sql::Transaction& tx, const LetterDesk& desk, Instant now, IdSource& ids) {
    std::string hash;
    for (int row = 0; row < 3; ++row) {
        const auto opened = open_reset(UserId::trusted(""), now, ids, hash);
        unpost_letter(tx,
                      post_reset_letter(tx, desk, letter_of("nobody@invalid", opened), now, ids));
    }
}

AuditEntry reset_entry(const User& user, const OpenedReset& opened, const Authority& authority) {
    return {.at = opened.reset.created_at,
            .actor = authority.actor,
            .action = "user.password_reset_requested",
            .object_id = user.id.text(),
            .customer = "",
            .request_id = authority.request_id};
}

bool may_reset(sql::Transaction& tx, const User& user, Instant now) {
    return is_active(user) && user.has_password && user.email &&
           count_resets(tx, user.id, now - std::chrono::hours(1)) < kResetsPerHour;
}

std::unexpected<Error> reset_invalid() {
    return invalid_argument("people.reset_invalid",
                            "this link was used, is over, or was never given out; ask for another");
}

}  // namespace

Result<std::monostate> request_reset(sql::Transaction& tx, const ResetRequest& asked,
                                     const LetterDesk& desk, Instant now, IdSource& ids) {
    if (!desk.sends_mail)
        return conflict("people.no_letters",
                        "this server sends no letters; ask whoever runs it for a link");
    const auto key = fold_email(asked.email);
    const auto user = find_user_by_email_key(tx, key ? *key : "");
    if (!user || !may_reset(tx, *user, now)) {
        make_as_much_work(tx, desk, now, ids);
        return std::monostate{};
    }
    std::string hash;
    const auto opened = open_reset(user->id, now, ids, hash);
    insert_reset(tx, opened.reset, hash);
    post_reset_letter(tx, desk, letter_of(*user->email, opened), now, ids);
    record(tx, reset_entry(*user, opened, {"anonymous", std::string(asked.request_id)}), ids);
    return std::monostate{};
}

Result<ResetLink> make_reset_link(sql::Transaction& tx, std::string_view ref,
                                  const Authority& authority, Instant now, IdSource& ids) {
    const auto user = find_user(tx, ref);
    if (!user) return failure(user);
    if (!user->has_password)
        return conflict("people.no_password", "this user signs in elsewhere and has no password");
    std::string hash;
    auto opened = open_reset(user->id, now, ids, hash);
    insert_reset(tx, opened.reset, hash);
    record(tx, reset_entry(*user, opened, authority), ids);
    return ResetLink{*user, std::move(opened.secret), opened.reset.expires_at};
}

Result<User> user_of_reset(sql::Transaction& tx, std::string_view secret, Instant now) {
    if (read_key_shape(secret) != KeyPrefix::PasswordReset) return reset_invalid();
    const auto reset = find_reset(tx, key_hash(secret), now);
    auto user = reset ? load_user(tx, reset->user) : std::nullopt;
    if (!user || !is_active(*user)) return reset_invalid();
    return *std::move(user);
}

Result<User> confirm_reset(sql::Transaction& tx, const NewPassword& wanted, Instant now,
                           IdSource& ids) {
    auto user = user_of_reset(tx, wanted.secret, now);
    if (!user) return user;
    // Uses up every link of the user, this one too: two requests with one link meet there.
    change_password(tx, *user, wanted.hash,
                    {{"user:" + user->external_id, wanted.request_id}, now, ids});
    return user;
}

}  // namespace turnpike
