#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "access/return_url.h"
#include "base/error.h"
#include "billing/life/health.h"
#include "billing/provider/contexts.h"
#include "billing/provider/payment_methods.h"
#include "http/message.h"

namespace turnpike {

/// The published interface of the data API: `/billing/*`, `/pricing`, `/health/billing`. Paths and
/// shapes only; every rule is a use case of the features below. Thread-safe.
class ApiMetering {
public:
    using Answer = asio::awaitable<Result<http::Response>>;

    /// `catalog`: key of the catalog that it sells. `origins`: where pages may lead back to.
    ApiMetering(BillingContexts& billing, std::string catalog, HealthSources health,
                const AllowedOrigins& origins);

    Answer post_subscribe(const Principal& caller, const http::Request& request);
    Answer get_status(const Principal& caller, const http::Request& request);
    Answer post_upgrade(const Principal& caller, const http::Request& request);
    Answer post_cancel(const Principal& caller, const http::Request& request);
    Answer get_payment_methods(const Principal& caller, const http::Request& request);
    Answer post_payment_method(const Principal& caller, const http::Request& request);
    Answer delete_payment_method(const Principal& caller, const http::Request& request);
    Answer post_default_payment_method(const Principal& caller, const http::Request& request);
    Answer get_portal(const Principal& caller, const http::Request& request);
    Answer get_invoices(const Principal& caller, const http::Request& request);
    Answer get_pricing(const Principal& caller, const http::Request& request);
    Answer get_health(const Principal& caller, const http::Request& request);
    Answer get_stats(const Principal& caller, const http::Request& request);

private:
    asio::awaitable<Result<CustomerId>> customer_calling(const Principal& caller);
    asio::awaitable<Result<CardOwner>> owner_calling(const Principal& caller,
                                                     const http::Request& request);
    Answer status_of(CustomerId customer);

    BillingContexts& billing_;
    std::string catalog_;
    HealthSources health_;
    const AllowedOrigins& origins_;
};

}  // namespace turnpike
