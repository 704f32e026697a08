#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// Discounts of phases: named in the schedule, redeemed when their phase begins.
namespace turnpike::twin {

/// discounts[] as a phase shows it: {"coupon", "discount", "promotion_code"}, one of them not null.
Json phase_discounts(const std::vector<DiscountRequest>& requests);
/// What a phase's discounts ask for.
std::vector<DiscountRequest> requests_of(const Json& phase_discounts);
/// What they ask for when their phase begins: a discount that is over does not come back.
std::vector<DiscountRequest> requests_at_start(Context& ctx, const Json& phase_discounts);
/// What they ask for while their phase runs: of `running` (a subscription or an item), discounts of
/// the same coupons stay.
std::vector<DiscountRequest> requests_beside(Context& ctx, std::vector<DiscountRequest> requests,
                                             const Json& running);
/// The discounts that a subscription or an item has, to be reused.
Json phase_discounts_of(const Json& owner);

/// Whether the running phase names the discounts that its subscription and the items of that have.
bool names_discounts_of(Context& ctx, const Json& phase, const Json& subscription);

/// The item with this price; null where there is none.
Json item_of_price(const Json& items, const std::string& price);

/// What of a phase has discounts.
struct DiscountedPhase {
    std::vector<ItemRequest> items;
    std::vector<AddedCharge> charges;
    std::vector<DiscountRequest> whole;
};
/// A phase that runs, and its subscription.
struct RunningPhase {
    Json phase;
    Json subscription;
};
/// Of a phase that takes the place of the running one, only what it redeems anew: it keeps
/// discounts of the same coupons, and charges nothing beside a second time.
DiscountedPhase new_in_running(Context& ctx, DiscountedPhase phase, const RunningPhase& running);
/// What a phase would be refused for if it began now. Adds what it redeems to `redeemed`, what the
/// phases before it do.
/// Errors: as redeem().
std::optional<StripeError> check_phase_discounts(Context& ctx, DiscountTarget target,
                                                 const DiscountedPhase& phase,
                                                 std::vector<Redeemed>& redeemed);

/// Gives the subscription the discounts of its phase, which buys for `amount`. Stores nothing.
/// Errors: as redeem().
Outcome<std::vector<Redeemed>> discount_phase(Context& ctx, Json& subscription,
                                              const std::vector<DiscountRequest>& requests,
                                              std::int64_t amount);

}  // namespace turnpike::twin
