#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "http/client.h"
#include "http/message.h"
#include "sandbox/deliveries.h"
#include "sandbox/retention.h"
#include "sql/database.h"

namespace turnpike::twin {

class Inspected;

namespace asio = boost::asio;

/// An event and where it is to go. `endpoint` "": to each one that had it or wants it.
struct EventAddress {
    std::string account;
    std::string event;
    std::string endpoint{};
};

/// How a webhook is made; the ordinary way unless misfortune wants another.
struct WebhookStyle {
    enum class Secret : std::uint8_t {
        Current,
        Previous,  ///< the one before the last rotation; a wrong one where there was none
        Wrong,
    } secret = Secret::Current;
    /// Of the body: nullopt: the endpoint's; "": an older one of the provider's choice. Providers
    /// without versions have one shape.
    std::optional<std::string> version{};
};

/// What a twin keeps for a call until it is answered; its destructor lets go of it.
class CallHold {
public:
    virtual ~CallHold() = default;
};

/// One payment provider's stateful twin, as the server and the worker that run it see it.
/// Thread-safe.
class ProviderTwin {
public:
    virtual ~ProviderTwin() = default;

    /// Never throws: a broken database answers 500 in the provider's words.
    virtual asio::awaitable<http::Response> handle(http::Request& request) = 0;
    /// What handle() would keep for this call (an idempotency key), kept from now on, for whoever
    /// makes it wait before it is handled. Null: nothing, or what another call has by now; of that
    /// handle() will tell. To be destroyed before the twin.
    [[nodiscard]] virtual std::unique_ptr<CallHold> hold(const http::Request& /*request*/) {
        return nullptr;
    }
    /// The provider's words for what the HTTP server refused itself: a body over its limit (413),
    /// bad framing.
    virtual http::Response refused(const http::Request& request, int status) = 0;
    /// The provider's words where misfortune answers: 429 (too many requests), or 500, which says
    /// nothing of what was done.
    virtual http::Response excuse(const http::Request& request, int status) = 0;
    /// From now on `answer` is what a repeat of this request gets, by its idempotency key, in place
    /// of `given`, which was the answer to this one. Nothing happens where `given` is not what a
    /// repeat would get.
    virtual void keep_answer(sql::Transaction& tx, const http::Request& request,
                             const http::Response& given, const http::Response& answer) = 0;

    /// Whether its webhooks come in versions.
    [[nodiscard]] virtual bool has_versions() const = 0;

    /// Where people reach it, for links made without a request ("http://127.0.0.1:12111").
    virtual void set_base_url(std::string base_url) = 0;
    /// Called after every committed change, on any thread; the worker looks for due work then.
    virtual void on_change(std::function<void()> notify) = 0;

    /// Does what is due by itself: moving clocks, renewals, retries of payments.
    virtual asio::awaitable<void> run_due_work() = 0;

    /// The webhook as it must be sent now, signed; its timeout is left to the worker. nullopt when
    /// its endpoint is gone or disabled: what is pending for that is given up.
    virtual std::optional<http::Call> call_of(sql::Transaction& tx, const Delivery& delivery,
                                              Instant now, const WebhookStyle& style) = 0;
    /// "invoice.paid"
    virtual std::string event_type(const Delivery& delivery) = 0;
    /// When to try again after a failed try, which may also disable the endpoint; nullopt: never.
    /// Called in the transaction that records the try, for every try.
    virtual std::optional<Instant> retry_at(sql::Transaction& tx, const Delivery& delivery,
                                            const Attempt& attempt) = 0;

    /// Sends an event once more; the number of webhooks that were queued. 0: there is no such
    /// event, or no such endpoint, or it is disabled. The caller commits.
    virtual std::int64_t resend(sql::Transaction& tx, const EventAddress& event, Instant now) = 0;

    /// Removes a few rows of what its provider would show no more (retention.h), oldest first; the
    /// caller commits.
    ///
    /// \return whether there may be more
    virtual bool prune(sql::Transaction& tx, Instant now, PruneWalk& walk) = 0;

    /// For the inspector; lives as long as the twin.
    [[nodiscard]] virtual Inspected& inspected() = 0;
    [[nodiscard]] virtual sql::Database& database() = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
};

}  // namespace turnpike::twin
