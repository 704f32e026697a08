#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "billing/provider/context.h"
#include "json/json.h"

namespace turnpike {

/// Whether this can be a provider's id of a payment method: letters, digits and '_', the first a
/// letter. Asked before anything is written down, so that a card number is never stored here.
/// Errors: InvalidArgument "payment.not_a_method_id".
Result<std::monostate> check_method_id(const std::string& method);

/// {"object": "payment_method", ...}
Json write_payment_method(const PaymentMethodOnFile& method);

/// The cards of one customer, live from the provider; empty when it has never met the customer.
/// Errors: those of PaymentProvider.
asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> payment_methods_of(
    BillingContext& billing, CustomerId customer);

/// Whose cards they are, and who acts on them: the customer, or the seller for him.
struct CardOwner {
    CustomerId customer;
    Authority authority;
};

/// Attaches a card that the provider's own form has made. Errors: those of PaymentProvider.
asio::awaitable<Result<PaymentMethodOnFile>> attach_method(BillingContext& billing, CardOwner owner,
                                                           std::string method);
/// Makes a card of this customer the one that is charged, also by the subscription that runs now,
/// or removes it. Errors: NotFound "payment.no_such_method", also for somebody else's; those of
/// PaymentProvider.
asio::awaitable<Result<PaymentMethodOnFile>> choose_method(BillingContext& billing, CardOwner owner,
                                                           std::string method);
asio::awaitable<Result<PaymentMethodOnFile>> detach_method(BillingContext& billing, CardOwner owner,
                                                           std::string method);

}  // namespace turnpike
