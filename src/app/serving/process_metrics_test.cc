#include "app/serving/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using ::testing::HasSubstr;

/// A rate over a series that appears with its first count shows nothing of that count.
TEST(ProcessMetrics, AreThereBeforeAnythingHappens) {
    http::Metrics metrics;
    provider_metrics(metrics, "stripe");
    provider_metrics(metrics, "razorpay");
    const auto webhooks = webhook_metrics(metrics, {"stripe", "razorpay"});
    const std::string before = metrics.scrape();
    for (const char* line :
         {"turnpike_webhook_signature_failures_total{provider=\"stripe\"} 0\n",
          "turnpike_webhook_events_total{outcome=\"refused\",provider=\"stripe\"} 0\n",
          "turnpike_webhook_events_total{outcome=\"dead\",provider=\"stripe\"} 0\n",
          "turnpike_webhook_signature_failures_total{provider=\"razorpay\"} 0\n",
          "turnpike_webhook_backlog 0\n",
          "turnpike_provider_breaker_state{provider=\"razorpay\"} 0\n",
          "turnpike_provider_breaker_state{provider=\"stripe\"} 0\n",
          "turnpike_provider_requests_total{outcome=\"unknown\",provider=\"stripe\"} 0\n"})
        EXPECT_THAT(before, HasSubstr(line));
    webhooks.signature_failure("stripe");
    EXPECT_THAT(metrics.scrape(),
                HasSubstr("turnpike_webhook_signature_failures_total{provider=\"stripe\"} 1\n"));
}

TEST(ProcessMetrics, CountLinesOfAccessLogsByWhatBecameOfThem) {
    http::Metrics metrics;
    const auto told = count_gateway_lines(metrics);
    told(LineFate::Counted, 2);
    told(LineFate::UnknownCustomer, 1);
    const std::string text = metrics.scrape();
    EXPECT_THAT(text, HasSubstr("turnpike_gateway_log_lines_total{outcome=\"counted\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("{outcome=\"unknown_customer\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("{outcome=\"dropped\"} 0\n"));
}

TEST(ProcessMetrics, CountWhatFailedOpenByRouteAndReason) {
    http::Metrics metrics;
    const auto passed = count_failed_open(metrics);
    const RouteCost route{"*", "/signals/{symbol}", "api_calls", 1};
    passed(route, FailOpen::PlanBills);
    passed(route, FailOpen::PlanBills);
    passed(route, FailOpen::RouteOpen);
    const std::string series =
        "turnpike_gateway_failed_open_total{reason=\"plan_bills\",route=\"* /signals/{symbol}\"} "
        "2\n";
    EXPECT_THAT(metrics.scrape(), HasSubstr(series));
    EXPECT_THAT(metrics.scrape(), HasSubstr("{reason=\"route_open\""));
}

}  // namespace
}  // namespace turnpike
