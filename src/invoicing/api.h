#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/invoices. The policy table has let the caller in already.
struct InvoicingApi {
    sql::Database& db;
    const CursorCodec& cursors;

    /// GET /v1/invoices?customer=&limit=&cursor=: without lines.
    asio::awaitable<Result<http::Response>> get_invoices(const Principal& caller,
                                                         const http::Request& request);
    /// GET /v1/invoices/{invoice}: with lines.
    asio::awaitable<Result<http::Response>> get_invoice(const Principal& caller,
                                                        const http::Request& request);
};

}  // namespace turnpike
