#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// How long a subscription waits for its first payment at this provider, from when it started
/// there, before it expires. Their objects do not say it. nullopt: the provider names no such time.
std::optional<Duration> first_payment_within(std::string_view provider);

}  // namespace turnpike
