#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "app/bench/bench.h"
#include "app/commands/cli.h"
#include "app/commands/local_stack.h"
#include "app/commands/process.h"
#include "app/commands/scratch_dir.h"
#include "app/commands/signals.h"
#include "app/config/data_dir.h"
#include "http/client.h"
#include "json/value.h"

namespace turnpike {
namespace {

/// Server and sandbox on free ports, without access logs.
Result<std::unique_ptr<LocalStack>> start_stack(const std::string& directory) {
    UpOptions up;
    up.listen = up.sandbox_listen = "127.0.0.1:0";
    up.data = directory;
    up.access_log = "off";
    return LocalStack::start(up);
}

/// Of this process, user and system.
std::chrono::microseconds cpu_used() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

constexpr int kRounds = 3;
constexpr std::string_view kCheckPath = "/v1/gateway/authorize?mode=check";

std::string nginx_config(const std::string& dir, std::uint16_t port) {
    return fmt::format(
        R"(daemon off;
worker_processes auto;
pid {0}/nginx.pid;
error_log {0}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  server {{ listen 127.0.0.1:{1}; location / {{ return 204; }} }}
}}
)",
        dir, port);
}

/// Has wrk print percentiles that its own report leaves out, in microseconds. wrk calls it once, at
/// the end.
constexpr std::string_view kWrkScript = R"(done = function(summary, latency, requests)
  for _, share in ipairs({50, 99, 99.9}) do
    io.write("within us of ", share, "%: ", latency:percentile(share), "\n")
  end
end
)";

struct WrkResult {
    std::int64_t requests_per_second = 0;
    std::int64_t requests = 0;
    std::chrono::microseconds p50, p99, p999;
    std::int64_t errors = 0;
};

/// The first whole number after `label`; 0 when there is none.
std::int64_t number_after(const std::string& text, std::string_view label) {
    const auto at = text.find(label);
    if (at == std::string::npos) return 0;
    const auto digit = text.find_first_of("0123456789", at + label.size());
    if (digit == std::string::npos) return 0;
    std::int64_t value = 0;
    std::from_chars(text.data() + digit, text.data() + text.size(), value);
    return value;
}

std::int64_t requests_in(const std::string& text) {
    const auto end = text.find(" requests in ");
    if (end == std::string::npos) return 0;
    const auto start = text.find_last_of(" \n", end - 1) + 1;
    std::int64_t value = 0;
    std::from_chars(text.data() + start, text.data() + end, value);
    return value;
}

std::vector<std::string> wrk_arguments(const std::vector<std::string>& headers,
                                       const std::string& script, const BenchHttpOptions& options) {
    std::vector<std::string> arguments = {"wrk",
                                          "-t1",
                                          fmt::format("-c{}", options.connections),
                                          fmt::format("-d{}s", options.seconds),
                                          "-s",
                                          script};
    for (const auto& header : headers) {
        arguments.emplace_back("-H");
        arguments.push_back(header);
    }
    return arguments;
}

Result<WrkResult> run_wrk(std::vector<std::string> arguments, const std::string& url) {
    arguments.push_back(url);
    const auto text = run_program(arguments);
    if (!text) return failure(text);
    const auto within = [&](std::string_view share) {
        return std::chrono::microseconds(number_after(*text, fmt::format("of {}%: ", share)));
    };
    return WrkResult{.requests_per_second = number_after(*text, "Requests/sec:"),
                     .requests = requests_in(*text),
                     .p50 = within("50"),
                     .p99 = within("99"),
                     .p999 = within("99.9"),
                     .errors = number_after(*text, "Non-2xx or 3xx responses:")};
}

std::string cells(const WrkResult& result) {
    return fmt::format("{} | {} | {} | {}", result.requests_per_second,
                       milliseconds_text(result.p50), milliseconds_text(result.p99),
                       milliseconds_text(result.p999));
}

