#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/money.h"
#include "base/time.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers of the seller's figures. The policy table has let the caller in already. Thread-safe.
struct AnalyticsApi {
    sql::Database& db;
    const Clock& clock;

    /// GET /v1/revenue?currency=USD
    boost::asio::awaitable<Result<http::Response>> get_revenue(const Principal& caller,
                                                               const http::Request& request);
};

}  // namespace turnpike
