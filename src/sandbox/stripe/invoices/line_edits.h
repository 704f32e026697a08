#pragma once

#include "sandbox/stripe/core/feature.h"

/// Changing the lines of a draft: add_lines, update_lines, remove_lines, and one line by its id. A
/// line that an invoice item stands behind changes through that item, as if the item had been
/// called.
namespace turnpike::twin {

const Feature& line_edit_feature();

}  // namespace turnpike::twin
