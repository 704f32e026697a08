#include "billing/records/mirrored_state.h"

#include <algorithm>
#include <tuple>

namespace turnpike {
namespace {

std::optional<Pause> pause_of(const ProviderSubscription& theirs) {
    if (!theirs.pause) return std::nullopt;
    // A behaviour that this version does not know pauses all the same.
    const auto behavior = parse_pause_behavior(theirs.pause->behavior);
    return Pause{behavior.value_or(PauseBehavior::Void), theirs.pause->resumes_at};
}

std::optional<TrialEndBehavior> trial_end_behavior_of(const ProviderSubscription& theirs) {
    if (!theirs.trial_end || !theirs.trial_end_behavior) return std::nullopt;
    return parse_trial_end_behavior(*theirs.trial_end_behavior);
}

void take_pause(Subscription& after, const SeenState& seen, bool was_paused) {
    if (!is_paused(after))
        after.paused_at = std::nullopt;
    else if (!was_paused)
        after.paused_at = std::max(seen.customer_now, after.period.start);
}

/// A grace begins when the subscription is first seen past due; the unpaid invoice, which may be
/// older, moves that back when it is mirrored.
void take_grace(Subscription& after, const SeenState& seen) {
    if (after.status == SubscriptionStatus::PastDue) {
        if (!after.grace_ends_at)
            after.grace_ends_at = std::max(seen.customer_now, after.period.start) + seen.grace;
    } else if (after.status != SubscriptionStatus::Unpaid) {
        after.grace_ends_at = std::nullopt;
    }
}

void take_planned_change(Subscription& after, const SeenState& seen) {
    const auto& planned = seen.theirs.planned;
    if (after.ended_at) {
        after.pending_change = std::nullopt;
    } else if (planned && seen.planned_for) {
        after.pending_change = PendingChange{*seen.planned_for, planned->quantity, planned->at};
    } else if (!seen.theirs.has_unread_plan && !is_canceling(after)) {
        after.pending_change = std::nullopt;
    }
}

/// The provider's words; ours stay where it keeps none, as long as the end is planned.
void take_reasons(Subscription& after, const SeenState& seen) {
    if (seen.theirs.cancel_comment) after.cancel_comment = seen.theirs.cancel_comment;
    if (seen.theirs.cancel_feedback) after.cancel_feedback = seen.theirs.cancel_feedback;
    if (is_canceling(after) || after.ended_at) return;
    after.cancel_comment = std::nullopt;
    after.cancel_feedback = std::nullopt;
}

}  // namespace

Subscription with_state_of(Subscription ours, const SeenState& seen) {
    const ProviderSubscription& theirs = seen.theirs;
    const bool was_paused = is_paused(ours);
    if (seen.sold) {
        ours.price = seen.sold->price;
        ours.plan_version = seen.sold->plan_version;
    }
    ours.authorization_url = theirs.authorization_url;
    ours.provider_subscription_id = theirs.id;
    ours.provider_item_id = theirs.item;
    ours.status = seen.status;
    ours.period = theirs.period;
    ours.quantity = std::max<std::int64_t>(theirs.quantity, 1);
    ours.cancel_at_period_end =
        theirs.cancel_at_period_end || (theirs.cancel_at && *theirs.cancel_at == theirs.period.end);
    ours.cancel_at = theirs.cancel_at;
    ours.canceled_at = theirs.canceled_at;
    ours.started_at = theirs.started_at;
    ours.ended_at = theirs.ended_at;
    if (is_terminal(seen.status) && !ours.ended_at) ours.ended_at = seen.customer_now;
    ours.trial_start = theirs.trial_start;
    ours.trial_end = theirs.trial_end;
    ours.trial_end_behavior = trial_end_behavior_of(theirs);
    ours.pause = pause_of(theirs);
    take_pause(ours, seen, was_paused);
    take_grace(ours, seen);
    take_planned_change(ours, seen);
    take_reasons(ours, seen);
    return ours;
}

bool same_state(const Subscription& a, const Subscription& b) {
    const auto state = [](const Subscription& s) {
        return std::tie(s.status, s.period, s.plan_version, s.price, s.quantity,
                        s.cancel_at_period_end, s.cancel_at, s.canceled_at, s.ended_at,
                        s.cancel_comment, s.cancel_feedback, s.provider_subscription_id,
                        s.provider_item_id, s.authorization_url, s.trial_start, s.trial_end,
                        s.trial_end_behavior, s.pause, s.paused_at, s.grace_ends_at,
                        s.pending_change);
    };
    return state(a) == state(b);
}

}  // namespace turnpike
