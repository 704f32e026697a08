#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "metering/log/segment/sealed_block.h"

namespace turnpike {

/// Who looks at a frame. What it is shown is good until it returns.
struct EventVisitor {
    std::function<void(const SealedEvent& event)> event;
    std::function<void(const CorrectionRecord& correction)> correction{};  ///< may be empty
};

/// Shows every event of a frame's payload, at its place, and every correction, in order.
/// \return the last arrival that the frame holds; 0: none
/// Errors: Unavailable "usage_log.damaged", after some events perhaps.
Result<std::uint64_t> show_events(std::string_view payload, const EventVisitor& visitor);

}  // namespace turnpike
