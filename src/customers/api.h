#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/id.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/customers. The policy table has let the caller in already.
struct CustomersApi {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    const CursorCodec& cursors;

    /// GET /v1/customers?limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_customers(const Principal& caller,
                                                          const http::Request& request);
    /// POST /v1/customers; 201
    asio::awaitable<Result<http::Response>> post_customer(const Principal& caller,
                                                          const http::Request& request);
    /// GET /v1/customers/{customer}: cus_..., ext:<external id> or a plain external id
    asio::awaitable<Result<http::Response>> get_customer(const Principal& caller,
                                                         const http::Request& request);
    /// PATCH /v1/customers/{customer}: a JSON merge patch of email, name and metadata
    asio::awaitable<Result<http::Response>> patch_customer(const Principal& caller,
                                                           const http::Request& request);
};

}  // namespace turnpike
