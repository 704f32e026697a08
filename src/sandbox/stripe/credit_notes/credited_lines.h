#pragma once

#include <string>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/credit_notes/credit_note_params.h"

/// The lines of credit notes, as documents (object "credit_note_line_item").
namespace turnpike::twin {

/// One line for each that is asked for, or one of the whole amount. `issued` are the credit notes
/// of the invoice so far that are not void. Errors: 400 when the invoice has no such line, or less
/// of it is left than the line takes.
Outcome<std::vector<Json>> credited_lines(Context& ctx, const Json& invoice,
                                          const std::vector<Json>& issued,
                                          const CreditRequest& request);

}  // namespace turnpike::twin
