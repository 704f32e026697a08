#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/message.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/html.h"
#include "sandbox/inspector/notices.h"
#include "sandbox/provider_twin.h"

namespace turnpike::twin {

/// Pages at "/" and below "/inspect" that show all that a twin keeps, of every account: objects,
/// events, deliveries with their tries, clocks, and the chaos that is ordered. Without a key; see
/// guard.h. Thread-safe.
class Inspector {
public:
    /// `twin` and `chaos` outlive it.
    Inspector(ProviderTwin& twin, Chaos& chaos);

    /// Whether a request is one for it, not for the twin.
    static bool wants(const http::Request& request);
    /// Never throws.
    asio::awaitable<http::Response> answer(http::Request& request);
    /// For what the HTTP server refused itself with `status`.
    static http::Response refused(int status);

private:
    asio::awaitable<PageAnswer> page_of(http::Request& request);
    asio::awaitable<PageAnswer> chaos_page_of(const http::Request& request, const Json& form);
    asio::awaitable<PageAnswer> routed_page_of(http::Request& request, const Json& form);
    /// Leads on to a page that says it.
    PageAnswer leading_to(std::string address, Notice notice);

    ProviderTwin& twin_;
    Chaos& chaos_;
    Notices notices_;
};

}  // namespace turnpike::twin
