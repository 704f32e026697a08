#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// Handlers of /v1/organizations/{organization}/payment_methods and .../portal_sessions: what a
/// member with the route's role does about paying for his organization. Nothing is changed in one
/// that is deactivated. Thread-safe.
struct OrganizationBillingApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const AllowedOrigins& origins;  ///< where the portal may lead back to

    Answer get_payment_methods(const Principal& caller, const http::Request& request);
    /// {"payment_method": "pm_..", "default": false}
    Answer post_payment_method(const Principal& caller, const http::Request& request);
    /// {"return_url": "https://.."}
    Answer post_portal_session(const Principal& caller, const http::Request& request);

private:
    asio::awaitable<Result<CustomerId>> payer_of(const Principal& caller,
                                                 const http::Request& request);
};

}  // namespace turnpike
