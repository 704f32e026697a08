#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/authenticator.h"
#include "access/cursor.h"
#include "access/principal.h"
#include "base/id.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of /v1/api_keys. The policy table has let the caller in already.
struct KeysApi {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    Authenticator& authenticator;
    const CursorCodec& cursors;

    /// POST /v1/api_keys {"name", "scopes" or "customer", "expires_at"}; 201. The only answer that
    /// ever holds the secret.
    asio::awaitable<Result<http::Response>> post_api_key(const Principal& caller,
                                                         const http::Request& request);
    /// GET /v1/api_keys?customer=&limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_api_keys(const Principal& caller,
                                                         const http::Request& request);
    /// DELETE /v1/api_keys/{api_key}: revokes; 200 with the key, also the second time. On this node
    /// the key stops working before the answer leaves.
    asio::awaitable<Result<http::Response>> delete_api_key(const Principal& caller,
                                                           const http::Request& request);
};

}  // namespace turnpike
