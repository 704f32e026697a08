#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/provider/context.h"

namespace turnpike {

/// Whether an earlier run may already have reached the provider: then "nothing happened in this
/// call" does not mean that nothing happened.
enum class Attempt : bool { First, Again };

/// A card that somebody brings along to be charged.
struct BringCard {
    std::string customer;               ///< provider's id
    std::optional<std::string> method;  ///< provider's id; without: the default on file
    std::string obligation;             ///< of attaching it
    Attempt attempt = Attempt::First;
    /// Now: something has to be there to charge. Later: a trial comes first.
    enum class Needed : bool { Now, Later } needed = Needed::Now;
};
struct BroughtCard {
    std::string method;  ///< provider's id; "" when none was named
    bool was_on_file = true;
};
/// Attaches it. Where the customer authorises each subscription, nothing has to be on file, and
/// nothing can be brought.
/// Errors: InvalidArgument "payment.method_required"; those of PaymentProvider.
asio::awaitable<Result<BroughtCard>> attach_brought_card(BillingContext& billing, BringCard bring);

/// True while the provider may have done it, or may do it when it is asked again.
bool may_be_open(const Error& error);

}  // namespace turnpike
