#pragma once

#include "billing/life/provider_move.h"
#include "json/json.h"

namespace turnpike {

/// `{"object":"provider_move", ...}`.
Json write_move(const ProviderMove& move);

}  // namespace turnpike
