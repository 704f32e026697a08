#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

/// The limits of coupons (member `valid`) and promotion codes (member `active`): a number of
/// redemptions and a time. Both live in the account's real time, whatever clock a customer is on.
/// What has lapsed stays lapsed, but for a promotion code that was switched off by hand.
namespace turnpike::twin {

/// The moment from which the object cannot be redeemed any more; nullopt: never.
std::optional<Instant> lapses_at(const Json& object);

/// Whether the object's own limits allow one more redemption at `now`, beside `uncounted` ones of
/// the same request. Says nothing of `valid` and `active`. Pure.
bool has_room(const Json& object, Instant now, std::int64_t uncounted = 0);

/// Whether it can be redeemed at `now`: switched on, and with room.
bool is_redeemable(const Json& object, Instant now);

/// Tells the engine when the stored object lapses.
void schedule_lapse(Context& ctx, const Json& object);

/// Switches the object off if it has no room left, stores and schedules it. The promotion codes of
/// a coupon go with it. Raises no events. Also the engine's step, when the object's time has come.
void settle_redemptions(Context& ctx, Json object);

/// Counts one more redemption, and settles.
void count_redemption(Context& ctx, Json object);

/// The promotion codes of a coupon that can no longer be redeemed.
void end_promotion_codes(Context& ctx, const std::string& coupon);

}  // namespace turnpike::twin
