#include "metering/log/usage_state.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include <boost/container_hash/hash.hpp>

#include "base/check.h"

namespace turnpike {
namespace {

std::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                std::string("the usage log contradicts itself: ") + what);
}

bool fits(Quantity used, Quantity quantity, std::optional<Quantity> hard_limit) {
    return quantity <= hard_limit.value_or(kMaxQuantity) - used;
}

}  // namespace

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
    write_record(records, ArrivalRecord{++arrivals_, received_at_});
}

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
        {.customer = customer, .subscription = subscription, .counters = {}, .closed_before = {}});
    if (contracts_of_customer_.size() <= customer) contracts_of_customer_.resize(customer + 1);
    contracts_of_customer_[customer].push_back(next);
    return next;
}

Counter UsageState::counter_of(const Entry& entry) const {
    const auto& subscription =
        names(NameTable::Subscription).text(contracts_[entry.contract].subscription);
    Counter counter{.contract = {},
                    .meter_key = names(NameTable::Meter).text(entry.meter),
                    .period = entry.period,
                    .used = entry.used,
                    .hard_limit = entry.hard_limit};
    if (!subscription.empty()) counter.contract = SubscriptionId::trusted(subscription);
    const NameList& versions = names(NameTable::PlanVersion);
    for (const Segment& segment : entry.segments)
        counter.segments.push_back({PlanVersionId::trusted(versions.text(segment.plan_version)),
                                    segment.from_used, segment.included,
                                    segment.overage_unit_price});
    return counter;
}

bool UsageState::holds(const Entry& entry, const UsageWindow& window) const {
    if (window.revision != entry.revision) return window.revision < entry.revision;
    const NameList& versions = names(NameTable::PlanVersion);
    return versions.text(entry.segments.back().plan_version) == window.plan_version.text();
}

Counted UsageState::count(const Use& use, std::string& records) {
    check(use.window.reset == Reset{} && !use.window.overage_cap &&
              (use.window.aggregation == Meter::Aggregation::Sum ||
               use.window.aggregation == Meter::Aggregation::Count),
          "the log counts sums of billing periods");
    const Instant start = use.window.period.start;
    std::optional<std::uint32_t> index;
    if (const auto contract = find_contract({use.customer, text_of(use.window.contract)})) {
        const auto& closed_before = contracts_[*contract].closed_before;
        if (closed_before && start < *closed_before) return Counted::PeriodClosed;
        const auto meter = names(NameTable::Meter).find(use.meter_key);
        if (!meter.is_new) index = find({*contract, meter.index, start});
    }
    if (index && holds(counters_[*index], use.window)) {
        const Entry& entry = counters_[*index];
        if (!fits(entry.used, use.quantity, entry.hard_limit)) return Counted::LimitExceeded;
        begin_records(records);
    } else {
        const auto next = index ? under_window(counter_of(counters_[*index]), use.window)
                                : open_counter(use.window);
        if (!fits(next.used, use.quantity, next.hard_limit)) return Counted::LimitExceeded;
        begin_records(records);
        index = set_allowance(use, index, records);
    }
    const EventRecord event{.counter = *index,
                            .source = name(NameTable::Source, use.source, records),
                            .id = use.id,
                            .quantity = use.quantity,
                            .time = use.time,
                            .latency_us = use.latency_us,
                            .content = use.content};
    write_record(records, event, received_at_);
    counters_[*index].used = counters_[*index].used + use.quantity;
    ++events_;
    return Counted::Accepted;
}

std::uint32_t UsageState::set_allowance(const Use& use, std::optional<std::uint32_t> counter,
                                        std::string& records) {
    const UsageWindow& window = use.window;
    const AllowanceRecord record{
        .counter = counter.value_or(static_cast<std::uint32_t>(counters_.size())),
        .customer = name(NameTable::Customer, use.customer, records),
        .subscription = name(NameTable::Subscription, text_of(window.contract), records),
        .meter = name(NameTable::Meter, use.meter_key, records),
        .plan_version = name(NameTable::PlanVersion, window.plan_version.text(), records),
        .period = window.period,
        .included = window.included,
        .overage_unit_price = window.overage_unit_price,
        .revision = window.revision};
    write_record(records, record);
    check(apply_record(record).has_value(), "what was just written can be applied");
    return record.counter;
}

