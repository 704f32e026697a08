#include "analytics/usage/usage_sum.h"

namespace turnpike {

std::int64_t UsageSum::units() const {
    return static_cast<std::int64_t>((scaled_ - millionths()) / Quantity::kOne);
}

std::int64_t UsageSum::millionths() const {
    const auto rest = static_cast<std::int64_t>(scaled_ % Quantity::kOne);
    return rest < 0 ? rest + Quantity::kOne : rest;
}

}  // namespace turnpike
