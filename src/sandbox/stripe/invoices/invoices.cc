#include "sandbox/stripe/invoices/invoices.h"

#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/customers/balance_transactions.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/due_dates.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/invoices/revisions.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json automatic_tax_off() {
    Json tax;
    for (const char* member : {"disabled_reason", "enabled", "liability", "provider", "status"})
        tax[member] = nullptr;
    tax["enabled"] = false;
    return tax;
}

Json subscription_parent(Context& ctx, const std::string& subscription) {
    if (subscription.empty()) return {};
    const auto found = ctx.look("subscription", subscription);
    Json details;
    details["metadata"] = found ? part_of(*found, "metadata") : Json::object();
    details["subscription"] = subscription;
    Json parent;
    parent["quote_details"] = nullptr;
    parent["subscription_details"] = std::move(details);
    parent["type"] = "subscription_details";
    return parent;
}

void add_customer(Json& invoice, const Json& customer) {
    invoice["customer"] = customer.at("id");
    invoice["customer_account"] = nullptr;
    invoice["customer_address"] = customer.value("address", Json());
    invoice["customer_email"] = customer.value("email", Json());
    invoice["customer_name"] = customer.value("name", Json());
    invoice["customer_phone"] = customer.value("phone", Json());
    invoice["customer_shipping"] = customer.value("shipping", Json());
    invoice["customer_tax_exempt"] = customer.value("tax_exempt", Json("none"));
    invoice["customer_tax_ids"] = Json::array();
}

void add_payment_settings(Json& invoice) {
    Json settings;
    settings["default_mandate"] = nullptr;
    settings["payment_method_options"] = nullptr;
    settings["payment_method_types"] = nullptr;
    invoice["payment_settings"] = std::move(settings);
}

void add_transitions(Json& invoice) {
    Json transitions;
    for (const char* member : {"finalized_at", "marked_uncollectible_at", "paid_at", "voided_at"})
        transitions[member] = nullptr;
    invoice["status_transitions"] = std::move(transitions);
}

