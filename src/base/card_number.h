#pragma once

#include <string_view>

namespace turnpike {

/// True when `text` holds something that can be charged: 13 to 19 digits, single spaces or hyphens
/// between them allowed, that begin as payment cards do (2 to 6, ISO/IEC 7812-1) and whose Luhn sum
/// is right. Such numbers must never reach our database (PCI DSS).
bool holds_card_number(std::string_view text);

}  // namespace turnpike
