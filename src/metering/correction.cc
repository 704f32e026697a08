#include "metering/correction.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

/// Whether the event's value there is its quantity. Of the others each event counts as one.
bool is_measured(Meter::Aggregation aggregation) {
    return aggregation != Meter::Aggregation::Count && aggregation != Meter::Aggregation::Unique;
}

bool measures_one_quantity(std::span<const RecordedCount> counts) {
    const RecordedCount* first = nullptr;
    for (const RecordedCount& count : counts) {
        if (!is_measured(count.rule.aggregation)) continue;
        if (first == nullptr) first = &count;
        if (count.value != first->value) return false;
    }
    return first != nullptr;
}

/// What has left a rolling window, or came too late for it, is in no bucket and never will be.
bool is_in_window(const Counter& counter, Instant time) {
    const UsageTrail bare{.last_at = counter.trail.last_at, .buckets = {}};
    const Quantity one = Quantity::whole(1);
    return used_after(rule_of(counter), {}, bare, one, time) == one;
}

/// A bucket without usage is none.
std::optional<Counter> with_bucket_changed(Counter counter, const CountChange& change) {
    if (!is_in_window(counter, change.time)) return counter;
    auto& buckets = counter.trail.buckets;
    const std::int64_t number = change.time.time_since_epoch() / bucket_width(counter.reset);
    auto at = std::ranges::lower_bound(buckets, number, {}, &UsageBucket::number);
    if (at == buckets.end() || at->number != number) at = buckets.insert(at, {number, {}});
    at->used = at->used + change.change;
    if (at->used < Quantity{}) return std::nullopt;
    if (at->used == Quantity{}) buckets.erase(at);
    counter.used = counter.used + change.change;
    return counter;
}

/// What is held comes on top of the last one.
std::optional<Bound> bound_passed_in(const Counter& counter, std::size_t number) {
    const bool is_last = number + 1 == counter.segments.size();
    const Quantity taken = end_of_segment(counter, number) + (is_last ? counter.held : Quantity{});
    const auto limit = hard_limit_under(counter, number);
    if (taken <= limit.value_or(kMaxQuantity)) return std::nullopt;
    return bound_of(limit);
}

}  // namespace

std::string_view to_text(Correction::Kind kind) {
    return kind == Correction::Kind::Void ? "void" : "amend";
}

std::string_view cloud_event_type(Correction::Kind kind) {
    return kind == Correction::Kind::Void ? "turnpike.usage.void" : "turnpike.usage.amend";
}

std::string said_of(const Correction& correction) {
    std::string said;
    put_content(said, cloud_event_type(correction.kind));
    put_content(said, correction.source);
    put_content(said, correction.id);
    if (correction.kind == Correction::Kind::Amend) put_content(said, correction.quantity.text());
    return said;
}

EventStatus corrected_by(EventStatus status, const Correction& correction) {
    if (correction.kind == Correction::Kind::Void)
        status.is_voided = true;
    else
        status.amended = correction.quantity;
    return status;
}

std::optional<Quantity> amended_value(Meter::Aggregation aggregation, const EventStatus& status) {
    return is_measured(aggregation) ? status.amended : std::nullopt;
}

std::expected<std::vector<ValueChange>, EventComplaint> changes_of(
    const Correction& correction, const EventStatus& status,
    std::span<const RecordedCount> counts) {
    check(!counts.empty(), "an event counts something");
    const bool is_amend = correction.kind == Correction::Kind::Amend;
    if (status.is_voided) return complaint("already_voided", "the event is voided already");
    if (is_amend && !measures_one_quantity(counts))
        return complaint("not_amendable",
                         "the event has no one quantity: it moved no sum, max, min or last, or "
                         "these by different values; void it and send another");
    std::vector<ValueChange> changes;
    changes.reserve(counts.size());
    for (const RecordedCount& count : counts) {
        const bool measures = is_measured(count.rule.aggregation);
        ValueChange change{measures ? status.amended.value_or(count.value) : count.value, {}};
        if (is_amend) change.to = measures ? correction.quantity : change.from;
        changes.push_back(change);
    }
    return changes;
}

std::optional<Counter> corrected(Counter counter, const CountChange& change) {
    const CountRule rule = rule_of(counter);
    if (!adds_up(rule) || change.segment >= counter.segments.size()) return std::nullopt;
    if (rule.reset.kind == Reset::Kind::Rolling)
        return with_bucket_changed(std::move(counter), change);
    const Quantity counted =
        end_of_segment(counter, change.segment) - counter.segments[change.segment].from_used;
    if (counted + change.change < Quantity{}) return std::nullopt;
    for (std::size_t later = change.segment + 1; later < counter.segments.size(); ++later) {
        Quantity& from = counter.segments[later].from_used;
        from = from + change.change;
    }
    counter.used = counter.used + change.change;
    settle_limit(counter);
    return counter;
}

std::optional<Bound> bound_passed(const Counter& before, const Counter& after, Instant moment) {
    const CountRule rule = rule_of(before);
    if (after.used > std::max(before.used, kMaxQuantity)) return Bound::Range;
    if (can_fall(rule)) {
        const bool is_let_in = is_within(
            used_at(rule, before.used, before.trail, moment) + before.held,
            used_at(rule, after.used, after.trail, moment) + after.held, after.hard_limit);
        return is_let_in ? std::nullopt : std::optional(bound_of(after.hard_limit));
    }
    for (std::size_t number = 0; number < after.segments.size(); ++number) {
        if (end_of_segment(after, number) <= end_of_segment(before, number)) continue;
        if (const auto bound = bound_passed_in(after, number)) return bound;
    }
    return std::nullopt;
}

}  // namespace turnpike
