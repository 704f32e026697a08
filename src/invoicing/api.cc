#include "invoicing/api.h"

#include "access/page.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "invoicing/wire.h"
#include "json/value.h"

namespace turnpike {

asio::awaitable<Result<http::Response>> InvoicingApi::get_invoices(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto* customer_ref = request.query_value("customer");
    const std::string listing = "invoices " + (customer_ref != nullptr ? *customer_ref : "");
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    auto fetched = co_await db.read([&](sql::Transaction& tx) -> Result<std::vector<Invoice>> {
        if (customer_ref == nullptr) return list_invoices(tx, std::nullopt, *query);
        const auto customer = find_customer(tx, *customer_ref);
        if (!customer) return failure(customer);
        return list_invoices(tx, customer->id, *query);
    });
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& invoice : page.items) data.push_back(write_invoice(invoice));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

asio::awaitable<Result<http::Response>> InvoicingApi::get_invoice(const Principal& /*caller*/,
                                                                  const http::Request& request) {
    const auto id = InvoiceId::parse(request.path_value("invoice"));
    if (!id) co_return not_found("invoice.not_found", "there is no such invoice");
    const auto invoice =
        co_await db.read([&](sql::Transaction& tx) { return load_invoice(tx, *id); });
    if (!invoice) co_return failure(invoice);
    co_return http::ok(write_invoice(*invoice));
}

}  // namespace turnpike
