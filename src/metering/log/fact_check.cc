#include "metering/log/fact_check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

namespace turnpike {

FactCheck::FactCheck(const UsageState& usage) : usage_(usage) {
    std::set<std::string> customers;
    for (const std::uint32_t number : usage.recountable_counters()) {
        const CustomerCounter counted = usage.counter_numbered(number);
        counters_.push_back({number, counted.counter.aggregation});
        customers.emplace(counted.customer.text());
    }
    for (const std::string& customer : customers)
        std::ranges::copy(usage.counters_of_customer(customer), std::back_inserter(moved_first_));
    std::ranges::sort(moved_first_);
}

bool FactCheck::wants(const SealedBlockPlace& block) const {
    return may_hold_any(block, moved_first_);
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
    const Quantity measured = status.amended.value_or(count.value);
    const Quantity before = counter.shown.value_or(Quantity{});
    switch (counter.aggregation) {
        case Meter::Aggregation::Sum: counter.shown = before + measured; break;
        case Meter::Aggregation::Count: counter.shown = before + count.value; break;
        case Meter::Aggregation::Max: counter.shown = std::max(before, measured); break;
        case Meter::Aggregation::Min:
            counter.shown = std::min(counter.shown.value_or(measured), measured);
            break;
        case Meter::Aggregation::Last: {
            const std::pair at{event.record.time, event.place};
            if (counter.at && at < *counter.at) break;
            counter.at = at;
            counter.shown = measured;
            break;
        }
        case Meter::Aggregation::Unique:
            if (count.unique) counter.values.insert(*count.unique);
            counter.shown = Quantity::whole(static_cast<std::int64_t>(counter.values.size()));
            break;
    }
}

std::vector<std::uint32_t> FactCheck::wrong() const {
    std::vector<std::uint32_t> wrong;
    for (const Corrected& counter : counters_)
        if (usage_.counter_numbered(counter.number).counter.used !=
            counter.shown.value_or(Quantity{}))
            wrong.push_back(counter.number);
    return wrong;
}

}  // namespace turnpike
