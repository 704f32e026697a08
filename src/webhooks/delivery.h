#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "webhooks/endpoint.h"
#include "webhooks/outbox.h"

namespace turnpike {

enum class DeliveryState : std::uint8_t { Pending, Delivered, Failed };
std::string_view to_text(DeliveryState state);
std::optional<DeliveryState> parse_delivery_state(std::string_view text);

/// One event for one endpoint.
struct WebhookDelivery {
    WebhookDeliveryId id;
    WebhookEndpointId endpoint;
    OutboxEventId event;
    std::string event_type;
    std::string object;
    std::int64_t sequence = 0;
    DeliveryState state = DeliveryState::Pending;
    std::int64_t attempts = 0;    ///< of this round
    std::int64_t tries_made = 0;  ///< of all rounds; numbers the attempts
    Instant next_attempt_at;
    Instant created_at;
    std::optional<Instant> finished_at;
};

/// One try, and what came back.
struct DeliveryAttempt {
    std::int64_t number = 1;
    Instant at;
    int status = 0;         ///< 0: no answer
    std::string problem{};  ///< "" when it was delivered
    std::int64_t duration_ms = 0;
    std::string response{};  ///< its beginning
};

/// An event as it was stored.
struct StoredEvent {
    OutboxEventId id;
    std::string type;
    std::string object;
    std::int64_t sequence = 0;
    Instant created_at;
    Alerting alerting = Alerting::Yes;
};

}  // namespace turnpike
