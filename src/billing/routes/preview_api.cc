#include "billing/routes/preview_api.h"

#include "billing/life/offer.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/routes/price_of_change.h"
#include "customers/service.h"
#include "json/object_reader.h"
#include "json/write.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

Json write_previewed_lines(const ProviderInvoice& invoice) {
    Json lines = Json::array();
    for (const auto& line : invoice.lines)
        lines.push_back(Json{{"description", line.description},
                             {"quantity", line.quantity},
                             {"amount", write_money(line.amount)},
                             {"proration", line.proration},
                             {"period", write_period(line.period)}});
    return lines;
}

/// What is given back in it: zero or less.
Money credits_in(const ProviderInvoice& invoice) {
    Money sum(0, invoice.total.currency());
    for (const auto& line : invoice.lines)
        if (line.amount.minor() < 0) sum = sum + line.amount;
    return sum;
}

Json write_preview(const ProviderInvoice& invoice) {
    return Json{{"object", "preview"},
                {"lines", write_previewed_lines(invoice)},
                {"credits", write_money(credits_in(invoice))},
                {"subtotal", write_money(invoice.subtotal)},
                {"total", write_money(invoice.total)},
                {"amount_due", write_money(invoice.amount_due)}};
}

struct PreviewBody {
    std::string customer;
    Offer offer;
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
};

Result<PreviewBody> read_new_preview(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    PreviewBody read;
    read.customer = fields.required_text("customer");
    read.offer = read_offer(fields);
    read.quantity =
        fields.optional_integer("quantity", {.min = 1, .max = kQuantityMax}).value_or(1);
    read.trial_days =
        fields.optional_integer("trial_days", {.min = 0, .max = kTrialDaysMax}).value_or(0);
    return fields.finish(std::move(read));
}

}  // namespace

// POST /v1/subscriptions/preview
PreviewApi::Answer PreviewApi::post_preview(const Principal& /*caller*/,
                                            const http::Request& request) {
    const auto body = read_new_preview(request);
    if (!body) co_return failure(body);
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, body->customer); });
    if (!customer) co_return failure(customer);
    const auto on_sale = co_await catalog_on_sale(billing.primary());
    const auto sold = find_offer(*on_sale, customer->catalog, body->offer);
    if (!sold) co_return failure(sold);
    NewSubscriptionPreview wanted{customer->id, sold->price, body->quantity, body->trial_days};
    const auto context = co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    const auto invoice = co_await preview_subscription(**context, std::move(wanted));
    if (!invoice) co_return failure(invoice);
    co_return http::ok(write_preview(*invoice));
}

// POST /v1/subscriptions/{subscription}/preview_change
PreviewApi::Answer PreviewApi::post_preview_change(const Principal& /*caller*/,
                                                   const http::Request& request) {
    const auto id = SubscriptionId::parse(request.path_value("subscription"));
    if (!id) co_return not_found("subscription.not_found", "there is no such subscription");
    const auto wanted = read_change(request, HeldToPreview::Never);
    if (!wanted) co_return failure(wanted);
    if (wanted->when == ChangeWhen::AtPeriodEnd)
        co_return fail(ErrorCode::Unprocessable, "preview.only_at_once",
                       "a change at the period's end is not prorated: it costs the new price then");
    const auto catalog = co_await catalog_on_sale(billing.primary());
    const auto price = co_await billing.db.read(
        [&](sql::Transaction& tx) { return price_of_change(tx, *catalog, *id, *wanted); });
    if (!price) co_return failure(price);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    PreviewedChange change{*id, *price, wanted->quantity};
    const auto shown = co_await preview_change(**context, std::move(change));
    if (!shown) co_return failure(shown);
    Json body = write_preview(shown->invoice);
    body["preview_token"] = shown->preview.id.text();
    body["subscription"] = id->text();
    body["price"] = price->text();
    body["quantity"] = shown->preview.quantity;
    body["billed"] = shown->preview.invoices_now ? "now" : "next_invoice";
    body["proration_date"] = format_rfc3339(shown->preview.proration_date);
    body["expires_at"] = format_rfc3339(shown->preview.expires_at);
    co_return http::ok(body);
}

}  // namespace turnpike
