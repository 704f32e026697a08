#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "app/bench/bench_server.h"
#include "base/error.h"

namespace turnpike {

/// Prints the report, and writes it to `file` unless that is ""; or what went wrong.
/// \return the exit code
int hand_out(const Result<std::string>& report, const std::string& file);

/// A port that nobody listened on a moment ago.
std::uint16_t free_port();

/// Errors: Unavailable "bench.miscounted" when the log of the server, which has ended, does not
/// hold so many events; those of UsageLog::open.
Result<std::monostate> check_recorded(const BenchServer& server, std::uint64_t acknowledged);

/// "1.234" for 1234.
std::string permille(std::int64_t value);

std::uint64_t per_second(std::uint64_t count, std::chrono::microseconds time);
/// The time that `share` thousandths of the sorted, non-empty times do not exceed.
std::chrono::microseconds percentile(const std::vector<std::chrono::microseconds>& sorted,
                                     std::size_t share);
/// "12.34 ms"
std::string milliseconds_text(std::chrono::microseconds time);
/// Cells of a table: p50, p99 and p99.9 of the sorted, non-empty times.
std::string latency_columns(const std::vector<std::chrono::microseconds>& sorted);
/// "12.34 us": what each of `count` cost.
std::string cpu_text(std::chrono::microseconds used, std::uint64_t count);

/// "; 2 ms added to each fdatasync of the server", or nothing for 0.
std::string sync_delay_text(int delay_ms);
inline constexpr const char* kNoPostgres =
    "\nno reference: name a PostgreSQL server with --postgres URL\n";
/// "\nratio: 5.714\n"
std::string ratio_text(std::uint64_t rate, std::uint64_t reference);

}  // namespace turnpike
