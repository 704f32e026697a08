#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace turnpike {

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1'024;

/// As NIST SP 800-63B has it: long enough, not one of those that are tried first, not the account's
/// own name; no rule about kinds of characters.
///
/// Errors: InvalidArgument "people.weak_password", with the field "/password".
Result<void> check_password(std::string_view password, std::string_view email);

}  // namespace turnpike
