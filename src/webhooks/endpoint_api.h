#pragma once

#include <functional>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "crypto/secret_box.h"
#include "http/address_guard.h"
#include "http/message.h"
#include "sql/database.h"
#include "webhooks/endpoint_service.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/webhook_endpoints and, made a second time, of /v1/alert_destinations: the same
/// thing told by the same means. The path's part is {endpoint} in both.
struct EndpointsApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    EndpointsOf which;
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    const CursorCodec& cursors;
    const SecretBox& box;
    const http::AddressGuard& guard;
    bool sends_mail;
    std::function<void()> wake;  ///< something may be due

    /// GET: newest first.
    Answer get_all(const Principal& caller, const http::Request& request);
    /// POST: 201, with the secret where one signs; it is not shown again.
    Answer post(const Principal& caller, const http::Request& request);
    /// GET {endpoint}
    Answer get_one(const Principal& caller, const http::Request& request);
    /// PATCH {endpoint}
    Answer patch(const Principal& caller, const http::Request& request);
    /// DELETE {endpoint}: 204
    Answer remove(const Principal& caller, const http::Request& request);
    /// POST {endpoint}/enable, /disable
    Answer post_enable(const Principal& caller, const http::Request& request);
    Answer post_disable(const Principal& caller, const http::Request& request);
    /// POST {endpoint}/rotate_secret {"overlap_hours": 24}
    Answer post_rotate(const Principal& caller, const http::Request& request);
    /// POST {endpoint}/test: 202 with the delivery
    Answer post_test(const Principal& caller, const http::Request& request);
    /// POST {endpoint}/replay {"since", "until", "include_delivered"}: {"deliveries": n}
    Answer post_replay(const Principal& caller, const http::Request& request);
    /// GET {endpoint}/deliveries?state=
    Answer get_deliveries(const Principal& caller, const http::Request& request);
    /// GET {endpoint}/deliveries/{delivery}: with what was sent and every try
    Answer get_delivery(const Principal& caller, const http::Request& request);
    /// POST {endpoint}/deliveries/{delivery}/replay: 202 with the delivery
    Answer post_delivery_replay(const Principal& caller, const http::Request& request);

private:
    [[nodiscard]] EndpointDesk desk_of(const Principal& caller, const http::Request& request) const;
    [[nodiscard]] Result<WebhookEndpoint> endpoint_of(sql::Transaction& tx,
                                                      const http::Request& request) const;
};

}  // namespace turnpike
