#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/bench/bench_events.h"
#include "app/bench/bench_load.h"
#include "app/bench/bench_server.h"
#include "app/commands/cli.h"
#include "app/commands/signals.h"
#include "json/value.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

constexpr BenchWorld kWorld{.customers = 1, .meters = 20};

struct Measured {
    std::uint64_t events = 0;
    LoadAnswers answers;
    std::chrono::microseconds server_cpu{};
};

/// The summary must show every meter, and all events.
Result<std::monostate> check_summary(const BenchServer& server, std::uint64_t events) {
    const auto summary = server.usage_of(0);
    if (!summary) return failure(summary);
    Quantity used;
    for (const Json& meter : summary->at("meters"))
        used = used + Quantity::parse(meter.at("used").get<std::string>()).value_or(Quantity{});
    const bool is_right = summary->at("meters").size() == std::size_t{kWorld.meters} &&
                          used == Quantity::whole(static_cast<std::int64_t>(events));
    if (is_right) return std::monostate{};
    return unavailable("bench.miscounted",
                       fmt::format("{} events were acknowledged, and the summary shows {} units "
                                   "of {} meters",
                                   events, used.text(), summary->at("meters").size()));
}

Result<Measured> measure(const BenchServer& server, const BenchSummaryOptions& options) {
    const auto filled = fill(server, {.world = kWorld}, options.events);
    if (!filled) return failure(filled);
    const auto right = check_summary(server, filled->events);
    if (!right) return failure(right);
    const std::string request = server.usage_request(0);
    const auto loop = ClosedLoop::open(server.port(), 1);
    if (!loop) return failure(loop);
    const auto cpu = server.cpu_used();
    auto answers =
        loop->run(request, {.until = steady_clock::now() + std::chrono::seconds(options.seconds)});
    if (!answers) return failure(answers);
    return Measured{filled->events, *std::move(answers), server.cpu_used() - cpu};
}

std::string report_of(const Measured& measured, const BenchSummaryOptions& options) {
    const LoadAnswers& answers = measured.answers;
    return fmt::format(
        "GET /v1/usage of a customer with {} meters and {} events, one connection, {} s; "
        "{} cores\n\n"
        "| summaries/s | p50 | p99 | p99.9 | server CPU per summary |\n|---|---|---|---|---|\n"
        "| {} | {} | {} |\n",
        kWorld.meters, measured.events, options.seconds, std::thread::hardware_concurrency(),
        per_second(answers.granted, answers.granted_in), latency_columns(answers.times),
        cpu_text(measured.server_cpu, answers.granted));
}

Result<std::string> run(const BenchSummaryOptions& options) {
    const auto server = BenchServer::start(kWorld);
    if (!server) return failure(server);
    const auto measured = measure(*server, options);
    if (!measured) return failure(measured);
    return report_of(*measured, options);
}

}  // namespace

int command_bench_summary(const BenchSummaryOptions& options) {
    block_signals();
    return hand_out(run(options), options.report);
}

}  // namespace turnpike
