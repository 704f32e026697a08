#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/aggregation.h"
#include "metering/counter.h"
#include "metering/usage_event.h"

namespace turnpike {

/// Takes back an event that was recorded, or sets right what it measured. It is an event itself,
/// with a source and an id of its own; the one that it corrects stays as it was sent.
struct Correction {
    enum class Kind : std::uint8_t { Void, Amend } kind = Kind::Void;
    std::string source, id;  ///< of the event that it corrects
    Quantity quantity{};     ///< of Amend: what that event measures from now on
};
/// "void", "amend".
std::string_view to_text(Correction::Kind kind);
/// The type of such a CloudEvent: "turnpike.usage.void", "turnpike.usage.amend".
std::string_view cloud_event_type(Correction::Kind kind);
/// All that its sender said, as parts of the event's content: see content_of().
std::string said_of(const Correction& correction);

/// What corrections made of an event so far.
struct EventStatus {
    bool is_voided = false;
    std::optional<Quantity> amended{};  ///< what it measures since; also of one that was voided
    friend bool operator==(const EventStatus&, const EventStatus&) = default;
};
EventStatus corrected_by(EventStatus status, const Correction& correction);
/// What the event counts in such a counter since it was amended; nullopt: what it counted, which no
/// amend changes where each event counts as one.
std::optional<Quantity> amended_value(Meter::Aggregation aggregation, const EventStatus& status);

/// What an event did to one counter when it was recorded.
struct RecordedCount {
    CountRule rule;
    Quantity value;
};

/// What an event counts in one counter, and what it counts there from now on.
struct ValueChange {
    Quantity from;
    std::optional<Quantity> to;  ///< absent: it is voided
    [[nodiscard]] Quantity difference() const { return to.value_or(Quantity{}) - from; }
    friend bool operator==(const ValueChange&, const ValueChange&) = default;
};
/// What becomes of each count. An event is corrected whole or not at all. The measured quantity is
/// the one value that it has in each sum, max, min and last that it moved: an amend sets these, and
/// it is still one event, and has the value that it has among different ones.
///
/// \param counts  of one event, not empty
/// Complaints: already_voided; not_amendable, where the event measured nothing, or different
///             values.
std::expected<std::vector<ValueChange>, EventComplaint> changes_of(
    const Correction& correction, const EventStatus& status, std::span<const RecordedCount> counts);

/// A change of what one event counted in a sum or a count.
struct CountChange {
    std::size_t segment = 0;  ///< of the counter: where the event was counted
    Quantity change;
    Instant time;  ///< the event's own
};
/// The counter as if the event had counted so much more, or less, where it was counted: what came
/// under later allowances keeps its size and moves, and the hard limit is that of the segments as
/// they are then, but never below used + held. Of a rolling window the time's bucket changes; one
/// that has left it does not come back. Taking away never leaves more than the hard limit.
///
/// \return nullopt when less was counted there than is taken away, or it is a counter that is not
///         of sums or counts
std::optional<Counter> corrected(Counter counter, const CountChange& change);

/// What keeps an amend from leading from `before` to `after`; nullopt: it may. Where it raises what
/// is used by the end of an allowance, no more is used and held there than its hard limit lets in;
/// what was promised under another plan leaves no room.
std::optional<Bound> bound_passed(const Counter& before, const Counter& after, Instant moment);

}  // namespace turnpike
