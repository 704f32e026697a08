// Any bytes as one event: the fast reader says what a slow one says, which builds the whole JSON
// value with parse_json and then looks at it. What only the fast one can know is left open: the
// digits of a fraction, and numbers that parse_json has no type for.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "metering/sent_event.h"

namespace {

using namespace turnpike;

/// A code, or what was read.
struct Slow {
    std::string code;
    std::string id, source, type_or_meter, subject;
    std::optional<Instant> time;
    std::optional<Quantity> quantity;
    std::optional<std::int64_t> latency_us;
    std::vector<std::string> properties;  ///< texts and words; a number's digits are gone
    bool is_fraction = false;             ///< of quantity or latency: their digits are gone
    std::string corrects;                 ///< of a correction: kind, source and id of the event
};

const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}
const Json* stated(const Json& object, const char* name) {
    const Json* const found = member(object, name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

bool take_text(const Json& event, const char* name, Slow& slow, std::string& into) {
    const Json* const value = stated(event, name);
    if (value == nullptr)
        slow.code = "missing_field";
    else if (!value->is_string() || !is_event_text(value->get_ref<const std::string&>()))
        slow.code = "bad_field";
    else
        into = value->get<std::string>();
    return slow.code.empty();
}

bool take_source(const Json& event, Slow& slow) {
    if (take_text(event, "source", slow, slow.source) && slow.source.starts_with("turnpike."))
        slow.code = "reserved_source";
    return slow.code.empty();
}

/// `scale` digits behind the point; nullopt when it is wrong.
std::optional<std::int64_t> decimal(const Json& value, int scale, Slow& slow) {
    if (value.is_number_float()) slow.is_fraction = true;
    if (value.is_string()) return parse_scaled(value.get_ref<const std::string&>(), scale);
    if (value.is_number_unsigned() || value.is_number_integer())
        return parse_scaled(value.dump(), scale);
    return std::nullopt;
}

void take_measures(const Json& from, Slow& slow) {
    constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
    const auto is_within = [](const std::optional<std::int64_t>& value, std::int64_t most) {
        return value && *value >= 0 && *value <= most;
    };
    if (const Json* const value = member(from, "quantity")) {
        const auto scaled = decimal(*value, Quantity::kScale, slow);
        if (!is_within(scaled, kMaxQuantity.scaled())) {
            slow.code = "bad_quantity";
            return;
        }
        slow.quantity = Quantity::from_scaled(*scaled);
    }
    if (const Json* const value = member(from, "latency_ms")) {
        slow.latency_us = decimal(*value, 3, slow);
        if (!is_within(slow.latency_us, kDayUs)) slow.code = "bad_latency";
    }
}

/// "name=text"; "name" of a number.
void take_properties(const Json& from, Slow& slow) {
    for (const auto& [name, value] : from.items()) {
        if (value.is_number()) slow.properties.push_back(name);
        if (value.is_boolean())
            slow.properties.push_back(name + (value.get<bool>() ? "=true" : "=false"));
        if (value.is_string()) slow.properties.push_back(name + "=" + value.get<std::string>());
    }
}

bool take_time(const Json& event, Slow& slow) {
    const Json* const value = stated(event, "time");
    if (value == nullptr) return true;
    if (value->is_string()) slow.time = parse_rfc3339(value->get_ref<const std::string&>());
    if (!slow.time) slow.code = "bad_time";
    return slow.code.empty();
}

/// What a correction says of its event.
void take_corrected(const Json& from, Correction::Kind kind, Slow& slow) {
    const bool is_amend = kind == Correction::Kind::Amend;
    bool has_other = false;
    for (const auto& [name, value] : from.items())
        has_other |= name != "source" && name != "id" && name != "quantity" && !value.is_null();
    const bool has_quantity = from.is_object() && from.contains("quantity");  // perhaps null
    if (!from.is_object() || has_other || (has_quantity && !is_amend)) {
        slow.code = "bad_correction";
        return;
    }
    std::string source, id;
    if (!take_text(from, "source", slow, source) || !take_text(from, "id", slow, id)) return;
    slow.corrects = std::string(to_text(kind)) + " " + source + " " + id;
    if (!is_amend) return;
    if (!has_quantity)
        slow.code = "missing_field";
    else
        take_measures({{"quantity", from["quantity"]}}, slow);
}

/// A CloudEvent's members are texts or nothing.
bool has_only_texts(const Json& data) {
    if (data.contains("latency_ms")) return false;
    for (const auto& [name, value] : data.items())
        if (name != "quantity" && !value.is_string() && !value.is_null()) return false;
    return true;
}

void take_plain_correction(const Json& event, Slow& slow) {
    const Json* const voided = stated(event, "void");
    const Json* const amended = stated(event, "amend");
    Slow properties;
    const Json* const stated_properties = stated(event, "properties");
    const bool is_bad = stated_properties != nullptr && !stated_properties->is_object();
    if (stated_properties != nullptr && !is_bad) take_properties(*stated_properties, properties);
    if ((voided != nullptr && amended != nullptr) || stated(event, "meter") != nullptr ||
        event.contains("quantity") || event.contains("latency_ms") || is_bad ||
        !properties.properties.empty()) {
        slow.code = "bad_correction";
        return;
    }
    if (!take_text(event, "id", slow, slow.id) || !take_text(event, "source", slow, slow.source) ||
        !take_text(event, "customer", slow, slow.subject) || !take_time(event, slow))
        return;
    if (voided != nullptr)
        take_corrected(*voided, Correction::Kind::Void, slow);
    else
        take_corrected(*amended, Correction::Kind::Amend, slow);
}

/// Whether a plain event has a member that only CloudEvents may have.
bool has_foreign(const Json& event) {
    constexpr std::array<std::string_view, 11> kPlain{
        "id",         "source",     "meter", "customer", "time",       "quantity",
        "latency_ms", "properties", "void",  "amend",    "specversion"};
    constexpr std::array<std::string_view, 3> kUnlessNull{"type", "subject", "data"};
    for (const auto& [name, value] : event.items()) {
        if (std::ranges::find(kPlain, name) != kPlain.end()) continue;
        if (std::ranges::find(kUnlessNull, name) == kUnlessNull.end() || !value.is_null())
            return true;
    }
    return false;
}

Slow read_slowly(const Json& event) {
    Slow slow;
    if (!event.is_object()) {
        slow.code = "not_an_event";
        return slow;
    }
    const Json* const version = stated(event, "specversion");
    const bool is_plain = version == nullptr;
    if (!is_plain && *version != "1.0") {
        slow.code = "bad_specversion";
        return slow;
    }
    if (is_plain && stated(event, "customer") == nullptr) {
        slow.code = "missing_field";
        return slow;
    }
    if (is_plain && has_foreign(event)) {
        slow.code = "unknown_field";
        return slow;
    }
    if (is_plain && (stated(event, "void") != nullptr || stated(event, "amend") != nullptr)) {
        take_plain_correction(event, slow);
        return slow;
    }
    if (is_plain && stated(event, "properties") != nullptr &&
        !stated(event, "properties")->is_object()) {
        slow.code = "bad_data";
        return slow;
    }
    if (!take_text(event, "id", slow, slow.id) || !take_source(event, slow) ||
        !take_text(event, is_plain ? "meter" : "type", slow, slow.type_or_meter) ||
        !take_text(event, is_plain ? "customer" : "subject", slow, slow.subject) ||
        !take_time(event, slow))
        return slow;
    if (is_plain) {
        take_measures(event, slow);
        if (const Json* const properties = stated(event, "properties"))
            take_properties(*properties, slow);
        return slow;
    }
    const Json* const data = stated(event, "data");
    for (const auto kind : {Correction::Kind::Void, Correction::Kind::Amend}) {
        if (slow.type_or_meter != cloud_event_type(kind)) continue;
        if (event.contains("data_base64"))
            slow.code = "bad_data";
        else if (data != nullptr && data->is_object() && !has_only_texts(*data))
            slow.code = "bad_correction";
        else
            take_corrected(data == nullptr ? Json::object() : *data, kind, slow);
        return slow;
    }
    if (event.contains("data_base64") || (data != nullptr && !data->is_object()))
        slow.code = "bad_data";
    else if (data != nullptr) {
        take_measures(*data, slow);
        Json others = *data;
        others.erase("quantity");
        others.erase("latency_ms");
        take_properties(others, slow);
    }
    return slow;
}

bool is_about_json(std::string_view code) {
    return code == "bad_json" || code == "repeated_member" || code == "nested_too_deeply";
}

/// A number that may be outside 64 bits and every double.
bool holds_a_wide_number(std::string_view text) {
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (is_digit && ++digits >= 19) return true;
        if (digits > 0 && (text[i] == 'e' || text[i] == 'E')) return true;
        if (!is_digit) digits = 0;
    }
    return false;
}

bool same_property(const SentEvent::Property& fast, const std::string& slow) {
    const std::string name(fast.name);
    return slow == name + "=" + std::string(fast.text) || slow == name;
}

void compare(const EventEntry& fast, const Slow& slow) {
    const std::string_view code = fast ? "" : fast.error().code;
    if (slow.is_fraction) {
        check(code.empty() || code == "bad_quantity" || code == "bad_latency", "digits decide");
        return;
    }
    check(code == slow.code, "both give the same code");
    if (!fast) return;
    check(fast->id == slow.id && fast->source == slow.source, "the same identity");
    check(fast->subject == slow.subject, "the same customer");
    check((fast->type.empty() ? fast->meter_key : fast->type) == slow.type_or_meter, "and meter");
    check(fast->time == slow.time, "the same time");
    std::string corrects;
    if (fast->corrects)
        corrects.append(to_text(fast->corrects->kind))
            .append(1, ' ')
            .append(fast->corrects->source)
            .append(1, ' ')
            .append(fast->corrects->id);
    check(corrects == slow.corrects, "the same correction");
    check(std::ranges::equal(fast->properties, slow.properties, same_property),
          "the same properties");
    check(fast->quantity == slow.quantity && fast->latency_us == slow.latency_us, "and numbers");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view text(bytes, size);
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const EventEntry fast = read_event(scanner, text);
    if (size > kEventBytesMax) {
        check(!fast && fast.error().code == "event_too_large", "a bound is a bound");
        return 0;
    }
    const auto json = parse_json(text);
    if (!json) {
        const bool is_refused = !fast && is_about_json(fast.error().code);
        check(is_refused || holds_a_wide_number(text), "what is no JSON is no event");
        return 0;
    }
    check(fast || !is_about_json(fast.error().code), "what is JSON is read");
    compare(fast, read_slowly(*json));
    return 0;
}
