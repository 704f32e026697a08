#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/authenticator.h"
#include "access/cursor.h"
#include "access/principal.h"
#include "base/id.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of /v1/users, for administrators. The policy table has let the caller in already.
struct UsersApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    Authenticator& authenticator;
    const CursorCodec& cursors;

    /// GET /v1/users?email=&limit=&cursor=&created_at[gte]=&created_at[lt]=
    Answer get_users(const Principal& caller, const http::Request& request);
    /// GET /v1/users/{user}, with his organizations
    Answer get_user(const Principal& caller, const http::Request& request);
    /// POST /v1/users/{user}/deactivate: his sessions end before the answer leaves,
    /// and his host's tokens are good for nothing
    Answer post_deactivate(const Principal& caller, const http::Request& request);
    /// POST /v1/users/{user}/activate
    Answer post_activate(const Principal& caller, const http::Request& request);
    /// POST /v1/users/{user}/reset_link; 201 with the secret that sets a new password
    Answer post_reset_link(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
