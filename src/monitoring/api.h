#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "catalog/cache.h"
#include "http/message.h"
#include "metering/service.h"
#include "monitoring/monitor.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of what somebody should look at. The policy table has let the caller in already.
/// Thread-safe.
struct MonitoringApi {
    using Answer = boost::asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    const CursorCodec& cursors;
    UsageStore& usage;
    CatalogCache& catalog;
    const Monitor& monitor;

    /// GET /v1/subscriptions/expiring?days=&catalog=&limit=&cursor=&created_at[gte]=: what ends
    /// first comes first; the filter is about when it ends.
    Answer get_expiring(const Principal& caller, const http::Request& request);
    /// GET /v1/subscriptions/failing?catalog=&limit=&cursor=: what fails longest comes first.
    Answer get_failing(const Principal& caller, const http::Request& request);
    /// GET /v1/monitor?catalog=: what is open, what recurs of it, how late due actions are.
    Answer get_monitor(const Principal& caller, const http::Request& request);
    /// GET /v1/monitor/findings?kind=&state=&catalog=&subscription=&customer=&limit=&cursor=
    Answer get_findings(const Principal& caller, const http::Request& request);
    /// GET /v1/subscriptions/{subscription}/health
    Answer get_health(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
