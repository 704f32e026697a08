#include "app/bench_figures.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/resource.h>

namespace turnpike {
namespace {

std::chrono::microseconds cpu_of(int who) {
    rusage usage{};
    getrusage(who, &usage);
    const auto of = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace

std::chrono::microseconds cpu_used() { return cpu_of(RUSAGE_SELF); }
std::chrono::microseconds cpu_used_by_thread() { return cpu_of(RUSAGE_THREAD); }

std::string permille(std::int64_t value) {
    return fmt::format("{}.{:03}", value / 1000, value % 1000);
}

std::chrono::microseconds percentile(const std::vector<std::chrono::microseconds>& sorted,
                                     std::size_t share) {
    const std::size_t place = (sorted.size() * share + 999) / 1000;
    return sorted[std::min(sorted.size(), std::max<std::size_t>(place, 1)) - 1];
}

std::string milliseconds_text(std::chrono::microseconds time) {
    return fmt::format("{}.{:02} ms", time.count() / 1000, time.count() % 1000 / 10);
}

}  // namespace turnpike
