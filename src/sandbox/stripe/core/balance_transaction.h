#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// What comes into the seller's balance or goes out of it, in its source's own currency.
struct Booking {
    const Json& source;  ///< a charge, refund or dispute
    std::string customer{};
    std::int64_t amount = 0;
    std::int64_t fee = 0;
    std::string fee_name{};
    std::string type{}, category{};
    Json description{};
    Instant available{};
};
/// The balance_transaction of it, at its customer's present. Stores it.
Json book(Context& ctx, const Booking& booking);

}  // namespace turnpike::twin
