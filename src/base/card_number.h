#pragma once

#include <string_view>

namespace turnpike {

/// True when `text` holds something that can be charged: 13 to 19 digits that begin as payment
/// cards do (2 to 6, ISO/IEC 7812-1) and whose Luhn sum is right. Such numbers must never reach our
/// database (PCI DSS). Digits are those of every script. Between two of them there may be one
/// space or dash of any width, or, in groups of at least four, a dot; characters without width do
/// not count. `text` is UTF-8; a byte that is none ends a number.
bool holds_card_number(std::string_view text);

}  // namespace turnpike
