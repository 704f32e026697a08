#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// `/api/subscriptions` of the published interface of organizations: what an organization has, for
/// its members, and buying, for its admins. Somebody else's is not found, in the same words as
/// none. Thread-safe.
struct SaasOrgsSubscriptions {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const CursorCodec& cursors;

    /// POST /api/subscriptions
    Answer post_subscription(const Principal& caller, const http::Request& request);
    /// GET /api/subscriptions/organization/{org_id}, newest first
    Answer get_of_organization(const Principal& caller, const http::Request& request);
    /// GET /api/subscriptions/{subscription_id}
    Answer get_subscription(const Principal& caller, const http::Request& request);
    /// PUT /api/subscriptions/{subscription_id}
    Answer put_subscription(const Principal& caller, const http::Request& request);
    /// POST /api/subscriptions/{subscription_id}/cancel
    Answer post_cancel(const Principal& caller, const http::Request& request);

private:
    Answer answer_with(int status, const SubscriptionId& id);
};

}  // namespace turnpike
