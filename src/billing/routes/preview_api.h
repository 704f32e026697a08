#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "billing/life/preview.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// Handlers of /v1/subscriptions/preview and .../preview_change. The policy table has let the
/// caller in already. Thread-safe.
struct PreviewApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;

    Answer post_preview(const Principal& caller, const http::Request& request);
    Answer post_preview_change(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
