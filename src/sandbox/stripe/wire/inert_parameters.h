#pragma once

#include <initializer_list>
#include <string_view>

#include "sandbox/stripe/wire/params.h"

/// Parameters of Stripe's that change nothing here.
namespace turnpike::twin {

/// Knows an object without reading it. Complains about members other than these; what is in those
/// is not looked at.
void ignore_object(Params& params, std::string_view name,
                   std::initializer_list<std::string_view> members);
/// Knows `automatic_tax`. Complains where it is switched on.
void refuse_tax(Params& params);

}  // namespace turnpike::twin
