#pragma once

#include <string>
#include <vector>

#include "metering/log/state/usage_state.h"

namespace turnpike {

/// What a snapshot says otherwise than the segments before it, each in words: a counter,
/// a name, a total. At most kDifferencesMax; a last one says how many more. Pure.
inline constexpr std::size_t kDifferencesMax = 20;
std::vector<std::string> differences_between(const UsageState& snapshot,
                                             const UsageState& segments);

}  // namespace turnpike
