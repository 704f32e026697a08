#include "webhooks/event_types.h"

#include <algorithm>
#include <utility>

namespace turnpike {
namespace {

constexpr auto kAlertsOfEvents = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"checkout.started", "checkout_started"},
    {"subscription.created", "subscription_created"},
    {"subscription.updated", "subscription_updated"},
    {"subscription.past_due", "subscription_updated"},
    {"subscription.paused", "subscription_updated"},
    {"subscription.resumed", "subscription_updated"},
    {"subscription.unpaid", "subscription_updated"},
    {"subscription.canceled", "subscription_canceled"},
    {"invoice.paid", "payment_succeeded"},
    {"invoice.payment_failed", "payment_failed"},
    {"refund.created", "refund"},
    {"webhook.signature_failed", "signature_failure"},
    {"usage.threshold_reached", "limit_reached"},
    {"webhook_endpoint.disabled", "endpoint_disabled"},
    {"finding.opened", "finding_opened"},
});

bool covers(std::string_view pattern, std::string_view type) {
    if (pattern == "*" || pattern == type) return true;
    return pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

bool is_event_type(std::string_view type) {
    return std::ranges::find(kOutboxEventTypes, type) != kOutboxEventTypes.end();
}

bool is_event_pattern(std::string_view pattern) {
    return std::ranges::any_of(kOutboxEventTypes,
                               [&](std::string_view type) { return covers(pattern, type); });
}

bool matches(std::span<const std::string> patterns, std::string_view type) {
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return covers(pattern, type); });
}

bool is_alert_pattern(std::string_view pattern) {
    return pattern == kEveryAlert || std::ranges::find(kAlertNames, pattern) != kAlertNames.end();
}

std::optional<std::string_view> alert_of(std::string_view event_type) {
    for (const auto& [type, alert] : kAlertsOfEvents)
        if (type == event_type) return alert;
    return std::nullopt;
}

}  // namespace turnpike
