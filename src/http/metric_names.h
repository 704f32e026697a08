#pragma once

#include <array>
#include <string_view>

namespace turnpike::http {

/// One metric's name and meaning. The three kinds are types, so that a name cannot be used as
/// another kind. Every name is also a line in docs/metrics.md; a test compares them.
struct CounterName {
    std::string_view name;
    std::string_view help;
};
struct GaugeName {
    std::string_view name;
    std::string_view help;
};
/// Observed in seconds, with the buckets of Metrics.
struct HistogramName {
    std::string_view name;
    std::string_view help;
};

inline constexpr CounterName kHttpRequests{"turnpike_http_requests_total",
                                           "Requests answered, by route pattern and status."};
inline constexpr HistogramName kHttpRequestSeconds{
    "turnpike_http_request_seconds", "Time from the end of a request to its answer, by route."};
inline constexpr CounterName kHttpShed{
    "turnpike_http_shed_total",
    "Requests turned away because of their number or of what waits, by reason."};
inline constexpr GaugeName kHttpConnections{"turnpike_http_connections", "Open connections."};

// payments
inline constexpr CounterName kProviderRequests{
    "turnpike_provider_requests_total",
    "Calls to a payment provider with their quick retries, by outcome."};
inline constexpr GaugeName kProviderBreakerState{"turnpike_provider_breaker_state",
                                                 "Circuit breaker: 0 closed, 1 open, 2 half open."};

// webhooks
inline constexpr CounterName kWebhookEvents{"turnpike_webhook_events_total",
                                            "Inbound provider events, by outcome."};
inline constexpr CounterName kWebhookSignatureFailures{
    "turnpike_webhook_signature_failures_total",
    "Webhook requests whose signature did not prove their body."};
inline constexpr GaugeName kWebhookBacklog{"turnpike_webhook_backlog",
                                           "Provider events that wait to be applied."};
inline constexpr CounterName kWebhookDeliveries{"turnpike_webhook_deliveries_total",
                                                "Tries to tell an endpoint, by outcome."};
inline constexpr GaugeName kWebhookDeliveriesWaiting{"turnpike_webhook_deliveries_waiting",
                                                     "Deliveries that wait to be sent."};

// gateway
inline constexpr CounterName kGatewayFailedOpen{
    "turnpike_gateway_failed_open_total",
    "Requests let through while the ledger failed, by route of the catalog and reason."};
inline constexpr GaugeName kGatewayDegradedServed{
    "turnpike_gateway_degraded_served",
    "Requests let through while the ledger could not record them."};
inline constexpr GaugeName kGatewayDegradedRecovered{"turnpike_gateway_degraded_recovered",
                                                     "Of these, recorded later."};
inline constexpr GaugeName kGatewayDegradedLost{"turnpike_gateway_degraded_lost",
                                                "Of these, never recorded."};
inline constexpr CounterName kGatewayLogLines{"turnpike_gateway_log_lines_total",
                                              "Lines of gateways' access logs, by outcome."};

// people
inline constexpr CounterName kSignIns{"turnpike_sign_ins_total",
                                      "Attempts to sign in with a password, by outcome."};

inline constexpr GaugeName kUsers{"turnpike_users", "Users, deactivated ones too."};
inline constexpr GaugeName kOrganizations{"turnpike_organizations",
                                          "Organizations, deactivated ones too."};

// billing
inline constexpr GaugeName kActiveSubscriptions{"turnpike_active_subscriptions",
                                                "Subscriptions that are active."};
inline constexpr GaugeName kBillingLagSeconds{"turnpike_billing_lag_seconds",
                                              "How late the oldest due action is, by action."};
inline constexpr GaugeName kBillingPassSeconds{"turnpike_billing_pass_seconds",
                                               "Since the billing worker's last complete pass."};
inline constexpr GaugeName kFindingsOpen{"turnpike_findings_open",
                                         "What the monitor has found and is not over, by kind."};
inline constexpr GaugeName kUsageRollupLagSeconds{
    "turnpike_usage_rollup_lag_seconds",
    "Since the moment up to which usage is in the usage figures."};
inline constexpr CounterName kUsageAlerts{"turnpike_usage_alerts_total",
                                          "Thresholds that usage has reached, by percentage."};
inline constexpr GaugeName kLedgerBacklog{"turnpike_ledger_backlog",
                                          "Jobs that wait for the ledger."};
inline constexpr GaugeName kLedgerUp{"turnpike_ledger_up",
                                     "Whether the ledger answers and takes writes."};

/// For the test and for `docs/metrics.md`.
inline constexpr std::array kAllMetricNames{
    kHttpRequests.name,
    kHttpRequestSeconds.name,
    kHttpShed.name,
    kHttpConnections.name,
    kProviderRequests.name,
    kProviderBreakerState.name,
    kWebhookEvents.name,
    kWebhookSignatureFailures.name,
    kWebhookBacklog.name,
    kWebhookDeliveries.name,
    kWebhookDeliveriesWaiting.name,
    kSignIns.name,
    kUsers.name,
    kOrganizations.name,
    kGatewayFailedOpen.name,
    kGatewayDegradedServed.name,
    kGatewayDegradedRecovered.name,
    kGatewayDegradedLost.name,
    kGatewayLogLines.name,
    kActiveSubscriptions.name,
    kBillingLagSeconds.name,
    kBillingPassSeconds.name,
    kFindingsOpen.name,
    kUsageRollupLagSeconds.name,
    kUsageAlerts.name,
    kLedgerBacklog.name,
    kLedgerUp.name,
};

}  // namespace turnpike::http
