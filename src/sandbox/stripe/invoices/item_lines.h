#pragma once

#include <vector>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

/// The lines that bill an item of a subscription for a whole cycle: one, or with tiers one or two
/// for each tier that its quantity reaches.
namespace turnpike::twin {

/// Of a licensed item, for the cycle that begins. Without those of metered items.
std::vector<Json> licensed_lines(Context& ctx, const Json& subscription, const Json& item,
                                 const Period& period);

/// Whether the second that a time of usage ends with belongs to it: it does when nothing follows.
enum class LastMoment : bool { CountsNext, Counts };
/// Of a metered item: what its customer used in `period`, as its meter adds it up. Less than
/// nothing counts as nothing. None for licensed items.
std::vector<Json> usage_lines(Context& ctx, const Json& subscription, const Json& item,
                              const Period& period, LastMoment last = LastMoment::CountsNext);

/// The time of a metered item's usage that is not billed yet: from the start of its period, or from
/// when it got its price, to `end`.
Period unbilled_usage(const Json& item, Instant end);

/// Adds up the usage on a draft's lines again: events may have come after the cycle's end.
void refresh_usage(Context& ctx, Json& invoice);

}  // namespace turnpike::twin
