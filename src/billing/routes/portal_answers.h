#pragma once

#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// {"return_url": "https://.."}; without one: to the server itself.
/// Errors: "request.invalid_body"; those of AllowedOrigins.
Result<ReturnUrl> read_return_url(const http::Request& request, const AllowedOrigins& origins);
/// 201 with the link, at the provider where the customer pays. Errors: those of
/// open_customer_portal and context_of_customer.
asio::awaitable<Result<http::Response>> answer_portal_session(BillingContexts& billing,
                                                              CustomerId customer,
                                                              ReturnUrl return_url);

}  // namespace turnpike
