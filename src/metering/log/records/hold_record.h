#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/reservation.h"

namespace turnpike {

/// Opens a reservation, which holds a part of its counters' allowances. `counter` and `quantity`
/// are its first count, as an event has them; the counter's own rule says that it is no unique one.
struct HoldRecord {
    std::uint64_t number;  ///< its arrival's, which opens nothing else
    std::uint32_t counter;
    std::uint32_t source;
    std::string_view id;
    Quantity quantity;
    Quantity reserved;  ///< as it was asked for
    Instant time, expires_at;
    std::uint32_t content;    ///< as of EventRecord, also of the event that commits it
    std::string_view more{};  ///< further counts, as put_count() writes them
    std::string_view properties{};
    // Only in snapshots: it ended before, and holds nothing.
    ReservationState state = ReservationState::Open;
    Quantity used{};     ///< of a committed one
    Instant ended_at{};  ///< of all that ended
    friend bool operator==(const HoldRecord&, const HoldRecord&) = default;
};

/// Ends a reservation at the arrival before it. Behind one that commits it comes the event, at
/// once.
struct HoldEndRecord {
    std::uint64_t number;    ///< of the reservation
    ReservationState state;  ///< any but Open
    Quantity used{};         ///< of a committed one: as it was told
    friend bool operator==(const HoldEndRecord&, const HoldEndRecord&) = default;
};

void write_record(std::string& out, const HoldRecord& record);
void write_record(std::string& out, const HoldEndRecord& record);

/// More bytes than the end of a reservation takes.
inline constexpr std::size_t kHoldEndBytesMax = 1 + 2 * 10;

}  // namespace turnpike
