#include <algorithm>
#include <array>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/razorpay/customers.h"
#include "sandbox/razorpay/invoices.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::size_t kReceiptMax = 40;
constexpr std::size_t kTextMax = 2'048;
constexpr std::size_t kLinesMax = 50;
constexpr std::int64_t kLineQuantityMax = 10'000;

InvoiceLine read_line(Params& given, const std::string& currency) {
    given.lacks({"id", "item_id", "tax_inclusive", "hsn_code", "sac_code", "tax_rate", "unit",
                 "tax_id", "tax_group_id"});
    InvoiceLine line{.type = "invoice"};
    line.name = given.required_text("name", 512);
    line.description = given.text("description", kTextMax).value_or("");
    if (given.text("currency").value_or(currency) != currency)
        given.complain_at("currency", "The currency must be that of the invoice");
    line.unit_amount = given.required_amount("amount", currency);
    line.quantity = given.integer("quantity", 1, kLineQuantityMax).value_or(1);
    return line;
}

std::vector<InvoiceLine> read_lines(Params& params, const std::string& currency) {
    std::vector<InvoiceLine> lines;
    for (Params& given : params.objects("line_items")) {
        lines.push_back(read_line(given, currency));
        params.absorb(given);
    }
    if (lines.size() > kLinesMax)
        params.complain_at("line_items", "The invoice may not have more than 50 line items.");
    return lines;
}

/// A link is an amount without lines.
void read_what_is_owed(Params& params, const std::string& type, NewInvoice& invoice) {
    if (type == "link") {
        invoice.amount = params.required_amount("amount", invoice.currency);
        params.lacks({"line_items"});
        return;
    }
    invoice.lines = read_lines(params, invoice.currency);
    params.lacks({"amount"});
    if (invoice.lines.empty()) params.complain_of_absent("line_items");
}

/// The customer by its id, or by what is given of it; null when neither is.
Json read_customer(Context& ctx, Params& params) {
    if (const auto id = params.text("customer_id")) {
        auto known = ctx.find("customer", *id);
        if (!known) params.complain(no_such_id());
        return known ? *std::move(known) : Json();
    }
    auto given = params.object("customer");
    if (!given) return {};
    Json customer = customer_of_details(ctx, *given);
    params.absorb(*given);
    return customer;
}

/// What can be changed at any time before it is paid.
void read_editable(Context& ctx, Params& params, Json& invoice) {
    for (const char* name : {"description", "comment", "terms"})
        if (const auto text = params.text(name, kTextMax)) invoice[name] = text_or_null(*text);
    if (const auto receipt = params.text("receipt", kReceiptMax))
        invoice["receipt"] = invoice["invoice_number"] = text_or_null(*receipt);
    if (const auto date = params.timestamp("date")) invoice["date"] = unix_seconds(*date);
    if (const auto expiry = params.timestamp("expire_by")) {
        if (*expiry <= ctx.now())
            params.complain_at("expire_by", "expire_by cannot be lesser than the current time.");
        invoice["expire_by"] = unix_seconds(*expiry);
    }
    if (const auto notes = params.notes()) invoice["notes"] = *notes;
    if (const auto tells = params.flag("sms_notify")) invoice["_sms_notify"] = *tells;
    if (const auto tells = params.flag("email_notify")) invoice["_email_notify"] = *tells;
    params.lacks({"partial_payment", "first_payment_min_amount", "order_id", "view_less",
                  "reminder_enable", "callback_url", "callback_method",
                  "subscription_registration"});
}

Answer create_invoice(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto type = params.one_of("type", {"invoice", "link"}).value_or("invoice");
    NewInvoice wanted;
    wanted.currency = params.has("currency") ? params.required_currency("currency") : "INR";
    read_what_is_owed(params, type, wanted);
    wanted.customer = read_customer(ctx, params);
    const bool drafts = params.flag("draft").value_or(false);
    Json edits{{"type", type}, {"_sms_notify", true}, {"_email_notify", true}};
    read_editable(ctx, params, edits);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    Json invoice = draft_invoice(ctx, wanted);
    invoice.update(edits);
    ctx.put(invoice);
    if (!drafts) open_invoice(ctx, invoice);
    return invoice;
}

