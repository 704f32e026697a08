#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/local_stack.h"
#include "base/error.h"

namespace turnpike {

/// Server and sandbox on free ports, with all that they keep below `directory`, without access
/// logs. Errors: those of LocalStack::start.
Result<std::unique_ptr<LocalStack>> start_for_bench(const std::string& directory);
/// Prints the report, and writes it to `file` unless that is "". \return the exit code
int hand_out(const std::string& report, const std::string& file);

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
