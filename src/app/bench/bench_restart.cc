#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "app/bench/bench.h"
#include "app/bench/bench_events.h"
#include "app/bench/bench_server.h"
#include "app/commands/cli.h"
#include "app/commands/process.h"
#include "app/commands/signals.h"
#include "metering/log/identity/identity_table.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;

constexpr int kCustomers = 1000;
constexpr std::size_t kRounds = 3;

/// Starts of one kind, in order.
using Starts = std::array<microseconds, kRounds>;

struct Measured {
    std::uint64_t events = 0;
    Starts after_end{}, after_kill{};
    std::uint64_t resident_bytes = 0;  ///< of the server, after the last start
};

Result<Measured> measure(BenchServer& server, const BenchRestartOptions& options) {
    const auto filled = fill(server, {.world = {kCustomers, 1}}, options.events);
    if (!filled) return failure(filled);
    Measured measured{.events = filled->events};
    const auto take = [&](Starts& starts, void (BenchServer::*stop)()) -> Result<std::monostate> {
        for (microseconds& start : starts) {
            (server.*stop)();
            const auto ready = server.restart();
            if (!ready) return failure(ready);
            start = *ready;
        }
        return std::monostate{};
    };
    const auto killed = take(measured.after_kill, &BenchServer::kill);
    if (!killed) return failure(killed);
    const auto ended = take(measured.after_end, &BenchServer::end);
    if (!ended) return failure(ended);
    measured.resident_bytes = server.resident_bytes();
    server.end();
    const auto counted = check_recorded(server, measured.events);
    if (!counted) return failure(counted);
    return measured;
}

struct Remembered {
    std::uint64_t ids = 0;
    std::uint64_t resident = 0, resident_most = 0;  ///< thousandths of bytes for one
};

/// Memory in RAM for each id while a table of them fills in this process; looked at a hundred
/// times.
Remembered remember(std::uint64_t ids) {
    const std::uint64_t before = resident_bytes_of(getpid());
    const std::uint64_t step = std::max<std::uint64_t>(1, ids / 100);
    IdentityTable table;
    Remembered remembered;
    std::mt19937_64 random;
    for (std::uint64_t i = 1; i <= ids; ++i) {
        const IdentityHash hash{random() | 1, random()};
        table.find_or_insert({hash, static_cast<std::uint32_t>(i)});
        if (i % step != 0) continue;
        remembered.resident = (resident_bytes_of(getpid()) - before) * 1000 / i;
        // Of few, the table's first pages are most of it.
        if (i >= ids / 10)
            remembered.resident_most = std::max(remembered.resident_most, remembered.resident);
    }
    remembered.ids = table.size();
    return remembered;
}

std::string row_of(const char* what, const Starts& starts) {
    Starts sorted = starts;
    std::ranges::sort(sorted);
    return fmt::format("| {} | {} | {} | {} |\n", what, milliseconds_text(sorted.front()),
                       milliseconds_text(sorted[kRounds / 2]), milliseconds_text(sorted.back()));
}

std::string report_of(const Measured& measured, const Remembered& remembered) {
    return fmt::format(
        "from the start of the process to its first 200 of /readyz; {} events of {} customers; the "
        "files are in the page cache; {} cores\n\n"
        "| after | least of {} | median | most |\n|---|---|---|---|\n{}{}\n"
        "the server's memory after the last start (resident): {} MiB, {} bytes for each event\n"
        "memory of a table of {} ids (growth of resident while it fills): {} bytes for each, at "
        "most "
        "{} from a tenth of them on\n",
        measured.events, kCustomers, std::thread::hardware_concurrency(), kRounds,
        row_of("SIGKILL", measured.after_kill), row_of("SIGTERM", measured.after_end),
        measured.resident_bytes >> 20,
        permille(static_cast<std::int64_t>(measured.resident_bytes * 1000 / measured.events)),
        remembered.ids, permille(static_cast<std::int64_t>(remembered.resident)),
        permille(static_cast<std::int64_t>(remembered.resident_most)));
}

Result<std::string> run(const BenchRestartOptions& options) {
    auto server = BenchServer::start({kCustomers, 1});
    if (!server) return failure(server);
    const auto measured = measure(*server, options);
    if (!measured) return failure(measured);
    return report_of(*measured, remember(measured->events));
}

}  // namespace

int command_bench_restart(const BenchRestartOptions& options) {
    block_signals();
    return hand_out(run(options), options.report);
}

}  // namespace turnpike
