#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of what subscriptions have been. The policy table has let the caller in already.
struct HistoryApi {
    sql::Database& db;
    const CursorCodec& cursors;

    /// GET /v1/subscriptions/{subscription}/events?limit=&cursor=&created_at[gte]=: newest first;
    /// the filter is about the moment when a change took effect.
    boost::asio::awaitable<Result<http::Response>> get_events(const Principal& caller,
                                                              const http::Request& request);
};

}  // namespace turnpike
