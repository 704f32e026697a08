#include "sql/postgres/pulse.h"

#include <array>
#include <utility>

#include <libpq-fe.h>

namespace turnpike::sql::postgres {
namespace {

constexpr auto kDoubtAfter = std::chrono::seconds(1);
/// A look is a connection, which the server may log: seldom while it is there.
constexpr auto kLookWhileThere = std::chrono::milliseconds(1000);
constexpr auto kLookWhileAway = std::chrono::milliseconds(250);

/// The least that libpq knows; behind `dbname`, so that the URL cannot make a look slow.
constexpr const char* kLookSeconds = "2";

}  // namespace

Pulse::Pulse(std::string url) : url_(std::move(url)), thread_([this] { run(); }) {}

Pulse::~Pulse() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void Pulse::doubt() {
    const std::lock_guard lock(mutex_);
    doubted_ = true;
    changed_.notify_all();
}

bool Pulse::worth_waiting(Duration silent) {
    if (away()) return false;
    if (silent >= kDoubtAfter) doubt();
    return true;
}

void Pulse::run() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
        changed_.wait(lock, [this] { return closed_ || doubted_ || away(); });
        if (closed_) return;
        doubted_ = false;
        lock.unlock();
        away_ = !is_there();
        lock.lock();
        changed_.wait_for(lock, away() ? kLookWhileAway : kLookWhileThere,
                          [this] { return closed_; });
    }
}

/// A refusal (a wrong password, too many clients) comes from a server that is there.
bool Pulse::is_there() {
    const std::uint64_t answers = answers_.load();
    const std::array<const char*, 3> keywords = {"dbname", "connect_timeout", nullptr};
    const std::array<const char*, 3> values = {url_.c_str(), kLookSeconds, nullptr};
    return PQpingParams(keywords.data(), values.data(), 1) == PQPING_OK ||
           answers_.load() != answers;
}

}  // namespace turnpike::sql::postgres
