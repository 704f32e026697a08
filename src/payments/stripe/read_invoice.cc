#include "json/value.h"
#include "payments/currencies.h"
#include "payments/reply_reader.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// Since basil `parent.subscription_details.subscription`; before, `subscription`.
std::optional<std::string> read_subscription_of(ReplyReader& invoice) {
    if (const Json* parent = invoice.object("parent")) {
        const ReplyReader origin(*parent, "invoice.parent");
        if (const Json* details = origin.object("subscription_details")) {
            ReplyReader source(*details, "invoice.parent.subscription_details");
            auto id = source.maybe_reference("subscription");
            if (source.complained()) invoice.complain("invoice.parent names no subscription");
            return id;
        }
    }
    return invoice.maybe_reference("subscription");
}

Period read_period(ReplyReader& fields, std::string_view start, std::string_view end) {
    const Period period{fields.instant(start), fields.instant(end)};
    if (period.end < period.start) fields.complain("a period runs backwards");
    return period;
}

struct LineOrigin {
    bool proration = false;
    bool from_subscription = false;
};

/// Since basil `parent.{subscription,invoice}_item_details`; before, `type`, `proration` and
/// `subscription_item`. A proration of a plan counts as a plan line in both.
LineOrigin read_origin(ReplyReader& line) {
    if (const Json* parent = line.object("parent")) {
        const ReplyReader origin(*parent, "line.parent");
        if (const Json* details = origin.object("subscription_item_details"))
            return {.proration = ReplyReader(*details, "line.parent").flag("proration"),
                    .from_subscription = true};
        if (const Json* details = origin.object("invoice_item_details"))
            return {.proration = ReplyReader(*details, "line.parent").flag("proration"),
                    .from_subscription = false};
    }
    const bool proration = line.flag("proration");
    const bool plan_line = line.maybe_text("type") == "subscription";
    const bool of_item = line.maybe_reference("subscription_item").has_value();
    return {.proration = proration, .from_subscription = plan_line || (proration && of_item)};
}

/// Of one list of {"amount": minor units}.
std::int64_t sum_of(const Json& object, const char* name) {
    const auto list = object.find(name);
    std::int64_t sum = 0;
    if (list == object.end() || !list->is_array()) return sum;
    for (const Json& part : *list)
        sum += ReplyReader(part, name).maybe_integer("amount").value_or(0);
    return sum;
}

/// Since basil `total_taxes`; before, `tax`. The customer's balance falls by what it pays, and what
/// it owes is below zero there.
void read_parts(const Json& object, ReplyReader& fields, ProviderInvoice& invoice) {
    invoice.tax = fields.maybe_integer("tax").value_or(sum_of(object, "total_taxes"));
    invoice.discount = sum_of(object, "total_discount_amounts");
    const auto before = fields.maybe_integer("starting_balance").value_or(0);
    if (const auto after = fields.maybe_integer("ending_balance"))
        invoice.credit_applied = *after - before;
    invoice.credited = fields.maybe_integer("pre_payment_credit_notes_amount").value_or(0) +
                       fields.maybe_integer("post_payment_credit_notes_amount").value_or(0);
    invoice.due_at = fields.maybe_instant("due_date");
}

/// Since basil `pricing.price_details.price`; before, `price`.
std::optional<std::string> read_price(ReplyReader& line) {
    if (const Json* pricing = line.object("pricing")) {
        const ReplyReader priced(*pricing, "line.pricing");
        if (const Json* details = priced.object("price_details"))
            return ReplyReader(*details, "line.pricing.price_details").maybe_reference("price");
    }
    return line.maybe_reference("price");
}

void read_amounts(ReplyReader& fields, Currency currency, ProviderInvoice& invoice) {
    invoice.subtotal = fields.amount("subtotal", currency);
    invoice.total = fields.amount("total", currency);
    invoice.amount_due = fields.amount("amount_due", currency);
    invoice.amount_paid = fields.amount("amount_paid", currency);
    if (invoice.amount_due.minor() < 0) fields.complain("invoice.amount_due is negative");
    if (invoice.amount_paid.minor() < 0) fields.complain("invoice.amount_paid is negative");
}

void read_times(ReplyReader& fields, ProviderInvoice& invoice) {
    invoice.created = fields.instant("created");
    invoice.period = read_period(fields, "period_start", "period_end");
    if (const Json* transitions = fields.object("status_transitions")) {
        ReplyReader times(*transitions, "invoice.status_transitions");
        invoice.issued_at = times.maybe_instant("finalized_at");
        invoice.paid_at = times.maybe_instant("paid_at");
    }
}

}  // namespace

Result<ProviderInvoiceLine> read_invoice_line(const Json& object, Currency currency) {
    ReplyReader fields(object, "line");
    ProviderInvoiceLine line;
    line.id = fields.text("id");
    line.description = fields.maybe_text("description").value_or("");
    line.quantity = fields.maybe_integer("quantity").value_or(1);
    if (parse_currency(fields.text("currency")) != currency)
        fields.complain("line.currency is not the invoice's");
    line.amount = fields.amount("amount", currency);
    const auto origin = read_origin(fields);
    line.proration = origin.proration;
    line.from_subscription = origin.from_subscription;
    line.price = read_price(fields);
    line.metadata = fields.texts("metadata");
    if (const Json* period = fields.object("period")) {
        ReplyReader times(*period, "line.period");
        line.period = read_period(times, "start", "end");
        if (times.complained()) return times.finish(std::move(line));
    } else {
        fields.complain("line.period is missing");
    }
    return fields.finish(std::move(line));
}

Result<ProviderInvoice> read_invoice(const Json& object) {
    ReplyReader fields(object, "invoice");
    const auto code = fields.text("currency");
    const auto currency = parse_currency(code);
    if (!currency) return unexpected_reply("invoice.currency '" + code + "'");

    ProviderInvoice invoice;
    invoice.id = fields.text("id");
    invoice.customer = fields.reference("customer");
    invoice.subscription = read_subscription_of(fields);
    invoice.number = fields.maybe_text("number");
    invoice.status = fields.text("status");
    invoice.billing_reason = fields.maybe_text("billing_reason").value_or("manual");
    invoice.attempt_count = fields.maybe_integer("attempt_count").value_or(0);
    invoice.next_attempt_at = fields.maybe_instant("next_payment_attempt");
    invoice.hosted_url = fields.maybe_text("hosted_invoice_url");
    invoice.pdf_url = fields.maybe_text("invoice_pdf");
    invoice.metadata = fields.texts("metadata");
    read_amounts(fields, *currency, invoice);
    read_parts(object, fields, invoice);
    read_times(fields, invoice);

    const Json* lines = fields.object("lines");
    if (lines == nullptr) return fields.finish(std::move(invoice));
    const auto page = read_list(*lines);
    if (!page) return failure(page);
    for (const Json& entry : page->data) {
        auto line = read_invoice_line(entry, *currency);
        if (!line) return failure(line);
        invoice.lines.push_back(*std::move(line));
    }
    return fields.finish(std::move(invoice));
}

bool lines_missing(const Json& invoice) {
    const ReplyReader fields(invoice, "invoice");
    const Json* lines = fields.object("lines");
    return lines == nullptr || ReplyReader(*lines, "invoice.lines").flag("has_more");
}

}  // namespace turnpike::stripe
