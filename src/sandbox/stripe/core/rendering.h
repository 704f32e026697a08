#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A document as a plain GET shows it: private members ("_card") and members that only `expand[]`
/// brings are left out; id and object first, then by name, as Stripe writes them.
Json visible(const Json& document);

/// Replaces ids by objects along each path ("latest_invoice.payments", "data.customer"), at most
/// four levels deep. `document` must be visible() already.
/// Errors: 400 with param "expand" for a path that cannot be expanded.
Answer expand(Context& ctx, Json document, const std::vector<std::string>& paths);

/// What `after` changed, as Stripe's previous_attributes: the old values, nested objects reduced to
/// the members that changed. An empty object when nothing did. Both must be visible().
Json previous_attributes(const Json& before, const Json& after);

}  // namespace turnpike::twin
