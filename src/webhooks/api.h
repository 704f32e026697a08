#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "base/error.h"
#include "http/message.h"
#include "sql/database.h"
#include "webhooks/receiver.h"

namespace turnpike {

inline constexpr std::string_view kStripeWebhookPath = "/webhooks/stripe";

/// POST /webhooks/stripe. Errors: StripeReceiver::receive's.
asio::awaitable<Result<http::Response>> post_stripe_webhook(StripeReceiver& receiver,
                                                            const http::Request& request);

/// GET /v1/webhook_events?state=&limit=&cursor=: what came in and what became of it, newest first.
/// Errors: InvalidArgument "webhook.invalid_query", "access.cursor_invalid".
asio::awaitable<Result<http::Response>> get_webhook_events(sql::Database& db,
                                                           const CursorCodec& cursors,
                                                           const http::Request& request);

}  // namespace turnpike
