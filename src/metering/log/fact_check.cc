#include "metering/log/fact_check.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

FactCheck::FactCheck(const UsageState& usage) : usage_(usage) {
    for (const std::uint32_t number : usage.recountable_counters())
        counters_.push_back({number, usage.counter_numbered(number).counter.aggregation, {}});
}

bool FactCheck::wants(std::uint32_t first, std::uint32_t last) const {
    const auto at = std::ranges::lower_bound(counters_, first, {}, &Corrected::number);
    return at != counters_.end() && at->number <= last;
}

void FactCheck::show(const SealedEvent& event) {
    std::optional<EventStatus> status;  // most events are of other counters
    EventCounts counts(event.record);
    while (const auto count = counts.next()) {
        const auto at = std::ranges::lower_bound(counters_, count->counter, {}, &Corrected::number);
        if (at == counters_.end() || at->number != count->counter) continue;
        if (!status) status = usage_.status_of(event.place);
        if (status->is_voided) return;
        add(*at, event, *count, *status);
    }
}

void FactCheck::add(Corrected& counter, const SealedEvent& event, const EventCount& count,
                    const EventStatus& status) {
    const bool is_one = counter.aggregation == Meter::Aggregation::Count;
    const Quantity value = is_one ? count.value : status.amended.value_or(count.value);
    Facts& facts = counter.facts;
    facts.sum = facts.sum + value;
    facts.most = std::max(facts.most, value);
    facts.least = std::min(facts.least.value_or(value), value);
    const std::pair at{event.record.time, event.place};
    if (!facts.last_at || at > *facts.last_at) {
        facts.last_at = at;
        facts.last = value;
    }
    if (count.unique) facts.values.insert(*count.unique);
}

Quantity FactCheck::shown_by(const Corrected& counter) {
    const Facts& facts = counter.facts;
    switch (counter.aggregation) {
        case Meter::Aggregation::Sum:
        case Meter::Aggregation::Count: return facts.sum;
        case Meter::Aggregation::Max: return facts.most;
        case Meter::Aggregation::Min: return facts.least.value_or(Quantity{});
        case Meter::Aggregation::Last: return facts.last;
        case Meter::Aggregation::Unique:
            return Quantity::whole(static_cast<std::int64_t>(facts.values.size()));
    }
    check(false, "every aggregation is counted");
    return {};
}

std::vector<std::uint32_t> FactCheck::wrong() const {
    std::vector<std::uint32_t> wrong;
    for (const Corrected& counter : counters_)
        if (usage_.counter_numbered(counter.number).counter.used != shown_by(counter))
            wrong.push_back(counter.number);
    return wrong;
}

}  // namespace turnpike
