#include "metering/sent_event.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::string_view kSpecVersion = "1.0";
constexpr std::int64_t kLatencyMaxUs = std::int64_t{86'400} * 1'000'000;
constexpr int kLatencyScale = 3;  // milliseconds to microseconds
constexpr std::string_view kHeaderNames[] = {"specversion", "id",      "source",
                                             "type",        "subject", "time"};

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

/// A member that should be a text.
struct TextMember {
    enum class Found : std::uint8_t { Nothing, Text, Other } found = Found::Nothing;
    std::string_view text;
};

/// What a correction says of the event that it corrects.
struct Named {
    TextMember source, id;
    bool is_object = true;
    bool has_others = false;  ///< members that a correction does not have
};

/// What an event's data says, or the event itself in its place.
struct Measures {
    std::optional<Quantity> quantity;
    std::optional<std::int64_t> latency_us;
    std::string_view quantity_text, latency_text;
    std::vector<SentEvent::Property> properties;
    bool is_object = true;
    bool has_bad_quantity = false;
    bool has_bad_latency = false;
    bool has_other_kinds = false;  ///< a property that is no text
};

/// What an event's members say, before any of it is judged: they come in any order, and the answer
/// must not depend on it.
struct Members {
    TextMember specversion, id, source, type, subject, time, customer, meter;
    Measures top;  ///< a plain event's; in a CloudEvent the same names are extension attributes
    Measures in_data;
    /// A plain correction's; in a CloudEvent an extension attribute.
    struct PlainCorrection {
        Correction::Kind kind;
        Named named{};
        Measures measures{};
    };
    std::optional<PlainCorrection> correction;
    bool has_two_corrections = false;
    SentEvent::Data data = SentEvent::Data::Absent;
    bool has_base64 = false;
    bool has_bad_properties = false;
    std::optional<std::string_view> unknown;  ///< the first name that neither kind of event has
};

bool read_text(JsonScanner& scanner, TextMember& member) {
    using Found = TextMember::Found;
    const auto kind = scanner.kind();
    if (kind == JsonScanner::Kind::Text) {
        member.found = Found::Text;
        return scanner.text(member.text);
    }
    member.found = kind == JsonScanner::Kind::Null ? Found::Nothing : Found::Other;
    return scanner.skip();
}

/// A number as its digits, or a text. False in `is_decimal` for everything else, which is skipped.
bool read_decimal(JsonScanner& scanner, std::string_view& digits, bool& is_decimal) {
    const auto kind = scanner.kind();
    is_decimal = kind == JsonScanner::Kind::Number || kind == JsonScanner::Kind::Text;
    if (kind == JsonScanner::Kind::Number) return scanner.number(digits);
    if (kind == JsonScanner::Kind::Text) return scanner.text(digits);
    return scanner.skip();
}

bool read_quantity(JsonScanner& scanner, Measures& measures) {
    bool is_decimal = false;
    if (!read_decimal(scanner, measures.quantity_text, is_decimal)) return false;
    if (is_decimal) measures.quantity = Quantity::parse(measures.quantity_text);
    measures.has_bad_quantity =
        !measures.quantity || *measures.quantity < Quantity{} || *measures.quantity > kMaxQuantity;
    return true;
}

bool read_latency(JsonScanner& scanner, Measures& measures) {
    bool is_decimal = false;
    if (!read_decimal(scanner, measures.latency_text, is_decimal)) return false;
    if (is_decimal) measures.latency_us = parse_scaled(measures.latency_text, kLatencyScale);
    measures.has_bad_latency =
        !measures.latency_us || *measures.latency_us < 0 || *measures.latency_us > kLatencyMaxUs;
    return true;
}

/// Lists and objects mean nothing here, and null is as if it were not there.
bool read_property(JsonScanner& scanner, std::string_view name, Measures& measures) {
    constexpr std::size_t kUsualCount = 4;
    std::string_view text;
    bool is_read = false;
    const auto kind = scanner.kind();
    measures.has_other_kinds |= kind != JsonScanner::Kind::Text && kind != JsonScanner::Kind::Null;
    switch (kind) {
        case JsonScanner::Kind::Text: is_read = scanner.text(text); break;
        case JsonScanner::Kind::Number: is_read = scanner.number(text); break;
        case JsonScanner::Kind::True:
            text = "true";
            is_read = scanner.skip();
            break;
        case JsonScanner::Kind::False:
            text = "false";
            is_read = scanner.skip();
            break;
        case JsonScanner::Kind::Object:
        case JsonScanner::Kind::Array:
        case JsonScanner::Kind::Null:
        case JsonScanner::Kind::None: return scanner.skip();
    }
    if (measures.properties.empty()) measures.properties.reserve(kUsualCount);
    if (is_read) measures.properties.push_back({name, text});
    return is_read;
}

bool read_data_member(JsonScanner& scanner, std::string_view name, Measures& measures) {
    if (name == "quantity") return read_quantity(scanner, measures);
    if (name == "latency_ms") return read_latency(scanner, measures);
    return read_property(scanner, name, measures);
}

/// A plain event's.
bool read_properties(JsonScanner& scanner, Members& members) {
    const auto kind = scanner.kind();
    members.has_bad_properties =
        kind != JsonScanner::Kind::Object && kind != JsonScanner::Kind::Null;
    if (kind != JsonScanner::Kind::Object) return scanner.skip();
    return scanner.object(
        [&](std::string_view name) { return read_property(scanner, name, members.top); });
}

bool read_data_value(JsonScanner& scanner, Members& members) {
    const auto kind = scanner.kind();
    if (kind == JsonScanner::Kind::Null) return scanner.skip();
    members.data = SentEvent::Data::Present;
    members.in_data.is_object = kind == JsonScanner::Kind::Object;
    if (!members.in_data.is_object) return scanner.skip();
    return scanner.object(
        [&](std::string_view name) { return read_data_member(scanner, name, members.in_data); });
}

/// "void" and "amend" of a plain event.
bool read_correction(JsonScanner& scanner, Correction::Kind kind, Members& members) {
    if (scanner.kind() == JsonScanner::Kind::Null) return scanner.skip();
    members.has_two_corrections = members.correction.has_value();
    Named& named = members.correction.emplace(kind).named;
    named.is_object = scanner.kind() == JsonScanner::Kind::Object;
    if (!named.is_object) return scanner.skip();
    return scanner.object([&](std::string_view name) {
        if (name == "source") return read_text(scanner, named.source);
        if (name == "id") return read_text(scanner, named.id);
        if (name == "quantity") return read_quantity(scanner, members.correction->measures);
        named.has_others |= scanner.kind() != JsonScanner::Kind::Null;
        return scanner.skip();
    });
}

/// The member that `name` fills; nullptr for names that are not a text's. By length first: most
/// names of an event differ in it.
TextMember* text_of(std::string_view name, Members& members) {
    const auto if_named = [name](std::string_view known, TextMember& member) {
        return name == known ? &member : nullptr;
    };
    switch (name.size()) {
        case 2: return if_named("id", members.id);
        case 4:
            return name[1] == 'y' ? if_named("type", members.type) : if_named("time", members.time);
        case 5: return if_named("meter", members.meter);
        case 6: return if_named("source", members.source);
        case 7: return if_named("subject", members.subject);
        case 8: return if_named("customer", members.customer);
        case 11: return if_named("specversion", members.specversion);
        default: return nullptr;
    }
}

bool read_member(JsonScanner& scanner, std::string_view name, Members& members) {
    if (TextMember* const text = text_of(name, members)) return read_text(scanner, *text);
    if (name == "data") return read_data_value(scanner, members);
    if (name == "properties") return read_properties(scanner, members);
    if (name == "void") return read_correction(scanner, Correction::Kind::Void, members);
    if (name == "amend") return read_correction(scanner, Correction::Kind::Amend, members);
    if (name == "quantity") return read_quantity(scanner, members.top);
    if (name == "latency_ms") return read_latency(scanner, members.top);
    if (name == "data_base64") members.has_base64 = true;
    if (!members.unknown) members.unknown = name;
    return scanner.skip();
}

/// Judges what was read; the first complaint is kept. Every function says whether all is well.
class Judge {
public:
    EventEntry operator()(Members& members) {
        const bool is_plain = members.specversion.found == TextMember::Found::Nothing;
        const bool is_good = is_plain ? plain(members) : cloud_event(members);
        if (!is_good) return std::unexpected(std::move(complaint_));
        return std::move(event_);
    }

private:
    bool refuse(std::string_view code, std::string detail) {
        complaint_ = {code, std::move(detail)};
        return false;
    }

    bool plain(Members& members) {
        event_.data = SentEvent::Data::Present;
        if (members.customer.found == TextMember::Found::Nothing)
            return refuse("missing_field",
                          "customer is missing; without a specversion this is a plain event");
        if (const auto name = foreign_to_plain(members))
            return refuse("unknown_field",
                          fmt::format("{:?} is no member of a plain event", *name));
        if (members.correction) return plain_correction(members);
        if (members.has_bad_properties)
            return refuse("bad_data", "properties must be a JSON object");
        return text("id", members.id, event_.id) && source(members.source) &&
               text("meter", members.meter, event_.meter_key) &&
               text("customer", members.customer, event_.subject) && time(members.time) &&
               measures(members.top);
    }

    /// A misspelt member would be missing where it counts.
    static std::optional<std::string_view> foreign_to_plain(const Members& members) {
        if (members.type.found != TextMember::Found::Nothing) return "type";
        if (members.subject.found != TextMember::Found::Nothing) return "subject";
        if (members.data == SentEvent::Data::Present) return "data";
        return members.unknown;
    }

    bool cloud_event(Members& members) {
        event_.data = members.data;
        if (members.specversion.text != kSpecVersion)
            return refuse("bad_specversion", "specversion must be \"1.0\"");
        if (!text("id", members.id, event_.id) || !source(members.source) ||
            !text("type", members.type, event_.type) ||
            !text("subject", members.subject, event_.subject) || !time(members.time))
            return false;
        if (members.has_base64)
            return refuse("bad_data", "data_base64 is not read; send data as JSON");
        for (const auto kind : {Correction::Kind::Void, Correction::Kind::Amend})
            if (event_.type == cloud_event_type(kind)) return correction(kind, members.in_data);
        return measures(members.in_data);
    }

    bool plain_correction(Members& members) {
        if (members.has_two_corrections || members.meter.found != TextMember::Found::Nothing ||
            !members.top.quantity_text.empty() || members.top.has_bad_quantity ||
            !members.top.latency_text.empty() || members.top.has_bad_latency ||
            !members.top.properties.empty() || members.has_bad_properties)
            return refuse_correction();
        const auto& [kind, named, measures] = *members.correction;
        return text("id", members.id, event_.id) && text("source", members.source, event_.source) &&
               text("customer", members.customer, event_.subject) && time(members.time) &&
               corrects(kind, named, measures);
    }

    /// A CloudEvent's, whose data says which event.
    bool correction(Correction::Kind kind, const Measures& in_data) {
        Named named;
        named.is_object = in_data.is_object;
        named.has_others =
            in_data.has_other_kinds || !in_data.latency_text.empty() || in_data.has_bad_latency;
        for (const SentEvent::Property& property : in_data.properties) {
            const TextMember member{TextMember::Found::Text, property.text};
            if (property.name == "source")
                named.source = member;
            else if (property.name == "id")
                named.id = member;
            else
                named.has_others = true;
        }
        return corrects(kind, named, in_data);
    }

    bool corrects(Correction::Kind kind, const Named& named, const Measures& measures) {
        const bool is_amend = kind == Correction::Kind::Amend;
        const bool has_quantity = measures.quantity.has_value() || measures.has_bad_quantity;
        if (!named.is_object || named.has_others || (has_quantity && !is_amend))
            return refuse_correction();
        SentEvent::Corrects corrects{kind, {}, {}};
        if (!text("the corrected event's source", named.source, corrects.source) ||
            !text("the corrected event's id", named.id, corrects.id))
            return false;
        if (is_amend && !has_quantity) return refuse("missing_field", "quantity is missing");
        if (measures.has_bad_quantity) return refuse_quantity();
        event_.quantity = measures.quantity;
        event_.corrects = corrects;
        return true;
    }
    bool refuse_correction() {
        return refuse(
            "bad_correction",
            "a correction says source and id of the event and, to amend it, its quantity; "
            "nothing else of it");
    }
    bool refuse_quantity() {
        return refuse("bad_quantity",
                      "quantity must be from 0 to 1000000000000 with at most 6 fraction digits "
                      "and no exponent, as a number or a decimal string");
    }

    bool text(std::string_view name, const TextMember& member, std::string_view& into) {
        if (member.found == TextMember::Found::Nothing)
            return refuse("missing_field", std::string(name) + " is missing");
        if (member.found == TextMember::Found::Other || !is_event_text(member.text))
            return refuse("bad_field", std::string(name) +
                                           " must be a string of 1 to 255 bytes without control "
                                           "characters");
        into = member.text;
        return true;
    }

    bool source(const TextMember& member) {
        if (!text("source", member, event_.source)) return false;
        return !is_reserved_source(event_.source) ||
               refuse("reserved_source",
                      "source must not begin with turnpike.: such sources are the server's own");
    }

    bool time(const TextMember& member) {
        if (member.found == TextMember::Found::Nothing) return true;
        if (member.found == TextMember::Found::Text) event_.time = parse_rfc3339(member.text);
        return event_.time ||
               refuse("bad_time", "time must be RFC 3339 with a zone, in the years 1970 to 9999");
    }

    bool measures(Measures& measures) {
        if (!measures.is_object) return refuse("bad_data", "data must be a JSON object");
        if (measures.has_bad_quantity) return refuse_quantity();
        if (measures.has_bad_latency)
            return refuse("bad_latency",
                          "latency_ms must be milliseconds from 0 to one day with at most 3 "
                          "fraction digits, as a number or a decimal string");
        event_.quantity = measures.quantity;
        event_.latency_us = measures.latency_us;
        event_.quantity_text = measures.quantity_text;
        event_.latency_text = measures.latency_text;
        event_.properties = std::move(measures.properties);
        return true;
    }

    SentEvent event_;
    EventComplaint complaint_;
};

EventComplaint fault_of(JsonScanner::Fault fault, std::size_t offset) {
    const std::string place = ", at byte " + std::to_string(offset) + " of the event";
    switch (fault) {
        case JsonScanner::Fault::RepeatedName:
            return {"repeated_member", "a member name is repeated in one object" + place};
        case JsonScanner::Fault::TooDeep:
            return {"nested_too_deeply", "an event is nested at most 32 deep" + place};
        case JsonScanner::Fault::Malformed:
        case JsonScanner::Fault::None: break;
    }
    return {"bad_json", "the event is not valid JSON in UTF-8" + place};
}

EventComplaint too_large() { return {"event_too_large", "an event holds at most 65536 bytes"}; }

/// A ce-* header's value, percent-decoded once (HTTP protocol binding 1.0.2, 3.1.3.2).
TextMember header_member(const http::Request& request, std::string_view name,
                         std::list<std::string>& decoded) {
    const std::string* raw = request.header("ce-" + std::string(name));
    if (raw == nullptr) return {};
    auto text = percent_decode(*raw, PlusSign::Literal);
    if (!text || !is_utf8(*text)) return {TextMember::Found::Other, {}};
    return {TextMember::Found::Text, decoded.emplace_back(*std::move(text))};
}

}  // namespace