void UsageState::close(const ContractKey& contract, Instant closed_before,
                       std::string& records) noexcept {
    const auto known = find_contract(contract);
    if (known && contracts_[*known].closed_before >= closed_before) return;
    const CloseRecord record{name(NameTable::Customer, contract.customer, records),
                             name(NameTable::Subscription, contract.subscription, records),
                             closed_before};
    write_record(records, record);
    check(apply_record(record).has_value(), "what was just written can be applied");
}

Result<std::monostate> UsageState::apply(const UsageRecord& record) {
    return std::visit([this](const auto& known) { return apply_record(known); }, record);
}

Result<std::monostate> UsageState::apply_all(std::string_view payload, const SeeEvent& event) {
    RecordReader reader(payload);
    while (const auto record = reader.next()) {
        auto applied = apply(*record);
        if (!applied) return applied;
        const auto* recorded = std::get_if<EventRecord>(&*record);
        if (recorded != nullptr && event) event(*recorded);
    }
    if (reader.is_bad())
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    "the usage log holds a record that this program does not know; use the newer "
                    "program");
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const NameRecord& record) {
    NameList& names = names_[static_cast<std::size_t>(record.table)];
    if (!names.find(record.text).is_new) return damaged("a name is said twice");
    names.add(record.text);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const ArrivalRecord& record) {
    if (record.number != arrivals_ + 1) return damaged("an arrival is missing");
    arrivals_ = record.number;
    received_at_ = record.received_at;
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const AllowanceRecord& record) {
    const bool is_known = record.customer < names(NameTable::Customer).size() &&
                          record.subscription < names(NameTable::Subscription).size() &&
                          record.meter < names(NameTable::Meter).size() &&
                          record.plan_version < names(NameTable::PlanVersion).size();
    if (!is_known || record.counter > counters_.size()) return damaged("an allowance is nobody's");
    const bool is_new = record.counter == counters_.size();
    const std::uint32_t contract = contract_of(record.customer, record.subscription);
    if (is_new) {
        const Key key{contract, record.meter, record.period.start};
        if (!by_key_.emplace(key, record.counter).second)
            return damaged("a counter is opened twice");
        counters_.push_back({.contract = contract,
                             .meter = record.meter,
                             .period = record.period,
                             .used = {},
                             .hard_limit = {},
                             .segments = {},
                             .revision = record.revision});
        contracts_[contract].counters.push_back(record.counter);
    }
    Entry& entry = counters_[record.counter];
    if (record.revision < entry.revision) return damaged("an older allowance replaces a newer");
    entry.revision = record.revision;
    entry.period = record.period;
    if (!is_new && entry.segments.back().plan_version == record.plan_version)
        return std::monostate{};
    const auto& version = names(NameTable::PlanVersion).text(record.plan_version);
    Counter before = counter_of(entry);
    const UsageWindow window{.contract = before.contract,
                             .meter_key = before.meter_key,
                             .period = record.period,
                             .plan_version = PlanVersionId::trusted(version),
                             .included = record.included,
                             .overage_unit_price = record.overage_unit_price,
                             .revision = record.revision};
    const Counter next = is_new ? open_counter(window) : with_allowance(std::move(before), window);
    entry.hard_limit = next.hard_limit;
    entry.segments.push_back({record.plan_version, next.segments.back().from_used, record.included,
                              record.overage_unit_price});
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const EventRecord& record) {
    if (record.counter >= counters_.size()) return damaged("an event has no counter");
    if (record.source >= names(NameTable::Source).size()) return damaged("an event has no source");
    Entry& entry = counters_[record.counter];
    if (record.quantity < Quantity{} || !fits(entry.used, record.quantity, entry.hard_limit))
        return damaged("an event is beyond its limit");
    entry.used = entry.used + record.quantity;
    ++events_;
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const CloseRecord& record) {
    if (record.customer >= names(NameTable::Customer).size() ||
        record.subscription >= names(NameTable::Subscription).size())
        return damaged("a period closes for nobody");
    auto& closed_before =
        contracts_[contract_of(record.customer, record.subscription)].closed_before;
    closed_before = std::max(closed_before.value_or(record.closed_before), record.closed_before);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const UsedRecord& record) {
    if (record.counter >= counters_.size()) return damaged("a count has no counter");
    Entry& entry = counters_[record.counter];
    if (record.used < entry.used || record.used > entry.hard_limit.value_or(kMaxQuantity))
        return damaged("a count is beyond its limit");
    entry.used = record.used;
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const TotalsRecord& record) {
    if (arrivals_ != 0 || events_ != 0) return damaged("totals come first");
    arrivals_ = record.arrivals;
    events_ = record.events;
    return std::monostate{};
}

