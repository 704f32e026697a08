#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/reset.h"
#include "metering/aggregation.h"

namespace turnpike {

/// The future that a sender's clock may be ahead by.
inline constexpr Duration kEventSkewMax = std::chrono::minutes(5);
/// How late an event may come. Adjustments look back further (billing/life/period_close.h).
inline constexpr Duration kEventAgeMax = std::chrono::days(62);
inline constexpr std::size_t kEventIdBytesMax = 255;
inline constexpr std::size_t kEventPropertiesMax = 1024;

/// One immutable fact: somebody used something once. (source, id) names it for ever: the same pair
/// again is the same event, never a second one.
struct UsageEvent {
    std::string source;
    std::string id;
    CustomerId customer;
    std::string meter_key;  ///< of its first count
    Quantity quantity;      ///< likewise
    Instant time;           ///< when it was used, as the sender says
    std::optional<std::int64_t> latency_us;
    /// The properties by which its meters group, a JSON object with sorted names; "" for none. At
    /// most kEventPropertiesMax bytes.
    std::string properties{};
};

/// What a recorded event did to one counter.
struct MovedCounter {
    std::string meter_key;
    Meter::Aggregation aggregation{};
    Reset reset{};
    Instant window_start;
    Quantity value;
};

/// What happened to one event of a request.
enum class Verdict : std::uint8_t {
    Accepted,
    Duplicate,  ///< the same event was there already; counted once
    Conflict,   ///< its source and id name another event; the first one stays
    Rejected,   ///< not recorded, see the complaint
};
std::string_view to_text(Verdict verdict);

/// Why an event cannot be recorded. `code` is one of the codes in docs/api/event_codes.md.
struct EventComplaint {
    std::string_view code;
    std::string detail;
};

/// "limit_exceeded" or "counter_full" of a counter of this meter and reset, in words of the event's
/// own windows.
EventComplaint complaint_of(Bound bound, std::string_view meter_key, const Reset& reset);

/// 1 to 255 bytes without control characters.
bool is_event_text(std::string_view text);

/// Whether only the server itself may call a source so: the figures of usage believe what it says.
bool is_reserved_source(std::string_view source);

/// Checks what needs no ledger: the ids' form, 0 <= quantity <= kMaxQuantity, and
/// 1970 <= time <= now + kEventSkewMax.
std::optional<EventComplaint> complaint_about(const UsageEvent& event, Instant now);

/// What the event says, as text to hash: two deliveries of one event agree on it. The time is
/// left out when the sender gave none, because then each arrival has its own.
enum class TimeStated : bool { No, Yes };
/// \param said  what the sender counted, where that is more than the event's meter and quantity:
///              PendingUsage::said
std::string content_of(const UsageEvent& event, TimeStated stated, std::string_view said = {});
/// Puts one part of a content behind the others: its length keeps two from running into each other.
void put_content(std::string& content, std::string_view part);

}  // namespace turnpike
