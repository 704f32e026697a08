#pragma once

#include <cstdint>

#include "base/error.h"

namespace turnpike {

inline constexpr Reason kRefused = "payment.refused";
inline constexpr Reason kUnknownMethod = "payment.unknown_method";

/// What the refused call was about; the same answer means another thing about a payment method.
enum class RefusedSubject : std::uint8_t { PaymentMethod, Other };

}  // namespace turnpike
