#include "invoicing/api.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "access/page.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "customers/service.h"
#include "invoicing/carried_time.h"
#include "invoicing/paper.h"
#include "invoicing/service.h"
#include "invoicing/visible.h"
#include "invoicing/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr int kCsvChunk = 500;

std::unexpected<Error> no_such_invoice() {
    return not_found("invoice.not_found", "there is no such invoice");
}

std::optional<PageMark> mark_behind(const Page<Invoice>& page) {
    if (!page.has_more) return std::nullopt;
    return PageMark{page.items.back().created_at, page.items.back().id.text()};
}

/// How many lines a CSV answer has at most, which is more than a page may have.
Result<int> read_csv_limit(const http::Request& request) {
    const std::string* text = request.query_value("limit");
    if (text == nullptr) return InvoicingApi::kCsvLinesDefault;
    int limit = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), limit);
    const bool is_number = read.ec == std::errc() && read.ptr == text->data() + text->size();
    if (is_number && limit >= 1 && limit <= InvoicingApi::kCsvLinesMax) return limit;
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                "limit must be an integer from 1 to 10000"};
    error.fields.push_back({"limit", "out_of_range", "must be an integer from 1 to 10000"});
    return std::unexpected(std::move(error));
}

http::Request without_limit(const http::Request& request) {
    http::Request rest;
    rest.path = request.path;
    for (const auto& [name, value] : request.query)
        if (name != "limit") rest.query.emplace_back(name, value);
    return rest;
}

/// The request's own query with another cursor.
std::string next_link(const http::Request& request, const std::string& cursor) {
    std::string link = "<" + request.path + "?";
    for (const auto& [name, value] : request.query)
        if (name != "cursor") link += percent_encode(name) + "=" + percent_encode(value) + "&";
    return link + "cursor=" + percent_encode(cursor) + ">; rel=\"next\"";
}

/// What the paper says, so that the same paper has the same tag.
std::string tag_of(const PdfDocument& paper) {
    std::string all = paper.title + '\n' + paper.mark + '\n' + paper.headline + '\n' + paper.footer;
    for (const auto& fact : paper.facts) all += '\n' + fact.label + '\t' + fact.value;
    for (const auto& party : paper.parties) {
        all += '\n' + party.heading;
        for (const auto& line : party.lines) all += '\t' + line;
    }
    for (const auto& line : paper.lines)
        all += '\n' + line.description + '\t' + line.detail + '\t' + line.quantity + '\t' +
               line.unit_price + '\t' + line.amount;
    for (const auto& total : paper.totals) all += '\n' + total.label + '\t' + total.amount;
    for (const auto& note : paper.notes) all += '\n' + note;
    return '"' + to_hex(sha256(all)).substr(0, 32) + '"';
}

bool is_known(const http::Request& request, const std::string& tag) {
    const std::string* known = request.header("If-None-Match");
    return known != nullptr && (*known == "*" || known->find(tag) != std::string::npos);
}

}  // namespace

asio::awaitable<Result<std::optional<InvoiceFilter>>> InvoicingApi::filter_of(
    const Principal& caller, const http::Request& request) {
    auto filter = read_invoice_filter(request);
    if (!filter) co_return failure(filter);
    const std::string* named = request.query_value("customer");
    using Found = Result<std::optional<InvoiceFilter>>;
    auto look = [&](sql::Transaction& tx) -> Found {
        const auto listed = customers_to_list(tx, caller, named);
        if (!listed) return failure(listed);
        if (!*listed) return std::optional<InvoiceFilter>();
        filter->customers = **listed;
        return std::optional(*filter);
    };
    co_return co_await db.read(look);
}

InvoicingApi::Answer InvoicingApi::get_invoices(const Principal& caller,
                                                const http::Request& request) {
    const auto filter = co_await filter_of(caller, request);
    if (!filter) co_return failure(filter);
    const std::string listing = *filter ? listing_of(**filter) : "invoices of nobody";
    const auto query = read_page(request, cursors, listing, kInvoiceFilters);
    if (!query) co_return failure(query);
    if (!*filter) co_return list_response(Json::array(), cursors, listing, std::nullopt);

    auto fetched = co_await db.read([&](sql::Transaction& tx) {
        auto listed = list_invoices(tx, **filter, *query, InvoiceLines::Load);
        for (Invoice& invoice : listed) name_carried_time(tx, invoice);
        return listed;
    });
    const auto page = cut_page(std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& invoice : page.items) data.push_back(write_invoice(invoice));
    co_return list_response(std::move(data), cursors, listing, mark_behind(page));
}

