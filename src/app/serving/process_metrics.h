#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/usage/gateway_log.h"
#include "analytics/usage/usage_alert.h"
#include "billing/worker.h"
#include "entitlements/fail_open.h"
#include "entitlements/usage_recovery.h"
#include "http/metrics.h"
#include "monitoring/due_actions.h"
#include "monitoring/finding.h"
#include "payments/provider_client.h"
#include "people/auth_api.h"
#include "webhooks/metrics.h"
#include "webhooks/outbound_metrics.h"

namespace turnpike {

/// Joins the features' reports to the process's metrics. `metrics` outlives what is returned. Every
/// series is there from the start, so that its first rise is a rise and not a new series.
ClientMetrics provider_metrics(http::Metrics& metrics, std::string_view provider);
WebhookMetrics webhook_metrics(http::Metrics& metrics, const std::vector<std::string>& providers);
OutboundMetrics outbound_metrics(http::Metrics& metrics);
/// For GatewayApi::passed. Its series appear with their first request: the routes are the
/// catalog's.
std::function<void(const RouteCost&, FailOpen)> count_failed_open(http::Metrics& metrics);

/// For GatewayLog::World::told.
std::function<void(LineFate, std::uint64_t)> count_gateway_lines(http::Metrics& metrics);

/// For UsageRollup::World::raised.
std::function<void(const UsageAlert&)> count_usage_alerts(http::Metrics& metrics);

/// For AuthApi::told.
std::function<void(SignInFate)> count_sign_ins(http::Metrics& metrics);

/// For MonitorWorld::measured and MonitorWorld::counted.
std::function<void(const std::vector<ActionLag>&)> show_action_lags(http::Metrics& metrics);
std::function<void(const OpenFindings&)> show_open_findings(http::Metrics& metrics);

/// What is read now and then instead of being counted as it happens.
struct SampledNumbers {
    UsageRecovery::Numbers recovery;
    std::vector<BillingWorker::Lag> worker_lags{};
    std::int64_t usage_rollup_lag_s = 0;
    std::size_t ledger_backlog = 0;
    std::size_t connections = 0;
};
void sample(http::Metrics& metrics, const SampledNumbers& numbers);

}  // namespace turnpike