Answer fetch_invoice(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, "invoice");
}

/// An invoice of its own in one of two states; refuses with "... when it is in paid status".
Answer own_invoice_in(Operation& operation, std::string_view one, std::string_view other) {
    auto invoice = object_of_path(operation, "invoice");
    if (!invoice) return invoice;
    const auto status = text_of(*invoice, "status");
    const bool fits =
        (status == one || status == other) && text_of(*invoice, "subscription_id").empty();
    if (!fits) return bad_request("Operation not allowed for Invoice in " + status + " status.");
    return invoice;
}

Answer edit_invoice(Operation& operation) {
    auto& ctx = operation.ctx;
    auto invoice = own_invoice_in(operation, "draft", "issued");
    if (!invoice) return invoice;
    read_editable(ctx, operation.params, *invoice);
    operation.params.lacks(
        {"type", "draft", "customer_id", "customer", "currency", "line_items", "amount"});
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    ctx.put(*invoice);
    if (text_of(*invoice, "status") == "issued")
        ctx.put_due(*invoice, instant_of(*invoice, "expire_by"));
    return invoice;
}

Answer issue_draft(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto invoice = own_invoice_in(operation, "draft", "draft");
    if (!invoice) return invoice;
    open_invoice(operation.ctx, *invoice);
    return invoice;
}

Answer cancel_invoice(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    auto invoice = own_invoice_in(operation, "draft", "issued");
    if (!invoice) return invoice;
    (*invoice)["status"] = "cancelled";
    (*invoice)["cancelled_at"] = ctx.now_seconds();
    ctx.put(*invoice);
    ctx.put_due(*invoice, std::nullopt);
    return invoice;
}

Answer delete_draft(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto invoice = own_invoice_in(operation, "draft", "draft");
    if (!invoice) return invoice;
    operation.ctx.remove("invoice", text_of(*invoice, "id"));
    return Json::array();
}

/// Nobody is written to.
Answer notify(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto invoice = object_of_path(operation, "invoice");
    if (!invoice) return invoice;
    const auto& medium = operation.path("medium");
    if (medium != "sms" && medium != "email")
        return bad_request("The selected medium is invalid.", "medium");
    return Json{{"success", true}};
}

Answer list_invoices(Operation& operation) {
    auto& params = operation.params;
    ListFilter filter;
    filter.parent = params.text("subscription_id").value_or("");
    filter.customer = params.text("customer_id").value_or("");
    Json wanted = Json::object();
    for (const char* name : {"type", "payment_id", "receipt"})
        if (const auto value = params.text(name)) wanted[name] = *value;
    if (wanted.empty()) return list_objects(operation, "invoice", filter);
    return list_wanted(operation, "invoice", filter, [&](const Json& invoice) {
        return std::ranges::all_of(wanted.items(), [&](const auto& member) {
            return invoice.at(member.key()) == member.value();
        });
    });
}

constexpr auto kInvoiceRoutes = std::to_array<Route>({
    {"POST", "/v1/invoices", create_invoice},
    {"GET", "/v1/invoices", list_invoices},
    {"GET", "/v1/invoices/{id}", fetch_invoice},
    {"PATCH", "/v1/invoices/{id}", edit_invoice},
    {"DELETE", "/v1/invoices/{id}", delete_draft},
    {"POST", "/v1/invoices/{id}/issue", issue_draft},
    {"POST", "/v1/invoices/{id}/cancel", cancel_invoice},
    {"POST", "/v1/invoices/{id}/notify_by/{medium}", notify},
});

}  // namespace

std::span<const Route> invoice_routes() { return kInvoiceRoutes; }

}  // namespace turnpike::twin::razorpay