InvoicingApi::Answer InvoicingApi::get_csv(const Principal& caller, const http::Request& request) {
    const auto filter = co_await filter_of(caller, request);
    if (!filter) co_return failure(filter);
    const std::string listing = "csv " + (*filter ? listing_of(**filter) : "of nobody");
    const auto limit = read_csv_limit(request);
    if (!limit) co_return failure(limit);
    auto query = read_page(without_limit(request), cursors, listing, kInvoiceFilters);
    if (!query) co_return failure(query);

    std::string lines = csv_head();
    std::optional<PageMark> last;
    for (int left = *filter ? *limit : 0; left > 0;) {
        query->limit = std::min(left, kCsvChunk);
        auto fetched = co_await db.read([&](sql::Transaction& tx) {
            return list_invoices(tx, **filter, *query, InvoiceLines::Omit);
        });
        const auto page = cut_page(std::move(fetched), *query);
        for (const auto& invoice : page.items) put_csv_invoice(lines, invoice);
        last = mark_behind(page);
        if (!last) break;
        query->after = *last;
        left -= query->limit;
    }
    http::Response response = http::text_response(200, std::move(lines));
    response.headers = {{"Content-Type", "text/csv; charset=utf-8; header=present"},
                        {"Content-Disposition", "attachment; filename=\"invoices.csv\""}};
    if (last)
        response.headers.emplace_back("Link", next_link(request, cursors.seal(listing, *last)));
    co_return response;
}

asio::awaitable<Result<Invoice>> InvoicingApi::visible_invoice(const Principal& caller,
                                                               const http::Request& request) {
    const auto id = InvoiceId::parse(request.path_value("invoice"));
    if (!id) co_return no_such_invoice();
    auto look = [&](sql::Transaction& tx) -> Result<Invoice> {
        const auto own = invoices_visible_to(tx, caller);
        if (!own) return no_such_invoice();
        auto invoice = load_invoice(tx, *id);
        if (invoice && !is_visible(invoice->customer, *own)) return no_such_invoice();
        if (invoice) name_carried_time(tx, *invoice);
        return invoice;
    };
    co_return co_await db.read(look);
}

InvoicingApi::Answer InvoicingApi::get_invoice(const Principal& caller,
                                               const http::Request& request) {
    const auto invoice = co_await visible_invoice(caller, request);
    if (!invoice) co_return failure(invoice);
    co_return http::ok(write_invoice(*invoice));
}

InvoicingApi::Answer InvoicingApi::get_pdf(const Principal& caller, const http::Request& request) {
    const auto invoice = co_await visible_invoice(caller, request);
    if (!invoice) co_return failure(invoice);
    auto look = [&](sql::Transaction& tx) -> Result<PdfDocument> {
        const auto customer = find_customer(tx, invoice->customer.text());
        if (!customer) return failure(customer);
        const Buyer buyer{customer->name.value_or(""), customer->email.value_or(""),
                          customer->external_id};
        return paper_of(*invoice, seller, buyer, load_billed_usages(tx, invoice->id));
    };
    auto drawn = co_await db.read(look);
    if (!drawn) co_return failure(drawn);
    PdfDocument paper = *std::move(drawn);
    const std::string tag = tag_of(paper);
    http::Response response = http::text_response(200, "");
    response.headers = {
        {"Content-Type", "application/pdf"},
        {"ETag", tag},
        {"Cache-Control", "private, no-cache"},
        {"Content-Disposition", "inline; filename=\"" + invoice->id.text() + ".pdf\""}};
    if (is_known(request, tag)) {
        response.status = 304;
        co_return response;
    }
    auto file = co_await printer.print(std::move(paper));
    if (!file) co_return failure(file);
    response.body = *std::move(file);
    co_return response;
}

}  // namespace turnpike
