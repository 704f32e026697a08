#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "base/error.h"
#include "http/message.h"
#include "sql/database.h"
#include "webhooks/inbox.h"

namespace turnpike {

namespace asio = boost::asio;

/// Where each provider's webhooks come in: our own path first, then those that the published
/// interfaces name.
struct WebhookPath {
    std::string_view provider;
    std::string_view path;
};
inline constexpr auto kWebhookPaths = std::to_array<WebhookPath>({
    {"stripe", "/webhooks/stripe"},
    {"razorpay", "/webhooks/razorpay"},
    {"stripe", "/webhook/stripe"},
    {"razorpay", "/webhook/razorpay"},
    {"stripe", "/api/webhooks/stripe"},
    {"stripe", "/api/v1/payments/webhook"},
});
/// "" when no webhooks come in there.
std::string_view provider_at(std::string_view path);

/// One page of what came in, newest first, as ?state=&limit=&cursor= ask for it.
struct InboxPage {
    std::vector<InboxEvent> events;
    std::optional<std::string> next_cursor;  ///< there are more
};
/// Errors: InvalidArgument "webhook.invalid_query", "access.cursor_invalid".
asio::awaitable<Result<InboxPage>> read_inbox_page(sql::Database& db, const CursorCodec& cursors,
                                                   const http::Request& request, Payloads payloads);

/// GET /v1/webhook_events?state=&limit=&cursor=: what came in and what became of it, newest first.
/// Errors: InvalidArgument "webhook.invalid_query", "access.cursor_invalid".
asio::awaitable<Result<http::Response>> get_webhook_events(sql::Database& db,
                                                           const CursorCodec& cursors,
                                                           const http::Request& request);

}  // namespace turnpike
