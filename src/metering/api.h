#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "catalog/cache.h"
#include "http/message.h"
#include "metering/customer_window.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/events. The policy table has let the caller in already.
struct MeteringApi {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    CatalogCache& catalog;
    const CursorCodec& cursors;
    FindWindow find_window;
    UsageMoved usage_moved;

    /// POST /v1/events: CloudEvents, one or many; a verdict for each. Answers after the commit.
    asio::awaitable<Result<http::Response>> post_events(const Principal& caller,
                                                        const http::Request& request);
    /// GET /v1/events?customer=&meter=&limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_events(const Principal& caller,
                                                       const http::Request& request);
};

}  // namespace turnpike
