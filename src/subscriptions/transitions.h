#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/money.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// What a status says to a command.
enum class Ruling : std::uint8_t {
    Do,
    Done,        ///< it is so already
    Busy,        ///< the start is under way
    Incomplete,  ///< the first payment is missing
    Ended,
    PastDue,  ///< pay first
    Paused,   ///< resume first
    Trialing,
    NotTrialing,
};

/// The table of all commands but Start, which no subscription has yet. `status` is status_at().
Ruling ruling_of(SubscriptionStatus status, CommandKind command);
/// What is the same as the wish already, so that nothing need be done.
bool is_so_already(const Subscription& subscription, const SubscriptionCommand& command);
/// Why the command is not for this subscription now; nullopt: it is, or it is so already.
/// Conflict "subscription.busy", "subscription.incomplete", "subscription.ended",
/// "subscription.past_due", "subscription.paused", "subscription.trialing",
/// "subscription.not_trialing", "subscription.canceling", "subscription.change_pending".
std::optional<Error> refusal_of(const Subscription& subscription,
                                const SubscriptionCommand& command, Instant now);

/// One of these for each column of the table; for tests and documents.
inline constexpr std::array kCommandsOnRunning{CommandKind::Change,
                                               CommandKind::ChangeAtPeriodEnd,
                                               CommandKind::DropChange,
                                               CommandKind::CancelNow,
                                               CommandKind::CancelAtPeriodEnd,
                                               CommandKind::CancelAt,
                                               CommandKind::Keep,
                                               CommandKind::Pause,
                                               CommandKind::Resume,
                                               CommandKind::EndTrial};

/// Whether somebody pays more or less from a change on.
enum class Direction : std::uint8_t { Up, Down };
/// What one side of a change is sold for.
struct Offering {
    int rank = 0;           ///< of the plan
    int interval_days = 0;  ///< roughly: a longer one is a greater commitment
    std::int64_t quantity = 1;
    Money amount;  ///< of one of them
};
/// By the plan, then by the interval, then by the quantity, then by the amount where the currency
/// is one; the same on all of them is up.
Direction direction_of(const Offering& from, const Offering& to);

/// "subscription.busy"; Retry-After is set.
Error busy_subscription();

}  // namespace turnpike
