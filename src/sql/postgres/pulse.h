#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace turnpike::sql::postgres {

/// What the pool knows of its server: whether anybody is there. Connections that break or fall
/// silent say so, and one thread looks, by a connection of its own (libpq's PQping); without a
/// doubt it does nothing. A server that answers nothing to the look, nor to any connection of the
/// pool meanwhile, or that is starting or stopping, is away until a look finds it again. While it
/// is away nobody else tries. Thread-safe.
class Pulse {
public:
    using Duration = std::chrono::steady_clock::duration;
    /// What a job is told that was not tried.
    static constexpr const char* kAway = "postgres: the server does not answer";

    explicit Pulse(std::string url);
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;
    /// Waits for a look that is under way, 2 s per host at most.
    ~Pulse();

    [[nodiscard]] bool away() const { return away_.load(std::memory_order_relaxed); }
    /// Has somebody look soon. A server that hangs is known to be away within 2 s.
    void doubt();
    /// A connection of the pool got an answer.
    void answered() { answers_.fetch_add(1, std::memory_order_relaxed); }
    /// Whether an answer that is `silent` late may still come; from the first second on with doubt.
    bool worth_waiting(Duration silent);

private:
    void run();
    bool is_there();

    const std::string url_;
    std::atomic<bool> away_{false};
    std::atomic<std::uint64_t> answers_{0};

    std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_:
    bool doubted_ = false;
    bool closed_ = false;

    std::thread thread_;
};

}  // namespace turnpike::sql::postgres
