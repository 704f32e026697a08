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
#include "sandbox/stripe/invoices/invoice_payments.h"
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

/// The InvoicePayment between an invoice and the PaymentIntent that pays it whole.
void link_payment(Context& ctx, Json& invoice, const Json& intent) {
    invoice["_payment_intent"] = intent.at("id");
    const Json payment = new_invoice_payment(ctx, invoice, intent, PaymentOrigin::OwnOfInvoice);
    invoice["_invoice_payment"] = payment["id"];
    ctx.put(payment);
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
    Json intent = new_payment_intent(ctx, request);
    if (request.currency == "eur") intent["payment_method_types"].push_back("sepa_debit");
    invoice["confirmation_secret"]["client_secret"] = intent.at("client_secret");
    invoice["confirmation_secret"]["type"] = "payment_intent";
    link_payment(ctx, invoice, intent);
    ctx.put(intent);
    ctx.emit("payment_intent.created", intent);
}

/// draft -> open; the customer's sequence of numbers moves on.
void open_invoice(Context& ctx, Json& invoice, Json& customer, Instant now) {
    if (invoice["number"].is_null()) invoice["number"] = take_number(customer);
    invoice["status"] = "open";
    if (invoice["effective_at"].is_null()) invoice["effective_at"] = unix_seconds(now);
    invoice["automatically_finalizes_at"] = nullptr;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["finalized_at"] = unix_seconds(now);
    if (part_of(invoice, "rendering").contains("pdf"))
        invoice["rendering"]["pdf"]["page_size"] = "letter";
    invoice["hosted_invoice_url"] = ctx.base_url() + "/p/invoice/" + text_of(invoice, "id");
    invoice["invoice_pdf"] = text_of(invoice, "hosted_invoice_url") + "/pdf";
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

/// Plans a draft's finalization and first payment as its auto_advance says: `soon`, unless they are
/// planned already. Returns when it is due.
std::optional<Instant> plan_finalization(Json& draft, Instant soon) {
    std::optional<Instant> when;
    if (flag_of(draft, "auto_advance"))
        when = instant_of(draft, "automatically_finalizes_at").value_or(soon);
    draft["automatically_finalizes_at"] = seconds_or_null(when);
    draft["next_payment_attempt"] = is_automatic(draft) ? seconds_or_null(when) : Json();
    return when;
}

Refusal is_not_open() {
    return bad_param("", "", "You can only pass in open invoices. This invoice isn't open.");
}

/// Voids what a revision replaces, and takes what that gives back to its customer's balance.
Outcome<Json> take_over(Context& ctx, Json& revision) {
    Retreat retreat(ctx);
    void_revised(ctx, revision);
    auto customer = require_customer(ctx, text_of(revision, "customer"), "customer");
    if (customer) {
        revision["starting_balance"] = integer_of(*customer, "balance");
        recompute_totals(revision);
        if (!fits_amount(integer_of(revision, "amount_due")))
            customer = amount_too_large("", text_of(revision, "currency"));
    }
    if (!customer) retreat.undo();
    retreat.close();
    return customer;
}

}  // namespace

Refusal no_longer_editable() {
    return bad_param("", "invoice_not_editable",
                     "Invalid invoice: This invoice is no longer editable");
}

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

std::vector<Json> take_pending_items(Context& ctx, const Json& invoice,
                                     const std::string& subscription) {
    std::vector<Json> lines;
    for (Json& item : pending_items_of(ctx, {.customer = text_of(invoice, "customer"),
                                             .currency = text_of(invoice, "currency"),
                                             .subscription = subscription})) {
        lines.push_back(invoice_item_line(ctx, item));
        bind_invoice_item(item, text_of(invoice, "id"));
        ctx.put(item);
    }
    return lines;
}

void publish_draft(Context& ctx, Json& invoice) {
    const auto due = plan_finalization(invoice, *instant_of(invoice, "created") + kDraftLifetime);
    ctx.put(invoice);
    ctx.put_due(invoice, due, text_of(invoice, "test_clock"));
    ctx.emit("invoice.created", invoice);
}

void set_auto_advance(Context& ctx, Json& invoice, AutoAdvance advance) {
    const bool on = advance == AutoAdvance::On;
    const bool changes = flag_of(invoice, "auto_advance") != on;
    const std::string status = text_of(invoice, "status");
    const Instant soon = second_of(ctx, text_of(invoice, "customer")) + kDraftLifetime;
    invoice["auto_advance"] = on;
    if (status == "draft") {
        ctx.put_due(invoice, plan_finalization(invoice, soon), text_of(invoice, "test_clock"));
    } else if (status == "open" && is_automatic(invoice) && changes) {
        std::optional<Instant> attempt;
        if (on && !retries_exhausted(invoice)) attempt = soon;
        invoice["next_payment_attempt"] = seconds_or_null(attempt);
        ctx.put_due(invoice, attempt, text_of(invoice, "test_clock"));
    }
}

