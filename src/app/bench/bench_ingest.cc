#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/bench/bench_events.h"
#include "app/bench/bench_postgres.h"
#include "app/bench/bench_server.h"
#include "app/commands/cli.h"
#include "app/commands/signals.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

struct Measured {
    EventsSent sent;
    std::chrono::microseconds server_cpu{};
};

Result<Measured> measure(BenchServer& server, const BenchIngestOptions& options) {
    const EventLoad load{options.connections, options.batch, {options.customers, 1}};
    const auto cpu = server.cpu_used();
    const auto until = steady_clock::now() + std::chrono::seconds(options.seconds);
    auto sent = send_events(server, load, [&] { return steady_clock::now() < until; });
    if (!sent) return failure(sent);
    Measured measured{*std::move(sent), server.cpu_used() - cpu};
    server.end();
    const auto counted = check_recorded(server, measured.sent.events);
    if (!counted) return failure(counted);
    return measured;
}

std::string report_of(const Measured& measured, const BenchIngestOptions& options,
                      std::optional<std::uint64_t> reference) {
    const EventsSent& sent = measured.sent;
    const std::uint64_t rate = per_second(sent.events, sent.wall);
    std::string text = fmt::format(
        "POST /v1/events, NDJSON, batches of {}, {} connections, {} customers, {} s; answered when "
        "durable; {} cores{}\n\n"
        "| | events/s | p50 | p99 | p99.9 | server CPU per event |\n|---|---|---|---|---|---|\n"
        "| turnpike | {} | {} | {} |\n",
        options.batch, options.connections, options.customers, options.seconds,
        std::thread::hardware_concurrency(), sync_delay_text(options.sync_delay_ms), rate,
        latency_columns(sent.times), cpu_text(measured.server_cpu, sent.events));
    if (!reference) return text + kNoPostgres;
    text += fmt::format("| PostgreSQL: COPY, dedupe, counters | {} | | | | |\n", *reference);
    return text + ratio_text(rate, *reference);
}

Result<std::string> run(const BenchIngestOptions& options) {
    auto server = BenchServer::start({options.customers, 1},
                                     std::chrono::milliseconds(options.sync_delay_ms));
    if (!server) return failure(server);
    const auto measured = measure(*server, options);
    if (!measured) return failure(measured);
    std::optional<std::uint64_t> reference;
    if (!options.postgres.empty()) {
        const auto found = postgres_events_per_second(
            {options.postgres, server->directory(), options.batch, options.customers});
        if (!found) return failure(found);
        reference = *found;
    }
    return report_of(*measured, options, reference);
}

}  // namespace

int command_bench_ingest(const BenchIngestOptions& options) {
    block_signals();
    return hand_out(run(options), options.report);
}

}  // namespace turnpike
