#pragma once

#include "base/error.h"
#include "customers/customer.h"
#include "json/json.h"

namespace turnpike {

Json write_customer(const Customer& customer);
/// Shapes only; the service checks the values. Errors: InvalidArgument "request.invalid_body".
Result<CustomerDraft> read_customer_draft(const Json& body);
/// A JSON merge patch: a null clears. Errors: InvalidArgument "request.invalid_body".
Result<CustomerPatch> read_customer_patch(const Json& body);

}  // namespace turnpike
