#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"
#include "invoicing/refund_filter.h"

namespace turnpike {

/// Handlers of refunds and disputes. The policy table has let the caller in already; a customer
/// sees what concerns his own payments alone. Thread-safe.
struct RefundsApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const CursorCodec& cursors;

    /// GET /v1/refunds
    Answer get_refunds(const Principal& caller, const http::Request& request);
    /// GET /v1/disputes
    Answer get_disputes(const Principal& caller, const http::Request& request);
    /// POST /v1/invoices/{invoice}/refunds {"amount", "currency", "reason"}
    Answer post_refund(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
