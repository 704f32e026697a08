#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/reset.h"

namespace turnpike {

/// How a counter counts.
struct CountRule {
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
    Reset reset{};
    friend bool operator==(const CountRule&, const CountRule&) = default;
};

/// What was used in one step of a rolling window's time.
struct UsageBucket {
    std::int64_t number = 0;  ///< of steps since 1970
    Quantity used;
    friend bool operator==(const UsageBucket&, const UsageBucket&) = default;
};

/// What a counter must know of its past, beside how much was used; see keeps_trail().
struct UsageTrail {
    std::optional<Instant> last_at{};    ///< the latest time of any event; absent: none yet
    std::vector<UsageBucket> buckets{};  ///< of a rolling window: those with usage, in order
    friend bool operator==(const UsageTrail&, const UsageTrail&) = default;
};

/// Sums and counts: what each event adds can be taken away again, whatever came before it and
/// after.
bool adds_up(const CountRule& rule);
/// Min, last and rolling windows; all others only rise.
bool can_fall(const CountRule& rule);
/// The same ones: `used` alone does not say what the next event makes of it.
bool keeps_trail(const CountRule& rule);

/// One minute in rolling windows of up to a day, one hour in longer ones.
Duration bucket_width(const Reset& reset);

/// What is used as of `moment`, and before any event: of a rolling window, all buckets that end
/// after its beginning, so that the oldest one counts whole. It moves with the events as well: it
/// never ends more than kEventSkewMax before the latest of them. Of all others, `used`.
Quantity used_at(const CountRule& rule, Quantity used, const UsageTrail& trail, Instant moment);

/// What one value more makes of that, as of its own time. Unique: 1 for a new value, 0 for a known
/// one. An event older than a rolling window counts nowhere in it.
Quantity used_after(const CountRule& rule, Quantity used, const UsageTrail& trail, Quantity value,
                    Instant time);

/// Forgets what has left the window by `moment`. \return used_at() that moment
Quantity forget_until(const CountRule& rule, Quantity used, UsageTrail& trail, Instant moment);

/// Whether a counter may go from `before` to `after`: whatever does not raise it, may.
bool is_within(Quantity before, Quantity after, std::optional<Quantity> hard_limit);

/// What stops a counter.
enum class Bound : std::uint8_t {
    Allowance,  ///< its hard limit
    Range,      ///< kMaxQuantity: a plan that goes on does not help, and no other plan does
};
/// Which of them refuses what is_within() does under this limit.
Bound bound_of(std::optional<Quantity> hard_limit);

/// Counts the value; what has left a rolling window is forgotten.
/// \return the new `used`: of a rolling window, the sum of its buckets
Quantity count_value(const CountRule& rule, Quantity used, UsageTrail& trail, Quantity value,
                     Instant time);

}  // namespace turnpike
