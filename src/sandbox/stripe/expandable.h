#pragma once

#include <optional>
#include <string_view>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// The kind of object behind an id at `path` inside an object of `kind`:
/// ("subscription", "latest_invoice") -> "invoice". nullopt: not expandable.
std::optional<std::string_view> expandable_kind(std::string_view kind, std::string_view path);

/// A member that is only there when expanded: an invoice's payments, a charge's refunds.
struct Includable {
    std::string_view kind;
    std::string_view member;
    /// Makes the member's value from the owner's document (visible, so ask ctx for private ones).
    Json (*make)(Context&, const Json& owner);
};
const Includable* find_includable(std::string_view kind, std::string_view member);

}  // namespace turnpike::twin
