#pragma once

#include <functional>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Whom "ext:alice" or "alice" means. The customers feature, which records here, knows.
using FindAuditedCustomer =
    std::function<Result<CustomerId>(sql::Transaction& tx, std::string_view ref)>;

/// Handlers of /v1/audit_events. The policy table has let the caller in already.
struct AuditApi {
    sql::Database& db;
    const CursorCodec& cursors;
    FindAuditedCustomer find_customer;

    /// GET /v1/audit_events?customer=&limit=&cursor=&created_at[gte]=&created_at[lt]=
    asio::awaitable<Result<http::Response>> get_audit_events(const Principal& caller,
                                                             const http::Request& request);

    /// Whose events are asked for; nullopt: everybody's. Errors: those of find_customer.
    asio::awaitable<Result<std::optional<CustomerId>>> customer_asked(const http::Request& request);
};

}  // namespace turnpike
