#include "webhooks/endpoint.h"

#include <algorithm>
#include <utility>

#include "webhooks/event_types.h"

namespace turnpike {

std::string_view to_text(EndpointKind kind) {
    switch (kind) {
        case EndpointKind::Endpoint: return "endpoint";
        case EndpointKind::AlertWebhook: return "alert_webhook";
        case EndpointKind::AlertSlack: return "alert_slack";
        case EndpointKind::AlertEmail: return "alert_email";
    }
    std::unreachable();
}

std::optional<EndpointKind> parse_endpoint_kind(std::string_view text) {
    using enum EndpointKind;
    for (const auto kind : {Endpoint, AlertWebhook, AlertSlack, AlertEmail})
        if (to_text(kind) == text) return kind;
    return std::nullopt;
}

std::string_view to_text(EndpointStop stop) {
    switch (stop) {
        case EndpointStop::None: return "";
        case EndpointStop::ByHand: return "by_hand";
        case EndpointStop::Gone: return "gone";
        case EndpointStop::Failing: return "failing";
    }
    std::unreachable();
}

std::optional<EndpointStop> parse_endpoint_stop(std::string_view text) {
    using enum EndpointStop;
    for (const auto stop : {None, ByHand, Gone, Failing})
        if (to_text(stop) == text) return stop;
    return std::nullopt;
}

bool wants(const WebhookEndpoint& endpoint, std::string_view event_type) {
    if (!is_alert(endpoint.kind)) return matches(endpoint.events, event_type);
    const auto alert = alert_of(event_type);
    return alert && std::ranges::any_of(endpoint.events, [&](const std::string& name) {
               return name == kEveryAlert || name == *alert;
           });
}

}  // namespace turnpike
