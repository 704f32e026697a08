#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/metric_names.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace turnpike::http {

/// Labels have few values, known in advance: never an id of a customer, never a raw path.
using Labels = std::map<std::string, std::string>;

/// Handles to one labelled series each. Cheap to copy, cheap to use, thread-safe; keep them instead
/// of asking Metrics again. They live as long as their Metrics.
class Counter {
public:
    void add(std::uint64_t count = 1) const;

private:
    friend class Metrics;
    explicit Counter(prometheus::Counter& series) : series_(&series) {}
    prometheus::Counter* series_;
};

class Gauge {
public:
    void set(std::int64_t value) const;
    void add(std::int64_t change) const;

private:
    friend class Metrics;
    explicit Gauge(prometheus::Gauge& series) : series_(&series) {}
    prometheus::Gauge* series_;
};

class Histogram {
public:
    void observe(std::chrono::nanoseconds took) const;

private:
    friend class Metrics;
    explicit Histogram(prometheus::Histogram& series) : series_(&series) {}
    prometheus::Histogram* series_;
};

/// Everything the process counts; the application owns one. Thread-safe. Asking for a series takes
/// a lock and makes it on first use; using it does not.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter counter(const CounterName& name, const Labels& labels = {});
    Gauge gauge(const GaugeName& name, const Labels& labels = {});
    /// Buckets from 0.1 ms to 10 s.
    Histogram histogram(const HistogramName& name, const Labels& labels = {});

    /// Prometheus' text format, version 0.0.4.
    [[nodiscard]] std::string scrape() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The HTTP metrics of a fixed route table: recording one request is two increments and no look-up.
/// Thread-safe. `metrics` outlives it.
class RequestMetrics {
public:
    /// `patterns` as in the route table: their index is the route's.
    RequestMetrics(Metrics& metrics, std::span<const std::string_view> patterns);
    ~RequestMetrics();
    RequestMetrics(const RequestMetrics&) = delete;
    RequestMetrics& operator=(const RequestMetrics&) = delete;

    /// For requests that no route matched; they share one label, "unmatched".
    [[nodiscard]] std::size_t unmatched() const { return routes_.size() - 1; }
    void record(std::size_t route, int status, std::chrono::nanoseconds took);

private:
    struct Route;
    Metrics& metrics_;
    std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace turnpike::http
