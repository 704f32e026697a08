#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace turnpike {

/// Every type of event that endpoints can be told of; docs/webhooks.md says when each happens.
inline constexpr auto kOutboxEventTypes = std::to_array<std::string_view>({
    "checkout.started",
    "customer.created",
    "customer.updated",
    "dispute.closed",
    "dispute.created",
    "dispute.updated",
    "finding.closed",
    "finding.opened",
    "invoice.created",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "payment_method.attached",
    "payment_method.detached",
    "payment_method.made_default",
    "refund.created",
    "refund.updated",
    "subscription.canceled",
    "subscription.created",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "subscription.trial_will_end",
    "subscription.unpaid",
    "subscription.updated",
    "usage.threshold_reached",
    "webhook.signature_failed",
    "webhook_endpoint.disabled",
    "webhook_endpoint.test",
});
/// Only for the endpoint that it is of.
inline constexpr std::string_view kEndpointTest = "webhook_endpoint.test";

bool is_event_type(std::string_view type);

/// What an endpoint may ask for: a type, "*", or all of one noun ("invoice.*").
bool is_event_pattern(std::string_view pattern);
/// Whether one of the patterns takes this type in.
bool matches(std::span<const std::string> patterns, std::string_view type);

/// What a seller can be alerted of: the eight moments of a subscription's life, limits, endpoints
/// that no longer answer, and what the monitor finds.
inline constexpr auto kAlertNames = std::to_array<std::string_view>({
    "checkout_started",
    "subscription_created",
    "subscription_updated",
    "subscription_canceled",
    "payment_succeeded",
    "payment_failed",
    "refund",
    "signature_failure",
    "limit_reached",
    "endpoint_disabled",
    "finding_opened",
});
/// What a destination has that asks for nothing in particular: every alert, also new ones.
inline constexpr std::string_view kEveryAlert = "*";
/// What a destination may ask for: an alert's name, or all of them.
bool is_alert_pattern(std::string_view pattern);
/// The alert that an event of this type raises; nullopt for most.
std::optional<std::string_view> alert_of(std::string_view event_type);

}  // namespace turnpike
