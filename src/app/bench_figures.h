#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace turnpike {

/// CPU time of this process, user and system.
std::chrono::microseconds cpu_used();
/// The same of the calling thread.
std::chrono::microseconds cpu_used_by_thread();

/// "1.234" for 1234.
std::string permille(std::int64_t value);

/// The time that `share` thousandths of the sorted, non-empty times do not exceed.
std::chrono::microseconds percentile(const std::vector<std::chrono::microseconds>& sorted,
                                     std::size_t share);
/// "12.34 ms"
std::string milliseconds_text(std::chrono::microseconds time);

}  // namespace turnpike
