#pragma once

#include <random>

#include "metering/log/identity/identity_hash.h"

namespace turnpike {

inline IdentityHash random_hash(std::mt19937_64& random) { return {random() | 1, random()}; }

}  // namespace turnpike
