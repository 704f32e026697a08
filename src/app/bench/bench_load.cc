#include "app/bench/bench_load.h"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr int kPatienceMs = 30'000;
constexpr std::size_t kEventsMax = 64;

/// One run over some connections.
class Run {
public:
    Run(const std::vector<BenchConnection>& connections, const std::string& request,
        const LoadEnd& end)
        : connections_(connections), request_(request), end_(end), pending_(connections.size()) {
        for (std::size_t i = 0; i < connections.size(); ++i) {
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            epoll_ctl(poll_, EPOLL_CTL_ADD, connections[i].descriptor(), &event);
        }
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { close(poll_); }

    Result<LoadAnswers> go() {
        for (std::size_t i = 0; i < pending_.size(); ++i) send(i);
        std::array<epoll_event, kEventsMax> events{};
        while (on_their_way_ > 0 && refused_.empty()) {
            const int count = epoll_wait(poll_, events.data(), int{kEventsMax}, kPatienceMs);
            if (count <= 0) refused_ = "no answer";
            for (int i = 0; i < count && refused_.empty(); ++i)
                receive(events[static_cast<std::size_t>(i)].data.u64);
        }
        if (!refused_.empty())
            return unavailable("bench.refused", "the server refused a request: " + refused_);
        std::ranges::sort(answers_.times);
        return std::move(answers_);
    }

private:
    struct Pending {
        std::string answer;  ///< what has come
        steady_clock::time_point sent;
    };

    void send(std::size_t i) {
        pending_[i].answer.clear();
        pending_[i].sent = steady_clock::now();
        if (pending_[i].sent >= end_.until || answers_.denied >= end_.denied_max) return;
        ++on_their_way_;
        if (!connections_[i].send(request_)) refused_ = "the connection was closed";
    }

    void receive(std::size_t i) {
        std::string& answer = pending_[i].answer;
        if (!connections_[i].receive(answer)) {
            refused_ = "the connection was closed";
            return;
        }
        if (!is_whole(answer)) return;
        --on_their_way_;
        const auto now = steady_clock::now();
        if (is_ok(answer)) {
            ++answers_.granted;
            answers_.granted_in = std::chrono::duration_cast<microseconds>(now - begun_);
            answers_.times.push_back(
                std::chrono::duration_cast<microseconds>(now - pending_[i].sent));
        } else if (is_payment_required(answer)) {
            ++answers_.denied;
        } else {
            refused_ = answer;
            return;
        }
        send(i);
    }

    const std::vector<BenchConnection>& connections_;
    const std::string& request_;
    const LoadEnd& end_;
    const int poll_ = epoll_create1(EPOLL_CLOEXEC);
    const steady_clock::time_point begun_ = steady_clock::now();
    std::vector<Pending> pending_;
    std::size_t on_their_way_ = 0;
    LoadAnswers answers_;
    std::string refused_;
};

}  // namespace

Result<ClosedLoop> ClosedLoop::open(std::uint16_t port, int connections) {
    std::vector<BenchConnection> opened;
    for (int i = 0; i < connections; ++i) {
        auto connection = BenchConnection::open(port);
        if (!connection) return unavailable("bench.refused", "the server takes no connection");
        opened.push_back(*std::move(connection));
    }
    return ClosedLoop(std::move(opened));
}

Result<LoadAnswers> ClosedLoop::run(const std::string& request, const LoadEnd& end) const {
    return Run(connections_, request, end).go();
}

}  // namespace turnpike
