#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "metering/log/records/place_text.h"
#include "metering/log/state/contradiction.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {
namespace {

std::optional<Quantity> committed_of(const Hold& hold) {
    if (hold.state != ReservationState::Committed) return std::nullopt;
    return hold.used;
}

Hold hold_from(const HoldRecord& record) {
    Hold hold{.number = record.number,
              .source = record.source,
              .id = std::string(record.id),
              .content = record.content,
              .counts = {},
              .reserved = record.reserved,
              .time = record.time,
              .expires_at = record.expires_at,
              .properties = std::string(record.properties),
              .state = record.state,
              .used = record.used,
              .ended_at = record.ended_at};
    hold.counts.push_back({record.counter, record.quantity});
    CountReader more(record.more, record.quantity);
    while (const auto count = more.next()) hold.counts.push_back(*count);
    return hold;
}

/// \param more  where its further counts are written
HoldRecord record_of(const Hold& hold, std::string& more) {
    const EventCount& first = hold.counts.front();
    for (const EventCount& count : std::span(hold.counts).subspan(1))
        put_count(more, count, first.value);
    return {.number = hold.number,
            .counter = first.counter,
            .source = hold.source,
            .id = hold.id,
            .quantity = first.value,
            .reserved = hold.reserved,
            .time = hold.time,
            .expires_at = hold.expires_at,
            .content = hold.content,
            .more = more,
            .properties = hold.properties,
            .state = hold.state,
            .used = hold.used,
            .ended_at = hold.ended_at};
}

bool is_quantity(Quantity quantity) { return quantity >= Quantity{} && quantity <= kMaxQuantity; }

}  // namespace

ReserveVerdict UsageState::reserve(const HoldUse& asked, std::string& records,
                                   std::vector<Counter>& left) {
    const Use& use = asked.use;
    const auto contract =
        find_contract({use.customer, text_of(use.counts.front().window->contract)});
    placements_.clear();
    for (const UsageCount& count : use.counts) placements_.push_back(place(contract, count));
    auto verdict = ReserveVerdict::Opened;
    for (const Placement& placement : placements_) {
        Counter next = counter_at(placement);
        if (!can_be_reserved(next.aggregation))
            verdict = ReserveVerdict::Unsupported;
        else if (verdict == ReserveVerdict::Opened &&
                 !hold_in(next, placement.count->value, use.time))
            verdict = ReserveVerdict::LimitExceeded;
    }
    if (verdict == ReserveVerdict::Opened) {
        begin_records(records);
        for (Placement& placement : placements_)
            if (!std::exchange(placement.is_held, true))
                placement.counter = set_allowance(use, placement, records);
        Hold hold{.number = arrivals_,
                  .source = name(NameTable::Source, use.source, records),
                  .id = std::string(use.id),
                  .content = use.content,
                  .counts = {},
                  .reserved = asked.reserved,
                  .time = use.time,
                  .expires_at = asked.expires_at,
                  .properties = std::string(use.properties),
                  .used = {},
                  .ended_at = {}};
        for (const Placement& placement : placements_)
            hold.counts.push_back(event_count(placement));
        std::string more;
        const HoldRecord record = record_of(hold, more);
        write_record(records, record);
        check(apply_record(record).has_value(), "what was just written can be applied");
    }
    left = counters_at(placements_, use.time);
    return verdict;
}

bool UsageState::can_commit(const Hold& hold, Quantity quantity) const {
    return std::ranges::all_of(hold.counts, [&](const EventCount& count) {
        const Entry& entry = counters_[count.counter];
        Counter counter = counter_of(entry);
        return commit_held(counter, count.value, committed_value(entry.rule.aggregation, quantity),
                           hold.time);
    });
}

Quantity UsageState::commit_max(const Hold& hold) const {
    Quantity most = kMaxQuantity;
    for (const EventCount& count : hold.counts)
        most = std::min(most, turnpike::commit_max(counter_of(counters_[count.counter]),
                                                   count.value, hold.time));
    return most;
}

