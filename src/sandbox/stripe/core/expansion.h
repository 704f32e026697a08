#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"

/// expand() of rendering.h for documents that are not in today's shape.
namespace turnpike::twin {

/// The members of every object in the order that visible() has; nothing is left out.
Json in_order(const Json& document);

/// What becomes of an object that an expansion brings in, from what visible() shows of it.
using BroughtShape = std::function<Json(Json)>;

/// As expand() of rendering.h. `document` has that shape already.
Answer expand(Context& ctx, Json document, const std::vector<std::string>& paths,
              const BroughtShape& shape);

}  // namespace turnpike::twin
