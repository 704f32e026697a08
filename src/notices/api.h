#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/unsubscribe/{token}: the link of a reminder. Whoever has the letter may follow
/// it; nobody else can make it up. Who opens a link that is none of ours in a browser sees a page.
struct NoticesApi {
    sql::Database& db;
    const Clock& clock;
    const CursorCodec& tokens;
    std::string seller;  ///< whose reminders they are, as pages name him; "" for none

    /// GET: a page with one button. Mail scanners follow links, so that this changes nothing.
    asio::awaitable<Result<http::Response>> get_unsubscribe(const Principal& caller,
                                                            const http::Request& request);
    /// POST: the button, and the mail program's own (RFC 8058).
    asio::awaitable<Result<http::Response>> post_unsubscribe(const Principal& caller,
                                                             const http::Request& request);
};

}  // namespace turnpike
