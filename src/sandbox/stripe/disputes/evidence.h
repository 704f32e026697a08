#pragma once

#include <optional>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

namespace turnpike::twin {

/// The members of a dispute's evidence, all null.
Json empty_evidence();
bool has_evidence(const Json& evidence);

/// Reads evidence[...] as the members that change (null for ""). nullopt when none was given.
/// Complains about files, of which this sandbox has none.
std::optional<Json> read_evidence(Params& params);

}  // namespace turnpike::twin
