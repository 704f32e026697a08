#pragma once

#include <optional>
#include <string>

#include "sandbox/stripe/core/context.h"

/// Revisions: a finalized invoice is replaced by a corrected copy of it, and void from then on.
namespace turnpike::twin {

/// from_invoice of a creation: the invoice that is to be revised; "" when none is.
std::string read_revised_invoice(Params& params);

/// A draft with the lines and settings of the invoice that it revises. Not published.
/// Errors: 400 when there is no such invoice, or it cannot be revised.
Outcome<Json> draft_revision(Context& ctx, const std::string& invoice);

/// nullopt unless `invoice` is a revision of one that has been paid in the meantime, or replaced by
/// another revision.
std::optional<StripeError> check_revision(Context& ctx, const Json& invoice);

bool is_revision(const Json& invoice);

/// A revision is about to be finalized: voids what it revises, whose share of the customer's
/// balance goes back for the revision to take. After check_revision().
void void_revised(Context& ctx, const Json& revision);

}  // namespace turnpike::twin
