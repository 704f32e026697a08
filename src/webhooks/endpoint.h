#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using WebhookEndpointId = Id<"whe">;
using WebhookDeliveryId = Id<"whd">;

/// Whom we tell, and how. The first is sent every event it asks for; the other three are
/// destinations of alerts.
enum class EndpointKind : std::uint8_t { Endpoint, AlertWebhook, AlertSlack, AlertEmail };
std::string_view to_text(EndpointKind kind);  ///< "alert_slack"
std::optional<EndpointKind> parse_endpoint_kind(std::string_view text);
inline bool is_alert(EndpointKind kind) { return kind != EndpointKind::Endpoint; }
/// Whether what we send there is signed.
inline bool is_signed(EndpointKind kind) {
    return kind == EndpointKind::Endpoint || kind == EndpointKind::AlertWebhook;
}

/// Why one is disabled; None: it is enabled.
enum class EndpointStop : std::uint8_t {
    None,
    ByHand,
    Gone,     ///< it has answered 410
    Failing,  ///< the last try of a delivery has failed
};
std::string_view to_text(EndpointStop stop);  ///< "by_hand"; "" for None
std::optional<EndpointStop> parse_endpoint_stop(std::string_view text);

struct WebhookEndpoint {
    WebhookEndpointId id;
    EndpointKind kind = EndpointKind::Endpoint;
    std::string target;  ///< a URL; of Slack, the end of one; or an e-mail address
    std::string description;
    std::vector<std::string> events;  ///< patterns, or names of alerts
    EndpointStop stop = EndpointStop::None;
    Instant paused_until{};
    std::string sealed_secret{};    ///< what signs; Slack's whole URL; "" for e-mail
    std::string sealed_previous{};  ///< "" unless it was rotated
    Instant previous_until{};       ///< until when the one before signs too
    Instant created_at;
    Instant updated_at;
    std::int64_t version = 1;
};

/// Whether an event of this type is to be sent there.
bool wants(const WebhookEndpoint& endpoint, std::string_view event_type);

}  // namespace turnpike
