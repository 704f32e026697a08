#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace turnpike {

/// What a change would be billed as, if it were made at `proration_date`.
struct ChangePreview {
    std::string subscription, item, price;  ///< provider's ids; the new price
    std::int64_t quantity = 1;
    bool invoices_now = true;  ///< false: what is due waits for the next invoice
    Instant proration_date;    ///< whole seconds
};
/// The first invoice of a subscription that does not exist yet.
struct StartPreview {
    std::string customer, price;  ///< provider's ids
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
};

}  // namespace turnpike
