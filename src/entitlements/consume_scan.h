#pragma once

#include <optional>
#include <string_view>

#include "entitlements/wire.h"

namespace turnpike {

/// Reads the body of a consume as nearly all are, in one pass over its text. nullopt for every
/// other one, good or bad: read_consume() reads those with an ObjectReader, which says what is
/// wrong. What both read is the same.
std::optional<ConsumeBody> scan_consume(std::string_view body);

}  // namespace turnpike
