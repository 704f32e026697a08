#pragma once

#include <cstdint>

namespace turnpike::client {

/// 64 bits from the operating system. Aborts when it has none, which does not happen.
std::uint64_t random_bits();

}  // namespace turnpike::client