void UsageState::write_counter(std::uint32_t number, std::string& records) const {
    const Entry& entry = counters_[number];
    const ContractUsage& contract = contracts_[entry.contract];
    for (const Segment& segment : entry.segments) {
        if (segment.from_used > Quantity{})
            write_record(records, UsedRecord{number, segment.from_used});
        write_record(records, AllowanceRecord{.counter = number,
                                              .customer = contract.customer,
                                              .subscription = contract.subscription,
                                              .meter = entry.meter,
                                              .plan_version = segment.plan_version,
                                              .period = entry.period,
                                              .included = segment.included,
                                              .overage_unit_price = segment.overage_unit_price,
                                              .revision = entry.revision});
    }
    write_record(records, UsedRecord{number, entry.used});
}

Result<std::monostate> UsageState::write_snapshot(const TakeRecords& take) const {
    std::string records;
    const auto take_full = [&]() -> Result<std::monostate> {
        if (records.size() < kSnapshotPieceBytes) return std::monostate{};
        auto taken = take(records);
        records.clear();
        return taken;
    };
    write_record(records, TotalsRecord{arrivals_, events_});
    for (std::size_t table = 0; table < names_.size(); ++table)
        for (std::uint32_t i = 0; i < names_[table].size(); ++i) {
            write_record(records, NameRecord{static_cast<NameTable>(table), names_[table].text(i)});
            if (const auto taken = take_full(); !taken) return failure(taken);
        }
    for (std::uint32_t i = 0; i < counters_.size(); ++i) {
        write_counter(i, records);
        if (const auto taken = take_full(); !taken) return failure(taken);
    }
    for (const ContractUsage& contract : contracts_) {
        if (!contract.closed_before) continue;
        write_record(records, CloseRecord{contract.customer, contract.subscription,
                                          *contract.closed_before});
        if (const auto taken = take_full(); !taken) return failure(taken);
    }
    // A piece that ended with the last record has taken all.
    if (records.empty()) return std::monostate{};
    return take(records);
}

std::optional<std::uint32_t> UsageState::find(const ContractKey& contract,
                                              std::string_view meter_key,
                                              Instant period_start) const {
    const auto who = find_contract(contract);
    const auto what = names(NameTable::Meter).find(meter_key);
    if (!who || what.is_new) return std::nullopt;
    return find({*who, what.index, period_start});
}

std::optional<Counter> UsageState::counter(const ContractKey& contract, std::string_view meter_key,
                                           Instant period_start) const {
    const auto index = find(contract, meter_key, period_start);
    if (!index) return std::nullopt;
    return counter_of(counters_[*index]);
}

Counter UsageState::counter_in(const ContractKey& contract, std::string_view meter_key,
                               const UsageWindow& window) const {
    const auto index = find(contract, meter_key, window.period.start);
    if (!index) return open_counter(window);
    const Entry& entry = counters_[*index];
    if (holds(entry, window)) return counter_of(entry);
    return under_window(counter_of(entry), window);
}

UsageState::CountedBy UsageState::counted_by(std::uint32_t counter) const {
    const Entry& entry = counters_.at(counter);
    return {names(NameTable::Customer).text(contracts_[entry.contract].customer),
            names(NameTable::Meter).text(entry.meter), entry.period.start};
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

std::vector<Counter> UsageState::counters_of(const ContractKey& contract, Instant from,
                                             Instant before) const {
    std::vector<Counter> found;
    const auto who = find_contract(contract);
    if (!who) return found;
    for (const std::uint32_t index : contracts_[*who].counters) {
        const Entry& entry = counters_[index];
        if (entry.period.start < from || entry.period.start >= before) continue;
        found.push_back(counter_of(entry));
    }
    std::ranges::sort(found, [](const Counter& a, const Counter& b) {
        return std::tie(a.period.start, a.meter_key) < std::tie(b.period.start, b.meter_key);
    });
    return found;
}

}  // namespace turnpike
