#include "app/serving/process_metrics.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "http/metric_names.h"

namespace turnpike {
namespace {

std::int64_t gauge_value(BreakerState state) {
    switch (state) {
        case BreakerState::Closed: return 0;
        case BreakerState::Open: return 1;
        case BreakerState::HalfOpen: return 2;
    }
    return 1;
}

}  // namespace

ClientMetrics provider_metrics(http::Metrics& metrics, std::string_view name) {
    const std::string provider(name);
    for (const char* outcome : {"succeeded", "refused", "nothing_happened", "unknown", "shed"})
        metrics.counter(http::kProviderRequests, {{"provider", provider}, {"outcome", outcome}});
    metrics.gauge(http::kProviderBreakerState, {{"provider", provider}}).set(0);
    return {
        .request =
            [&metrics, provider](std::string_view outcome) {
                metrics
                    .counter(http::kProviderRequests,
                             {{"provider", provider}, {"outcome", std::string(outcome)}})
                    .add();
            },
        .breaker =
            [&metrics, provider](BreakerState state) {
                metrics.gauge(http::kProviderBreakerState, {{"provider", provider}})
                    .set(gauge_value(state));
            },
    };
}

OutboundMetrics outbound_metrics(http::Metrics& metrics) {
    for (const char* outcome : {"delivered", "failed", "exhausted", "gone"})
        metrics.counter(http::kWebhookDeliveries, {{"outcome", outcome}});
    metrics.gauge(http::kWebhookDeliveriesWaiting);
    return {.delivery =
                [&metrics](std::string_view outcome) {
                    metrics.counter(http::kWebhookDeliveries, {{"outcome", std::string(outcome)}})
                        .add();
                },
            .waiting =
                [&metrics](std::int64_t waiting) {
                    metrics.gauge(http::kWebhookDeliveriesWaiting).set(waiting);
                }};
}

WebhookMetrics webhook_metrics(http::Metrics& metrics, const std::vector<std::string>& providers) {
    for (const auto& provider : providers) {
        for (const char* outcome :
             {"received", "duplicate", "refused", "not_stored", "applied", "failed", "dead"})
            metrics.counter(http::kWebhookEvents, {{"provider", provider}, {"outcome", outcome}});
        metrics.counter(http::kWebhookSignatureFailures, {{"provider", provider}});
    }
    metrics.gauge(http::kWebhookBacklog);
    return {
        .event =
            [&metrics](std::string_view provider, std::string_view outcome) {
                metrics
                    .counter(http::kWebhookEvents, {{"provider", std::string(provider)},
                                                    {"outcome", std::string(outcome)}})
                    .add();
            },
        .signature_failure =
            [&metrics](std::string_view provider) {
                metrics
                    .counter(http::kWebhookSignatureFailures, {{"provider", std::string(provider)}})
                    .add();
            },
        .backlog =
            [&metrics](std::int64_t pending) { metrics.gauge(http::kWebhookBacklog).set(pending); },
    };
}

std::function<void(const RouteCost&, FailOpen)> count_failed_open(http::Metrics& metrics) {
    return [&metrics](const RouteCost& route, FailOpen reason) {
        metrics
            .counter(http::kGatewayFailedOpen,
                     {{"route", route_name(route)}, {"reason", std::string(to_text(reason))}})
            .add();
    };
}

std::function<void(LineFate, std::uint64_t)> count_gateway_lines(http::Metrics& metrics) {
    using enum LineFate;
    std::array<std::optional<http::Counter>, 4> counters;
    for (const LineFate fate : {Counted, Unreadable, UnknownCustomer, Dropped})
        counters.at(static_cast<std::size_t>(fate)) =
            metrics.counter(http::kGatewayLogLines, {{"outcome", std::string(to_text(fate))}});
    return [counters](LineFate fate, std::uint64_t lines) {
        counters.at(static_cast<std::size_t>(fate))->add(lines);
    };
}

std::function<void(const UsageAlert&)> count_usage_alerts(http::Metrics& metrics) {
    const auto counter = [&metrics](ThresholdKind kind, int percent) {
        return metrics.counter(http::kUsageAlerts, {{"kind", std::string(to_text(kind))},
                                                    {"percent", std::to_string(percent)}});
    };
    for (const auto kind : {ThresholdKind::Usage, ThresholdKind::Spend})
        for (const int percent : kThresholdPercents) counter(kind, percent);
    return [counter](const UsageAlert& alert) {
        counter(alert.threshold.kind, alert.threshold.percent).add();
    };
}

std::function<void(SignInFate)> count_sign_ins(http::Metrics& metrics) {
    const auto counter = [&metrics](SignInFate fate) {
        return metrics.counter(http::kSignIns, {{"outcome", std::string(to_text(fate))}});
    };
    for (const auto fate : {SignInFate::Good, SignInFate::Refused, SignInFate::HeldBack})
        counter(fate);
    return [counter](SignInFate fate) { counter(fate).add(); };
}

std::function<void(const std::vector<ActionLag>&)> show_action_lags(http::Metrics& metrics) {
    return [&metrics](const std::vector<ActionLag>& lags) {
        for (const ActionLag& lag : lags)
            metrics.gauge(http::kBillingLagSeconds, {{"action", std::string(lag.action)}})
                .set(lag.seconds);
    };
}

std::function<void(const OpenFindings&)> show_open_findings(http::Metrics& metrics) {
    for (const FindingKind kind : kFindingKinds)
        metrics.gauge(http::kFindingsOpen, {{"kind", std::string(to_text(kind))}}).set(0);
    return [&metrics](const OpenFindings& open) {
        for (const FindingKind kind : kFindingKinds) {
            const auto found = open.find(kind);
            metrics.gauge(http::kFindingsOpen, {{"kind", std::string(to_text(kind))}})
                .set(found == open.end() ? 0 : found->second);
        }
    };
}

void sample(http::Metrics& metrics, const SampledNumbers& numbers) {
    const auto& recovery = numbers.recovery;
    metrics.gauge(http::kGatewayDegradedServed).set(static_cast<std::int64_t>(recovery.served));
    metrics.gauge(http::kGatewayDegradedRecovered)
        .set(static_cast<std::int64_t>(recovery.recovered));
    metrics.gauge(http::kGatewayDegradedLost).set(static_cast<std::int64_t>(recovery.lost));
    for (const auto& [provider, seconds] : numbers.worker_lags)
        metrics.gauge(http::kBillingPassSeconds, {{"provider", std::string(provider)}})
            .set(seconds);
    metrics.gauge(http::kUsageRollupLagSeconds).set(numbers.usage_rollup_lag_s);
    metrics.gauge(http::kLedgerBacklog).set(static_cast<std::int64_t>(numbers.ledger_backlog));
    metrics.gauge(http::kHttpConnections).set(static_cast<std::int64_t>(numbers.connections));
}

}  // namespace turnpike
