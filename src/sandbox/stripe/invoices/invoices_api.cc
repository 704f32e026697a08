#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/own_methods.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/invoices/revisions.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

/// Recorded: reading, deleting and sending name the parameter `invoice`, the other calls `id`.
Outcome<Json> require_invoice(Operation& operation, const char* param = "id") {
    const std::string& id = operation.path("invoice");
    auto invoice = operation.ctx.find("invoice", id);
    if (invoice) return *std::move(invoice);
    auto refusal = no_such_object("invoice", id);
    refusal.error().param = param;
    return refusal;
}

/// Members that creating and updating share.
struct Settings {
    std::optional<Json> metadata;
    std::optional<std::string> description, footer, statement_descriptor, default_payment_method,
        collection_method, number;
    std::optional<bool> auto_advance;
    std::optional<std::int64_t> days_until_due;
    std::optional<Instant> due_date, effective_at;
    std::optional<std::vector<DiscountRequest>> discounts;
};

/// The first member that only a draft can take; "" if none is set.
std::string draft_only(const Settings& settings) {
    const std::pair<const char*, bool> members[] = {
        {"collection_method", settings.collection_method.has_value()},
        {"days_until_due", settings.days_until_due.has_value()},
        {"description", settings.description.has_value()},
        {"discounts", settings.discounts.has_value()},
        {"due_date", settings.due_date.has_value()},
        {"effective_at", settings.effective_at.has_value()},
        {"footer", settings.footer.has_value()},
        {"number", settings.number.has_value()},
        {"statement_descriptor", settings.statement_descriptor.has_value()},
    };
    for (const auto& [name, is_set] : members)
        if (is_set) return name;
    return "";
}

Settings read_settings_of_invoice(Params& params) {
    Settings settings;
    settings.discounts = read_discounts(params);
    settings.metadata = params.metadata();
    settings.description = params.text("description");
    settings.footer = params.text("footer");
    settings.statement_descriptor = params.text("statement_descriptor");
    settings.default_payment_method = params.text("default_payment_method");
    settings.collection_method =
        params.one_of("collection_method", {"charge_automatically", "send_invoice"});
    settings.auto_advance = params.boolean("auto_advance");
    settings.days_until_due = read_days_until_due(params);
    settings.due_date = params.timestamp("due_date");
    settings.number = params.text("number");
    settings.effective_at = params.timestamp("effective_at");
    params.ignore("custom_fields");
    ignore_object(params, "payment_settings",
                  {"default_mandate", "payment_method_options", "payment_method_types"});
    ignore_object(params, "rendering",
                  {"amount_tax_display", "pdf", "template", "template_version"});
    refuse_tax(params);
    params.refuse("default_tax_rates", "This sandbox does not compute taxes.");
    return settings;
}

/// Only an invoice that is sent has a due date, and it needs one, and somebody to send it to.
std::optional<StripeError> apply_due_date(Context& ctx, Json& invoice, const Settings& settings) {
    if (settings.collection_method) invoice["collection_method"] = *settings.collection_method;
    if (text_of(invoice, "collection_method") != "send_invoice") {
        invoice["due_date"] = nullptr;
        if (!settings.days_until_due && !settings.due_date) return std::nullopt;
        return bad_param("", "",
                         "You can only specify 'due_date' or 'days_until_due' if invoice "
                         "collection method is 'send_invoice'.")
            .error();
    }
    if (settings.collection_method)
        if (auto error = check_mail_address(ctx, text_of(invoice, "customer"))) return error;
    if (settings.days_until_due && settings.due_date)
        return only_one_of("due_date", "days_until_due").error();
    if (settings.due_date && *settings.due_date <= second_of(ctx, text_of(invoice, "customer")))
        return bad_param("due_date", "", "The due date must be in the future.").error();
    if (settings.days_until_due)
        invoice["due_date"] = integer_of(invoice, "created") + 86'400 * *settings.days_until_due;
    if (settings.due_date) invoice["due_date"] = unix_seconds(*settings.due_date);
    if (!invoice["due_date"].is_null()) return std::nullopt;
    return bad_param("", "",
                     "If invoice collection method is 'send_invoice', you must specify 'due_date' "
                     "or 'days_until_due'.")
        .error();
}

