#include "people/back_off.h"

#include <algorithm>

namespace turnpike {
namespace {

/// 2^20 times the first wait is above every longest one.
constexpr int kDoublingsMax = 20;

}  // namespace

std::optional<Duration> begin_attempt(BackOff& back_off, const BackOffRule& rule, Instant now) {
    // A clock that was set back does not keep anybody waiting longer than the longest wait.
    if (now - back_off.last > rule.forgotten_after) back_off = {};
    back_off.until = std::min<Instant>(back_off.until, now + rule.longest);
    if (now < back_off.until) return back_off.until - now;
    ++back_off.failures;
    back_off.last = now;
    if (back_off.failures > rule.free) {
        const int doublings = std::min(back_off.failures - rule.free - 1, kDoublingsMax);
        back_off.until = now + std::min<Duration>(rule.first * (1 << doublings), rule.longest);
    }
    return std::nullopt;
}

void forgive_one(BackOff& back_off, Instant began) {
    back_off.failures = std::max(0, back_off.failures - 1);
    if (back_off.last == began) back_off.until = {};
}

}  // namespace turnpike
