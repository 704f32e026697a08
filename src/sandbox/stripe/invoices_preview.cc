#include "sandbox/stripe/invoices_preview.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/amounts.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/currencies.h"
#include "sandbox/stripe/customer_currency.h"
#include "sandbox/stripe/invoice_items.h"
#include "sandbox/stripe/invoice_lines.h"
#include "sandbox/stripe/prices.h"
#include "sandbox/stripe/subscriptions.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

struct Request {
    std::string customer, subscription;
    std::string currency;  ///< "": that of the prices
    PlanChange change;
};

Outcome<Request> read_request(Context& ctx, Params& params) {
    Request request;
    request.customer = params.text("customer").value_or("");
    request.subscription = params.text("subscription").value_or("");
    request.currency = read_optional_currency(params);
    params.ignore("preview_mode");
    params.ignore("automatic_tax");
    if (auto details = params.object("subscription_details")) {
        auto items = read_items(ctx, *details);
        if (!items) return Refusal(items.error());
        request.change.items = *std::move(items);
        request.change.proration = read_proration_behavior(*details);
        request.change.proration_date = details->timestamp("proration_date");
        if (details->one_of("billing_cycle_anchor", {"now", "unchanged"}) == "now")
            request.change.anchor = PlanChange::Anchor::Now;
        details->ignore("billing_mode");
        params.absorb(*details);
    }
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (request.customer.empty() && request.subscription.empty()) {
        StripeError error;
        error.message =
            "You must either provide a `customer` or a `subscription` to the create preview "
            "endpoint.";
        return Refusal(std::move(error));
    }
    return request;
}

/// Renewal lines of the items whose period ends first; `at` becomes that end.
std::vector<Json> renewal_lines(Context& ctx, const Json& subscription, Instant& at) {
    static const Json kNothing;
    const Json& items = subscription.at("items").at("data");
    at = period_of_item(items.at(0)).end;
    for (const Json& item : items) at = std::min(at, period_of_item(item).end);
    const Instant anchor = *instant_of(subscription, "billing_cycle_anchor");
    std::vector<Json> lines;
    for (const Json& item : items) {
        if (period_of_item(item).end != at) continue;
        const Json& price = item.at("price");
        const std::int64_t quantity = integer_of(item, "quantity");
        lines.push_back(subscription_line(
            ctx, {LineKind::Regular, subscription, item, price, quantity, total_of(price, quantity),
                  period_containing(anchor, interval_of(price), at), kNothing}));
    }
    return lines;
}

std::vector<Json> waiting_lines(Context& ctx, const Json& subscription) {
    std::vector<Json> lines;
    const auto items =
        ctx.list("invoiceitem", {.parent = pending_parent(text_of(subscription, "customer"))});
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
        const std::string of =
            text_of(part_of(part_of(*item, "parent"), "subscription_details"), "subscription");
        if (!of.empty() && of != text_of(subscription, "id")) continue;
        lines.push_back(invoice_item_line(ctx, *item));
    }
    return lines;
}

/// A preview shows no sum that the invoice itself could not have.
Answer finished(Json draft, std::vector<Json> lines) {
    put_on_invoice(draft, std::move(lines));
    if (!fits_amount(integer_of(draft, "total")))
        return amount_too_large("", text_of(draft, "currency"));
    return draft;
}

Answer preview_of(Context& ctx, const Json& subscription, const Request& request) {
    if (!request.currency.empty())
        if (auto error = check_price_currency(subscription.at("items").at("data").at(0).at("price"),
                                              request.currency, "currency"))
            return Refusal(*std::move(error));
    PlannedChange planned;
    planned.subscription = subscription;
    const bool changes =
        !request.change.items.empty() || request.change.anchor == PlanChange::Anchor::Now;
    if (changes) {
        auto result = plan_change(ctx, subscription, request.change);
        if (!result) return Refusal(result.error());
        planned = *std::move(result);
    }
    std::vector<Json> lines = waiting_lines(ctx, subscription);
    for (const Json& proration : planned.prorations)
        lines.push_back(invoice_item_line(ctx, proration));
    NewInvoice invoice;
    invoice.customer = text_of(subscription, "customer");
    invoice.currency = text_of(subscription, "currency");
    invoice.subscription = text_of(subscription, "id");
    invoice.billing_reason = planned.invoices_now ? "subscription_update" : "upcoming";
    invoice.period = planned.invoice_period;
    std::vector<Json> regular = std::move(planned.lines);
    if (!planned.invoices_now) {
        Instant at;
        regular = renewal_lines(ctx, planned.subscription, at);
        invoice.period = {period_of_item(subscription.at("items").at("data").at(0)).start, at};
    }
    auto draft = draft_invoice(ctx, invoice);
    if (!draft) return Refusal(draft.error());
    (*draft)["id"] = ctx.new_id("upcoming_in");
    for (Json& line : regular) lines.push_back(std::move(line));
    return finished(*std::move(draft), std::move(lines));
}

/// The first invoice of a subscription that does not exist yet.
Answer preview_new(Context& ctx, const Request& request) {
    static const Json kNothing;
    if (request.change.items.empty()) return missing_param("subscription_details[items]");
    const Instant now = second_of(ctx, request.customer);
    Json subscription;
    subscription["id"] = nullptr;
    subscription["customer"] = request.customer;
    std::vector<Json> lines;
    std::string currency = request.currency;
    for (std::size_t i = 0; i < request.change.items.size(); ++i) {
        const ItemRequest& item_request = request.change.items[i];
        if (!item_request.price)
            return missing_param("subscription_details[items][" + std::to_string(i) + "][price]");
        const Json& price = *item_request.price;
        if (currency.empty()) currency = text_of(price, "currency");
        const Period period = period_number(now, interval_of(price), 0);
        const Json item = new_item(ctx, subscription, item_request, period);
        const std::int64_t quantity = integer_of(item, "quantity");
        lines.push_back(
            subscription_line(ctx, {LineKind::Regular, subscription, item, price, quantity,
                                    total_of(price, quantity), period, kNothing}));
    }
    if (auto error = check_currency(request.change.items, {}, currency))
        return Refusal(*std::move(error));
    if (auto error = check_customer_currency(ctx, request.customer, currency))
        return Refusal(*std::move(error));
    auto draft = draft_invoice(ctx, {.customer = request.customer,
                                     .currency = currency,
                                     .billing_reason = "subscription_create",
                                     .subscription = "",
                                     .period = {now, now}});
    if (!draft) return Refusal(draft.error());
    (*draft)["id"] = ctx.new_id("upcoming_in");
    return finished(*std::move(draft), std::move(lines));
}

}  // namespace

Answer preview_invoice(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto request = read_request(ctx, operation.params);
    if (!request) return Refusal(request.error());
    if (request->subscription.empty()) return preview_new(ctx, *request);
    const auto subscription = ctx.find("subscription", request->subscription);
    if (!subscription || is_ended(*subscription))
        return no_such_param("subscription", request->subscription, "subscription");
    return preview_of(ctx, *subscription, *request);
}

}  // namespace turnpike::twin
