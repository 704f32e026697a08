#include "access/stored_keys.h"

#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO api_keys (id, hash, kind, customer_id, name, scopes, hint, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
)sql";

constexpr std::string_view kFindByHash = R"sql(
    SELECT id, customer_id, name, scopes, hint, created_at, expires_at, revoked_at
      FROM api_keys
     WHERE hash = $1
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT id, customer_id, name, scopes, hint, created_at, expires_at, revoked_at
      FROM api_keys
     WHERE id = $1
)sql";

constexpr std::string_view kListAll = R"sql(
    SELECT id, customer_id, name, scopes, hint, created_at, expires_at, revoked_at
      FROM api_keys
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kListOfCustomer = R"sql(
    SELECT id, customer_id, name, scopes, hint, created_at, expires_at, revoked_at
      FROM api_keys
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
       AND customer_id = $6
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kRevoke = R"sql(
    UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
)sql";

std::string write_scopes(const std::vector<Scope>& scopes) {
    std::string text;
    for (const Scope scope : scopes) {
        if (!text.empty()) text += ' ';
        text += to_text(scope);
    }
    return text;
}

std::vector<Scope> read_scopes(std::string_view text) {
    std::vector<Scope> scopes;
    while (!text.empty()) {
        const auto end = text.find(' ');
        const auto scope = parse_scope(text.substr(0, end));
        check(scope.has_value(), "a stored key has scopes that we know");
        scopes.push_back(*scope);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return scopes;
}

ApiKey from_row(const sql::Row& row) {
    ApiKey key{.id = row.id<ApiKeyId>(0),
               .customer = std::nullopt,
               .name = row.text(2),
               .scopes = read_scopes(row.text(3)),
               .hint = row.text(4),
               .created_at = row.instant(5),
               .expires_at = row.maybe_instant(6),
               .revoked_at = row.maybe_instant(7)};
    if (!row.text(1).empty()) key.customer = row.id<CustomerId>(1);
    return key;
}

}  // namespace

bool is_usable(const ApiKey& key, Instant now) {
    return !key.revoked_at && (!key.expires_at || now < *key.expires_at);
}

void insert_key(sql::Transaction& tx, const ApiKey& key, std::string_view hash) {
    tx.run(kInsert, {key.id, hash, key.customer ? "customer" : "seller",
                     key.customer ? key.customer->text() : std::string(), key.name,
                     write_scopes(key.scopes), key.hint, key.created_at, key.expires_at});
}

std::optional<ApiKey> find_key_by_hash(sql::Transaction& tx, std::string_view hash) {
    const auto row = tx.one(kFindByHash, {hash});
    if (!row) return std::nullopt;
    return from_row(*row);
}

Result<ApiKey> load_key(sql::Transaction& tx, const ApiKeyId& id) {
    const auto row = tx.one(kLoad, {id});
    if (!row) return not_found("access.key_not_found", "there is no such API key");
    return from_row(*row);
}

std::vector<ApiKey> list_keys(sql::Transaction& tx, const std::optional<CustomerId>& customer,
                              const PageQuery& page) {
    const auto rows = customer ? tx.all(kListOfCustomer, {page.since, page.until, page.after.at,
                                                          page.after.id, page.fetch(), *customer})
                               : tx.all(kListAll, {page.since, page.until, page.after.at,
                                                   page.after.id, page.fetch()});
    std::vector<ApiKey> keys;
    keys.reserve(rows.size());
    for (const auto& row : rows) keys.push_back(from_row(row));
    return keys;
}

bool revoke_key(sql::Transaction& tx, const ApiKeyId& id, Instant now) {
    return tx.run(kRevoke, {id, now}) == 1;
}

}  // namespace turnpike
