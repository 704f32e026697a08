#include "sandbox/razorpay/proration.h"

#include "base/decimal.h"
#include "sandbox/razorpay/calendar.h"

namespace turnpike::twin::razorpay {

std::int64_t price_of_change(const Terms& from, const Terms& to, const Period& cycle, Instant now) {
    const auto days = days_between(cycle.start, cycle.end);
    const auto remaining = days - days_between(cycle.start, now);
    const auto share = [&](std::int64_t amount) {
        const Int128 part = static_cast<Int128>(amount) * remaining;
        return static_cast<std::int64_t>(divide_rounded(part, days, Rounding::HalfUp));
    };
    if (from.interval == to.interval) return share(to.amount - from.amount);
    return to.amount - share(from.amount);
}

}  // namespace turnpike::twin::razorpay