std::optional<StripeError> apply_settings_of_invoice(Context& ctx, Json& invoice,
                                                     const Settings& settings) {
    merge_metadata(invoice, settings.metadata);
    if (settings.description) invoice["description"] = text_or_null(*settings.description);
    if (settings.footer) invoice["footer"] = text_or_null(*settings.footer);
    if (settings.number) invoice["number"] = text_or_null(*settings.number);
    if (settings.effective_at) invoice["effective_at"] = unix_seconds(*settings.effective_at);
    if (settings.statement_descriptor)
        invoice["statement_descriptor"] = text_or_null(*settings.statement_descriptor);
    if (auto error = apply_due_date(ctx, invoice, settings)) return error;
    if (!settings.default_payment_method) return std::nullopt;
    const std::string& method = *settings.default_payment_method;
    invoice["default_payment_method"] = text_or_null(method);
    if (method.empty()) return std::nullopt;
    return check_own_method(ctx, text_of(invoice, "customer"), method, "default_payment_method");
}

/// The invoice's own discounts, in place of those it had or has from its customer. Stores new ones.
std::optional<StripeError> discount_invoice(Context& ctx, Json& invoice,
                                            const std::vector<DiscountRequest>& requests) {
    const auto redeemed = redeem(ctx,
                                 {.customer = text_of(invoice, "customer"),
                                  .owner = "invoice",
                                  .owner_id = text_of(invoice, "id"),
                                  .currency = text_of(invoice, "currency"),
                                  .amount = integer_of(invoice, "subtotal")},
                                 requests);
    if (!redeemed) return redeemed.error();
    store_redeemed(ctx, *redeemed);
    set_discounts(invoice, terms_of(*redeemed));
    recompute_totals(invoice);
    return std::nullopt;
}

Answer create_revision(Context& ctx, const NewInvoice& given, const std::string& invoice,
                       const Settings& settings) {
    auto draft = draft_revision(ctx, invoice);
    if (!draft) return draft;
    if (!given.customer.empty() && given.customer != text_of(*draft, "customer"))
        return bad_param("customer", "", "A revision has the customer of the invoice it revises.");
    if (!given.currency.empty() && given.currency != text_of(*draft, "currency"))
        return bad_param("currency", "", "A revision has the currency of the invoice it revises.");
    if (auto error = apply_settings_of_invoice(ctx, *draft, settings))
        return Refusal(*std::move(error));
    if (settings.discounts)
        if (auto error = discount_invoice(ctx, *draft, *settings.discounts))
            return Refusal(*std::move(error));
    (*draft)["auto_advance"] = settings.auto_advance.value_or(false);
    publish_draft(ctx, *draft);
    return draft;
}

Answer create_invoice(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    NewInvoice request;
    request.customer = params.text("customer").value_or("");
    request.subscription = params.text("subscription").value_or("");
    request.currency = read_optional_currency(params);
    const Settings settings = read_settings_of_invoice(params);
    const bool takes =
        params.one_of("pending_invoice_items_behavior", {"exclude", "include"}) == "include";
    const std::string revised = read_revised_invoice(params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!revised.empty()) return create_revision(ctx, request, revised, settings);
    if (!request.subscription.empty()) {
        const auto subscription = ctx.find("subscription", request.subscription);
        if (!subscription)
            return no_such_param("subscription", request.subscription, "subscription");
        const std::string owner = text_of(*subscription, "customer");
        if (!request.customer.empty() && request.customer != owner)
            return bad_param("customer", "", "The subscription is of another customer.");
        request.customer = owner;
    }
    if (request.customer.empty()) return missing_param("customer");
    if (const auto customer = require_customer(ctx, request.customer, "customer"); !customer)
        return Refusal(customer.error());
    if (request.currency.empty()) request.currency = default_currency(ctx, request.customer);
    if (auto error = check_customer_currency(ctx, request.customer, request.currency))
        return Refusal(*std::move(error));
    request.billing_reason = "manual";
    const Instant now = second_of(ctx, request.customer);
    request.period = {now, now};
    request.auto_advance = settings.auto_advance.value_or(false);
    request.collection_method = settings.collection_method.value_or("charge_automatically");
    auto draft = draft_invoice(ctx, request);
    if (!draft) return Refusal(draft.error());
    Json rendering;
    rendering["amount_tax_display"] = nullptr;
    rendering["pdf"]["page_size"] = "auto";
    rendering["template"] = nullptr;
    rendering["template_version"] = nullptr;
    (*draft)["rendering"] = std::move(rendering);
    if (auto error = apply_settings_of_invoice(ctx, *draft, settings))
        return Refusal(*std::move(error));
    if (takes) put_on_invoice(*draft, take_pending_items(ctx, *draft, request.subscription));
    if (settings.discounts)
        if (auto error = discount_invoice(ctx, *draft, *settings.discounts))
            return Refusal(*std::move(error));
    publish_draft(ctx, *draft);
    return *std::move(draft);
}