void UsageState::end_hold(const Hold& hold, const HoldEndRecord& record, std::string& records) {
    begin_records(records);
    check(hold.number == record.number, "an end names its reservation");
    write_record(records, record);
    check(apply_record(record).has_value(), "what was just written can be applied");
}

void UsageState::write_commit(const Hold& hold, const HoldCommit& asked, std::string& records) {
    const auto counted = [&](const EventCount& held) {
        const auto aggregation = counters_[held.counter].rule.aggregation;
        return EventCount{held.counter, committed_value(aggregation, asked.quantity)};
    };
    const EventCount first = counted(hold.counts.front());
    std::string more;
    for (const EventCount& held : std::span(hold.counts).subspan(1))
        put_count(more, counted(held), first.value);
    const EventRecord event{.counter = first.counter,
                            .source = hold.source,
                            .id = hold.id,
                            .quantity = first.value,
                            .time = hold.time,
                            .latency_us = {},
                            .content = hold.content,
                            .more = more,
                            .properties = asked.properties.value_or(hold.properties)};
    write_record(records, event, received_at_);
    check(apply_record(event).has_value(), "what was just written can be applied");
}

EndVerdict UsageState::commit(const HoldCommit& asked, std::string& records) noexcept {
    const Hold* const hold = holds_.find(asked.number);
    if (hold == nullptr) return EndVerdict::Unknown;
    const auto verdict = commit_verdict(hold->state, committed_of(*hold), asked.quantity);
    if (verdict != EndVerdict::Ended) return verdict;
    if (!can_commit(*hold, asked.quantity)) return EndVerdict::Exceeds;
    end_hold(*hold, {asked.number, ReservationState::Committed, asked.quantity}, records);
    write_commit(*hold, asked, records);
    return EndVerdict::Ended;
}

EndVerdict UsageState::release(std::uint64_t number, std::string& records) noexcept {
    const Hold* const hold = holds_.find(number);
    if (hold == nullptr) return EndVerdict::Unknown;
    const auto verdict = release_verdict(hold->state);
    if (verdict == EndVerdict::Ended)
        end_hold(*hold, {number, ReservationState::Released}, records);
    return verdict;
}

void UsageState::expire_holds(std::string& records) noexcept {
    std::size_t ended = 0;
    while (const Hold* const hold = holds_.due(received_at_)) {
        if (++ended > kExpiredMax) return;
        const Entry& entry = counters_[hold->counts.front().counter];
        expired_customers_.push_back(
            names(NameTable::Customer).text(contracts_[entry.contract].customer));
        end_hold(*hold, {hold->number, ReservationState::Expired}, records);
    }
}

std::vector<std::string> UsageState::take_expired_customers() {
    return std::exchange(expired_customers_, {});
}

Reservation UsageState::reservation_of(const Hold& hold) const {
    const Entry& entry = counters_[hold.counts.front().counter];
    const auto& customer = names(NameTable::Customer).text(contracts_[entry.contract].customer);
    Reservation shown{.id = reservation_id_of(hold.number),
                      .state = hold.state,
                      .customer = CustomerId::trusted(customer),
                      .meter_key = names(NameTable::Meter).text(entry.meter),
                      .source = names(NameTable::Source).text(hold.source),
                      .event_id = hold.id,
                      .reserved = hold.reserved,
                      .time = hold.time,
                      .expires_at = hold.expires_at,
                      .quantity = committed_of(hold),
                      .ended_at = {}};
    if (hold.state != ReservationState::Open) shown.ended_at = hold.ended_at;
    return shown;
}

