#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "sql/database.h"
#include "webhooks/inbox.h"
#include "webhooks/metrics.h"
#include "webhooks/stripe_signature.h"

namespace turnpike {

namespace asio = boost::asio;

/// Events of the other mode are refused: a test event must not move a live ledger, nor the reverse.
enum class StripeMode : bool { Test, Live };

struct ReceiverConfig {
    WebhookSecrets secrets;
    StripeMode mode = StripeMode::Test;
};

struct ReceiverWorld {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
};

/// POST /webhooks/stripe: proves who sent the bytes, stores them once, and answers; applying comes
/// later. Thread-safe.
class StripeReceiver {
public:
    /// `stored` is called after a new event is durable (InboxWorker::wake); may be empty.
    StripeReceiver(ReceiverWorld world, ReceiverConfig config, WebhookMetrics metrics,
                   std::function<void()> stored);

    /// 200 {"received":true} when the event is durable, also when it was before.
    /// Errors: InvalidArgument "webhook.bad_signature"  nothing is stored; counted and logged
    ///         InvalidArgument "webhook.not_an_event", "webhook.wrong_mode"
    ///         TooLarge        "webhook.too_large"
    ///         Unavailable     "webhook.not_stored"     the database is down: Stripe sends it again
    asio::awaitable<Result<http::Response>> receive(const http::Request& request);

    /// Since the process began; for /health/billing.
    [[nodiscard]] std::int64_t signature_failures() const { return signature_failures_.load(); }

private:
    [[nodiscard]] Result<NewInboxEvent> verify(const http::Request& request);
    [[nodiscard]] Result<NewInboxEvent> read_event(const std::string& body) const;
    std::unexpected<Error> bad_signature(SignatureFault fault, const std::string& peer);

    ReceiverWorld world_;
    ReceiverConfig config_;
    WebhookMetrics metrics_;
    std::function<void()> stored_;
    std::atomic<std::int64_t> signature_failures_{0};
    std::atomic<std::int64_t> failures_logged_{0};
    std::atomic<std::int64_t> next_log_s_{0};  ///< unix seconds
};

}  // namespace turnpike
