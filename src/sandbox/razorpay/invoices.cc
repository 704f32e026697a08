#include "sandbox/razorpay/invoices.h"

#include <utility>

#include "sandbox/documents.h"

namespace turnpike::twin::razorpay {
namespace {

Json line_item(Context& ctx, const InvoiceLine& line, const std::string& currency) {
    const auto amount = line.unit_amount * line.quantity;
    return Json{{"id", ctx.new_id("li")},
                {"item_id", nullptr},
                {"ref_id", nullptr},
                {"ref_type", nullptr},
                {"name", line.name},
                {"description", text_or_null(line.description)},
                {"amount", line.unit_amount},
                {"unit_amount", line.unit_amount},
                {"gross_amount", amount},
                {"tax_amount", 0},
                {"taxable_amount", amount},
                {"net_amount", amount},
                {"currency", currency},
                {"type", line.type},
                {"tax_inclusive", false},
                {"hsn_code", nullptr},
                {"sac_code", nullptr},
                {"tax_rate", nullptr},
                {"unit", nullptr},
                {"quantity", line.quantity},
                {"taxes", Json::array()}};
}

Json address_of(const Json& customer, const char* member) {
    const auto found = customer.find(member);
    return found == customer.end() ? Json() : *found;
}

/// What Razorpay writes of a customer into each of its bills.
Json customer_details(const Json& customer) {
    return Json{{"id", customer.at("id")},
                {"name", customer.at("name")},
                {"email", customer.at("email")},
                {"contact", customer.at("contact")},
                {"gstin", customer.at("gstin")},
                {"billing_address", address_of(customer, "_billing_address")},
                {"shipping_address", address_of(customer, "_shipping_address")},
                {"customer_name", customer.at("name")},
                {"customer_email", customer.at("email")},
                {"customer_contact", customer.at("contact")}};
}

Json invoice_document(Context& ctx, const NewInvoice& invoice, std::int64_t total) {
    const auto now = ctx.now_seconds();
    const auto id = ctx.new_id("inv");
    return Json{{"id", id},
                {"entity", "invoice"},
                {"receipt", nullptr},
                {"invoice_number", nullptr},
                {"customer_id", nullptr},
                {"customer_details", nullptr},
                {"order_id", nullptr},
                {"subscription_id", text_or_null(invoice.subscription_id)},
                {"line_items", Json::array()},
                {"payment_id", nullptr},
                {"status", "draft"},
                {"expire_by", nullptr},
                {"issued_at", nullptr},
                {"paid_at", nullptr},
                {"cancelled_at", nullptr},
                {"expired_at", nullptr},
                {"sms_status", nullptr},
                {"email_status", nullptr},
                {"date", now},
                {"terms", nullptr},
                {"partial_payment", false},
                {"gross_amount", total},
                {"tax_amount", 0},
                {"taxable_amount", total},
                {"amount", total},
                {"amount_paid", 0},
                {"amount_due", total},
                {"currency", invoice.currency},
                {"currency_symbol", invoice.currency == "INR" ? "₹" : invoice.currency},
                {"description", nullptr},
                {"notes", invoice.notes},
                {"comment", nullptr},
                {"short_url", ctx.base_url() + "/p/invoice/" + id},
                {"view_less", true},
                {"billing_start", nullptr},
                {"billing_end", nullptr},
                {"type", "invoice"},
                {"group_taxes_discounts", false},
                {"created_at", now},
                {"idempotency_key", nullptr}};
}

}  // namespace

Json draft_invoice(Context& ctx, const NewInvoice& invoice) {
    std::int64_t total = invoice.amount;
    Json items = Json::array();
    for (const InvoiceLine& line : invoice.lines) {
        total += line.unit_amount * line.quantity;
        items.push_back(line_item(ctx, line, invoice.currency));
    }
    Json made = invoice_document(ctx, invoice, total);
    made["line_items"] = std::move(items);
    if (invoice.customer.is_object()) {
        made["customer_id"] = invoice.customer.at("id");
        made["customer_details"] = customer_details(invoice.customer);
    }
    ctx.put(made);
    return made;
}

void open_invoice(Context& ctx, Json& invoice) {
    Json order = open_order(ctx, {.amount = integer_of(invoice, "amount"),
                                  .currency = text_of(invoice, "currency"),
                                  .notes = invoice.at("notes"),
                                  .capture = NewOrder::Capture::Automatic});
    order["_invoice"] = invoice.at("id");
    ctx.put(order);
    invoice["order_id"] = order.at("id");
    invoice["status"] = "issued";
    invoice["issued_at"] = ctx.now_seconds();
    if (flag_of(invoice, "_sms_notify")) invoice["sms_status"] = "pending";
    if (flag_of(invoice, "_email_notify")) invoice["email_status"] = "pending";
    ctx.put(invoice);
    ctx.put_due(invoice, instant_of(invoice, "expire_by"));
}

Json issue_invoice(Context& ctx, const NewInvoice& invoice) {
    Json made = draft_invoice(ctx, invoice);
    open_invoice(ctx, made);
    return made;
}

void expire_invoice(Context& ctx, Json invoice) {
    invoice["status"] = "expired";
    invoice["expired_at"] = ctx.now_seconds();
    ctx.put(invoice);
    ctx.put_due(invoice, std::nullopt);
    ctx.emit("invoice.expired", {&invoice});
}

void set_billing_period(Json& invoice, const Period& period) {
    invoice["billing_start"] = unix_seconds(period.start);
    invoice["billing_end"] = unix_seconds(period.end);
}

Json charge_invoice(Context& ctx, Json& invoice, const Instrument& instrument,
                    const Json& customer) {
    Json order = *ctx.find("order", text_of(invoice, "order_id"));
    Json payment = attempt_payment(ctx, order,
                                   {.instrument = instrument,
                                    .customer = customer,
                                    .invoice_id = text_of(invoice, "id"),
                                    .description = "#" + text_of(invoice, "id").substr(4)});
    invoice["customer_id"] = customer.at("id");
    invoice["customer_details"] = customer_details(customer);
    if (flag_of(payment, "captured")) {
        invoice["status"] = "paid";
        invoice["payment_id"] = payment.at("id");
        invoice["paid_at"] = ctx.now_seconds();
        invoice["amount_paid"] = invoice.at("amount");
        invoice["amount_due"] = 0;
    }
    ctx.put(invoice);
    if (!flag_of(payment, "captured")) return payment;
    ctx.put_due(invoice, std::nullopt);
    ctx.emit("invoice.paid", {&payment, &order, &invoice});
    return payment;
}

}  // namespace turnpike::twin::razorpay
