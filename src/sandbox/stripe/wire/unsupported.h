#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/stripe/wire/stripe_error.h"

/// Stripe has operations that this sandbox has not (stripe_operations.txt), and those that it has
/// take more parameters than it knows (stripe_parameters.txt): both made of the types of Stripe's
/// own library by tests/lib/stripe_parameters.mjs.
namespace turnpike::twin {

/// 400 parameter_unknown: names that no handler asked for, as in "items[0][price]". Not empty.
StripeError unknown_parameters(const std::vector<std::string>& names);

/// An operation as it was called: "POST", "/v1/customers/cus_1".
struct CalledOperation {
    std::string_view method;
    std::string_view path;
};
/// Whether Stripe has this operation, and the sandbox has not.
bool is_missing_operation(const CalledOperation& operation);
/// Whether Stripe takes a parameter of this name there.
bool is_stripe_parameter(const CalledOperation& operation, std::string_view name);

/// Of an error made by unknown_parameters(): leaves out what Stripe knows, or, when Stripe knows
/// all of it, says that this sandbox does not. Any other error stays as it is.
StripeError without_stripe_parameters(StripeError error, const CalledOperation& operation);

}  // namespace turnpike::twin
