#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace turnpike {

/// Where deliveries report; any may be empty. Called on any thread.
struct OutboundMetrics {
    /// turnpike_webhook_deliveries_total{outcome}: "delivered", "failed", "exhausted", "gone"
    std::function<void(std::string_view outcome)> delivery;
    /// turnpike_webhook_deliveries_waiting, set every few seconds
    std::function<void(std::int64_t waiting)> waiting;
};

}  // namespace turnpike
