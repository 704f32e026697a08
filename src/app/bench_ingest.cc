#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "app/bench.h"
#include "app/bench_postgres.h"
#include "app/cli.h"
#include "app/data_dir.h"
#include "app/local_stack.h"
#include "app/scratch_dir.h"
#include "app/signals.h"
#include "catalog/catalog_file.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"

namespace turnpike {
namespace {

namespace asio = boost::asio;
using std::chrono::microseconds;

/// Units that nobody uses up, so that each event is accepted.
constexpr std::int64_t kIncluded = 1'000'000'000;

/// A request of NDJSON whose events get new ids each time it is sent.
class EventBatch {
public:
    EventBatch(std::string head, const BenchIngestOptions& options, int connection)
        : text_(std::move(head)) {
        std::string body;
        std::vector<std::size_t> places;
        for (int i = 0; i < options.batch; ++i) {
            const int customer = (i * options.connections + connection) % options.customers;
            body += R"({"specversion":"1.0","id":"b)";
            places.push_back(body.size());
            body += fmt::format(
                R"({:016}","source":"bench","type":"api.call","subject":"user-{:06}"}})", 0,
                customer);
            body += '\n';
        }
        text_ += fmt::format("Content-Length: {}\r\n\r\n", body.size());
        for (const std::size_t place : places) ids_.push_back(text_.size() + place);
        text_ += body;
    }

    const std::string& next(std::atomic<std::uint64_t>& last_id) {
        std::uint64_t id = last_id.fetch_add(ids_.size());
        for (const std::size_t place : ids_) fmt::format_to(&text_[place], "{:016}", id++);
        return text_;
    }

private:
    std::string text_;
    std::vector<std::size_t> ids_;
};

struct Sent {
    std::uint64_t batches = 0;
    microseconds cpu{};
    std::vector<microseconds> times{};
    std::string refused{};  ///< the first answer that was not 200
};

class Sender {
public:
    Sender(std::uint16_t port, EventBatch batch) : batch_(std::move(batch)) {
        socket_.connect({asio::ip::make_address("127.0.0.1"), port});
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    Sent run(std::chrono::steady_clock::time_point until, std::atomic<std::uint64_t>& last_id) {
        Sent sent;
        const auto cpu = cpu_used_by_thread();
        for (auto begun = std::chrono::steady_clock::now(); begun < until;) {
            asio::write(socket_, asio::buffer(batch_.next(last_id)));
            const std::string answer = read_answer();
            const auto now = std::chrono::steady_clock::now();
            if (!answer.starts_with("HTTP/1.1 200 ")) {
                sent.refused = answer;
                break;
            }
            sent.times.push_back(std::chrono::duration_cast<microseconds>(now - begun));
            ++sent.batches;
            begun = now;
        }
        sent.cpu = cpu_used_by_thread() - cpu;
        return sent;
    }

private:
    /// Head and body; the server says how long the body is.
    std::string read_answer() {
        std::string answer;
        const std::size_t head =
            asio::read_until(socket_, asio::dynamic_buffer(answer), "\r\n\r\n");
        constexpr std::string_view kLength = "Content-Length: ";
        const auto at = answer.find(kLength);
        if (at == std::string::npos || at > head) return answer;
        const std::size_t whole = head + std::stoul(answer.substr(at + kLength.size()));
        while (answer.size() < whole) {
            char piece[4096];
            const auto count = socket_.read_some(asio::buffer(piece));
            answer.append(piece, count);
        }
        return answer;
    }

    asio::io_context io_;
    asio::ip::tcp::socket socket_{io_};
    EventBatch batch_;
};

Result<std::monostate> add_world(App& app, const BenchIngestOptions& options) {
    auto file = read_catalog_file(*preset_catalog("api-metering"));
    if (!file) return failure(file);
    for (FilePlan& plan : file->plans)
        for (Allowance& allowance : plan.allowances)
            allowance.included = Quantity::whole(kIncluded);
    const Instant now = app.clock.now();
    const auto made = app.db->write_blocking([&](sql::Transaction& tx) -> Result<std::monostate> {
        if (const auto applied = apply_catalog(tx, *file, now, app.ids); !applied)
            return failure(applied);
        for (int i = 0; i < options.customers; ++i)
            (void)ensure_customer(tx, fmt::format("user-{:06}", i), std::nullopt, now, app.ids);
        return std::monostate{};
    });
    if (!made) return failure(made);
    app.catalog.reload(*app.db);
    app.standings.clear();
    return std::monostate{};
}

struct Measured {
    std::uint64_t events = 0;
    microseconds wall{}, server_cpu{};
    std::vector<microseconds> times;  ///< of the requests, sorted
};

Result<Measured> measure(LocalStack& stack, const BenchIngestOptions& options) {
    std::atomic<std::uint64_t> last_id{1};
    const std::string head = fmt::format(
        "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/x-ndjson\r\n",
        stack.token("bench", Role::Admin));
    std::vector<std::unique_ptr<Sender>> senders;
    for (int i = 0; i < options.connections; ++i)
        senders.push_back(
            std::make_unique<Sender>(stack.app().port(), EventBatch(head, options, i)));
    std::vector<Sent> sent(senders.size());
    const auto cpu = cpu_used();
    const auto begun = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < senders.size(); ++i)
            threads.emplace_back([&, i] {
                sent[i] = senders[i]->run(begun + std::chrono::seconds(options.seconds), last_id);
            });
    }
    Measured measured{
        .wall = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begun),
        .server_cpu = cpu_used() - cpu,
        .times = {}};
    for (const Sent& one : sent) {
        if (!one.refused.empty())
            return unavailable("bench.refused", "the server refused a batch: " + one.refused);
        measured.events += one.batches * static_cast<std::uint64_t>(options.batch);
        measured.server_cpu -= one.cpu;
        std::ranges::copy(one.times, std::back_inserter(measured.times));
    }
    std::ranges::sort(measured.times);
    const std::uint64_t recorded = stack.app().usage_log->events();
    if (recorded != measured.events)
        return unavailable("bench.miscounted", fmt::format("{} events were acknowledged, and {} "
                                                           "are recorded",
                                                           measured.events, recorded));
    return measured;
}

