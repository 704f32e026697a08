#include "subscriptions/transitions.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/check.h"

namespace turnpike {
namespace {

using enum Ruling;

/// In the order of SubscriptionStatus: creating, incomplete, incomplete_expired, trialing, active,
/// past_due, unpaid, paused, canceled.
using Row = std::array<Ruling, 9>;
struct TableRow {
    CommandKind command;
    Row rulings;
};
constexpr Row kOfChange{Busy, Incomplete, Ended, Do, Do, PastDue, PastDue, Paused, Ended};
constexpr Row kOfPlannedEnd{Busy, Incomplete, Done, Do, Do, Do, Do, Do, Done};
constexpr Row kOfUndoing{Busy, Do, Ended, Do, Do, Do, Do, Do, Ended};
constexpr std::array<TableRow, 10> kTable{{
    {CommandKind::Change, kOfChange},
    {CommandKind::ChangeAtPeriodEnd, kOfChange},
    {CommandKind::DropChange, kOfUndoing},
    {CommandKind::CancelNow, {Busy, Do, Done, Do, Do, Do, Do, Do, Done}},
    {CommandKind::CancelAtPeriodEnd, kOfPlannedEnd},
    {CommandKind::CancelAt, kOfPlannedEnd},
    {CommandKind::Keep, kOfUndoing},
    {CommandKind::Pause, {Busy, Incomplete, Ended, Trialing, Do, PastDue, PastDue, Do, Ended}},
    {CommandKind::Resume, {Busy, Incomplete, Ended, Do, Do, Do, Do, Do, Ended}},
    {CommandKind::EndTrial,
     {Busy, Incomplete, Ended, Do, NotTrialing, NotTrialing, NotTrialing, NotTrialing, Ended}},
}};

Error conflicting(Reason reason, std::string message) {
    return {.code = ErrorCode::Conflict, .reason = reason, .message = std::move(message)};
}

std::optional<Error> error_of(Ruling ruling) {
    switch (ruling) {
        case Do:
        case Done: return std::nullopt;
        case Busy: return busy_subscription();
        case Incomplete:
            return conflicting("subscription.incomplete",
                               "the first payment is not made yet; make it, or cancel now");
        case Ended:
            return conflicting("subscription.ended", "the subscription has ended; start a new one");
        case PastDue:
            return conflicting("subscription.past_due",
                               "an invoice is not paid; pay it first, then ask again");
        case Paused:
            return conflicting("subscription.paused",
                               "the subscription is paused; resume it first");
        case Trialing:
            return conflicting("subscription.trialing",
                               "a trial cannot be paused; give it another end instead");
        case NotTrialing:
            return conflicting("subscription.not_trialing", "the subscription is on no trial");
    }
    return std::nullopt;
}

/// Two plans for what is to come exclude each other.
std::optional<Error> clash_of_plans(const Subscription& subscription, CommandKind command) {
    if (command == CommandKind::ChangeAtPeriodEnd && is_canceling(subscription))
        return conflicting("subscription.canceling",
                           "the subscription is to end; keep it first, or change it now");
    const bool clashes = command == CommandKind::CancelAt || command == CommandKind::EndTrial;
    if (clashes && subscription.pending_change)
        return conflicting("subscription.change_pending",
                           "another change is planned; take it back first");
    return std::nullopt;
}

}  // namespace

Ruling ruling_of(SubscriptionStatus status, CommandKind command) {
    const auto* row = std::ranges::find(kTable, command, &TableRow::command);
    check(row != kTable.end(), "every command on a subscription has a row");
    return row->rulings.at(static_cast<std::size_t>(status));
}

bool is_so_already(const Subscription& s, const SubscriptionCommand& command) {
    const auto wanted = command.quantity.value_or(s.quantity);
    switch (command.kind) {
        // A change to what it is takes back what was to come.
        case CommandKind::Change:
            return s.price == command.price && s.quantity == wanted && !s.pending_change;
        case CommandKind::ChangeAtPeriodEnd:
            return s.pending_change && s.pending_change->price == command.price &&
                   s.pending_change->quantity == wanted;
        case CommandKind::DropChange: return !s.pending_change;
        case CommandKind::CancelAtPeriodEnd: return s.cancel_at_period_end;
        case CommandKind::CancelAt: return s.cancel_at == command.at;
        case CommandKind::Keep: return !is_canceling(s);
        case CommandKind::Pause:
            return s.pause ? to_text(s.pause->behavior) == command.behavior &&
                                 s.pause->resumes_at == command.at
                           : s.status == SubscriptionStatus::Paused;
        case CommandKind::Resume: return !is_paused(s);
        case CommandKind::EndTrial: return command.at && s.trial_end == command.at;
        case CommandKind::Start:
        case CommandKind::CancelNow: return false;
    }
    return false;
}

std::optional<Error> refusal_of(const Subscription& subscription,
                                const SubscriptionCommand& command, Instant now) {
    const auto status = status_at(access_terms(subscription), now);
    if (auto error = error_of(ruling_of(status, command.kind))) return error;
    return clash_of_plans(subscription, command.kind);
}

Direction direction_of(const Offering& from, const Offering& to) {
    const auto order = [](const Offering& o) {
        return std::tuple(o.rank, o.interval_days, o.quantity);
    };
    if (order(to) != order(from)) return order(to) > order(from) ? Direction::Up : Direction::Down;
    const bool is_cheaper =
        to.amount.currency() == from.amount.currency() && to.amount.minor() < from.amount.minor();
    return is_cheaper ? Direction::Down : Direction::Up;
}

Error busy_subscription() {
    auto error = conflicting("subscription.busy",
                             "another change of this subscription is under way; try again shortly");
    error.retry_after_s = 2;
    return error;
}

}  // namespace turnpike
