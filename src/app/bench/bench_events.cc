#include "app/bench/bench_events.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "app/bench/bench_connection.h"
#include "app/commands/progress_bar.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

/// A request whose events get new ids each time it is sent.
class BatchText {
public:
    BatchText(std::string head, const EventLoad& load, int connection) : text_(std::move(head)) {
        std::string body;
        std::vector<std::size_t> places;
        for (int i = 0; i < load.batch; ++i) {
            const int number = i * load.connections + connection;
            const int meter = number % load.world.meters;
            const int customer = number / load.world.meters % load.world.customers;
            body += R"({"specversion":"1.0","id":"b)";
            places.push_back(body.size());
            body += fmt::format(R"({:016}","source":"bench","type":"{}","subject":"{}"}})", 0,
                                bench_event_type(meter), bench_customer(customer));
            body += '\n';
        }
        text_ += fmt::format("Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
                             body.size());
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

/// What one connection did.
struct Conversation {
    std::vector<microseconds> times{};
    std::string refused{};  ///< the first answer that was not 200
};

Conversation send_batches(std::uint16_t port, BatchText batch, const std::function<bool()>& goes_on,
                          std::atomic<std::uint64_t>& last_id) {
    Conversation sent;
    const auto connection = BenchConnection::open(port);
    if (!connection) return {.times = {}, .refused = "no connection"};
    for (auto begun = steady_clock::now(); goes_on();) {
        const auto answer = connection->exchange(batch.next(last_id));
        const auto now = steady_clock::now();
        if (!answer || !is_ok(*answer)) {
            sent.refused = answer.value_or("no answer");
            break;
        }
        sent.times.push_back(std::chrono::duration_cast<microseconds>(now - begun));
        begun = now;
    }
    return sent;
}

}  // namespace

Result<EventsSent> send_events(const BenchServer& server, const EventLoad& load,
                               const std::function<bool()>& goes_on) {
    std::atomic<std::uint64_t> last_id{1};
    const std::string head = server.head("POST /v1/events");
    std::vector<BatchText> batches;
    for (int i = 0; i < load.connections; ++i) batches.emplace_back(head, load, i);
    std::vector<Conversation> sent(batches.size());
    const auto begun = steady_clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < batches.size(); ++i)
            threads.emplace_back([&, i] {
                sent[i] = send_batches(server.port(), std::move(batches[i]), goes_on, last_id);
            });
    }
    EventsSent all{.wall = std::chrono::duration_cast<microseconds>(steady_clock::now() - begun),
                   .times = {}};
    for (Conversation& one : sent) {
        if (!one.refused.empty())
            return unavailable("bench.refused", "the server refused a batch: " + one.refused);
        all.events += one.times.size() * static_cast<std::uint64_t>(load.batch);
        std::ranges::copy(one.times, std::back_inserter(all.times));
    }
    std::ranges::sort(all.times);
    return all;
}

Result<EventsSent> fill(const BenchServer& server, const EventLoad& load, std::uint64_t events) {
    std::atomic<std::uint64_t> begun{0};
    std::mutex bar_mutex;
    ProgressBar bar("filling");
    return send_events(server, load, [&] {
        const std::uint64_t before = begun.fetch_add(static_cast<std::uint64_t>(load.batch));
        const std::scoped_lock lock(bar_mutex);
        bar.show(std::min(before, events), events);
        return before < events;
    });
}

}  // namespace turnpike
