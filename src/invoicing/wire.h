#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"
#include "invoicing/filter.h"
#include "invoicing/invoice.h"
#include "json/json.h"

namespace turnpike {

/// `{"object":"invoice", ...}`; amounts as {"amount": minor, "currency": "USD"}.
Json write_invoice(const Invoice& invoice);

/// Query parameters that filter invoices.
inline constexpr std::initializer_list<std::string_view> kInvoiceFilters = {
    "customer", "subscription", "status", "provider", "number", "currency"};
/// All of them but the customer, which the ledger must be asked for.
/// Errors: InvalidArgument "request.invalid_query" with fields.
Result<InvoiceFilter> read_invoice_filter(const http::Request& request);

/// The line of names, and one line for each invoice (base/csv.h). Amounts are in major units of the
/// currency: 19.99, 1500, 1.234.
std::string csv_head();
void put_csv_invoice(std::string& lines, const Invoice& invoice);

}  // namespace turnpike
