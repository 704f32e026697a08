#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "metering/recount.h"
#include "metering/sql/stored_counter.h"

namespace turnpike {

/// A count of an event that is corrected.
struct RecountedEvent {
    const std::string& id;
    std::optional<std::int64_t> position, value_hash;  ///< as its row says
};

/// What the counter's other events come to, as far as counters of its aggregation need it. Reads
/// all events of the customer.
OtherEvents load_other_events(sql::Transaction& tx, const CounterKey& counter,
                              Meter::Aggregation aggregation, const RecountedEvent& event);

}  // namespace turnpike