Answer get_invoice(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_invoice(operation, "invoice");
}

Answer update_invoice(Operation& operation) {
    Context& ctx = operation.ctx;
    const Settings settings = read_settings_of_invoice(operation.params);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation);
    if (!invoice) return invoice;
    if (const std::string member = draft_only(settings);
        text_of(*invoice, "status") != "draft" && !member.empty())
        return bad_param(member, "", "Finalized invoices can't be updated in this way");
    if (auto error = apply_settings_of_invoice(ctx, *invoice, settings))
        return Refusal(*std::move(error));
    if (settings.discounts)
        if (auto error = discount_invoice(ctx, *invoice, *settings.discounts))
            return Refusal(*std::move(error));
    if (settings.auto_advance || settings.collection_method)
        set_auto_advance(ctx, *invoice,
                         settings.auto_advance.value_or(flag_of(*invoice, "auto_advance"))
                             ? AutoAdvance::On
                             : AutoAdvance::Off);
    ctx.update_and_emit("invoice.updated", *invoice);
    return invoice;
}

Answer list_invoices(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    filter.parent = params.text("subscription").value_or("");
    filter.status =
        params.one_of("status", {"draft", "open", "void", "paid", "uncollectible"}).value_or("");
    const std::string collection = params.text("collection_method").value_or("");
    read_created(params, filter);
    return list_objects(operation, "invoice", filter, [&](const Json& invoice) {
        return collection.empty() || text_of(invoice, "collection_method") == collection;
    });
}

/// The items of a draft that is deleted stay with it, and do not wait again. A revision's are
/// copies, and end with it.
void end_copies(Context& ctx, const Json& invoice) {
    if (!is_revision(invoice)) return;
    for (const Json& item : ctx.list("invoiceitem", {.parent = text_of(invoice, "id")})) {
        ctx.remove("invoiceitem", text_of(item, "id"));
        ctx.emit("invoiceitem.deleted", item);
    }
}

Answer delete_invoice(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    Context& ctx = operation.ctx;
    const auto invoice = require_invoice(operation, "invoice");
    if (!invoice) return invoice;
    if (text_of(*invoice, "status") != "draft")
        return bad_param("", "", "You can only delete draft invoices.");
    if (!subscription_of_invoice(*invoice).empty())
        return bad_param("", "", "You can't delete invoices created by subscriptions.");
    end_copies(ctx, *invoice);
    ctx.remove("invoice", text_of(*invoice, "id"));
    ctx.emit("invoice.deleted", *invoice);
    Json deleted;
    deleted["id"] = invoice->at("id");
    deleted["object"] = "invoice";
    deleted["deleted"] = true;
    return deleted;
}

Answer finalize(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto auto_advance = operation.params.boolean("auto_advance");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation);
    if (!invoice) return invoice;
    if (auto_advance) (*invoice)["auto_advance"] = *auto_advance;
    auto finalized = finalize_invoice(ctx, *std::move(invoice));
    if (!finalized) return finalized;
    // Stripe collects an advancing invoice by itself right after this answer; here it is done now.
    const bool collects = text_of(*finalized, "status") == "open" &&
                          flag_of(*finalized, "auto_advance") && is_automatic(*finalized);
    if (!collects) return finalized;
    return attempt_payment(ctx, *std::move(finalized), {}).invoice;
}

