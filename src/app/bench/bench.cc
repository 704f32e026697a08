#include "app/bench/bench.h"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/config/data_dir.h"
#include "base/check.h"

namespace turnpike {

int hand_out(const Result<std::string>& report, const std::string& file) {
    if (!report) return complain(report.error());
    fmt::print("{}", *report);
    if (file.empty()) return 0;
    const auto saved = write_text_file(file, *report);
    return saved ? 0 : complain(saved.error());
}

std::uint16_t free_port() {
    namespace ip = boost::asio::ip;
    boost::asio::io_context io;
    const ip::tcp::acceptor acceptor(io, {ip::make_address("127.0.0.1"), 0});
    return acceptor.local_endpoint().port();
}

Result<std::monostate> check_recorded(const BenchServer& server, std::uint64_t acknowledged) {
    const auto recorded = server.recorded_events();
    if (!recorded) return failure(recorded);
    if (*recorded == acknowledged) return std::monostate{};
    return unavailable(
        "bench.miscounted",
        fmt::format("{} events were acknowledged, and {} are recorded", acknowledged, *recorded));
}

std::string permille(std::int64_t value) {
    return fmt::format("{}.{:03}", value / 1000, value % 1000);
}

std::uint64_t per_second(std::uint64_t count, std::chrono::microseconds time) {
    return count * 1'000'000 / static_cast<std::uint64_t>(std::max<std::int64_t>(1, time.count()));
}

std::chrono::microseconds percentile(const std::vector<std::chrono::microseconds>& sorted,
                                     std::size_t share) {
    check(!sorted.empty(), "something was timed");
    const std::size_t place = (sorted.size() * share + 999) / 1000;
    return sorted[std::min(sorted.size(), std::max<std::size_t>(place, 1)) - 1];
}

std::string milliseconds_text(std::chrono::microseconds time) {
    return fmt::format("{}.{:02} ms", time.count() / 1000, time.count() % 1000 / 10);
}

std::string latency_columns(const std::vector<std::chrono::microseconds>& sorted) {
    return fmt::format("{} | {} | {}", milliseconds_text(percentile(sorted, 500)),
                       milliseconds_text(percentile(sorted, 990)),
                       milliseconds_text(percentile(sorted, 999)));
}

std::string cpu_text(std::chrono::microseconds used, std::uint64_t count) {
    const auto hundredths =
        static_cast<std::uint64_t>(used.count()) * 100 / std::max<std::uint64_t>(1, count);
    return fmt::format("{}.{:02} us", hundredths / 100, hundredths % 100);
}

std::string sync_delay_text(int delay_ms) {
    if (delay_ms == 0) return "";
    return fmt::format("; {} ms added to each fdatasync of the server", delay_ms);
}

std::string ratio_text(std::uint64_t rate, std::uint64_t reference) {
    return fmt::format(
        "\nratio: {}\n",
        permille(static_cast<std::int64_t>(rate * 1000 / std::max<std::uint64_t>(1, reference))));
}

}  // namespace turnpike
