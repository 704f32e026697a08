#include "metering/log/state/usage_state.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include <boost/container_hash/hash.hpp>

#include "base/check.h"
#include "metering/log/state/contradiction.h"
#include "metering/same_terms.h"

namespace turnpike {
std::optional<NamedRecord> name_in(const UsageRecord& record) {
    if (const auto* event = std::get_if<EventRecord>(&record))
        return NamedRecord{event->source, event->id, event->content};
    if (const auto* correction = std::get_if<CorrectionRecord>(&record))
        return NamedRecord{correction->source, correction->id, correction->content};
    if (const auto* hold = std::get_if<HoldRecord>(&record))
        return NamedRecord{hold->source, hold->id, hold->content};
    return std::nullopt;
}

NameList::Found NameList::find(std::string_view text) const {
    const auto known = indexes_.find(text);
    if (known != indexes_.end()) return {known->second, false};
    return {static_cast<std::uint32_t>(texts_.size()), true};
}

void NameList::add(std::string_view text) {
    texts_.emplace_back(text);
    indexes_.emplace(texts_.back(), static_cast<std::uint32_t>(texts_.size() - 1));
}

std::size_t UsageState::KeyHash::operator()(const Key& key) const {
    std::size_t seed = key.contract;
    boost::hash_combine(seed, key.meter);
    boost::hash_combine(seed, static_cast<int>(key.reset.kind));
    boost::hash_combine(seed, key.reset.hours);
    boost::hash_combine(seed, unix_micros(key.period_start));
    return seed;
}

void UsageState::begin_arrival(Instant received_at) {
    received_at_ = received_at;
    arrival_is_written_ = false;
}

void UsageState::begin_records(std::string& records) {
    if (arrival_is_written_) return;
    arrival_is_written_ = true;
    const ArrivalRecord arrival{arrivals_ + 1, received_at_};
    write_record(records, arrival);
    enter_arrival(arrival);
}

void UsageState::enter_arrival(const ArrivalRecord& record) {
    arrivals_ = record.number;
    received_at_ = record.received_at;
    arrival_begins_ = events_;
    corrections_ = 0;
    holds_.forget_until(received_at_);
    forget_unneeded();
}

LogPlace UsageState::next_place() const { return {arrivals_, events_ - arrival_begins_}; }

std::uint32_t UsageState::name(NameTable table, std::string_view text, std::string& records) {
    NameList& names = names_[static_cast<std::size_t>(table)];
    const auto [index, is_new] = names.find(text);
    if (!is_new) return index;
    write_record(records, NameRecord{table, text});
    names.add(text);
    return index;
}

std::optional<std::uint32_t> UsageState::find(const Key& key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::uint32_t> UsageState::find_contract(const ContractKey& contract) const {
    const auto customer = names(NameTable::Customer).find(contract.customer);
    const auto subscription = names(NameTable::Subscription).find(contract.subscription);
    if (customer.is_new || subscription.is_new) return std::nullopt;
    const auto found = contract_numbers_.find(std::pair(customer.index, subscription.index));
    if (found == contract_numbers_.end()) return std::nullopt;
    return found->second;
}

std::uint32_t UsageState::contract_of(std::uint32_t customer, std::uint32_t subscription) {
    const auto next = static_cast<std::uint32_t>(contracts_.size());
    const auto [at, is_new] = contract_numbers_.emplace(std::pair(customer, subscription), next);
    if (!is_new) return at->second;
    contracts_.push_back(
        {.customer = customer, .subscription = subscription, .counters = {}, .kinds = {}});
    if (contracts_of_customer_.size() <= customer) contracts_of_customer_.resize(customer + 1);
    contracts_of_customer_[customer].push_back(next);
    return next;
}

bool UsageState::holds(const Entry& entry, const UsageWindow& window) const {
    if (window.revision == kPastRevision) return true;
    if (window.revision != entry.revision) return window.revision < entry.revision;
    const NameList& versions = names(NameTable::PlanVersion);
    const Segment& newest = entry.segments.back();
    return newest.override_number == window.override_number &&
           versions.text(newest.plan_version) == window.plan_version.text();
}

UsageState::Placement UsageState::place(std::optional<std::uint32_t> contract,
                                        const UsageCount& count) const {
    const UsageWindow& window = *count.window;
    Placement placement{&count, std::nullopt, false};
    const auto meter = names(NameTable::Meter).find(window.meter_key);
    if (contract && !meter.is_new)
        placement.counter = find({*contract, meter.index, window.reset, window.period.start});
    placement.is_held = placement.counter && holds(counters_[*placement.counter], window);
    return placement;
}

const UsageTrail& UsageState::trail_of(const Entry& entry) const {
    static const UsageTrail kNone;
    return entry.past == kNoPast ? kNone : pasts_[entry.past].trail;
}

/// What the rule is told: of different values, whether this is another one. Where they are
/// forgotten, none is: usage is never charged twice.
Quantity UsageState::counted_value(const Entry& entry, const EventCount& count) const {
    if (entry.rule.aggregation != Meter::Aggregation::Unique) return count.value;
    if (entry.past == kNoPast) return {};
    const bool is_known = pasts_[entry.past].unique.contains(count.unique.value_or(0));
    return is_known ? Quantity{} : Quantity::whole(1);
}

bool UsageState::fits(const Entry& entry, Quantity value, Instant time) const {
    const UsageTrail& trail = trail_of(entry);
    return is_within(used_at(entry.rule, entry.used, trail, time) + entry.held,
                     used_after(entry.rule, entry.used, trail, value, time) + entry.held,
                     entry.hard_limit);
}

bool UsageState::fits(const Placement& placement, Instant time) const {
    const UsageCount& count = *placement.count;
    Quantity value = count.value;
    if (placement.counter) {
        const Entry& entry = counters_[*placement.counter];
        value = counted_value(entry, {*placement.counter, count.value, count.unique});
        if (placement.is_held) return fits(entry, value, time);
    }
    Counter next = counter_at(placement);
    return count_into(next, value, time);
}

EventCount UsageState::event_count(const Placement& placement) const {
    EventCount count{*placement.counter, placement.count->value};
    if (counters_[*placement.counter].rule.aggregation == Meter::Aggregation::Unique)
        count.unique = placement.count->unique;
    return count;
}

Counted UsageState::count(const Use& use, std::string& records, std::vector<Counter>* left,
                          FullWindow* full) {
    check(!use.counts.empty() && use.counts.size() <= kUsageCountsMax, "an event counts something");
    const auto contract =
        find_contract({use.customer, text_of(use.counts.front().window->contract)});
    placements_.clear();
    for (const UsageCount& count : use.counts) placements_.push_back(place(contract, count));
    const auto denying = std::ranges::find_if_not(
        placements_, [&](const Placement& placement) { return fits(placement, use.time); });
    const bool all_fit = denying == placements_.end();
    if (all_fit) {
        begin_records(records);
        for (Placement& placement : placements_)
            if (!std::exchange(placement.is_held, true))
                placement.counter = set_allowance(use, placement, records);
        write_event(use, records);
        for (const Placement& placement : placements_) take(event_count(placement), use.time);
        ++events_;
    } else if (full != nullptr) {
        *full = {denying->count->window.get(), bound_of(counter_at(*denying).hard_limit)};
    }
    if (left != nullptr) *left = counters_at(placements_, use.time);
    return all_fit ? Counted::Accepted : Counted::LimitExceeded;
}

void UsageState::write_event(const Use& use, std::string& records) {
    const EventCount first = event_count(placements_.front());
    more_counts_.clear();
    for (const Placement& placement : std::span(placements_).subspan(1))
        put_count(more_counts_, event_count(placement), first.value);
    const EventRecord event{.counter = first.counter,
                            .source = name(NameTable::Source, use.source, records),
                            .id = use.id,
                            .quantity = first.value,
                            .time = use.time,
                            .latency_us = use.latency_us,
                            .content = use.content,
                            .unique = first.unique,
                            .more = more_counts_,
                            .properties = use.properties};
    write_record(records, event, received_at_);
}

void UsageState::take(const EventCount& count, Instant time) {
    Entry& entry = counters_[count.counter];
    if (recount_) note(count, time);
    const Quantity value = counted_value(entry, count);
    if (entry.past == kNoPast) {
        entry.used = used_after(entry.rule, entry.used, trail_of(entry), value, time);
        return;
    }
    Past& past = pasts_[entry.past];
    if (count.unique) past.unique.insert(*count.unique);
    entry.used = count_value(entry.rule, entry.used, past.trail, value, time);
    queue_past(entry);
}

std::uint32_t UsageState::set_allowance(const Use& use, const Placement& placement,
                                        std::string& records) {
    const UsageWindow& window = *placement.count->window;
    const auto& known = placement.counter;
    const AllowanceRecord record{
        .counter = known.value_or(static_cast<std::uint32_t>(counters_.size())),
        .customer = name(NameTable::Customer, use.customer, records),
        .subscription = name(NameTable::Subscription, text_of(window.contract), records),
        .meter = name(NameTable::Meter, window.meter_key, records),
        .plan_version = name(NameTable::PlanVersion, window.plan_version.text(), records),
        .period = window.period,
        .included = window.included,
        .overage_unit_price = window.overage_unit_price,
        .revision = window.revision,
        .rule = known ? counters_[*known].rule : CountRule{window.aggregation, window.reset},
        .overage_cap = window.overage_cap,
        .kept = window.is_on_test_clock &&
                        is_ever_unneeded({window.aggregation, window.reset}, window.period)
                    ? KeptPast::ForEver
                    : KeptPast::WhileNeeded,
        .override_number = window.override_number};
    write_record(records, record);
    check(apply_record(record).has_value(), "what was just written can be applied");
    return record.counter;
}

Result<std::monostate> UsageState::apply(const UsageRecord& record) {
    if (committing_ && !std::holds_alternative<EventRecord>(record))
        return contradiction("a reservation ends without its usage");
    return std::visit([this](const auto& known) { return apply_record(known); }, record);
}

Result<std::monostate> UsageState::apply_all(std::string_view payload, const SeeName& see) {
    RecordReader reader(payload);
    while (const auto record = reader.next()) {
        const bool is_named_before = committing_.has_value();
        auto applied = apply(*record);
        if (!applied) return applied;
        if (!see || is_named_before) continue;
        if (const auto named = name_in(*record)) see(*named);
    }
    if (committing_) return contradiction("a reservation ends without its usage");
    if (reader.is_bad())
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    "the usage log holds a record that this program does not know; use the newer "
                    "program");
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const NameRecord& record) {
    NameList& names = names_[static_cast<std::size_t>(record.table)];
    if (!names.find(record.text).is_new) return contradiction("a name is said twice");
    names.add(record.text);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const ArrivalRecord& record) {
    if (record.number != arrivals_ + 1) return contradiction("an arrival is missing");
    enter_arrival(record);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const AllowanceRecord& record) {
    const bool is_known = record.customer < names(NameTable::Customer).size() &&
                          record.subscription < names(NameTable::Subscription).size() &&
                          record.meter < names(NameTable::Meter).size() &&
                          record.plan_version < names(NameTable::PlanVersion).size();
    if (!is_known || record.counter > counters_.size())
        return contradiction("an allowance is nobody's");
    const auto is_amount = [](const auto& price) { return !price || price->scaled() >= 0; };
    if (record.included < Quantity{} || record.included > kMaxQuantity ||
        !is_amount(record.overage_unit_price) || !is_amount(record.overage_cap))
        return contradiction("an allowance gives what cannot be");
    if (record.kept == KeptPast::NoMore && record.rule.aggregation != Meter::Aggregation::Unique)
        return contradiction("a counter has forgotten what it never knew");
    const bool is_new = record.counter == counters_.size();
    const std::uint32_t contract = contract_of(record.customer, record.subscription);
    const Key key{contract, record.meter, record.rule.reset, record.period.start};
    if (is_new && !by_key_.emplace(key, record.counter).second)
        return contradiction("a counter is opened twice");
    if (is_new) open(record, contract);
    Entry& entry = counters_[record.counter];
    if (record.rule != entry.rule) return contradiction("a counter counts in another way");
    if (record.revision < entry.revision)
        return contradiction("an older allowance replaces a newer");
    entry.revision = record.revision;
    entry.period = record.period;
    queue_past(entry);
    if (!is_new && are_same_terms(entry.segments.back(), record)) return std::monostate{};
    Counter before = counter_of(entry);
    const UsageWindow window{.contract = before.contract,
                             .meter_key = before.meter_key,
                             .aggregation = record.rule.aggregation,
                             .reset = record.rule.reset,
                             .period = record.period,
                             .plan_version = PlanVersionId::trusted(
                                 names(NameTable::PlanVersion).text(record.plan_version)),
                             .included = record.included,
                             .overage_unit_price = record.overage_unit_price,
                             .overage_cap = record.overage_cap,
                             .revision = record.revision,
                             .override_number = record.override_number};
    const Counter next = is_new ? open_counter(window) : with_allowance(std::move(before), window);
    entry.hard_limit = next.hard_limit;
    // What can fall is all under its newest allowance, from its first event on.
    const bool replaces = !is_new && next.segments.size() == 1;
    const LogPlace begins =
        record.begins.value_or(replaces ? entry.segments.front().begins : next_place());
    if (replaces) entry.segments.clear();
    entry.segments.push_back({record.plan_version, record.override_number,
                              next.segments.back().from_used, record.included,
                              record.overage_unit_price, record.overage_cap, begins});
    return std::monostate{};
}

void UsageState::open(const AllowanceRecord& record, std::uint32_t contract) {
    Entry entry{.contract = contract,
                .meter = record.meter,
                .rule = record.rule,
                .past = kNoPast,
                .period = record.period,
                .used = {},
                .hard_limit = {},
                .segments = {},
                .revision = record.revision,
                .kept = record.kept};
    make_past(entry);
    counters_.push_back(std::move(entry));
    ContractUsage& usage = contracts_[contract];
    usage.counters.push_back(record.counter);
    const std::pair kind(record.meter, record.rule.reset);
    if (std::ranges::find(usage.kinds, kind) == usage.kinds.end()) usage.kinds.push_back(kind);
}

Result<std::monostate> UsageState::apply_record(const EventRecord& record) {
    if (committing_) return apply_commit(record);
    if (record.source >= names(NameTable::Source).size())
        return contradiction("an event has no source");
    if (!is_event_time(record.time)) return contradiction("an event is of another time");
    EventCounts counts(record);
    while (const auto count = counts.next()) {
        if (count->counter >= counters_.size()) return contradiction("an event has no counter");
        const Entry& entry = counters_[count->counter];
        const bool is_unique = entry.rule.aggregation == Meter::Aggregation::Unique;
        if (count->unique.has_value() != is_unique)
            return contradiction("an event is counted in another way");
        if (count->value < Quantity{} || count->value > kMaxQuantity ||
            !fits(entry, counted_value(entry, *count), record.time))
            return contradiction("an event is beyond its limit");
        take(*count, record.time);
    }
    ++events_;
    return std::monostate{};
}

}  // namespace turnpike
