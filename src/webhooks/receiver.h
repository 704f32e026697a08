#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "sql/database.h"
#include "webhooks/event_verifier.h"
#include "webhooks/metrics.h"
#include "webhooks/refusal_log.h"

namespace turnpike {

namespace asio = boost::asio;

struct ReceiverWorld {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
};

/// A provider's webhook endpoint: proves who sent the bytes, stores them once, and answers;
/// applying comes later. Thread-safe.
class WebhookReceiver {
public:
    /// `stored` is called after a new event is durable (InboxWorker::wake); may be empty.
    WebhookReceiver(ReceiverWorld world, std::unique_ptr<const EventVerifier> verifier,
                    WebhookMetrics metrics, std::function<void()> stored);

    [[nodiscard]] std::string_view provider() const { return verifier_->provider(); }

    /// 200 {"received":true} when the event is durable, also when it was before.
    /// Errors, all counted and logged, nothing is stored:
    ///         InvalidArgument "webhook.bad_signature"; those of EventVerifier::read
    ///         Unavailable     "webhook.not_stored"     the database is down: it is sent again
    asio::awaitable<Result<http::Response>> receive(const http::Request& request);

    /// Counts and logs a request that the HTTP server refused before its body was read.
    void refused_unread(const http::Request& request);
    /// Writes the lines of what was refused since; a job calls it every second.
    void write_due_refusals();
    /// The same for all that is left, at the end of the process.
    void write_all_refusals();

    /// Within the last hour; for /health/billing.
    [[nodiscard]] std::int64_t signature_failures() const;

private:
    [[nodiscard]] Result<NewInboxEvent> verify(const http::Request& request);
    std::unexpected<Error> bad_signature(SignatureFault fault, const std::string& peer);
    void write_line(const RefusalLine& line) const;
    /// `why` is for the log; the sender is not told which check failed.
    void note(std::string_view reason, std::string_view why, const std::string& peer);

    ReceiverWorld world_;
    std::unique_ptr<const EventVerifier> verifier_;
    WebhookMetrics metrics_;
    std::function<void()> stored_;

    mutable std::mutex mutex_;
    RefusalLog refusals_;          // guarded by mutex_
    LastHour signature_failures_;  // guarded by mutex_
};

}  // namespace turnpike
