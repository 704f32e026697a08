#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "access/rate_limit.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "customers/customer.h"
#include "http/message.h"

namespace turnpike {

/// The published interface of marketing attribution: `/api/billing/*` and `/admin/webhooks`. Paths
/// and shapes only. Its customers are named by a receipt, which is their external id. Thread-safe.
struct Attribution {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    std::string catalog;            ///< key of what it sells
    const AllowedOrigins& origins;  ///< whose own is where checkout returns to
    const CursorCodec& cursors;
    RateLimiter& new_receipts;      ///< that a peer may bring by receipts alone
    std::string upgrade_url;        ///< where customers change their plan; "": no page does
    std::function<void()> revived;  ///< called when an event waits again

    /// Who already has a subscription is answered 402. Of the seller and of the customer himself
    /// the page is as one of POST /v1/checkout_sessions. Whoever else knows the receipt opens one
    /// that anybody who does replaces, and brings so many new receipts an hour
    /// (RateClass::Receipt).
    Answer post_checkout(const Principal& caller, const http::Request& request);
    /// ?session=chk_..: where a paid page leads to. It asks the provider, so that the subscription
    /// is there before the webhook.
    Answer get_success(const Principal& caller, const http::Request& request);
    Answer get_cancel(const Principal& caller, const http::Request& request);
    /// ?receipt=: what was used in the running period
    Answer get_usage(const Principal& caller, const http::Request& request);
    /// ?state=&limit=&cursor=
    Answer get_webhooks(const Principal& caller, const http::Request& request);
    /// An event that was given up gets its tries back.
    Answer post_resend(const Principal& caller, const http::Request& request);

private:
    /// By which find_customer knows the receipt's.
    [[nodiscard]] std::string customer_name(const std::string& receipt) const;
    /// Errors: LimitExceeded "access.rate_limited"; those of ensure_customer.
    asio::awaitable<Result<Customer>> buyer_named(const Principal& caller,
                                                  const http::Request& request,
                                                  std::string receipt);
    /// Of a page that was not opened: who has bought is shown what more there is, with 402.
    Answer refused_page(Error error, CustomerId customer, const http::Request& request);
    asio::awaitable<bool> is_paid(std::string session, Authority authority);
};

}  // namespace turnpike
