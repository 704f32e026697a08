#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"
#include "invoicing/filter.h"
#include "invoicing/printer.h"
#include "invoicing/seller.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/invoices. The policy table has let the caller in already; a customer sees his
/// own invoices alone, and others are not there.
struct InvoicingApi {
    using Answer = asio::awaitable<Result<http::Response>>;
    /// Lines of one CSV answer.
    static constexpr int kCsvLinesMax = 10'000;
    static constexpr int kCsvLinesDefault = 1'000;

    sql::Database& db;
    const CursorCodec& cursors;
    Seller seller;
    Printer& printer;

    /// GET /v1/invoices: filters, limit and cursor in the query.
    Answer get_invoices(const Principal& caller, const http::Request& request);
    /// GET /v1/invoices.csv: the same filters; at most kCsvLinesMax lines, and a Link header to the
    /// next ones.
    Answer get_csv(const Principal& caller, const http::Request& request);
    /// GET /v1/invoices/{invoice}
    Answer get_invoice(const Principal& caller, const http::Request& request);
    /// GET /v1/invoices/{invoice}/pdf: with an ETag; 304 when If-None-Match has it.
    Answer get_pdf(const Principal& caller, const http::Request& request);

private:
    /// The filter that the request asks for, and that the caller may; nullopt: he has none.
    asio::awaitable<Result<std::optional<InvoiceFilter>>> filter_of(const Principal& caller,
                                                                    const http::Request& request);
    asio::awaitable<Result<Invoice>> visible_invoice(const Principal& caller,
                                                     const http::Request& request);
};

}  // namespace turnpike
