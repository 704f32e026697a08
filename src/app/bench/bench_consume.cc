#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/bench/bench_connection.h"
#include "app/bench/bench_load.h"
#include "app/bench/bench_postgres.h"
#include "app/bench/bench_server.h"
#include "app/commands/cli.h"
#include "app/commands/signals.h"
#include "json/value.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

/// Also finds how much is to be left for the run that is measured.
constexpr std::chrono::seconds kWarmUp{1};
/// Each connection asks on for a while when the limit is reached.
constexpr int kDenialsEach = 10;

std::string consume_request(const BenchServer& server, Quantity quantity) {
    const std::string body = fmt::format(R"({{"customer":"{}","meter":"{}","quantity":"{}"}})",
                                         bench_customer(0), kBenchMeter, quantity.text());
    return fmt::format("{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                       server.head("POST /v1/usage/consume"), body.size(), body);
}

struct Measured {
    LoadAnswers answers;
    microseconds server_cpu{};
    std::uint64_t left = 0;    ///< units of the hard limit that the run found
    std::uint64_t events = 0;  ///< acknowledged since the server's start
};

/// Takes units so that about `options.seconds` of them are left, and then those.
Result<Measured> measure(const BenchServer& server, const BenchConsumeOptions& options) {
    const auto loop = ClosedLoop::open(server.port(), options.connections);
    if (!loop) return failure(loop);
    const auto single = BenchConnection::open(server.port());
    if (!single) return unavailable("bench.refused", "the server takes no connection");

    const std::string request = consume_request(server, Quantity::whole(1));
    const auto warm = loop->run(request, {.until = steady_clock::now() + kWarmUp});
    if (!warm) return failure(warm);
    Measured measured;
    const std::uint64_t in_all = warm->granted * static_cast<std::uint64_t>(options.seconds);
    measured.left = std::max<std::uint64_t>(1, per_second(in_all, warm->granted_in));
    const Quantity most =
        kBenchLimit - Quantity::whole(static_cast<std::int64_t>(warm->granted + measured.left));
    const auto taken = single->exchange(consume_request(server, most));
    if (!taken || !is_ok(*taken))
        return unavailable("bench.refused", "the server refused: " + taken.value_or("no answer"));

    const auto cpu = server.cpu_used();
    const std::uint64_t denials = static_cast<std::uint64_t>(options.connections) * kDenialsEach;
    auto answers = loop->run(request, {.denied_max = denials});
    if (!answers) return failure(answers);
    measured.server_cpu = server.cpu_used() - cpu;
    measured.events = warm->granted + 1 + answers->granted;
    const auto usage = server.usage_of(0);
    if (!usage) return failure(usage);
    const auto used = usage->at("meters").at(0).at("used").get<std::string>();
    if (answers->granted != measured.left || used != kBenchLimit.text())
        return unavailable("bench.miscounted",
                           fmt::format("{} units were left and {} were granted; {} of {} are used",
                                       measured.left, answers->granted, used, kBenchLimit.text()));
    measured.answers = *std::move(answers);
    return measured;
}

std::string report_of(const Measured& measured, const BenchConsumeOptions& options,
                      std::optional<std::uint64_t> reference) {
    const LoadAnswers& answers = measured.answers;
    const std::uint64_t rate = per_second(answers.granted, answers.granted_in);
    std::string text = fmt::format(
        "POST /v1/usage/consume, {} connections, one customer with a hard limit, about {} s; "
        "answered when durable; {} cores{}\n\n"
        "| | requests/s | p50 | p99 | p99.9 | server CPU per request |\n|---|---|---|---|---|---|\n"
        "| turnpike | {} | {} | {} |\n",
        options.connections, options.seconds, std::thread::hardware_concurrency(),
        sync_delay_text(options.sync_delay_ms), rate, latency_columns(answers.times),
        cpu_text(measured.server_cpu, answers.granted + answers.denied));
    if (reference)
        text +=
            fmt::format("| PostgreSQL: conditional UPDATE and commit | {} | | | | |\n", *reference);
    text += fmt::format("\ngranted {} of {} units that were left; then {} requests were denied\n",
                        answers.granted, measured.left, answers.denied);
    if (!reference) return text + kNoPostgres;
    return text + ratio_text(rate, *reference);
}

Result<std::string> run(const BenchConsumeOptions& options) {
    auto server = BenchServer::start({}, std::chrono::milliseconds(options.sync_delay_ms));
    if (!server) return failure(server);
    const auto measured = measure(*server, options);
    if (!measured) return failure(measured);
    server->end();
    const auto counted = check_recorded(*server, measured->events);
    if (!counted) return failure(counted);
    std::optional<std::uint64_t> reference;
    if (!options.postgres.empty()) {
        const auto found = postgres_grants_per_second(
            {options.postgres, server->directory(), options.connections, options.seconds});
        if (!found) return failure(found);
        reference = *found;
    }
    return report_of(*measured, options, reference);
}

}  // namespace

int command_bench_consume(const BenchConsumeOptions& options) {
    block_signals();
    return hand_out(run(options), options.report);
}

}  // namespace turnpike
