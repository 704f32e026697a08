#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "metering/log/sealed_block.h"

namespace turnpike {

/// Shows every event of a frame's payload with its place, in order. What is shown is valid during
/// the call.
/// \return the last arrival that the frame holds; 0: none
/// Errors: Unavailable "usage_log.damaged", after some events perhaps.
Result<std::uint64_t> show_events(std::string_view payload,
                                  const std::function<void(const SealedEvent&)>& show);

}  // namespace turnpike
