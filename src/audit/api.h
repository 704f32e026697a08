#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/audit_events. The policy table has let the caller in already.
struct AuditApi {
    sql::Database& db;
    const CursorCodec& cursors;

    /// GET /v1/audit_events?customer=cus_...&limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_audit_events(const Principal& caller,
                                                             const http::Request& request);
};

}  // namespace turnpike
