#include "metering/counter_book.h"

#include <utility>

#include "metering/stored_counter.h"

namespace turnpike {
namespace {

bool is_unique(const UsageWindow& window) {
    return window.aggregation == Meter::Aggregation::Unique;
}

}  // namespace

CounterBook::Entry& CounterBook::entry_of(const CustomerId& customer, const UsageWindow& window) {
    const Key key{customer.text(), std::string(text_of(window.contract)), window.meter_key,
                  window.reset, window.period.start};
    const auto known = entries_.find(key);
    if (known != entries_.end()) return known->second;
    Entry entry{.customer = customer, .stored = {}, .now = {}, .new_values = {}};
    entry.stored = load_counter(
        tx_, {customer, window.contract, window.meter_key, window.reset, window.period.start});
    entry.now = entry.stored;
    return entries_.emplace(key, std::move(entry)).first->second;
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

bool CounterBook::count(const CustomerId& customer, std::span<const UsageCount> counts,
                        Instant time) {
    struct Move {
        Entry* entry;
        Counter next;
        const UsageCount* count;
        bool is_new_value;
    };
    std::vector<Move> moves;
    moves.reserve(counts.size());
    for (const UsageCount& count : counts) {
        Entry& entry = entry_of(customer, *count.window);
        const Quantity value = value_of(entry, count);
        Counter next = under_window(entry.now, *count.window);
        if (!count_into(next, value, time)) return false;
        moves.push_back({&entry, std::move(next), &count, value != Quantity{}});
    }
    for (Move& move : moves) {
        if (is_unique(*move.count->window) && move.is_new_value)
            move.entry->new_values.insert(move.count->unique);
        move.entry->now = std::move(move.next);
        move.entry->has_changed = true;
    }
    return true;
}

std::vector<std::int64_t> CounterBook::segments_of(const CustomerId& customer,
                                                   std::span<const UsageCount> counts) {
    std::vector<std::int64_t> segments;
    segments.reserve(counts.size());
    for (const UsageCount& count : counts) {
        const auto size = entry_of(customer, *count.window).now->segments.size();
        segments.push_back(static_cast<std::int64_t>(size) - 1);
    }
    return segments;
}

Counter CounterBook::look(const CustomerId& customer, const UsageCount& count, Instant time) {
    return as_of(under_window(entry_of(customer, *count.window).now, *count.window), time);
}

void CounterBook::save() {
    for (auto& [key, entry] : entries_) {
        if (!entry.has_changed) continue;
        save_counter(tx_, entry.customer, entry.stored ? &*entry.stored : nullptr, *entry.now);
        const Counter& now = *entry.now;
        for (const std::uint64_t value : entry.new_values)
            add_unique_value(
                tx_, {entry.customer, now.contract, now.meter_key, now.reset, now.period.start},
                value);
        entry.stored = entry.now;
        entry.new_values.clear();
        entry.has_changed = false;
    }
}

}  // namespace turnpike
