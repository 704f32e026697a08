#include "http/metrics.h"

#include <array>
#include <optional>
#include <sstream>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/check.h"

namespace turnpike::http {
namespace {

const prometheus::Histogram::BucketBoundaries& seconds_buckets() {
    static const prometheus::Histogram::BucketBoundaries kBuckets{
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
        0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
    return kBuckets;
}

constexpr int kLowestStatus = 100;
constexpr int kHighestStatus = 599;
constexpr std::size_t kStatusCount = kHighestStatus - kLowestStatus + 1;

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
};

void Counter::add(std::uint64_t count) const { series_->Increment(static_cast<double>(count)); }
void Gauge::set(std::int64_t value) const { series_->Set(static_cast<double>(value)); }
void Gauge::add(std::int64_t change) const { series_->Increment(static_cast<double>(change)); }
void Histogram::observe(std::chrono::nanoseconds took) const {
    series_->Observe(std::chrono::duration<double>(took).count());
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const CounterName& name, const Labels& labels) {
    auto& family = prometheus::BuildCounter()
                       .Name(std::string(name.name))
                       .Help(std::string(name.help))
                       .Register(state_->registry);
    return Counter(family.Add(labels));
}

Gauge Metrics::gauge(const GaugeName& name, const Labels& labels) {
    auto& family = prometheus::BuildGauge()
                       .Name(std::string(name.name))
                       .Help(std::string(name.help))
                       .Register(state_->registry);
    return Gauge(family.Add(labels));
}

Histogram Metrics::histogram(const HistogramName& name, const Labels& labels) {
    auto& family = prometheus::BuildHistogram()
                       .Name(std::string(name.name))
                       .Help(std::string(name.help))
                       .Register(state_->registry);
    return Histogram(family.Add(labels, seconds_buckets()));
}

std::string Metrics::scrape() const {
    return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

/// Counters are made when their status is first seen: most routes use four or five of them.
struct RequestMetrics::Route {
    Route(std::string pattern_text, Histogram histogram)
        : pattern(std::move(pattern_text)), seconds(histogram) {}

    const std::string pattern;
    const Histogram seconds;
    std::array<std::atomic<const Counter*>, kStatusCount> by_status{};

    ~Route() {
        for (const auto& counter : by_status) delete counter.load();
    }
    Route(const Route&) = delete;
    Route& operator=(const Route&) = delete;
};

RequestMetrics::RequestMetrics(Metrics& metrics, std::span<const std::string_view> patterns)
    : metrics_(metrics) {
    const auto add = [this](std::string pattern) {
        const Histogram seconds = metrics_.histogram(kHttpRequestSeconds, {{"route", pattern}});
        routes_.push_back(std::make_unique<Route>(std::move(pattern), seconds));
    };
    for (const auto pattern : patterns) add(std::string(pattern));
    add("unmatched");
}

RequestMetrics::~RequestMetrics() = default;

void RequestMetrics::record(std::size_t route, int status, std::chrono::nanoseconds took) {
    check(route < routes_.size(), "a recorded route is in the table");
    check(status >= kLowestStatus && status <= kHighestStatus, "a recorded status exists");
    Route& series = *routes_[route];
    series.seconds.observe(took);
    auto& slot = series.by_status[static_cast<std::size_t>(status - kLowestStatus)];
    const Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
        // Two threads may both come here; they get the same series, and one handle is dropped.
        auto made = std::make_unique<const Counter>(metrics_.counter(
            kHttpRequests, {{"route", series.pattern}, {"status", std::to_string(status)}}));
        if (slot.compare_exchange_strong(counter, made.get(), std::memory_order_acq_rel))
            counter = made.release();
    }
    counter->add();
}

}  // namespace turnpike::http
