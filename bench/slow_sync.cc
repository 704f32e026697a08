// A disk whose syncs take longer: for `turnpike bench ... --sync-delay-ms`, which preloads it into
// the server that it starts. Each fdatasync first waits TURNPIKE_BENCH_SYNC_DELAY_MS milliseconds.
#include <chrono>
#include <cstdlib>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::chrono::milliseconds delay() {
    static const std::chrono::milliseconds asked_for = [] {
        const char* const text = std::getenv("TURNPIKE_BENCH_SYNC_DELAY_MS");
        return std::chrono::milliseconds(text == nullptr ? 0 : std::atol(text));
    }();
    return asked_for;
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
    std::this_thread::sleep_for(delay());
    return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}
