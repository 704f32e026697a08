#include "sandbox/razorpay/store.h"

#include <array>

#include "sandbox/chaos/store.h"
#include "sandbox/ids.h"
#include "sandbox/shared_tables.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::string_view kSchema = R"sql(
CREATE TABLE accounts (
    key_id TEXT NOT NULL PRIMARY KEY,
    key_secret TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    clock_offset BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE signatures (
    delivery TEXT NOT NULL PRIMARY KEY,
    signature TEXT NOT NULL
);

CREATE TABLE refund_keys (
    account TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    refund TEXT NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);
)sql";

constexpr std::array kMigrations{
    sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
    sql::Migration{.number = 2, .name = "0002_razorpay", .sql = kSchema},
    sql::Migration{.number = 3, .name = "0003_kept_deliveries", .sql = kKeptDeliveries},
    sql::Migration{.number = 4, .name = "0004_chaos", .sql = kChaosTables},
};

constexpr std::string_view kFindAccount = R"sql(
    SELECT id, key_secret, clock_offset FROM accounts WHERE key_id = $1
)sql";

constexpr std::string_view kFindAccountById = R"sql(
    SELECT id, key_secret, clock_offset FROM accounts WHERE id = $1
)sql";

constexpr std::string_view kInsertAccount = R"sql(
    INSERT INTO accounts (key_id, key_secret, id, clock_offset, created_at)
    VALUES ($1, $2, $3, 0, $4)
)sql";

constexpr std::string_view kSaveOffset = R"sql(
    UPDATE accounts SET clock_offset = $2 WHERE id = $1
)sql";

constexpr std::string_view kDueAccounts = R"sql(
    SELECT id FROM accounts
     WHERE EXISTS (SELECT 1 FROM objects
                    WHERE objects.account = accounts.id AND objects.test_clock = ''
                      AND objects.due_at <= $1 + accounts.clock_offset)
)sql";

constexpr std::string_view kInsertSignature = R"sql(
    INSERT INTO signatures (delivery, signature) VALUES ($1, $2)
)sql";

constexpr std::string_view kLoadSignature = R"sql(
    SELECT signature FROM signatures WHERE delivery = $1
)sql";

constexpr std::string_view kFindRefundKey = R"sql(
    SELECT request_sha256, refund FROM refund_keys WHERE account = $1 AND idempotency_key = $2
)sql";

constexpr std::string_view kInsertRefundKey = R"sql(
    INSERT INTO refund_keys (account, idempotency_key, request_sha256, refund)
    VALUES ($1, $2, $3, $4)
)sql";

std::optional<Account> account_of(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return Account{
        .id = row->text(0), .key_secret = row->text(1), .clock_offset = Duration(row->integer(2))};
}

}  // namespace

std::span<const sql::Migration> migrations() { return kMigrations; }

std::optional<Account> find_account(sql::Transaction& tx, std::string_view key_id) {
    return account_of(tx.one(kFindAccount, {key_id}));
}

std::optional<Account> find_account_by_id(sql::Transaction& tx, std::string_view id) {
    return account_of(tx.one(kFindAccountById, {id}));
}

Account open_account(sql::Transaction& tx, std::string_view key_id, std::string_view key_secret,
                     IdSource& ids, Instant now) {
    const auto random = ids.body(now).substr(kTimeCharacters);
    Account account{.id = "acc_" + base62(random, kRandomLength),
                    .key_secret = std::string(key_secret)};
    tx.run(kInsertAccount, {key_id, key_secret, account.id, now});
    return account;
}

void save_clock_offset(sql::Transaction& tx, std::string_view account, Duration offset) {
    tx.run(kSaveOffset, {account, offset.count()});
}

std::vector<std::string> load_due_accounts(sql::Transaction& tx, Instant now) {
    std::vector<std::string> accounts;
    for (const auto& row : tx.all(kDueAccounts, {now})) accounts.push_back(row.text(0));
    return accounts;
}

void save_signature(sql::Transaction& tx, std::string_view delivery, std::string_view signature) {
    tx.run(kInsertSignature, {delivery, signature});
}

std::string load_signature(sql::Transaction& tx, std::string_view delivery) {
    const auto row = tx.one(kLoadSignature, {delivery});
    return row ? row->text(0) : "";
}

std::optional<RefundKey> find_refund_key(sql::Transaction& tx, std::string_view account,
                                         std::string_view key) {
    const auto row = tx.one(kFindRefundKey, {account, key});
    if (!row) return std::nullopt;
    return RefundKey{.request = row->text(0), .refund = row->text(1)};
}

void save_refund_key(sql::Transaction& tx, std::string_view account, std::string_view key,
                     const RefundKey& used) {
    tx.run(kInsertRefundKey, {account, key, used.request, used.refund});
}

}  // namespace turnpike::twin::razorpay
