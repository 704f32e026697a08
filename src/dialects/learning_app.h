#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// The published interface of the learning app: `/api/v1/payments/*`. Paths and shapes only. What
/// counts by the day and by the week are the meters `ai_minutes` and `scenarios` of its catalog.
/// Thread-safe.
struct LearningApp {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    std::string catalog;            ///< key of what it sells
    const AllowedOrigins& origins;  ///< where pages may lead back to
    const CursorCodec& cursors;

    Answer post_checkout(const Principal& caller, const http::Request& request);
    Answer get_subscription(const Principal& caller, const http::Request& request);
    /// ?immediate=false
    Answer post_cancel(const Principal& caller, const http::Request& request);
    /// ?limit=10&cursor=
    Answer get_invoices(const Principal& caller, const http::Request& request);
    Answer post_portal(const Principal& caller, const http::Request& request);
    Answer get_usage(const Principal& caller, const http::Request& request);
    Answer get_pricing(const Principal& caller, const http::Request& request);

private:
    asio::awaitable<Result<CustomerId>> customer_calling(const Principal& caller);
    Answer subscription_of(CustomerId customer);
};

}  // namespace turnpike
