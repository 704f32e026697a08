#pragma once

#include <string>

#include "access/api_key.h"
#include "access/stored_keys.h"
#include "audit/audit.h"
#include "base/error.h"
#include "keys/wire.h"
#include "sql/sql.h"

namespace turnpike {

struct CreatedKey {
    ApiKey key;
    std::string secret;  ///< shown once
};

/// Who asks for a key, and in which mode this server runs.
struct KeyGrant {
    const Principal& caller;
    std::string request_id;
    KeyMode mode = KeyMode::Test;
};

/// Makes a key; with an audit record. A key never gets a scope that its maker lacks.
///
/// Errors: Forbidden "access.scope_not_held"; InvalidArgument "access.expires_in_the_past";
///         NotFound "customer.not_found".
Result<CreatedKey> create_key(sql::Transaction& tx, const KeyRequest& request,
                              const KeyGrant& grant, Instant now, IdSource& ids);

/// Revokes for good; with an audit record the first time. The caller then tells the Authenticator.
///
/// Errors: NotFound "access.key_not_found".
Result<ApiKey> revoke_key_by(sql::Transaction& tx, const ApiKeyId& id, const Authority& authority,
                             Instant now, IdSource& ids);

}  // namespace turnpike
