#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "metering/counter.h"
#include "metering/sql/stored_counter.h"
#include "metering/sql/stored_hold.h"
#include "sql/sql.h"

namespace turnpike {

/// Where in its counter an event counted.
struct CountPlace {
    std::int64_t segment = 0;
    std::int64_t position = 0;  ///< in its history, from 1
};

/// The stored counters that one transaction moves: each is read once, moved in memory event by
/// event, and written once.
class CounterBook {
public:
    /// \param received_at  of what moves them: reservations that have expired by then end first
    CounterBook(sql::Transaction& tx, Instant received_at) : tx_(tx), received_at_(received_at) {}

    /// Counts all of them, or none.
    /// \param counts  of one event, of different windows
    /// \return the window of the first that does not fit; nullopt: all do
    std::optional<FullWindow> count(const CustomerId& customer, std::span<const UsageCount> counts,
                                    Instant time);
    /// Of each of these counts, which were just counted, where.
    std::vector<CountPlace> places_of(const CustomerId& customer,
                                      std::span<const UsageCount> counts);
    /// Whether all of them count what can be reserved.
    bool can_hold(const CustomerId& customer, std::span<const UsageCount> counts);
    /// Holds all of them, or none.
    bool hold(const CustomerId& customer, std::span<const UsageCount> counts, Instant time);
    /// Counts `quantity` in the place of what is held; the hold is still to be ended.
    /// \return what each counter counted; nullopt: the surplus does not fit, and nothing changed
    std::optional<std::vector<Quantity>> commit(const StoredHold& hold, Quantity quantity);
    /// The most that commit() would take.
    Quantity commit_max(const StoredHold& hold);
    /// Gives back what is held; the hold is still to be ended.
    void release(const StoredHold& hold);
    /// Ends the customer's reservations that have expired.
    void expire(const CustomerId& customer);
    /// What the next usage in the count's window will find, as of `time`.
    Counter look(const CustomerId& customer, const UsageCount& count, Instant time);
    /// Writes what has changed.
    void save();

private:
    /// Customer, contract, meter, reset, beginning of the window.
    using Key = std::tuple<std::string, std::string, std::string, Reset, Instant>;
    struct Entry {
        CustomerId customer;
        std::optional<Counter> stored, now;
        std::set<std::uint64_t> new_values;  ///< of Unique
        std::int64_t entries = 0;            ///< of its history
        bool has_changed = false;
    };

    Entry& entry_of(const CounterKey& key);
    Entry& entry_of(const CustomerId& customer, const UsageWindow& window);
    std::vector<Entry*> entries_of(const CustomerId& customer, std::span<const UsageCount> counts);
    /// What the count adds: of Unique, 0 for a value that was counted before.
    Quantity value_of(const Entry& entry, const UsageCount& count);

    sql::Transaction& tx_;
    Instant received_at_;
    std::map<Key, Entry> entries_;
    std::set<std::string> expired_;  ///< customers whose reservations were looked at
};

}  // namespace turnpike
