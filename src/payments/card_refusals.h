#pragma once

#include "base/error.h"

/// Refusals for which each interface knows another way on.
namespace turnpike {

inline constexpr Reason kMethodRequired = "payment.method_required";
/// The bank wants the cardholder (3-D Secure).
inline constexpr Reason kAuthenticationRequired = "payment.authentication_required";

}  // namespace turnpike
