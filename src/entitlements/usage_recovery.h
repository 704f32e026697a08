#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "entitlements/consume.h"
#include "entitlements/standing_cache.h"

namespace turnpike {

namespace asio = boost::asio;

/// Why usage that was served will not be recorded by this process.
enum class UsageLoss : std::uint8_t {
    Refused,    ///< when it was tried again: beyond the allowance, too old, of nobody we know
    QueueFull,  ///< too much waited already
    Ended,      ///< the process ends
};
std::string_view to_text(UsageLoss why);

/// The use as POST /v1/events takes it, on one line. Its source says "recovered" before the one
/// that it would have had, which is reserved; its id is the same, so the text counts once however
/// often it is sent.
std::string event_text_of(const ConsumeRequest& use);

/// Usage that was served while it could not be recorded. Bounded and in memory: a crash takes it
/// along, and the counters below say how much was at stake; everything else that is lost is told
/// one by one. Each use keeps its identity, so one that was recorded after all is not counted
/// twice. Thread-safe.
class UsageRecovery {
public:
    struct Numbers {
        std::uint64_t served = 0;     ///< requests let through without a record, ever
        std::uint64_t recovered = 0;  ///< of these, recorded later
        std::uint64_t lost = 0;       ///< of these, told to OnLost
        std::size_t waiting = 0;
    };

    /// For each use that is lost; from any thread.
    using OnLost = std::function<void(const ConsumeRequest& use, UsageLoss why)>;

    explicit UsageRecovery(OnLost lost, std::size_t waiting_max = 100'000)
        : lost_(std::move(lost)), waiting_max_(waiting_max) {}

    /// \param request  with its time set
    void remember(ConsumeRequest request);

    /// Records what waits, oldest first, until that fails again. For a background loop; one
    /// call at a time.
    /// \return how many left the queue
    asio::awaitable<std::size_t> replay(ConsumeWorld world, const Clock& clock,
                                        StandingCache& standings);

    /// Loses all that waits: after the last replay() has ended.
    /// \return how many that were
    std::size_t give_up();

    [[nodiscard]] Numbers numbers() const;

private:
    std::optional<ConsumeRequest> oldest() const;
    enum class Fate : bool { Recovered, Lost };
    void drop_oldest(Fate fate);

    const OnLost lost_;
    std::size_t waiting_max_;
    mutable std::mutex mutex_;
    // guarded by mutex_
    std::deque<ConsumeRequest> waiting_;
    Numbers numbers_;
};

}  // namespace turnpike
