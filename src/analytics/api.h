#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/money.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of the seller's figures. The policy table has let the caller in already. Thread-safe.
struct AnalyticsApi {
    sql::Database& db;
    const Clock& clock;
    const CatalogCache& catalog;

    /// GET /v1/revenue?currency=USD&catalog=
    boost::asio::awaitable<Result<http::Response>> get_revenue(const Principal& caller,
                                                               const http::Request& request);
    /// GET /v1/figures?catalog=&days=30: the window is the last so many days.
    boost::asio::awaitable<Result<http::Response>> get_figures(const Principal& caller,
                                                               const http::Request& request);
};

}  // namespace turnpike
