#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "app/bench/bench_connection.h"
#include "base/error.h"

namespace turnpike {

/// When a closed loop sends nothing more; what is on its way is answered all the same.
struct LoadEnd {
    std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
    std::uint64_t denied_max = UINT64_MAX;  ///< so many answers 402 are enough
};

struct LoadAnswers {
    std::uint64_t granted = 0;                     ///< 200
    std::uint64_t denied = 0;                      ///< 402
    std::chrono::microseconds granted_in{};        ///< from the first request to the last 200
    std::vector<std::chrono::microseconds> times;  ///< of the granted, sorted
};

/// Connections that send one request again and again, each when the one before is answered. One
/// thread serves them all, so that most of the machine is the server's.
class ClosedLoop {
public:
    /// Errors: Unavailable "bench.refused".
    static Result<ClosedLoop> open(std::uint16_t port, int connections);

    /// Errors: Unavailable "bench.refused" when an answer is neither 200 nor 402, or none comes.
    [[nodiscard]] Result<LoadAnswers> run(const std::string& request, const LoadEnd& end) const;

private:
    explicit ClosedLoop(std::vector<BenchConnection> connections)
        : connections_(std::move(connections)) {}

    std::vector<BenchConnection> connections_;
};

}  // namespace turnpike
