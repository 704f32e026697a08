#include <algorithm>
#include <chrono>
#include <utility>

#include "metering/log/state/usage_state.h"
#include "metering/usage_event.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

/// An event has a time of at most kEventAgeMax before its arrival, unless its customer lives on a
/// test clock. The rest is for reservations, whose events come a day later, and for a system clock
/// that is set back.
constexpr Duration kNeededFor = kEventAgeMax + std::chrono::days(8);
/// In one arrival: nobody waits longer than for some of its events.
constexpr std::size_t kForgottenMax = 1'000;

}  // namespace

bool UsageState::is_ever_unneeded(const CountRule& rule, const Period& window) {
    if (rule.reset.kind == Reset::Kind::Rolling) return true;
    return rule.aggregation == Meter::Aggregation::Unique && window.end < endless_window().end;
}

/// nullopt: it is needed for ever, or there is nothing to forget.
std::optional<Instant> UsageState::unneeded_at(const Entry& entry) const {
    if (entry.past == kNoPast || entry.kept != KeptPast::WhileNeeded ||
        !is_ever_unneeded(entry.rule, entry.period))
        return std::nullopt;
    if (entry.rule.reset.kind != Reset::Kind::Rolling) return entry.period.end + kNeededFor;
    const UsageTrail& trail = pasts_[entry.past].trail;
    if (trail.buckets.empty()) return std::nullopt;
    return trail.last_at.value_or(Instant{}) + std::chrono::hours(entry.rule.reset.hours) +
           kNeededFor;
}

void UsageState::make_past(Entry& entry) {
    const bool is_unique = entry.rule.aggregation == Meter::Aggregation::Unique;
    if (!keeps_trail(entry.rule) && !(is_unique && entry.kept != KeptPast::NoMore)) return;
    if (free_pasts_.empty()) {
        entry.past = static_cast<std::uint32_t>(pasts_.size());
        pasts_.emplace_back();
        return;
    }
    entry.past = free_pasts_.back();
    free_pasts_.pop_back();
}

/// Whenever its time may have come nearer.
void UsageState::queue_past(const Entry& entry) {
    const auto at = unneeded_at(entry);
    if (!at) return;
    auto& queued_for = pasts_[entry.past].queued_for;
    if (queued_for && *queued_for <= *at) return;
    queued_for = at;
    unneeded_.emplace(*at, static_cast<std::uint32_t>(&entry - counters_.data()));
}

/// In the order of their times, whatever the queue has of them beside: a state that was read from a
/// snapshot forgets the same ones in the same arrival.
void UsageState::forget_unneeded() {
    std::size_t forgotten = 0;
    while (!unneeded_.empty() && unneeded_.top().first <= received_at_) {
        if (forgotten == kForgottenMax) return;
        const auto [at, number] = unneeded_.top();
        unneeded_.pop();
        Entry& entry = counters_[number];
        if (entry.past == kNoPast || pasts_[entry.past].queued_for != at) continue;
        pasts_[entry.past].queued_for.reset();
        if (unneeded_at(entry) == at) {
            forget_past(entry);
            ++forgotten;
        } else {
            queue_past(entry);
        }
    }
}

/// What a counter shows stays as it is.
void UsageState::forget_past(Entry& entry) {
    if (entry.rule.reset.kind == Reset::Kind::Rolling) {
        // As if nothing had been used at a time by which all of it had left the window.
        UsageTrail& trail = pasts_[entry.past].trail;
        trail.last_at = trail.last_at.value_or(Instant{}) +
                        std::chrono::hours(entry.rule.reset.hours) + kEventSkewMax +
                        bucket_width(entry.rule.reset);
        trail.buckets = std::vector<UsageBucket>();
        entry.used = {};
        return;
    }
    pasts_[entry.past] = {};
    free_pasts_.push_back(std::exchange(entry.past, kNoPast));
    entry.kept = KeptPast::NoMore;
}

}  // namespace turnpike
