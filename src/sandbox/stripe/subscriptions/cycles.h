#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// The cycles of a subscription's items, and how much of them is used and billed: a period is a
/// whole cycle, or a part of one that begins later (with the subscription, or behind a trial) or
/// ends sooner (with the subscription: cancel_at).
namespace turnpike::twin {

/// When the subscription is going to end, by request or by its schedule; nullopt: it is not.
std::optional<Instant> life_end(const Json& subscription);
/// The part of it before `end`; all of it when there is none.
Period cut_off(Period period, std::optional<Instant> end);

/// The cycle in which the period of an item that is not on trial lies.
Period cycle_of_item(const Json& subscription, const Json& item);
/// Up to when an item is paid for, prorations included: the end of its period, or later where that
/// was cut off without giving anything back.
Instant paid_until(const Json& item);
void set_paid_until(Json& item, Instant when);

/// What a part of a cycle costs of the `total` for the whole of it, which is negative for a credit:
/// parts that follow each other sum up to it. Each is a multiple of `step` (charge_step()), rounded
/// as prorate() does. Pure.
std::int64_t part_of_cycle(std::int64_t total, Period cycle, Period part, std::int64_t step);

/// An item's period and the cycle that it lies in.
struct ItemCycle {
    Period period, cycle;
};
/// That follows at `now`, the end of the item's period.
ItemCycle next_cycle(const Json& subscription, const Json& item, Instant now);
/// What it costs: the lines of a whole cycle, or one line for a part. None for metered items.
std::vector<Json> lines_of_cycle(Context& ctx, const Json& subscription, const Json& item,
                                 const ItemCycle& when);

/// What bills a renewal at `at`: of each item whose period ends then, what was used in it and the
/// next period. `period` is the one that ends.
struct Renewal {
    Period period;
    std::vector<Json> lines;
};
/// The items of `subscription` get their next periods. Nothing is stored.
Renewal renew_items(Context& ctx, Json& subscription, Instant at);

/// What the customer used of the metered items until the subscription ends at `end`, and was not
/// billed for. Trials are free, and what was never paid for or is paused is not used.
std::vector<Json> last_usage(Context& ctx, const Json& subscription, Instant end);

}  // namespace turnpike::twin
