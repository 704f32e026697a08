#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "analytics/usage/usage_rollup.h"
#include "entitlements/api.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Figures of usage, from sums that are kept (usage_rollup.h): no question reads events. The policy
/// table has let the caller in already; a customer sees his own figures only. Thread-safe.
struct UsageApi {
    sql::Database& db;
    const Clock& clock;
    EntitlementsApi& entitlements;
    const UsageRollup& rollup;
    const CursorCodec& cursors;

    /// GET /v1/usage/series?meter=&customer=&route=&granularity=&from=&to=
    asio::awaitable<Result<http::Response>> get_series(const Principal& caller,
                                                       const http::Request& request);
    /// GET /v1/usage/top?meter=&from=&to=&limit=
    asio::awaitable<Result<http::Response>> get_top(const Principal& caller,
                                                    const http::Request& request);
    /// GET /v1/usage/groups?meter=&customer=&by=&from=&to=&limit=
    asio::awaitable<Result<http::Response>> get_groups(const Principal& caller,
                                                       const http::Request& request);
    /// GET /v1/usage/routes?customer=&granularity=&from=&to=
    asio::awaitable<Result<http::Response>> get_routes(const Principal& caller,
                                                       const http::Request& request);
    /// GET /v1/usage/forecast?customer=&meter=
    asio::awaitable<Result<http::Response>> get_forecast(const Principal& caller,
                                                         const http::Request& request);
    /// GET /v1/usage/alerts?customer=&meter=&limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_alerts(const Principal& caller,
                                                       const http::Request& request);

private:
    /// Whom the request is about.
    asio::awaitable<Result<StandingCache::Snapshot>> standing_of(const Principal& caller,
                                                                 const http::Request& request);
    /// Null where a seller asks about all customers.
    asio::awaitable<Result<StandingCache::Snapshot>> maybe_standing_of(
        const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