Answer pay(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    PaymentAttempt attempt;
    attempt.reason = AttemptReason::Requested;
    attempt.payment_method = params.text("payment_method").value_or("");
    attempt.session = params.boolean("off_session").value_or(false) ? PaymentSession::Recurring
                                                                    : PaymentSession::OnSession;
    const bool out_of_band = params.boolean("paid_out_of_band").value_or(false);
    if (params.boolean("forgive").value_or(false))
        params.complain(
            bad_param("forgive", "", "This sandbox does not forgive what is not paid."));
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation);
    if (!invoice) return invoice;
    if (text_of(*invoice, "status") == "draft") invoice = finalize_invoice(ctx, *invoice);
    if (!invoice) return invoice;
    if (!attempt.payment_method.empty())
        if (auto error = check_own_method(ctx, text_of(*invoice, "customer"),
                                          attempt.payment_method, "payment_method"))
            return Refusal(*std::move(error));
    const std::string status = text_of(*invoice, "status");
    if (status == "paid" && integer_of(*invoice, "amount_due") == 0 && !out_of_band) return invoice;
    if (!is_owed(*invoice))
        return bad_param(
            "", "",
            status == "paid" ? "Invoice is already paid" : "Voided invoices cannot be paid.");
    if (awaits_bank(ctx, *invoice)) return payment_processing();
    if (out_of_band) return pay_out_of_band(ctx, *std::move(invoice));
    auto result = attempt_payment(ctx, *std::move(invoice), attempt);
    if (result.kind == AttemptResult::Kind::Paid || result.kind == AttemptResult::Kind::Processing)
        return std::move(result.invoice);
    ctx.keep_effects();
    return Refusal(std::move(result.error));
}

/// Mail is not sent from here; the event tells who would have got it.
Answer send(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation, "invoice");
    if (!invoice) return invoice;
    const std::string status = text_of(*invoice, "status");
    if (status == "paid" || status == "void")
        return bad_param("", "",
                         "This invoice cannot be sent right now. Please contact us via "
                         "https://support.stripe.com/contact with details, so we can help.");
    if (text_of(*invoice, "collection_method") != "send_invoice")
        return bad_param("", "",
                         "You can only manually send an invoice if its collection method is "
                         "'send_invoice'.");
    if (status == "draft") invoice = finalize_invoice(operation.ctx, *std::move(invoice));
    if (invoice) operation.ctx.emit("invoice.sent", *invoice);
    return invoice;
}

Answer void_it(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation);
    if (!invoice) return invoice;
    if (awaits_bank(operation.ctx, *invoice)) return payment_processing();
    return void_invoice(operation.ctx, *std::move(invoice));
}

Answer write_off(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_invoice(operation);
    if (!invoice) return invoice;
    auto written_off = mark_uncollectible(operation.ctx, *std::move(invoice));
    if (written_off) tell_listeners(operation.ctx, kInvoiceWrittenOff, *written_off);
    return written_off;
}

Answer list_lines(Operation& operation) {
    const auto invoice = require_invoice(operation, "invoice");
    if (!invoice) return invoice;
    const std::string url = "/v1/invoices/" + text_of(*invoice, "id") + "/lines";
    return list_page(operation, url, invoice->at("lines").at("data").get<std::vector<Json>>());
}

Answer list_invoice_payments(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.parent = params.text("invoice").value_or("");
    filter.status = params.one_of("status", {"open", "paid", "canceled"}).value_or("");
    std::string intent;
    if (auto payment = params.object("payment")) {
        payment->one_of("type", {"payment_intent", "charge", "payment_record"});
        intent = payment->text("payment_intent").value_or("");
        params.absorb(*payment);
    }
    read_created(params, filter);
    if (!intent.empty()) {
        const auto found = operation.ctx.find("payment_intent", intent);
        std::string invoice = found ? text_of(*found, "_invoice") : "";
        if (found && invoice.empty()) invoice = text_of(*found, "_attached_to");
        const bool of_another = !filter.parent.empty() && filter.parent != invoice;
        // An intent of no invoice has no invoice payments, and no invoice has the id "-".
        filter.parent = invoice.empty() || of_another ? "-" : invoice;
    }
    return list_objects(operation, "invoice_payment", filter, [&](const Json& payment) {
        return intent.empty() || text_of(part_of(payment, "payment"), "payment_intent") == intent;
    });
}

