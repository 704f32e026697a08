#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/correction.h"
#include "metering/counter.h"

namespace turnpike {

/// A correction of an event in a counter that does not add up: max, min, last or different values.
struct Revaluation {
    std::size_t segment = 0;  ///< of the counter: where the event was counted
    Instant time;             ///< the event's own
    ValueChange value;
};

/// What all events of a counter come to but the corrected one: as they are corrected so far, and
/// without those that are voided.
struct OtherEvents {
    /// The greatest value in each segment; the last ones may be missing.
    std::vector<Quantity> most{};
    std::optional<Quantity> least{};
    struct Latest {
        Instant time;
        Quantity value;
        bool came_later;  ///< than the corrected one
    };
    /// Of the latest time; of equal times, the one that arrived last.
    std::optional<Latest> latest{};
    /// The first segment in which one has the value that the corrected one has among different
    /// ones.
    std::optional<std::size_t> same_value_in{};
};

/// Where a correction leads such a counter.
struct Recounted {
    std::vector<Quantity> ends;  ///< what is used by the end of each segment
    std::optional<Instant> last_at{};
    bool is_value_gone = false;  ///< the event's value is no longer among the different ones
    friend bool operator==(const Recounted&, const Recounted&) = default;
};

/// Whether the counter may show just this event, so that its other events must tell what is left.
bool rests_on_others(const Counter& counter, const Revaluation& event);

/// What the counter would be, had the event never been counted, or counted with its new value in
/// its place: all other events count where they were counted.
/// \param others  of no use unless rests_on_others()
/// \return nullopt when nothing changes
std::optional<Recounted> recounted(const Counter& counter, const Revaluation& event,
                                   const OtherEvents& others);

/// The counter there; its hard limit is that of its segments as they are then, but never below
/// used + held.
/// \return nullopt for what no counter of its kind can come to
std::optional<Counter> moved_to(Counter counter, const Recounted& recounted);

}  // namespace turnpike
