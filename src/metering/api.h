#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "catalog/cache.h"
#include "http/content_coding.h"
#include "http/message.h"
#include "metering/customer_window.h"
#include "metering/event_body.h"
#include "metering/period_billing.h"
#include "metering/service.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/events. The policy table has let the caller in already.
struct MeteringApi {
    sql::Database& db;
    UsageStore& usage;
    const Clock& clock;
    CatalogCache& catalog;
    const CursorCodec& cursors;
    BeginLook begin_look;
    UsageMoved usage_moved;
    UsageMoved usage_corrected;
    FindPeriodBilling find_period_billing;

    /// POST /v1/events: one event, a JSON array, or NDJSON, encoded or not; a verdict for each.
    /// Answers when everything is durable; NDJSON is recorded a thousand events at a time.
    asio::awaitable<Result<http::Response>> post_events(const Principal& caller,
                                                        const http::Request& request);
    /// GET /v1/events?customer=&meter=&source=&event_id=&limit=&cursor=&created_at[gte]=
    /// &created_at[lt]=
    asio::awaitable<Result<http::Response>> get_events(const Principal& caller,
                                                       const http::Request& request);
    /// GET /v1/events/{event}: what it moved and, for who may read billing, what was charged.
    asio::awaitable<Result<http::Response>> get_event(const Principal& caller,
                                                      const http::Request& request);

private:
    asio::awaitable<Result<AppendReport>> record(const std::vector<EventEntry>& entries);
    asio::awaitable<Result<http::Response>> post_whole(const http::Request& request, EventMode mode,
                                                       http::ContentCoding coding);
    asio::awaitable<http::Response> post_lines(const http::Request& request,
                                               http::ContentCoding coding);
};

}  // namespace turnpike
