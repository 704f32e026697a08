#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sql/migrator.h"
#include "sql/sql.h"

namespace turnpike::twin::razorpay {

/// The twin's own schema.
std::span<const sql::Migration> migrations();

/// One merchant in test mode: a pair of keys. Its time runs beside the sandbox's.
struct Account {
    std::string id;           ///< "acc_..."
    std::string key_secret;   ///< as it is: the answer of a checkout is signed with it
    Duration clock_offset{};  ///< never negative
};

/// nullopt: nobody has used this key yet.
std::optional<Account> find_account(sql::Transaction& tx, std::string_view key_id);
std::optional<Account> find_account_by_id(sql::Transaction& tx, std::string_view id);
Account open_account(sql::Transaction& tx, std::string_view key_id, std::string_view key_secret,
                     IdSource& ids, Instant now);
void save_clock_offset(sql::Transaction& tx, std::string_view account, Duration offset);
/// Accounts with something due when the sandbox's clock shows `now`.
std::vector<std::string> load_due_accounts(sql::Transaction& tx, Instant now);

/// The signature of a queued webhook: made with the secret of the moment of its event.
void save_signature(sql::Transaction& tx, std::string_view delivery, std::string_view signature);
std::string load_signature(sql::Transaction& tx, std::string_view delivery);

/// What a refund's idempotency key was used for.
struct RefundKey {
    std::string request;  ///< a digest of path and body
    std::string refund;
};
std::optional<RefundKey> find_refund_key(sql::Transaction& tx, std::string_view account,
                                         std::string_view key);
void save_refund_key(sql::Transaction& tx, std::string_view account, std::string_view key,
                     const RefundKey& used);

}  // namespace turnpike::twin::razorpay
