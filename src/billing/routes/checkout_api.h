#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/life/checkout.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// Whether a checkout may lead back there. The mark in it may be anywhere: CheckoutId's prefix
/// stands in for the id that will take its place.
/// Errors: those of AllowedOrigins::check.
Result<ReturnUrl> check_page(const AllowedOrigins& origins, const std::string& url,
                             std::string_view field);

/// Handlers of /v1/checkout_sessions. The policy table has let the caller in already. Thread-safe.
struct CheckoutApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const AllowedOrigins& origins;  ///< where pages may lead back to

    Answer post_checkout(const Principal& caller, const http::Request& request);
    /// While it may be paid, the provider is asked; when that fails, the answer is what we know.
    Answer get_checkout(const Principal& caller, const http::Request& request);
    Answer post_expire(const Principal& caller, const http::Request& request);

private:
    Answer answer_with(int status, CheckoutSession session);
};

}  // namespace turnpike
