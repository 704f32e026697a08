#include <utility>

#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

bool is_finalized(const Json& invoice) {
    const auto status = invoice.find("status");
    return status != invoice.end() && status->is_string() && *status != "draft";
}

asio::awaitable<Result<ProviderInvoice>> write_invoice(StripeExchange& exchange, Write write) {
    auto object = co_await exchange.write_afresh(std::move(write), "/v1/invoices");
    if (!object) co_return failure(object);
    co_return co_await complete_invoice(exchange, *std::move(object));
}

}  // namespace

/// Stripe sends the first lines with an invoice and the rest on demand.
asio::awaitable<Result<ProviderInvoice>> complete_invoice(StripeExchange& exchange, Json object) {
    auto invoice = read_invoice(object);
    if (!invoice || !lines_missing(object)) co_return invoice;
    const auto lines = co_await exchange.get_all("/v1/invoices/" + invoice->id + "/lines", Form());
    if (!lines) co_return failure(lines);
    invoice->lines.clear();
    for (const Json& entry : *lines) {
        auto line = read_invoice_line(entry, invoice->total.currency());
        if (!line) co_return failure(line);
        invoice->lines.push_back(*std::move(line));
    }
    co_return invoice;
}

asio::awaitable<Result<ProviderInvoice>> Provider::create_invoice(NewInvoice request) {
    auto metadata = std::move(request.metadata);
    metadata.insert_or_assign(std::string(kObligationKey), request.obligation);
    Form form;
    form.add("customer", request.customer)
        .add("currency", to_text(request.currency))
        .add("collection_method", "charge_automatically")
        .add("auto_advance", "false")
        .add("pending_invoice_items_behavior", "exclude")
        .add_metadata(metadata);
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/invoices",
                .parameters = form.text()};
    co_return co_await write_invoice(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderInvoice>> Provider::finalize_invoice(std::string obligation,
                                                                    std::string invoice) {
    const auto id = path_segment(invoice, no_such("invoice"));
    if (!id) co_return failure(id);
    Form form;
    form.add("auto_advance", "true");
    Write write{.obligation = std::move(obligation),
                .path = "/v1/invoices/" + *id + "/finalize",
                .parameters = form.text(),
                .done_path = "/v1/invoices/" + *id,
                .is_done = is_finalized};
    co_return co_await write_invoice(*exchange_, std::move(write));
}

}  // namespace turnpike::stripe
