#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace turnpike {

/// Where the inbox reports; any may be empty. Called on any thread.
struct WebhookMetrics {
    /// turnpike_webhook_events_total{provider,outcome}: "received", "duplicate", "refused",
    /// "not_stored", "applied", "failed", "dead"
    std::function<void(std::string_view provider, std::string_view outcome)> event;
    /// turnpike_webhook_signature_failures_total{provider}
    std::function<void(std::string_view provider)> signature_failure;
    /// turnpike_webhook_backlog: events that wait, set every few seconds
    std::function<void(std::int64_t pending)> backlog;

    void count(std::string_view provider, std::string_view outcome) const {
        if (event) event(provider, outcome);
    }
};

}  // namespace turnpike
