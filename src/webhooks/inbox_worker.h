#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "base/time.h"
#include "sql/database.h"
#include "webhooks/inbox.h"
#include "webhooks/metrics.h"

namespace turnpike {

namespace asio = boost::asio;

/// Applies one event. It may call mark_event_done inside the transaction of its last write; if it
/// does not, the worker marks the event afterwards, and a crash in between applies it again: an
/// applier must bear being run twice.
using EventApplier = std::function<asio::awaitable<Result<std::monostate>>(const InboxEvent&)>;

struct InboxWorkerConfig {
    InboxPolicy policy;
    int lanes = 8;         ///< events applied at the same time
    int in_hand_max = 64;  ///< claimed and not finished
    std::chrono::milliseconds poll{1'000};
    std::chrono::milliseconds count_every{5'000};  ///< for turnpike_webhook_backlog
};

/// What the worker works with; all of it outlives the worker.
struct InboxWorkerWorld {
    sql::Database& db;
    const Clock& clock;
};

/// Applies what the inbox holds: events of one customer one after the other in the order they
/// came, events of different customers at the same time. Looks when it is woken and once a second.
/// Several workers on one database share the events between them.
class InboxWorker {
public:
    InboxWorker(asio::io_context& io, InboxWorkerWorld world, EventApplier apply,
                InboxWorkerConfig config, WebhookMetrics metrics);
    /// Only after stop() has taken effect (stopped()) or the io_context has ended.
    ~InboxWorker();
    InboxWorker(const InboxWorker&) = delete;
    InboxWorker& operator=(const InboxWorker&) = delete;

    /// Once.
    void start();
    /// There may be something to do. Thread-safe and cheap.
    void wake();
    /// Ends after the events under way; claimed ones that have not begun are taken up again when
    /// their lease ends. Thread-safe.
    void stop();
    /// Thread-safe.
    [[nodiscard]] bool stopped() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike
