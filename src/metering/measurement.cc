#include "metering/measurement.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/card_number.h"
#include "crypto/siphash.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kQuantity = "quantity";
/// What is kept names no secret, and must not change: counters remember these hashes.
constexpr SipKey kValueKey{0x7475726e70696b65, 0x756e697175650001};

std::unexpected<EventComplaint> missing(const std::string& property) {
    return std::unexpected(EventComplaint{"missing_field", property + " is missing"});
}

bool is_plain(const SentEvent& event) { return event.type.empty(); }

std::expected<Quantity, EventComplaint> measured_quantity(const Meter& meter,
                                                          const SentEvent& event) {
    const bool means_quantity = meter.property == kQuantity;
    if (event.quantity && (is_plain(event) || means_quantity)) return *event.quantity;
    if (means_quantity && event.data == SentEvent::Data::Absent) return Quantity::whole(1);
    const auto text = event.property(meter.property);
    if (!text) return missing(meter.property);
    const auto quantity = Quantity::parse(*text);
    if (quantity && *quantity >= Quantity{} && *quantity <= kMaxQuantity) return *quantity;
    return std::unexpected(EventComplaint{
        "bad_quantity", meter.property + " must be from 0 to 1000000000000 with at most 6 "
                                         "fraction digits and no exponent, as a number or a "
                                         "decimal string"});
}

}  // namespace

bool passes(const Meter& meter, const SentEvent& event) {
    return std::ranges::all_of(meter.filter, [&](const PropertyFilter& filter) {
        const auto text = event.property(filter.property);
        return text && std::ranges::find(filter.any_of, *text) != filter.any_of.end();
    });
}

std::expected<Measured, EventComplaint> measure(const Meter& meter, const SentEvent& event) {
    switch (meter.aggregation) {
        case Meter::Aggregation::Count: return Measured{Quantity::whole(1)};
        case Meter::Aggregation::Unique: {
            const auto text = event.property(meter.property);
            if (!text) return missing(meter.property);
            return Measured{Quantity::whole(1), siphash128(kValueKey, *text).first};
        }
        case Meter::Aggregation::Sum:
        case Meter::Aggregation::Max:
        case Meter::Aggregation::Min:
        case Meter::Aggregation::Last: break;
    }
    const auto quantity = measured_quantity(meter, event);
    if (!quantity) return std::unexpected(quantity.error());
    return Measured{*quantity};
}

std::expected<std::string, EventComplaint> grouped_properties(std::span<const Meter* const> meters,
                                                              const SentEvent& event) {
    std::vector<std::string_view> names;
    for (const Meter* meter : meters)
        names.insert(names.end(), meter->group_by.begin(), meter->group_by.end());
    if (names.empty()) return std::string();
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    Json kept = Json::object();
    for (const std::string_view name : names) {
        const auto text = event.property(name);
        if (!text || holds_card_number(*text)) continue;
        kept[std::string(name)] = *text;
    }
    if (kept.empty()) return std::string();
    std::string text = to_text(kept);
    if (text.size() <= kEventPropertiesMax) return text;
    return std::unexpected(
        EventComplaint{"bad_property", "the properties that its meters group by are longer than " +
                                           std::to_string(kEventPropertiesMax) + " bytes as JSON"});
}

}  // namespace turnpike
