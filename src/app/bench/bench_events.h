#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "app/bench/bench_server.h"
#include "base/error.h"

namespace turnpike {

/// Requests of NDJSON to POST /v1/events, each event with an id of its own.
struct EventLoad {
    int connections = 8;  ///< each a thread that waits for one answer at a time
    int batch = 1000;     ///< events of a request
    BenchWorld world;     ///< the events are of its customers and meters in turn
};

struct EventsSent {
    std::uint64_t events = 0;  ///< acknowledged
    std::chrono::microseconds wall{};
    std::vector<std::chrono::microseconds> times;  ///< of the requests, sorted
};

/// Sends until `goes_on`, which is asked before each request and on every thread, says no.
/// Errors: Unavailable "bench.refused".
Result<EventsSent> send_events(const BenchServer& server, const EventLoad& load,
                               const std::function<bool()>& goes_on);

/// Sends this many, or a few more to fill each request, and shows how far it is.
/// Errors: Unavailable "bench.refused".
Result<EventsSent> fill(const BenchServer& server, const EventLoad& load, std::uint64_t events);

}  // namespace turnpike
