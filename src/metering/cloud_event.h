#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/time.h"
#include "http/message.h"
#include "metering/usage_event.h"

namespace turnpike {

/// Events in one request; 413 above.
inline constexpr std::size_t kEventsMax = 1'000;

/// A CloudEvent 1.0 about usage, as sent. Required: specversion "1.0", id, source, type, subject.
/// Extension attributes are allowed and not kept.
struct CloudEvent {
    std::string id;
    std::string source;
    std::string type;
    std::string subject;          ///< the customer: "cus_..", "ext:..", or the external id
    std::optional<Instant> time;  ///< absent: the time of arrival
    /// From data.quantity: an integer or a decimal text. Absent without data: one unit.
    std::optional<Quantity> quantity;
    enum class Data : bool { Absent, Present } data = Data::Absent;
    std::optional<std::int64_t> latency_us;  ///< from data.latency_ms
};

/// One entry of a request; an entry that cannot be read does not disturb its neighbours.
using EventEntry = std::expected<CloudEvent, EventComplaint>;

/// How events arrive, by Content-Type and headers.
enum class EventMode : std::uint8_t {
    Structured,   ///< application/cloudevents+json: one event
    Batch,        ///< application/cloudevents-batch+json: an array
    Json,         ///< application/json: one event or an array
    Binary,       ///< attributes in ce-* headers, the body is `data`
    Unsupported,  ///< answer 415
};
EventMode event_mode(const http::Request& request);

/// Reads a request that is not Unsupported.
///
/// Errors: InvalidArgument "json.invalid", "event.not_an_array"; TooLarge "event.too_many".
Result<std::vector<EventEntry>> read_events(const http::Request& request, EventMode mode);

}  // namespace turnpike
