#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "catalog/cache.h"
#include "http/message.h"

namespace turnpike {

namespace asio = boost::asio;

/// What is sold, read from the snapshot: no handler here touches the ledger.
struct CatalogApi {
    CatalogCache& catalog;

    /// GET /v1/plans
    asio::awaitable<Result<http::Response>> get_plans(const Principal& caller,
                                                      const http::Request& request);
    /// GET /v1/plans/{plan}, by key or id. Errors: NotFound "catalog.no_such_plan".
    asio::awaitable<Result<http::Response>> get_plan(const Principal& caller,
                                                     const http::Request& request);
};

}  // namespace turnpike
