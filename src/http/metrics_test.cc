#include "http/metrics.h"

#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, ScrapesWhatWasCounted) {
    Metrics metrics;
    const Counter counter = metrics.counter(kHttpRequests, {{"route", "/a"}, {"status", "200"}});
    counter.add();
    counter.add(4);
    // The same series again, not a second one.
    metrics.counter(kHttpRequests, {{"route", "/a"}, {"status", "200"}}).add();
    const Gauge gauge = metrics.gauge(kHttpConnections);
    gauge.set(7);
    gauge.add(-2);
    const Histogram histogram = metrics.histogram(kHttpRequestSeconds, {{"route", "/a"}});
    histogram.observe(std::chrono::microseconds(300));
    histogram.observe(std::chrono::seconds(2));

    const std::string text = metrics.scrape();
    EXPECT_TRUE(has_line(text, R"(turnpike_http_requests_total{route="/a",status="200"} 6)"));
    EXPECT_TRUE(has_line(text, "turnpike_http_connections 5"));
    const std::string series = R"(turnpike_http_request_seconds_bucket{route="/a",le=")";
    EXPECT_TRUE(has_line(text, series + "0.00025\"} 0"));
    EXPECT_TRUE(has_line(text, series + "0.0005\"} 1"));
    EXPECT_TRUE(has_line(text, series + "+Inf\"} 2"));
    EXPECT_TRUE(has_line(text, "# TYPE turnpike_http_request_seconds histogram"));
}

TEST(RequestMetrics, CountsByRouteAndStatusFromManyThreads) {
    Metrics metrics;
    const std::string_view patterns[] = {"/v1/plans", "/v1/plans/{plan}"};
    RequestMetrics requests(metrics, patterns);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&requests] {
            for (int i = 0; i < 1'000; ++i) {
                requests.record(1, 200, std::chrono::microseconds(10));
                requests.record(requests.unmatched(), 404, std::chrono::microseconds(10));
            }
        });
    for (auto& thread : threads) thread.join();
    const std::string text = metrics.scrape();
    const std::string name = "turnpike_http_requests_total";
    EXPECT_TRUE(has_line(text, name + R"({route="/v1/plans/{plan}",status="200"} 4000)"));
    EXPECT_TRUE(has_line(text, name + R"({route="unmatched",status="404"} 4000)"));
    EXPECT_TRUE(has_line(text, R"(turnpike_http_request_seconds_count{route="/v1/plans"} 0)"));
}

TEST(MetricNames, AreTheOnesThatAreDocumented) {
    std::ifstream file("docs/metrics.md");
    ASSERT_TRUE(file) << "tests run in the project's root";
    std::set<std::string> documented;
    const std::regex row(R"(^\| `(turnpike_[a-z_]+)` \|.*)");
    std::smatch found;
    for (std::string line; std::getline(file, line);)
        if (std::regex_match(line, found, row)) documented.insert(found[1]);
    const std::set<std::string> known(kAllMetricNames.begin(), kAllMetricNames.end());
    EXPECT_EQ(documented, known);
}

}  // namespace
}  // namespace turnpike::http
