#include "app/bench.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/resource.h>

#include "app/cli.h"
#include "app/data_dir.h"

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

Result<std::unique_ptr<LocalStack>> start_for_bench(const std::string& directory) {
    UpOptions up;
    up.listen = up.sandbox_listen = "127.0.0.1:0";
    up.data = directory;
    up.access_log = "off";
    return LocalStack::start(up);
}

int hand_out(const std::string& report, const std::string& file) {
    fmt::print("{}", report);
    if (file.empty()) return 0;
    const auto saved = write_text_file(file, report);
    return saved ? 0 : complain(saved.error());
}

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
