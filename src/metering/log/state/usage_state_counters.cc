#include <algorithm>
#include <iterator>
#include <tuple>

#include "metering/log/state/usage_state.h"
#include "metering/window_calendar.h"

namespace turnpike {

Counter UsageState::counter_of(const Entry& entry) const {
    const auto& subscription =
        names(NameTable::Subscription).text(contracts_[entry.contract].subscription);
    Counter counter{.contract = {},
                    .meter_key = names(NameTable::Meter).text(entry.meter),
                    .aggregation = entry.rule.aggregation,
                    .reset = entry.rule.reset,
                    .period = entry.period,
                    .used = entry.used,
                    .hard_limit = entry.hard_limit,
                    .segments = {},
                    .trail = trail_of(entry),
                    .held = entry.held};
    if (!subscription.empty()) counter.contract = SubscriptionId::trusted(subscription);
    const NameList& versions = names(NameTable::PlanVersion);
    for (const Segment& segment : entry.segments)
        counter.segments.push_back({PlanVersionId::trusted(versions.text(segment.plan_version)),
                                    segment.from_used, segment.included, segment.overage_unit_price,
                                    segment.overage_cap, segment.override_number});
    return counter;
}

Counter UsageState::counter_at(const Placement& placement) const {
    const UsageWindow& window = *placement.count->window;
    if (!placement.counter) return open_counter(window);
    Counter counter = counter_of(counters_[*placement.counter]);
    return placement.is_held ? counter : under_window(std::move(counter), window);
}

std::vector<Counter> UsageState::counters_at(std::span<const Placement> placements,
                                             Instant moment) const {
    std::vector<Counter> counters;
    counters.reserve(placements.size());
    for (const Placement& placement : placements)
        counters.push_back(as_of(counter_at(placement), moment));
    return counters;
}

std::vector<Counter> UsageState::counters_in(const Use& use) const {
    const auto contract =
        find_contract({use.customer, text_of(use.counts.front().window->contract)});
    std::vector<Placement> placements;
    for (const UsageCount& count : use.counts) placements.push_back(place(contract, count));
    return counters_at(placements, use.time);
}

std::optional<Counter> UsageState::counter(const ContractKey& contract, std::string_view meter_key,
                                           Instant period_start, const Reset& reset) const {
    const auto who = find_contract(contract);
    const auto what = names(NameTable::Meter).find(meter_key);
    if (!who || what.is_new) return std::nullopt;
    const auto index = find({*who, what.index, reset, period_start});
    if (!index) return std::nullopt;
    return counter_of(counters_[*index]);
}

std::optional<PlacedCounter> UsageState::placed_counter(const ContractKey& contract,
                                                        std::string_view meter_key,
                                                        Instant period_start) const {
    const auto who = find_contract(contract);
    const auto what = names(NameTable::Meter).find(meter_key);
    if (!who || what.is_new) return std::nullopt;
    const auto index = find({*who, what.index, Reset{}, period_start});
    if (!index) return std::nullopt;
    const Entry& entry = counters_[*index];
    PlacedCounter placed{*index, std::string(contract.customer), counter_of(entry), {}, arrivals_};
    for (const Segment& segment : entry.segments) placed.segments.push_back(segment.begins);
    // A sum does not remember where it was opened.
    placed.segments.front() = {};
    return placed;
}

bool UsageState::is_corrected(const ContractKey& contract, std::string_view meter_key,
                              Instant period_start) const {
    const auto who = find_contract(contract);
    const auto what = names(NameTable::Meter).find(meter_key);
    if (!who || what.is_new) return false;
    const auto index = find({*who, what.index, Reset{}, period_start});
    return index && counters_[*index].is_corrected;
}

UsageState::CountedBy UsageState::counted_by(std::uint32_t counter) const {
    const Entry& entry = counters_.at(counter);
    const ContractUsage& contract = contracts_[entry.contract];
    return {names(NameTable::Customer).text(contract.customer),
            names(NameTable::Subscription).text(contract.subscription),
            names(NameTable::Meter).text(entry.meter),
            entry.rule.aggregation,
            entry.rule.reset,
            entry.period.start};
}

CustomerCounter UsageState::counter_numbered(std::uint32_t counter) const {
    const Entry& entry = counters_.at(counter);
    const auto& customer = names(NameTable::Customer).text(contracts_[entry.contract].customer);
    return {CustomerId::trusted(customer), counter_of(entry)};
}

std::vector<std::uint32_t> UsageState::recountable_counters() const {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t number = 0; number < counters_.size(); ++number) {
        const Entry& entry = counters_[number];
        const bool is_rolling = entry.rule.reset.kind == Reset::Kind::Rolling;
        if (entry.is_corrected && !is_rolling && entry.kept != KeptPast::NoMore)
            numbers.push_back(number);
    }
    return numbers;
}

std::vector<std::uint32_t> UsageState::counters_of_customer(std::string_view customer) const {
    std::vector<std::uint32_t> counters;
    const auto who = names(NameTable::Customer).find(customer);
    if (who.is_new || who.index >= contracts_of_customer_.size()) return counters;
    for (const std::uint32_t contract : contracts_of_customer_[who.index])
        std::ranges::copy(contracts_[contract].counters, std::back_inserter(counters));
    std::ranges::sort(counters);
    return counters;
}

std::vector<Counter> UsageState::counters_of(const ContractKey& contract, Instant ended_after,
                                             Instant began_before) const {
    std::vector<Counter> found;
    const auto who = find_contract(contract);
    if (!who) return found;
    for (const std::uint32_t index : contracts_[*who].counters) {
        const Entry& entry = counters_[index];
        if (entry.rule.reset.kind != Reset::Kind::BillingPeriod ||
            entry.period.end <= ended_after || entry.period.start >= began_before)
            continue;
        found.push_back(counter_of(entry));
    }
    std::ranges::sort(found, [](const Counter& a, const Counter& b) {
        return std::tie(a.period.start, a.meter_key) < std::tie(b.period.start, b.meter_key);
    });
    return found;
}

std::vector<Counter> UsageState::counters_at(const ContractKey& contract, Instant period_start,
                                             Instant now) const {
    std::vector<Counter> found;
    const auto who = find_contract(contract);
    if (!who) return found;
    for (const auto& [meter, reset] : contracts_[*who].kinds) {
        const Period window = window_at(reset, {period_start, period_start}, now);
        const auto index = find({*who, meter, reset, window.start});
        if (index) found.push_back(as_of(counter_of(counters_[*index]), now));
    }
    std::ranges::sort(found, [](const Counter& a, const Counter& b) {
        return std::tie(a.meter_key, a.reset) < std::tie(b.meter_key, b.reset);
    });
    return found;
}

}  // namespace turnpike
