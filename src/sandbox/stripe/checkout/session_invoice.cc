#include "sandbox/stripe/checkout/session_invoice.h"

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kCustomFieldsMax = 4;
constexpr std::size_t kFieldNameMax = 40;
constexpr std::size_t kFieldValueMax = 140;

void read_custom_fields(Params& data, Json& kept) {
    if (!data.has("custom_fields")) return;
    Json fields = Json::array();
    for (Params& given : data.objects("custom_fields")) {
        Json field{{"name", given.required_text("name")}, {"value", given.required_text("value")}};
        set_text(given, "name", field, kFieldNameMax);
        set_text(given, "value", field, kFieldValueMax);
        data.absorb(given);
        fields.push_back(std::move(field));
    }
    if (fields.size() > kCustomFieldsMax)
        data.complain(bad_param(data.name_of("custom_fields"), "",
                                "An invoice can have at most 4 custom fields."));
    if (!fields.empty()) kept["custom_fields"] = std::move(fields);
}

void read_rendering_options(Params& data, Json& kept) {
    auto options = data.object("rendering_options");
    if (!options) return;
    const auto display =
        options->one_of("amount_tax_display", {"", "exclude_tax", "include_inclusive_tax"});
    options->refuse("template", "This sandbox has no templates of invoices.");
    data.absorb(*options);
    kept["rendering_options"] = {{"amount_tax_display", text_or_null(display.value_or(""))},
                                 {"template", nullptr}};
}

void read_issuer(Params& data, Json& kept) {
    auto issuer = data.object("issuer");
    if (!issuer) return;
    issuer->refuse("account", "This sandbox has no connected accounts.");
    if (issuer->one_of("type", {"account", "self"}) == "account")
        data.complain(
            bad_param(issuer->name_of("type"), "", "This sandbox has no connected accounts."));
    data.absorb(*issuer);
    kept["issuer"]["type"] = "self";
}

void read_invoice_data(Params& given, Json& kept) {
    auto data = given.object("invoice_data");
    if (!data) return;
    set_text(*data, "description", kept);
    set_text(*data, "footer", kept);
    if (auto metadata = data->metadata(); metadata && metadata->is_object())
        kept["metadata"] = *std::move(metadata);
    read_custom_fields(*data, kept);
    read_rendering_options(*data, kept);
    read_issuer(*data, kept);
    data->refuse("account_tax_ids", "This sandbox does not compute taxes.");
    given.absorb(*data);
}

void set_looks(Json& invoice, const Json& data) {
    for (const char* member : {"custom_fields", "description", "footer", "metadata"})
        invoice[member] = data.at(member);
    Json& rendering = invoice["rendering"];
    rendering["amount_tax_display"] =
        part_of(data, "rendering_options").value("amount_tax_display", Json());
    rendering["pdf"]["page_size"] = "auto";
    rendering["template"] = nullptr;
    rendering["template_version"] = nullptr;
}

/// What was sold. A discount that cannot be redeemed any more stands all the same: the payment was
/// made with it. The amounts are net then.
std::vector<Json> sold_items(Context& ctx, const Json& session, Period now, bool net) {
    std::vector<Json> items;
    for (const Json& line : lines_of(session)) {
        NewInvoiceItem request;
        request.customer = text_of(session, "customer");
        request.currency = text_of(session, "currency");
        request.amount = integer_of(line, net ? "amount_total" : "amount_subtotal");
        request.quantity = integer_of(line, "quantity");
        request.description = text_of(line, "description");
        request.period = now;
        request.price = line.at("price");
        items.push_back(new_invoice_item(ctx, request));
        items.back()["metadata"] = line.at("metadata");
    }
    return items;
}

Outcome<Json> draft_of_session(Context& ctx, const Json& session) {
    NewInvoice request;
    request.customer = text_of(session, "customer");
    request.currency = text_of(session, "currency");
    request.billing_reason = "manual";
    request.auto_advance = false;
    const Instant now = second_of(ctx, request.customer);
    request.period = {now, now};
    auto draft = draft_invoice(ctx, request);
    if (!draft) return draft;
    set_looks(*draft, session.at("invoice_creation").at("invoice_data"));
    // A customer's own discount is not in the session's amounts.
    const auto terms = redeem_on_invoice(ctx, session, text_of(*draft, "id"));
    set_discounts(*draft, terms.value_or(std::vector<Json>()));
    std::vector<Json> lines;
    for (Json& item : sold_items(ctx, session, request.period, !terms)) {
        bind_invoice_item(item, text_of(*draft, "id"));
        ctx.put(item);
        ctx.emit("invoiceitem.created", item);
        lines.push_back(invoice_item_line(ctx, item));
    }
    put_on_invoice(*draft, std::move(lines));
    return draft;
}

}  // namespace

void read_invoice_creation(Params& params, Json& session) {
    auto given = params.object("invoice_creation");
    if (!given) return;
    const std::string mode = text_of(session, "mode");
    const auto enabled = given->boolean("enabled");
    if (!enabled) params.complain(missing_param(given->name_of("enabled")));
    Json data = Json::object();
    read_invoice_data(*given,
                      mode == "payment" ? session["invoice_creation"]["invoice_data"] : data);
    params.absorb(*given);
    if (!enabled.value_or(false)) return;
    if (mode != "payment") {
        params.complain(bad_param(
            "invoice_creation", "",
            "You can only enable invoice creation when `mode` is set to `payment`. Invoices are "
            "created automatically when `mode` is set to `subscription` and are unsupported when "
            "`mode` is set to `setup`. To learn more visit "
            "https://stripe.com/docs/payments/checkout/post-payment-invoices"));
        return;
    }
    session["invoice_creation"]["enabled"] = true;
    if (text_of(part_of(session, "_payment"), "capture_method") == "manual")
        params.complain(bad_param("invoice_creation[enabled]", "",
                                  "This sandbox makes no invoices for payments that are captured "
                                  "by hand."));
}

bool creates_invoice(const Json& session) {
    return flag_of(part_of(session, "invoice_creation"), "enabled");
}

void bill_session(Context& ctx, Json& session) {
    if (!creates_invoice(session) || !text_of(session, "invoice").empty()) return;
    auto draft = draft_of_session(ctx, session);
    if (!draft) return;
    session["invoice"] = draft->at("id");
    publish_draft(ctx, *draft);
    const auto paid = finalize_prepaid(ctx, *std::move(draft), text_of(session, "payment_intent"));
    check(paid.has_value(), "the customer of a draft exists");
}

}  // namespace turnpike::twin
