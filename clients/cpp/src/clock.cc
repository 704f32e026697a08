#include "turnpike/client/clock.h"

namespace turnpike::client {
namespace {

class SystemClock : public Clock {
public:
    Instant wall_now() override {
        return std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now());
    }
    Steady now() override { return std::chrono::steady_clock::now(); }
    void wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                    Steady until) override {
        if (until == kNever)
            wake.wait(lock);
        else
            wake.wait_until(lock, until);
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

}  // namespace turnpike::client
