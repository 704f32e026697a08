#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "base/decimal.h"
#include "catalog/catalog.h"
#include "metering/sent_event.h"

namespace turnpike {

/// Whether every property that the meter filters by has one of its texts.
bool passes(const Meter& meter, const SentEvent& event);

/// What an event counts in one meter.
struct Measured {
    Quantity value;            ///< of Count and Unique: 1
    std::uint64_t unique = 0;  ///< of Unique: a hash of the property's text, the same for ever
};
/// A plain event that states a quantity means it, whatever the meter's property is. A CloudEvent
/// without data means one unit of "quantity".
///
/// Complaints: missing_field, bad_quantity.
std::expected<Measured, EventComplaint> measure(const Meter& meter, const SentEvent& event);

/// The properties by which the meters group, as UsageEvent keeps them. One that looks like a card
/// number is left out: it must not be kept, and as many numbers of users look like one, usage is
/// not refused for it. Complaints: bad_property, when that is more than kEventPropertiesMax bytes.
std::expected<std::string, EventComplaint> grouped_properties(std::span<const Meter* const> meters,
                                                              const SentEvent& event);

}  // namespace turnpike