void stop_collecting(Context& ctx, Json invoice) {
    if (!flag_of(invoice, "auto_advance")) return;
    set_auto_advance(ctx, invoice, AutoAdvance::Off);
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    ctx.update_and_emit("invoice.updated", invoice);
}

Outcome<Json> finalize_invoice(Context& ctx, Json invoice) {
    if (text_of(invoice, "status") != "draft")
        return bad_param(
            "", "",
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.");
    if (auto error = check_revision(ctx, invoice)) return Refusal(*std::move(error));
    auto customer = require_customer(ctx, text_of(invoice, "customer"), "customer");
    if (!customer) return Refusal(customer.error());
    const Instant now = second_of(ctx, text_of(invoice, "customer"));

    invoice["starting_balance"] = integer_of(*customer, "balance");
    refresh_usage(ctx, invoice);
    recompute_totals(invoice);
    if (!fits_amount(integer_of(invoice, "total")))
        return amount_too_large("", text_of(invoice, "currency"));
    if (is_revision(invoice)) {
        customer = take_over(ctx, invoice);
        if (!customer) return customer;
    }
    if (!fits_amount(integer_of(invoice, "amount_due")))
        return amount_too_large("", text_of(invoice, "currency"));
    const Settlement settlement =
        settle(integer_of(invoice, "total"), integer_of(invoice, "starting_balance"),
               minimum_charge(text_of(invoice, "currency")));
    invoice["ending_balance"] = settlement.ending_balance;
    open_invoice(ctx, invoice, *customer, now);
    settle_balance(ctx, *customer, invoice);
    plan_due_date(ctx, invoice);
    ctx.emit("invoice.finalized", invoice);
    if (integer_of(invoice, "amount_due") == 0) {
        invoice["attempted"] = true;
        return pay_out_of_band(ctx, std::move(invoice));
    }
    make_payment(ctx, invoice);
    ctx.put(invoice);
    return invoice;
}

Outcome<Json> finalize_prepaid(Context& ctx, Json invoice, const std::string& payment_intent) {
    auto customer = require_customer(ctx, text_of(invoice, "customer"), "customer");
    if (!customer) return Refusal(customer.error());
    invoice["starting_balance"] = 0;
    invoice["ending_balance"] = 0;
    recompute_totals(invoice);
    open_invoice(ctx, invoice, *customer, second_of(ctx, text_of(invoice, "customer")));
    if (customer->at("currency").is_null()) (*customer)["currency"] = invoice.at("currency");
    ctx.put(*customer);
    ctx.put(invoice);
    ctx.emit("invoice.finalized", invoice);
    if (auto intent = ctx.find("payment_intent", payment_intent)) {
        link_payment(ctx, invoice, *intent);
        (*intent)["_attached_to"] = invoice.at("id");
        (*intent)["_invoice_payment"] = invoice.at("_invoice_payment");
        ctx.put(*intent);
    }
    return pay_by_earlier_intent(ctx, std::move(invoice));
}

Outcome<Json> void_invoice(Context& ctx, Json invoice) {
    if (text_of(invoice, "status") == "paid")
        return bad_param("", "", "Invoices with `paid` payments cannot be voided.");
    if (!is_owed(invoice)) return is_not_open();
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    invoice["status"] = "void";
    invoice["auto_advance"] = false;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["voided_at"] = unix_seconds(now);
    end_open_payments(ctx, invoice, {.kept = "", .reason = "void_invoice"});
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    ctx.put(invoice);
    give_balance_back(ctx, invoice);
    ctx.emit("invoice.voided", invoice);
    tell_listeners(ctx, kInvoiceClosed, invoice);
    return invoice;
}

Outcome<Json> mark_uncollectible(Context& ctx, Json invoice) {
    if (text_of(invoice, "status") == "uncollectible")
        return bad_param("", "", "This invoice has already been marked uncollectible.");
    if (text_of(invoice, "status") != "open") return is_not_open();
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

bool is_automatic(const Json& invoice) {
    return text_of(invoice, "collection_method") == "charge_automatically";
}

bool is_owed(const Json& invoice) {
    const std::string status = text_of(invoice, "status");
    return status == "open" || status == "uncollectible";
}

std::string subscription_of_invoice(const Json& invoice) {
    return text_of(part_of(part_of(invoice, "parent"), "subscription_details"), "subscription");
}

}  // namespace turnpike::twin