struct Round {
    WrkResult nginx, turnpike;
    std::int64_t cpu_ns_per_request = 0;
    [[nodiscard]] std::int64_t ratio_permille() const {
        return turnpike.requests_per_second * 1000 /
               std::max<std::int64_t>(1, nginx.requests_per_second);
    }
};

Result<Round> run_round(const std::string& nginx_url, const std::string& check_url,
                        const std::vector<std::string>& wrk) {
    const auto nginx = run_wrk(wrk, nginx_url);
    if (!nginx) return failure(nginx);
    const auto before = cpu_used();
    const auto turnpike = run_wrk(wrk, check_url);
    if (!turnpike) return failure(turnpike);
    const auto spent = cpu_used() - before;
    if (turnpike->errors > 0)
        return unavailable("bench.refused", "the server refused some of the checks");
    return Round{*nginx, *turnpike,
                 spent.count() * 1000 / std::max<std::int64_t>(1, turnpike->requests)};
}

std::string report_of(const std::vector<Round>& rounds, const BenchHttpOptions& options) {
    std::string text = fmt::format(
        "wrk -t1 -c{} -d{}s; nginx `return 204` and Turnpike's limit check (GET {}) in turn; "
        "access logs off; {} cores\n\n"
        "| round | nginx, req/s | p50 | p99 | p99.9 | turnpike, req/s | p50 | p99 | p99.9 | "
        "CPU/request | ratio |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n",
        options.connections, options.seconds, kCheckPath, std::thread::hardware_concurrency());
    int number = 1;
    for (const auto& round : rounds)
        text += fmt::format("| {} | {} | {} | {}.{:02} us | {} |\n", number++, cells(round.nginx),
                            cells(round.turnpike), round.cpu_ns_per_request / 1000,
                            round.cpu_ns_per_request % 1000 / 10, permille(round.ratio_permille()));
    std::vector<std::int64_t> ratios;
    for (const auto& round : rounds) ratios.push_back(round.ratio_permille());
    std::ranges::sort(ratios);
    text += fmt::format("\nratio (median of {}): {}\n", rounds.size(),
                        permille(ratios[ratios.size() / 2]));
    return text;
}

Result<std::vector<Round>> measure(LocalStack& stack, const std::string& dir,
                                   const BenchHttpOptions& options) {
    const auto port = free_port();
    const auto saved = write_text_file(dir + "/nginx.conf", nginx_config(dir, port));
    if (!saved) return failure(saved);
    const auto nginx = BackgroundProgram::start({"nginx", "-p", dir, "-c", dir + "/nginx.conf"});
    if (!nginx) return failure(nginx);
    boost::asio::io_context io;
    boost::asio::steady_timer until_it_listens(io, std::chrono::milliseconds(500));
    until_it_listens.wait();

    const std::vector<std::string> headers = {
        "Authorization: Bearer " + stack.token("bench", Role::User), "X-Original-URI: /signals",
        "X-Original-Method: GET"};
    const std::string script = dir + "/percentiles.lua";
    const auto written = write_text_file(script, std::string(kWrkScript));
    if (!written) return failure(written);
    const auto wrk = wrk_arguments(headers, script, options);
    std::vector<Round> rounds;
    for (int i = 0; i < kRounds; ++i) {
        fmt::print(stderr, "round {} of {}\n", i + 1, kRounds);
        const auto round = run_round(fmt::format("http://127.0.0.1:{}/", port),
                                     stack.server_url() + std::string(kCheckPath), wrk);
        if (!round) return failure(round);
        rounds.push_back(*round);
    }
    return rounds;
}

}  // namespace

int command_bench_http(const BenchHttpOptions& options) {
    block_signals();
    const ScratchDir scratch;
    auto stack = start_stack(scratch.path());
    if (!stack) return complain(stack.error());
    const auto rounds = measure(**stack, scratch.path(), options);
    (*stack)->stop();
    if (!rounds) return complain(rounds.error());
    return hand_out(report_of(*rounds, options), options.report);
}

}  // namespace turnpike
