#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "entitlements/consume.h"
#include "entitlements/standing_cache.h"

namespace turnpike {

namespace asio = boost::asio;

/// Usage that was served while it could not be recorded. Bounded and in memory: what a crash
/// takes with it is lost, and the counters below say how much was at stake. Each use keeps its
/// identity, so one that was recorded after all is not counted twice. Thread-safe.
class UsageRecovery {
public:
    struct Numbers {
        std::uint64_t served = 0;     ///< requests let through without a record, ever
        std::uint64_t recovered = 0;  ///< of these, recorded later
        std::uint64_t lost = 0;       ///< refused later, or pushed out of a full queue
        std::size_t waiting = 0;
    };

    explicit UsageRecovery(std::size_t waiting_max = 100'000) : waiting_max_(waiting_max) {}

    /// \param request  with its time set
    void remember(ConsumeRequest request);

    /// Records what waits, oldest first, until that fails again. For a background loop; one
    /// call at a time.
    /// \return how many left the queue
    asio::awaitable<std::size_t> replay(ConsumeWorld world, const Clock& clock,
                                        StandingCache& standings);

    [[nodiscard]] Numbers numbers() const;

private:
    std::optional<ConsumeRequest> oldest() const;
    enum class Fate : bool { Recovered, Lost };
    void drop_oldest(Fate fate);

    std::size_t waiting_max_;
    mutable std::mutex mutex_;
    // guarded by mutex_
    std::deque<ConsumeRequest> waiting_;
    Numbers numbers_;
};

}  // namespace turnpike
