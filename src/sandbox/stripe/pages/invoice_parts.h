#pragma once

#include <string>

#include "json/json.h"

/// What the hosted page of a finalized invoice says, as HTML.
namespace turnpike::twin {

/// Whether something is to be paid, until when, or why not any more.
std::string state_line(const Json& invoice);
/// What the seller wrote above and below the lines; "" for nothing.
std::string memo_line(const Json& invoice);
std::string footer_line(const Json& invoice);
/// The lines, with period and quantity, and the sums.
std::string lines_table(const Json& invoice);

}  // namespace turnpike::twin
