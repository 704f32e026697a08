#pragma once

#include <map>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "payments/razorpay/exchange.h"

namespace turnpike::razorpay {

/// Who is billed by an invoice that has no note of ours: its subscription knows. Asks once for each
/// subscription.
class InvoiceCustomers {
public:
    explicit InvoiceCustomers(RazorpayExchange& exchange) : exchange_(exchange) {}
    /// Our provider id of the customer; Razorpay's own where we have none.
    asio::awaitable<Result<std::string>> customer_of(const Json& invoice);

private:
    RazorpayExchange& exchange_;
    std::map<std::string, std::string> known_;  ///< by subscription
};

/// The invoice with its customer, and with what our draft of it knows of its lines.
asio::awaitable<Result<ProviderInvoice>> complete_invoice(RazorpayExchange& exchange, Json object);
asio::awaitable<Result<ProviderInvoice>> complete_invoice(RazorpayExchange& exchange,
                                                          InvoiceCustomers& customers, Json object);

/// The customer's newest subscription whose next bill will come; nullopt when there is none.
asio::awaitable<Result<std::optional<std::string>>> running_subscription(RazorpayExchange& exchange,
                                                                         std::string customer);

}  // namespace turnpike::razorpay
