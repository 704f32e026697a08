#pragma once

#include <cstddef>
#include <string>

#include "sandbox/stripe/core/pages.h"

/// How many of each line the payer wants, where the shop lets them choose.
namespace turnpike::twin {

/// "quantity_0": the field of a line.
std::string quantity_field_of(std::size_t line);
bool is_adjustable(const Json& line);

/// Puts what was typed on the page's session, which is not stored. Whether anything has changed.
/// Errors: in words for the payer, for what is out of range.
Outcome<bool> take_typed_quantities(PageRequest& page);

}  // namespace turnpike::twin
