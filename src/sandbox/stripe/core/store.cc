#include "sandbox/stripe/core/store.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kDueAccounts = R"sql(
    SELECT DISTINCT account FROM objects WHERE test_clock = '' AND due_at <= $1
)sql";

constexpr std::string_view kMovingClocks = R"sql(
    SELECT account, id FROM objects
     WHERE kind = 'test_helpers.test_clock' AND status = 'advancing'
     ORDER BY seq
)sql";

constexpr std::string_view kFindAccount = R"sql(
    SELECT id FROM accounts WHERE key_sha256 = $1
)sql";

constexpr std::string_view kInsertAccount = R"sql(
    INSERT INTO accounts (id, key_sha256, created_at, key_hint) VALUES ($1, $2, $3, $4)
)sql";

std::string text_member(const Json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A deleted object's only state is that it is deleted.
std::string status_of(const Json& object) {
    return object.value("deleted", false) ? "deleted" : text_member(object, "status");
}

/// All but its body.
ObjectRow row_of(const ObjectKey& key, const Json& object) {
    return {.key = key,
            .customer = text_member(object, "customer"),
            .parent = parent_of(object),
            .status = status_of(object),
            .created = object.value("created", std::int64_t{0})};
}

bool same_place(const ObjectRow& a, const ObjectRow& b) {
    return a.customer == b.customer && a.parent == b.parent && a.status == b.status &&
           a.created == b.created;
}

std::string key_digest(std::string_view secret_key) { return to_hex(sha256(secret_key)); }

/// "sk_test_4eC39HqLyjWDabcd" -> "sk_test_…abcd": people know theirs by it.
std::string hint_of_key(std::string_view secret_key) {
    constexpr std::size_t kShown = 4;
    const auto mark = secret_key.rfind('_');
    const auto start = mark == std::string_view::npos ? 0 : mark + 1;
    const auto shown = std::min(kShown, (secret_key.size() - start) / 2);
    return std::string(secret_key.substr(0, start)) + "…" +
           std::string(secret_key.substr(secret_key.size() - shown));
}

}  // namespace

void save_object(sql::Transaction& tx, std::string_view account, const Json& object,
                 const Json* stored) {
    const auto kind = text_of(object, "object");
    const auto id = text_of(object, "id");
    const ObjectKey key{account, kind, id};
    auto row = row_of(key, object);
    row.body = to_text(object);
    // Most changes are to the document alone, and leave every index as it is.
    if (stored != nullptr && same_place(row, row_of(key, *stored)))
        save_body(tx, key, row.body);
    else
        save_row(tx, row);
}

std::vector<std::string> load_due_accounts(sql::Transaction& tx, Instant now) {
    std::vector<std::string> accounts;
    for (const auto& row : tx.all(kDueAccounts, {now})) accounts.push_back(row.text(0));
    return accounts;
}

std::vector<MovingClock> load_moving_clocks(sql::Transaction& tx) {
    std::vector<MovingClock> clocks;
    for (const auto& row : tx.all(kMovingClocks)) clocks.push_back({row.text(0), row.text(1)});
    return clocks;
}

std::optional<std::string> find_account(sql::Transaction& tx, std::string_view secret_key) {
    const auto row = tx.one(kFindAccount, {key_digest(secret_key)});
    if (!row) return std::nullopt;
    return row->text(0);
}

std::string open_account(sql::Transaction& tx, std::string_view secret_key, IdSource& ids,
                         Instant now) {
    if (auto known = find_account(tx, secret_key)) return *std::move(known);
    std::string id = "acct_1" + ids.body(now).substr(11);
    tx.run(kInsertAccount, {id, key_digest(secret_key), now, hint_of_key(secret_key)});
    return id;
}

}  // namespace turnpike::twin