std::string report_of(const Measured& measured, const BenchIngestOptions& options,
                      std::optional<std::int64_t> reference) {
    const auto per_second = static_cast<std::int64_t>(measured.events) * 1'000'000 /
                            std::max<std::int64_t>(1, measured.wall.count());
    const auto ns = measured.server_cpu.count() * 1000 /
                    std::max<std::int64_t>(1, static_cast<std::int64_t>(measured.events));
    std::string text = fmt::format(
        "POST /v1/events, NDJSON, batches of {}, {} connections, {} customers, {} s; answered when "
        "durable; generator in the same process; {} cores\n\n"
        "| | events/s | p50 | p99 | p99.9 | server CPU per event |\n|---|---|---|---|---|---|\n"
        "| turnpike | {} | {} | {} | {} | {} ns |\n",
        options.batch, options.connections, options.customers, options.seconds,
        std::thread::hardware_concurrency(), per_second,
        milliseconds_text(percentile(measured.times, 500)),
        milliseconds_text(percentile(measured.times, 990)),
        milliseconds_text(percentile(measured.times, 999)), ns);
    if (!reference) return text + "\nno reference: name a PostgreSQL server with --postgres URL\n";
    text += fmt::format("| PostgreSQL: COPY, dedupe, counters | {} | | | | |\n\nratio: {}\n",
                        *reference,
                        permille(per_second * 1000 / std::max<std::int64_t>(1, *reference)));
    return text;
}

}  // namespace

int command_bench_ingest(const BenchIngestOptions& options) {
    block_signals();
    const ScratchDir scratch;
    auto stack = start_for_bench(scratch.path());
    if (!stack) return complain(stack.error());
    const auto added = add_world((*stack)->app(), options);
    if (!added) return complain(added.error());
    const auto measured = measure(**stack, options);
    (*stack)->stop();
    stack->reset();
    if (!measured) return complain(measured.error());
    std::optional<std::int64_t> reference;
    if (!options.postgres.empty()) {
        const auto found = postgres_events_per_second(
            {options.postgres, scratch.path(), options.batch, options.customers});
        if (!found) return complain(found.error());
        reference = *found;
    }
    return hand_out(report_of(*measured, options, reference), options.report);
}

}  // namespace turnpike
