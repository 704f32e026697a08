#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"
#include "metering/service.h"
#include "sql/database.h"

namespace turnpike {

/// Handlers about why invoices say what they say. The policy table has let the caller in already.
struct ExplainApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    UsageStore& usage;
    const CursorCodec& cursors;

    /// GET /v1/invoice_lines/{invoice_line}/explain: with a page of the events, in the order in
    /// which they counted: of an adjustment, those behind the charges before it.
    Answer get_explanation(const Principal& caller, const http::Request& request);
    /// POST /v1/recomputations {"invoice"} or {"since"}: see recompute().
    Answer post_recomputation(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