std::optional<std::string_view> SentEvent::property(std::string_view name) const {
    if (name == "quantity" && !quantity_text.empty()) return quantity_text;
    if (name == "latency_ms" && !latency_text.empty()) return latency_text;
    const auto found = std::ranges::find(properties, name, &Property::name);
    if (found == properties.end()) return std::nullopt;
    return found->text;
}

EventEntry read_event(JsonScanner& scanner) {
    const auto mark = scanner.mark();
    const std::size_t start = scanner.offset();
    const bool is_object = scanner.kind() == JsonScanner::Kind::Object;
    Members members;
    const bool is_read = is_object ? scanner.object([&](std::string_view name) {
        return read_member(scanner, name, members);
    })
                                   : scanner.skip();
    std::optional<EventComplaint> fault;
    if (!is_read) {
        fault = fault_of(scanner.fault(), scanner.offset() - start);
        if (!scanner.recover(mark)) return std::unexpected(*std::move(fault));
    }
    if (scanner.offset() - start > kEventBytesMax) return std::unexpected(too_large());
    if (fault) return std::unexpected(*std::move(fault));
    if (!is_object) return complaint("not_an_event", "an event is a JSON object");
    return Judge()(members);
}

EventEntry read_event(JsonScanner& scanner, std::string_view json) {
    if (json.size() > kEventBytesMax) return std::unexpected(too_large());
    scanner.begin(json);
    EventEntry entry = read_event(scanner);
    if (scanner.fault() == JsonScanner::Fault::None && !scanner.at_end())
        return std::unexpected(fault_of(JsonScanner::Fault::Malformed, scanner.offset()));
    return entry;
}

EventEntry read_binary_event(const http::Request& request, std::string_view body,
                             JsonScanner& scanner, std::list<std::string>& decoded) {
    Members members;
    for (const std::string_view name : kHeaderNames)
        *text_of(name, members) = header_member(request, name, decoded);
    if (body.size() > kEventBytesMax) return std::unexpected(too_large());
    if (!body.empty()) {
        scanner.begin(body);
        if (!read_data_value(scanner, members) || !scanner.at_end())
            return complaint("bad_data", fault_of(scanner.fault(), scanner.offset()).detail);
        // A body of null is there, and no object.
        if (members.data == SentEvent::Data::Absent) members.in_data.is_object = false;
        members.data = SentEvent::Data::Present;
    }
    return Judge()(members);
}

}  // namespace turnpike
