#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "billing/provider/context.h"
#include "billing/provider/payment_methods.h"
#include "http/message.h"

namespace turnpike {

/// What every interface answers about a customer's cards. An interface says whose cards they are
/// and how its paths and fields are called; what the answers look like is here.
using PaymentMethodsAnswer = asio::awaitable<Result<http::Response>>;

struct NewMethod {
    std::string id;  ///< provider's id
    bool make_default = false;
};
/// {id_field: "pm_..", "default": false}
Result<NewMethod> read_new_method(const http::Request& request, std::string_view id_field);

/// 200 with a list. Errors: those of payment_methods_of.
PaymentMethodsAnswer answer_payment_methods(BillingContext& billing, CustomerId customer);
/// 201 with the card. Errors: those of attach_method and choose_method.
PaymentMethodsAnswer answer_new_payment_method(BillingContext& billing, CardOwner owner,
                                               NewMethod method);
/// 200 with the card as it was on file. Errors: those of detach_method.
PaymentMethodsAnswer answer_removed_payment_method(BillingContext& billing, CardOwner owner,
                                                   std::string method);
/// 200 with the card. Errors: those of choose_method.
PaymentMethodsAnswer answer_default_payment_method(BillingContext& billing, CardOwner owner,
                                                   std::string method);

}  // namespace turnpike
