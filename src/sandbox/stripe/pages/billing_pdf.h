#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"
#include "json/value.h"
#include "pdf/document.h"
#include "sandbox/stripe/core/context.h"

/// Invoices and credit notes as files to print.
namespace turnpike::twin {

/// The invoice must be finalized.
PdfDocument pdf_of_invoice(const Json& invoice);
PdfDocument pdf_of_credit_note(const Json& note, const Json& invoice);

/// {"GET", "/p/invoice/{id}/pdf", "invoice", ..}: the document of an object of `kind`, without an
/// API key, like a page (core/pages.h); nullopt while there is nothing to print.
struct PdfRoute {
    std::string_view method;
    std::string_view pattern;
    std::string_view kind;
    std::optional<PdfDocument> (*make)(Context&, const Json& object);
};
std::span<const PdfRoute> pdf_routes();

/// Draws it, which takes some milliseconds: outside of transactions.
http::Response pdf_response(const PdfDocument& document);

}  // namespace turnpike::twin
