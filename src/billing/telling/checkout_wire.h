#pragma once

#include <string_view>

#include "billing/records/checkout_session.h"
#include "json/json.h"

namespace turnpike {

/// `{"object":"checkout_session", ...}`. \param plan  the key of the plan that is sold
Json write_checkout(const CheckoutSession& session, std::string_view plan);

}  // namespace turnpike
