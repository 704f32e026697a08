#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metering/reservation.h"
#include "metering/sql/stored_counter.h"
#include "sql/sql.h"

namespace turnpike {

/// What a reservation holds in one counter.
struct HeldCount {
    Reset reset;
    Instant window_start;
    Quantity value;
};

/// A reservation in the ledger's tables.
struct StoredHold {
    Reservation shown;
    Contract contract;
    std::string content;     ///< content_hash() of its request
    std::string properties;  ///< of the event, unless its commit says others
    std::vector<HeldCount> counts;

    /// Of one of its counters; refers to this.
    [[nodiscard]] CounterKey key_of(const HeldCount& count) const {
        return {shown.customer, contract, shown.meter_key, count.reset, count.window_start};
    }
};

std::optional<StoredHold> load_hold(sql::Transaction& tx, const ReservationId& id);
std::optional<StoredHold> load_hold_named(sql::Transaction& tx, std::string_view source,
                                          std::string_view event_id);
/// The customer's open ones that have expired by `now`, those first that expired first.
std::vector<StoredHold> load_due_holds(sql::Transaction& tx, const CustomerId& customer,
                                       Instant now);
/// Whose any have, at most `most`.
std::vector<CustomerId> load_due_customers(sql::Transaction& tx, Instant now, std::size_t most);

/// Whether an event or a reservation has this name.
bool is_name_taken(sql::Transaction& tx, std::string_view source, std::string_view event_id);

/// A new one, and its name: a row of usage_events under the reservation's id, which counts nothing
/// and is listed nowhere. So one unique key guards the names of events and of reservations.
void insert_hold(sql::Transaction& tx, const StoredHold& hold, Instant received_at);
/// Gives the name free for the event that commits it, in the same transaction.
void drop_name(sql::Transaction& tx, const ReservationId& id);
/// Writes how an open one ended, as `hold` says it.
void end_hold(sql::Transaction& tx, const StoredHold& hold);

}  // namespace turnpike
