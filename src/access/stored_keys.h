#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// What is known of a key. The key itself is not: only its hash is stored.
struct ApiKey {
    ApiKeyId id;
    std::optional<CustomerId> customer;  ///< whom it acts for; none: a seller's key
    std::string name;
    std::vector<Scope> scopes;  ///< a seller's key; empty for a customer's
    std::string hint;
    Instant created_at;
    std::optional<Instant> expires_at;
    std::optional<Instant> revoked_at;
};
/// Neither revoked nor expired.
bool is_usable(const ApiKey& key, Instant now);

void insert_key(sql::Transaction& tx, const ApiKey& key, std::string_view hash);
/// \param hash  key_hash() of the secret
std::optional<ApiKey> find_key_by_hash(sql::Transaction& tx, std::string_view hash);
/// Errors: NotFound "access.key_not_found".
Result<ApiKey> load_key(sql::Transaction& tx, const ApiKeyId& id);
/// Newest first; page.fetch() keys at most; of one customer when named.
std::vector<ApiKey> list_keys(sql::Transaction& tx, const std::optional<CustomerId>& customer,
                              const PageQuery& page);
/// False, and no change, when it is revoked already or not there.
bool revoke_key(sql::Transaction& tx, const ApiKeyId& id, Instant now);

}  // namespace turnpike
