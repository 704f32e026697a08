#pragma once

#include <optional>

#include "base/check.h"

namespace turnpike {

/// What a word in the ledger means. One of ours that does not parse back means a broken database or
/// a broken build: then the process ends.
///
///     .status = known_word(parse_invoice_status(row.text(6)))
template <class T>
T known_word(std::optional<T> parsed) {
    check(parsed.has_value(), "the ledger holds only words that we wrote");
    return *parsed;
}

}  // namespace turnpike
