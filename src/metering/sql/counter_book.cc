#include "metering/sql/counter_book.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "metering/reservation.h"

namespace turnpike {
namespace {

bool is_unique(const UsageWindow& window) {
    return window.aggregation == Meter::Aggregation::Unique;
}

}  // namespace

CounterBook::Entry& CounterBook::entry_of(const CounterKey& counter) {
    const Key key{counter.customer.text(), std::string(text_of(counter.contract)),
                  counter.meter_key, counter.reset, counter.window_start};
    const auto known = entries_.find(key);
    if (known != entries_.end()) return known->second;
    Entry read{.customer = counter.customer, .stored = {}, .now = {}, .new_values = {}};
    if (auto counted = load_counted(tx_, counter)) {
        read.stored = std::move(counted->counter);
        read.entries = counted->entries;
    }
    read.now = read.stored;
    Entry& entry = entries_.emplace(key, std::move(read)).first->second;
    if (entry.stored && entry.stored->held > Quantity{}) expire(counter.customer);
    return entry;
}

CounterBook::Entry& CounterBook::entry_of(const CustomerId& customer, const UsageWindow& window) {
    return entry_of(
        {customer, window.contract, window.meter_key, window.reset, window.period.start});
}

/// All of them before any is looked at: reading one may end what another one holds.
std::vector<CounterBook::Entry*> CounterBook::entries_of(const CustomerId& customer,
                                                         std::span<const UsageCount> counts) {
    std::vector<Entry*> entries;
    entries.reserve(counts.size());
    for (const UsageCount& count : counts) entries.push_back(&entry_of(customer, *count.window));
    return entries;
}

Quantity CounterBook::value_of(const Entry& entry, const UsageCount& count) {
    const UsageWindow& window = *count.window;
    if (!is_unique(window)) return count.value;
    const bool is_known =
        entry.new_values.contains(count.unique) ||
        (entry.stored && has_unique_value(tx_,
                                          {entry.customer, window.contract, window.meter_key,
                                           window.reset, window.period.start},
                                          count.unique));
    return is_known ? Quantity{} : count.value;
}

std::optional<FullWindow> CounterBook::count(const CustomerId& customer,
                                             std::span<const UsageCount> counts, Instant time) {
    struct Move {
        Entry* entry;
        Counter next;
        const UsageCount* count;
        bool is_new_value;
    };
    const auto entries = entries_of(customer, counts);
    std::vector<Move> moves;
    moves.reserve(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const UsageCount& count = counts[i];
        Entry& entry = *entries[i];
        const Quantity value = value_of(entry, count);
        Counter next = under_window(entry.now, *count.window);
        if (!count_into(next, value, time))
            return FullWindow{count.window.get(), bound_of(next.hard_limit)};
        moves.push_back({&entry, std::move(next), &count, value != Quantity{}});
    }
    for (Move& move : moves) {
        if (is_unique(*move.count->window) && move.is_new_value)
            move.entry->new_values.insert(move.count->unique);
        move.entry->now = std::move(move.next);
        move.entry->has_changed = true;
        ++move.entry->entries;
    }
    return std::nullopt;
}

std::vector<CountPlace> CounterBook::places_of(const CustomerId& customer,
                                               std::span<const UsageCount> counts) {
    std::vector<CountPlace> places;
    places.reserve(counts.size());
    for (const UsageCount& count : counts) {
        const Entry& entry = entry_of(customer, *count.window);
        places.push_back(
            {static_cast<std::int64_t>(entry.now->segments.size()) - 1, entry.entries});
    }
    return places;
}

bool CounterBook::can_hold(const CustomerId& customer, std::span<const UsageCount> counts) {
    return std::ranges::all_of(counts, [&](const UsageCount& count) {
        const auto& stored = entry_of(customer, *count.window).now;
        return can_be_reserved(stored ? stored->aggregation : count.window->aggregation);
    });
}

bool CounterBook::hold(const CustomerId& customer, std::span<const UsageCount> counts,
                       Instant time) {
    const auto entries = entries_of(customer, counts);
    std::vector<Counter> next;
    next.reserve(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        next.push_back(under_window(entries[i]->now, *counts[i].window));
        if (!hold_in(next.back(), counts[i].value, time)) return false;
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
        entries[i]->now = std::move(next[i]);
        entries[i]->has_changed = true;
    }
    return true;
}

std::optional<std::vector<Quantity>> CounterBook::commit(const StoredHold& hold,
                                                         Quantity quantity) {
    std::vector<std::pair<Entry*, Counter>> moves;
    std::vector<Quantity> values;
    for (const HeldCount& count : hold.counts) {
        Entry& entry = entry_of(hold.key_of(count));
        check(entry.now.has_value(), "what is held is held in a counter");
        Counter next = *entry.now;
        const Quantity value = committed_value(next.aggregation, quantity);
        if (!commit_held(next, count.value, value, hold.shown.time)) return std::nullopt;
        moves.emplace_back(&entry, std::move(next));
        values.push_back(value);
    }
    for (auto& [entry, next] : moves) {
        ++entry->entries;
        entry->now = std::move(next);
        entry->has_changed = true;
    }
    return values;
}

Quantity CounterBook::commit_max(const StoredHold& hold) {
    Quantity most = kMaxQuantity;
    for (const HeldCount& count : hold.counts) {
        const Entry& entry = entry_of(hold.key_of(count));
        check(entry.now.has_value(), "what is held is held in a counter");
        most = std::min(most, turnpike::commit_max(*entry.now, count.value, hold.shown.time));
    }
    return most;
}

void CounterBook::release(const StoredHold& hold) {
    for (const HeldCount& count : hold.counts) {
        Entry& entry = entry_of(hold.key_of(count));
        check(entry.now.has_value(), "what is held is held in a counter");
        release_held(*entry.now, count.value);
        entry.has_changed = true;
    }
}

void CounterBook::expire(const CustomerId& customer) {
    if (!expired_.insert(customer.text()).second) return;
    for (StoredHold& hold : load_due_holds(tx_, customer, received_at_)) {
        release(hold);
        hold.shown.state = ReservationState::Expired;
        hold.shown.ended_at = hold.shown.expires_at;
        end_hold(tx_, hold);
    }
}

Counter CounterBook::look(const CustomerId& customer, const UsageCount& count, Instant time) {
    return as_of(under_window(entry_of(customer, *count.window).now, *count.window), time);
}

void CounterBook::save() {
    for (auto& [key, entry] : entries_) {
        if (!entry.has_changed) continue;
        save_counter(tx_, entry.customer, entry.stored ? &*entry.stored : nullptr,
                     {*entry.now, entry.entries});
        const Counter& now = *entry.now;
        const CounterKey counter = key_of(entry.customer, now);
        for (const std::uint64_t value : entry.new_values) add_unique_value(tx_, counter, value);
        entry.stored = entry.now;
        entry.new_values.clear();
        entry.has_changed = false;
    }
}

}  // namespace turnpike