Result<std::monostate> UsageState::apply_record(const HoldRecord& record) {
    if (record.source >= names(NameTable::Source).size())
        return contradiction("a reservation has no source");
    const bool is_ended = record.state != ReservationState::Open;
    if (record.number == 0 || record.number > arrivals_ || !is_event_time(record.time) ||
        !is_event_time(record.expires_at) || (is_ended && !is_event_time(record.ended_at)))
        return contradiction("a reservation is of another time");
    Hold hold = hold_from(record);
    bool is_sound = is_quantity(hold.reserved) && is_quantity(hold.used);
    for (const EventCount& count : hold.counts) {
        is_sound = is_sound && count.counter < counters_.size() && is_quantity(count.value) &&
                   !count.unique && can_be_reserved(counters_[count.counter].rule.aggregation);
        if (!is_sound) return contradiction("a reservation holds what cannot be held");
        const Entry& entry = counters_[count.counter];
        const Quantity taken = can_fall(entry.rule) ? entry.held : entry.used + entry.held;
        if (!is_ended && taken + count.value > kMaxQuantity)
            return contradiction("a reservation is beyond its limit");
    }
    const auto of_one = [&](const EventCount& count) {
        return std::ranges::count(hold.counts, count.counter, &EventCount::counter) == 1;
    };
    if (!std::ranges::all_of(hold.counts, of_one))
        return contradiction("a reservation holds one counter twice");
    const auto counts = hold.counts;
    if (!holds_.add(std::move(hold))) return contradiction("a reservation is opened twice");
    if (is_ended) return std::monostate{};
    for (const EventCount& count : counts) {
        Entry& entry = counters_[count.counter];
        Counter counter = counter_of(entry);
        counter.held = counter.held + count.value;
        settle_limit(counter);
        put_back(entry, counter);
    }
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const HoldEndRecord& record) {
    const Hold* const hold = holds_.find(record.number);
    if (hold == nullptr || hold->state != ReservationState::Open)
        return contradiction("a reservation ends that is not open");
    if (!is_event_time(received_at_) || !is_quantity(record.used))
        return contradiction("a reservation ends as it cannot");
    if (record.state == ReservationState::Committed) {
        committing_ = record.number;
    } else {
        for (const EventCount& count : hold->counts) {
            Entry& entry = counters_[count.counter];
            Counter counter = counter_of(entry);
            release_held(counter, count.value);
            put_back(entry, counter);
        }
    }
    const bool is_expired = record.state == ReservationState::Expired;
    holds_.end(record.number, record.state, record.used,
               is_expired ? hold->expires_at : received_at_);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_commit(const EventRecord& record) {
    const Hold* const hold = holds_.find(*std::exchange(committing_, std::nullopt));
    if (hold == nullptr || hold->source != record.source || hold->id != record.id ||
        hold->content != record.content || hold->time != record.time)
        return contradiction("a reservation is committed under another name");
    EventCounts counts(record);
    for (const EventCount& held : hold->counts) {
        const auto count = counts.next();
        if (!count || count->counter != held.counter || count->unique)
            return contradiction("a reservation is committed elsewhere");
        Entry& entry = counters_[held.counter];
        if (count->value != committed_value(entry.rule.aggregation, hold->used))
            return contradiction("a reservation is committed with another quantity");
        Counter counter = counter_of(entry);
        if (!commit_held(counter, held.value, count->value, hold->time))
            return contradiction("a reservation is committed beyond its limit");
        put_back(entry, counter);
    }
    if (counts.next()) return contradiction("a reservation is committed elsewhere");
    ++events_;
    return std::monostate{};
}

std::vector<std::uint32_t> UsageState::wrongly_held() const {
    boost::unordered_flat_map<std::uint32_t, Quantity> held;
    holds_.visit([&](const Hold& hold) {
        if (hold.state != ReservationState::Open) return;
        for (const EventCount& count : hold.counts)
            held[count.counter] = held[count.counter] + count.value;
    });
    std::vector<std::uint32_t> wrong;
    for (std::uint32_t number = 0; number < counters_.size(); ++number) {
        const auto known = held.find(number);
        const Quantity expected = known == held.end() ? Quantity{} : known->second;
        if (counters_[number].held != expected) wrong.push_back(number);
    }
    return wrong;
}

Result<std::monostate> UsageState::write_holds(std::string& records,
                                               const TakeRecords& take) const {
    Result<std::monostate> written;
    holds_.visit([&](const Hold& hold) {
        if (!written) return;
        std::string more;
        write_record(records, record_of(hold, more));
        written = take(records);
    });
    return written;
}

}  // namespace turnpike