/// First half of the members, in the order in which Stripe writes them.
Json invoice_head(Context& ctx, const NewInvoice& request, const Json& customer, Instant now) {
    Json invoice = roomy_object(128);
    invoice["id"] = ctx.new_id("in");
    invoice["object"] = "invoice";
    invoice["account_country"] = "US";
    invoice["account_name"] = "Turnpike sandbox";
    invoice["account_tax_ids"] = nullptr;
    for (const char* member :
         {"amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "amount_shipping"})
        invoice[member] = 0;
    invoice["application"] = nullptr;
    invoice["attempt_count"] = 0;
    invoice["attempted"] = false;
    invoice["auto_advance"] = request.auto_advance;
    invoice["automatic_tax"] = automatic_tax_off();
    invoice["automatically_finalizes_at"] = nullptr;
    invoice["billing_reason"] = request.billing_reason;
    invoice["collection_method"] = request.collection_method;
    invoice["confirmation_secret"] = nullptr;
    invoice["created"] = unix_seconds(now);
    invoice["currency"] = request.currency;
    invoice["custom_fields"] = nullptr;
    add_customer(invoice, customer);
    invoice["default_payment_method"] = nullptr;
    invoice["default_source"] = nullptr;
    invoice["default_tax_rates"] = Json::array();
    invoice["description"] = nullptr;
    invoice["discounts"] = Json::array();
    for (const char* member : {"due_date", "effective_at", "ending_balance", "footer",
                               "from_invoice", "hosted_invoice_url", "invoice_pdf"})
        invoice[member] = nullptr;
    invoice["issuer"]["type"] = "self";
    invoice["last_finalization_error"] = nullptr;
    invoice["latest_revision"] = nullptr;
    return invoice;
}

void add_tail(Json& invoice, const NewInvoice& request, const Json& customer) {
    invoice["livemode"] = false;
    invoice["metadata"] = Json::object();
    invoice["next_payment_attempt"] = nullptr;
    invoice["number"] = nullptr;
    invoice["on_behalf_of"] = nullptr;
    invoice["parent"] = nullptr;
    add_payment_settings(invoice);
    invoice["period_end"] = unix_seconds(request.period.end);
    invoice["period_start"] = unix_seconds(request.period.start);
    invoice["post_payment_credit_notes_amount"] = 0;
    invoice["pre_payment_credit_notes_amount"] = 0;
    for (const char* member : {"receipt_number", "rendering", "shipping_cost", "shipping_details"})
        invoice[member] = nullptr;
    invoice["starting_balance"] = integer_of(customer, "balance");
    invoice["statement_descriptor"] = nullptr;
    invoice["status"] = "draft";
    add_transitions(invoice);
    invoice["subtotal"] = 0;
    invoice["subtotal_excluding_tax"] = 0;
    invoice["test_clock"] = text_or_null(text_of(customer, "test_clock"));
    invoice["total"] = 0;
    invoice["total_discount_amounts"] = Json::array();
    invoice["total_excluding_tax"] = 0;
    invoice["total_pretax_credit_amounts"] = Json::array();
    invoice["total_taxes"] = Json::array();
    invoice["webhooks_delivered_at"] = invoice["created"];
}

/// "5DXPWF9G-0001"; the customer's sequence moves on.
std::string take_number(Json& customer) {
    const std::int64_t sequence =
        std::max<std::int64_t>(integer_of(customer, "next_invoice_sequence"), 1);
    customer["next_invoice_sequence"] = sequence + 1;
    return fmt::format("{}-{:04}", text_of(customer, "invoice_prefix"), sequence);
}

/// The amount is charged through one PaymentIntent, linked by an InvoicePayment.
void make_payment(Context& ctx, Json& invoice) {
    const std::string reason = text_of(invoice, "billing_reason");
    NewPaymentIntent request;
    request.amount = integer_of(invoice, "amount_due");
    request.currency = text_of(invoice, "currency");
    request.customer = text_of(invoice, "customer");
    request.description = reason == "subscription_create"   ? "Subscription creation"
                          : reason == "subscription_update" ? "Subscription update"
                                                            : "Payment for Invoice";
    request.capture_method = "automatic";
    request.invoice = text_of(invoice, "id");
    if (!subscription_of_invoice(invoice).empty()) request.setup_future_usage = "off_session";
    const Json intent = new_payment_intent(ctx, request);
    invoice["_payment_intent"] = intent.at("id");
    invoice["confirmation_secret"]["client_secret"] = intent.at("client_secret");
    invoice["confirmation_secret"]["type"] = "payment_intent";

    Json payment = roomy_object(16);
    payment["id"] = ctx.new_id("inpay");
    payment["object"] = "invoice_payment";
    payment["amount_paid"] = nullptr;
    payment["amount_requested"] = invoice["amount_due"];
    payment["created"] = intent.at("created");
    payment["currency"] = invoice["currency"];
    payment["invoice"] = invoice["id"];
    payment["is_default"] = true;
    payment["livemode"] = false;
    payment["payment"]["payment_intent"] = intent.at("id");
    payment["payment"]["type"] = "payment_intent";
    payment["status"] = "open";
    payment["status_transitions"]["canceled_at"] = nullptr;
    payment["status_transitions"]["paid_at"] = nullptr;
    invoice["_invoice_payment"] = payment["id"];
    ctx.put(intent);
    ctx.put(payment);
    ctx.emit("payment_intent.created", intent);
}

void settle_balance(Context& ctx, Json& customer, const Json& invoice) {
    const Json before = customer;
    customer["balance"] = invoice.at("ending_balance");
    customer["currency"] = invoice.at("currency");
    ctx.put(customer);
    if (before.at("balance") == customer["balance"]) return;
    Json previous;
    previous["balance"] = before.at("balance");
    ctx.emit("customer.updated", customer, previous);
    std::int64_t balance = integer_of(before, "balance");
    for (BalanceChange& change :
         changes_at_finalization(balance, integer_of(customer, "balance"))) {
        balance += change.amount;
        change.currency = text_of(invoice, "currency");
        change.invoice = text_of(invoice, "id");
        record_balance_change(ctx, text_of(customer, "id"), balance, change);
    }
}

/// What the invoice took from the customer's balance, or brought forward from it, goes back.
void give_balance_back(Context& ctx, const Json& invoice) {
    BalanceChange change{.type = "unapplied_from_invoice"};
    change.amount = integer_of(invoice, "starting_balance") - integer_of(invoice, "ending_balance");
    change.currency = text_of(invoice, "currency");
    change.invoice = text_of(invoice, "id");
    if (change.amount == 0) return;
    const auto given_back = change_balance(ctx, text_of(invoice, "customer"), change);
    static_cast<void>(given_back);  // a customer who was deleted has no balance
}

StripeError invalid_state(const std::string& code, std::string message) {
    StripeError error;
    error.code = code;
    error.message = std::move(message);
    return error;
}

}  // namespace

Outcome<Json> draft_invoice(Context& ctx, const NewInvoice& request) {
    const auto customer = require_customer(ctx, request.customer, "customer");
    if (!customer) return Refusal(customer.error());
    const Instant now = second_of(ctx, request.customer);
    Json invoice = invoice_head(ctx, request, *customer, now);
    invoice["lines"] =
        complete_list("/v1/invoices/" + text_of(invoice, "id") + "/lines", std::vector<Json>());
    add_tail(invoice, request, *customer);
    invoice["parent"] = subscription_parent(ctx, request.subscription);
    set_discounts(invoice, discounts_at(*customer, now));
    recompute_totals(invoice);
    return invoice;
}

void take_pending_items(Context& ctx, Json& invoice, const std::string& subscription) {
    std::vector<Json> items =
        ctx.list("invoiceitem", {.parent = pending_parent(text_of(invoice, "customer"))});
    std::vector<Json> lines;
    for (auto item = items.rbegin(); item != items.rend(); ++item) {  // oldest first
        if (text_of(*item, "currency") != text_of(invoice, "currency")) continue;
        const std::string of =
            text_of(part_of(part_of(*item, "parent"), "subscription_details"), "subscription");
        if (!subscription.empty() && !of.empty() && of != subscription) continue;
        lines.push_back(invoice_item_line(ctx, *item));
        bind_invoice_item(*item, text_of(invoice, "id"));
        ctx.put(*item);
    }
    put_on_invoice(invoice, std::move(lines));
}

void publish_draft(Context& ctx, Json& invoice) {
    const bool advances = flag_of(invoice, "auto_advance");
    std::optional<Instant> finalizes_at;
    if (advances) finalizes_at = *instant_of(invoice, "created") + kDraftLifetime;
    invoice["automatically_finalizes_at"] = seconds_or_null(finalizes_at);
    invoice["next_payment_attempt"] =
        text_of(invoice, "collection_method") == "charge_automatically"
            ? seconds_or_null(finalizes_at)
            : Json();
    ctx.put(invoice);
    ctx.put_due(invoice, finalizes_at, text_of(invoice, "test_clock"));
    ctx.emit("invoice.created", invoice);
}

Outcome<Json> finalize_invoice(Context& ctx, Json invoice) {
    if (text_of(invoice, "status") != "draft")
        return Refusal(invalid_state(
            "", "This invoice is already finalized, you can't re-finalize a non-draft invoice."));
    if (auto error = check_revision(ctx, invoice)) return Refusal(*std::move(error));
    auto customer = require_customer(ctx, text_of(invoice, "customer"), "customer");
    if (!customer) return Refusal(customer.error());
    const Instant now = second_of(ctx, text_of(invoice, "customer"));

    invoice["starting_balance"] = integer_of(*customer, "balance");
    refresh_usage(ctx, invoice);
    recompute_totals(invoice);
    if (!fits_amount(integer_of(invoice, "total")))
        return amount_too_large("", text_of(invoice, "currency"));
    if (void_revised(ctx, invoice)) {
        customer = require_customer(ctx, text_of(invoice, "customer"), "customer");
        invoice["starting_balance"] = integer_of(*customer, "balance");
        recompute_totals(invoice);
    }
    if (!fits_amount(integer_of(invoice, "amount_due")))
        return amount_too_large("", text_of(invoice, "currency"));
    const Settlement settlement =
        settle(integer_of(invoice, "total"), integer_of(invoice, "starting_balance"),
               minimum_charge(text_of(invoice, "currency")));
    invoice["ending_balance"] = settlement.ending_balance;
    invoice["number"] = take_number(*customer);
    invoice["status"] = "open";
    invoice["effective_at"] = unix_seconds(now);
    invoice["automatically_finalizes_at"] = nullptr;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["finalized_at"] = unix_seconds(now);
    if (part_of(invoice, "rendering").contains("pdf"))
        invoice["rendering"]["pdf"]["page_size"] = "letter";
    invoice["hosted_invoice_url"] = ctx.base_url() + "/p/invoice/" + text_of(invoice, "id");
    invoice["invoice_pdf"] = text_of(invoice, "hosted_invoice_url") + "/pdf";
    settle_balance(ctx, *customer, invoice);
    plan_due_date(ctx, invoice);
    ctx.emit("invoice.finalized", invoice);
    if (integer_of(invoice, "amount_due") == 0) return pay_out_of_band(ctx, std::move(invoice));
    make_payment(ctx, invoice);
    ctx.put(invoice);
    return invoice;
}

Outcome<Json> void_invoice(Context& ctx, Json invoice) {
    if (!is_owed(invoice))
        return Refusal(
            invalid_state("invoice_not_editable",
                          "You can only pass in open invoices. This invoice isn't open."));
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    invoice["status"] = "void";
    invoice["auto_advance"] = false;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["voided_at"] = unix_seconds(now);
    if (auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent")))
        cancel_payment_intent(ctx, *std::move(intent), "void_invoice");
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    ctx.put(invoice);
    give_balance_back(ctx, invoice);
    ctx.emit("invoice.voided", invoice);
    tell_listeners(ctx, kInvoiceClosed, invoice);
    return invoice;
}

Outcome<Json> mark_uncollectible(Context& ctx, Json invoice) {
    if (text_of(invoice, "status") != "open")
        return Refusal(
            invalid_state("invoice_not_editable",
                          "You can only pass in open invoices. This invoice isn't open."));
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    invoice["status"] = "uncollectible";
    invoice["auto_advance"] = false;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["marked_uncollectible_at"] = unix_seconds(now);
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    ctx.put(invoice);
    ctx.emit("invoice.marked_uncollectible", invoice);
    tell_listeners(ctx, kInvoiceClosed, invoice);
    return invoice;
}

bool is_owed(const Json& invoice) {
    const std::string status = text_of(invoice, "status");
    return status == "open" || status == "uncollectible";
}

std::string subscription_of_invoice(const Json& invoice) {
    return text_of(part_of(part_of(invoice, "parent"), "subscription_details"), "subscription");
}

}  // namespace turnpike::twin
