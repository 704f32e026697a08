#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "billing/provider/payment_methods.h"
#include "customers/api.h"
#include "http/message.h"

namespace turnpike {

/// Handlers of /v1/customers/{customer}/payment_methods and .../portal_sessions, and of a
/// customer's change, which the provider must hear of: the seller acting for a customer. The policy
/// table has let the caller in already. Thread-safe.
struct CustomerBillingApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    CustomersApi& customers;
    const AllowedOrigins& origins;  ///< where the portal may lead back to

    /// CustomersApi's, and then the provider is told. When that fails now, the worker repeats it.
    Answer patch_customer(const Principal& caller, const http::Request& request);

    Answer get_payment_methods(const Principal& caller, const http::Request& request);
    /// {"payment_method": "pm_..", "default": false}
    Answer post_payment_method(const Principal& caller, const http::Request& request);
    Answer delete_payment_method(const Principal& caller, const http::Request& request);
    Answer post_default_payment_method(const Principal& caller, const http::Request& request);
    /// {"return_url": "https://.."}
    Answer post_portal_session(const Principal& caller, const http::Request& request);

private:
    asio::awaitable<Result<CustomerId>> customer_named(const http::Request& request);
    asio::awaitable<Result<CardOwner>> owner_named(const Principal& caller,
                                                   const http::Request& request);
};

}  // namespace turnpike