Answer get_invoice_payment(Operation& operation) {
    const std::string& id = operation.path("payment");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto payment = operation.ctx.find("invoice_payment", id);
    if (!payment) return no_such_object("invoice_payment", id);
    return *std::move(payment);
}

constexpr auto kInvoiceRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/invoices", create_invoice},
    {"GET", "/v1/invoices", list_invoices},
    {"GET", "/v1/invoices/{invoice}", get_invoice},
    {"POST", "/v1/invoices/{invoice}", update_invoice},
    {"DELETE", "/v1/invoices/{invoice}", delete_invoice},
    {"POST", "/v1/invoices/{invoice}/finalize", finalize},
    {"POST", "/v1/invoices/{invoice}/pay", pay},
    {"POST", "/v1/invoices/{invoice}/send", send},
    {"POST", "/v1/invoices/{invoice}/void", void_it},
    {"POST", "/v1/invoices/{invoice}/mark_uncollectible", write_off},
    {"GET", "/v1/invoices/{invoice}/lines", list_lines},
    {"POST", "/v1/invoiceitems", create_invoice_item},
    {"GET", "/v1/invoiceitems", list_invoice_items},
    {"GET", "/v1/invoiceitems/{invoiceitem}", get_invoice_item},
    {"POST", "/v1/invoiceitems/{invoiceitem}", update_invoice_item},
    {"DELETE", "/v1/invoiceitems/{invoiceitem}", delete_invoice_item},
    {"GET", "/v1/invoice_payments", list_invoice_payments},
    {"GET", "/v1/invoice_payments/{payment}", get_invoice_payment},
});

constexpr auto kInvoiceExpandables = std::to_array<Expandable>({
    {"invoice", "customer", "customer"},
    {"invoice", "default_payment_method", "payment_method"},
    {"invoice", "default_source", "card"},
    {"invoice", "discounts", "discount"},
    {"invoice", "from_invoice.invoice", "invoice"},
    {"invoice", "latest_revision", "invoice"},
    {"invoice", "on_behalf_of", "account"},
    {"invoice", "parent.subscription_details.subscription", "subscription"},
    {"invoice", "test_clock", "test_helpers.test_clock"},
    {"invoice", "total_discount_amounts.discount", "discount"},
    {"invoiceitem", "customer", "customer"},
    {"invoiceitem", "discounts", "discount"},
    {"invoiceitem", "invoice", "invoice"},
    {"invoiceitem", "pricing.price_details.price", "price"},
    {"invoiceitem", "test_clock", "test_helpers.test_clock"},
    {"line_item", "discount_amounts.discount", "discount"},
    {"line_item", "discounts", "discount"},
    {"line_item", "pricing.price_details.price", "price"},
    {"line_item", "subscription", "subscription"},
    {"invoice_payment", "invoice", "invoice"},
    {"invoice_payment", "payment.charge", "charge"},
    {"invoice_payment", "payment.payment_intent", "payment_intent"},
});

Json invoice_payments(Context& ctx, const Json& invoice) {
    return included_list("/v1/invoices/payments",
                         ctx.list("invoice_payment", {.parent = text_of(invoice, "id")}));
}

constexpr auto kInvoiceIncludables = std::to_array<Includable>({
    {"invoice", "confirmation_secret", stored_member<"confirmation_secret">},
    {"invoice", "payments", invoice_payments},
});

constexpr auto kInvoiceSteps = std::to_array<EngineStep>({{"invoice", sure_step<step_invoice>}});

constexpr auto kInvoiceListeners = std::to_array<EventListener>(
    {{kPaymentIntentChanged, hear_of_payment_intent}, {kDebitAnswered, hear_of_debit}});

}  // namespace

const Feature& invoice_feature() {
    static constexpr Feature kFeature{.operations = kInvoiceRoutes,
                                      .expandables = kInvoiceExpandables,
                                      .includables = kInvoiceIncludables,
                                      .steps = kInvoiceSteps,
                                      .listeners = kInvoiceListeners};
    return kFeature;
}

}  // namespace turnpike::twin
