#pragma once

#include <cstddef>
#include <expected>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "http/message.h"
#include "json/scanner.h"
#include "metering/correction.h"
#include "metering/usage_event.h"

namespace turnpike {

/// One event's text; longer ones are refused. What CloudEvents 1.0.2 ("Size Limits") asks every
/// consumer to accept.
inline constexpr std::size_t kEventBytesMax = std::size_t{64} << 10;

/// An event about usage, as sent: a CloudEvent 1.0, or, without a specversion, a plain event, which
/// uses the words of POST /v1/usage/consume and has no members but those. A CloudEvent's extension
/// attributes are allowed and not kept. Texts are views into the request.
struct SentEvent {
    std::string_view id;
    std::string_view source;
    std::string_view type;        ///< a CloudEvent's; empty in a plain event
    std::string_view meter_key;   ///< a plain event's; empty in a CloudEvent
    std::string_view subject;     ///< the customer: "cus_..", "ext:..", or the external id
    std::optional<Instant> time;  ///< absent: the time of arrival
    /// An integer, a decimal, or a decimal text, exactly as sent.
    std::optional<Quantity> quantity;
    /// Absent: the sender means one unit. A plain event always says how many.
    enum class Data : bool { Absent, Present } data = Data::Absent;
    std::optional<std::int64_t> latency_us;

    /// A member of the data that is a text, a number (its digits as sent), or true or false.
    struct Property {
        std::string_view name, text;
    };
    /// Without quantity and latency_ms; in the order in which they were sent, none twice. Of a
    /// plain event, the members of its `properties`.
    std::vector<Property> properties;

    /// Of a correction: a CloudEvent of type "turnpike.usage.void" or "turnpike.usage.amend", or a
    /// plain event with "void" or "amend" in the place of a meter. The quantity of an amend is the
    /// event's; a void has none. It has no properties, latency, or meter.
    struct Corrects {
        Correction::Kind kind;
        std::string_view source, id;  ///< of the event that it corrects
    };
    std::optional<Corrects> corrects;
    std::string_view quantity_text, latency_text;  ///< those two as sent; empty: absent

    /// Any property by its name, quantity and latency_ms too.
    [[nodiscard]] std::optional<std::string_view> property(std::string_view name) const;
};

/// One event of a request; one that cannot be read does not disturb its neighbours.
using EventEntry = std::expected<SentEvent, EventComplaint>;

/// Reads one event from where `scanner` stands. Its end is found, and the scanner stands behind it,
/// unless the text around it is no JSON: then the scanner keeps its fault.
///
/// Complaints: bad_json, repeated_member, nested_too_deeply, event_too_large, not_an_event,
/// bad_specversion, missing_field, unknown_field, bad_field, reserved_source, bad_time, bad_data,
/// bad_quantity, bad_latency, bad_correction.
EventEntry read_event(JsonScanner& scanner);
/// The same of a text that holds one event and white space.
EventEntry read_event(JsonScanner& scanner, std::string_view json);

/// A CloudEvent whose attributes are ce-* headers and whose body is its data (HTTP protocol binding
/// 1.0.2, 3.1); ce-specversion is there. Decoded header values go to `decoded`, as the scanner's
/// texts do.
EventEntry read_binary_event(const http::Request& request, std::string_view body,
                             JsonScanner& scanner, std::list<std::string>& decoded);

}  // namespace turnpike
