#include "payments/razorpay/translate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "payments/currencies.h"
#include "payments/razorpay/notes.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

using StatusWord = std::pair<std::string_view, std::string_view>;

constexpr std::array<StatusWord, 9> kSubscriptionWords = {{
    {"created", "incomplete"},
    {"authenticated", "trialing"},
    {"active", "active"},
    {"pending", "past_due"},
    {"halted", "unpaid"},
    {"paused", "paused"},
    {"cancelled", "canceled"},
    {"completed", "canceled"},
    {"expired", "incomplete_expired"},
}};

constexpr std::array<StatusWord, 6> kInvoiceWords = {{
    {"draft", "draft"},
    {"issued", "open"},
    {"partially_paid", "open"},
    {"paid", "paid"},
    {"cancelled", "void"},
    {"expired", "uncollectible"},
}};

template <std::size_t N>
std::string ours(const std::array<StatusWord, N>& words, const std::string& theirs) {
    const auto* word = std::ranges::find(words, theirs, &StatusWord::first);
    return word == words.end() ? theirs : std::string(word->second);
}

/// The running cycle; before the first one what lies between the creation and the start.
Period read_cycle(ReplyReader& fields) {
    const auto start = fields.maybe_instant("current_start");
    const auto end = fields.maybe_instant("current_end");
    if (start && end) return {*start, *end};
    const Instant created = fields.instant("created_at");
    const auto first = fields.maybe_instant("start_at");
    return {created, first && *first > created ? *first : created};
}

Result<ProviderInvoiceLine> read_line(const Json& object, Currency currency, const Period& period) {
    ReplyReader fields(object, "line_item");
    ProviderInvoiceLine line;
    line.id = fields.text("id");
    line.description = fields.maybe_text("name").value_or("");
    line.quantity = fields.maybe_integer("quantity").value_or(1);
    line.amount = fields.amount("net_amount", currency);
    line.from_subscription = fields.maybe_text("type") == "plan";
    const auto text = fields.maybe_text("description").value_or("");
    const bool names_charge =
        text.starts_with(kAddonPrefix) && text.size() > kAddonReferenceBytes + 1;
    if (names_charge)
        line.metadata[std::string(kChargeNote)] = text.substr(kAddonReferenceBytes + 1);
    line.period = period;
    return fields.finish(std::move(line));
}

}  // namespace

std::string note_in(const Json& object, std::string_view name) {
    const auto notes = ReplyReader(object, "object").texts("notes");
    const auto note = notes.find(std::string(name));
    return note == notes.end() ? "" : note->second;
}

bool is_ended(const Json& subscription) {
    const auto status = ReplyReader(subscription, "subscription").maybe_text("status");
    return status == "cancelled" || status == "completed" || status == "expired";
}

Result<ProviderSubscription> read_subscription(const Json& object) {
    ReplyReader fields(object, "subscription");
    ProviderSubscription read;
    read.id = fields.text("id");
    read.item = read.id;
    read.price = fields.text("plan_id");
    read.quantity = fields.maybe_integer("quantity").value_or(1);
    const auto status = fields.text("status");
    read.status = ours(kSubscriptionWords, status);
    read.metadata = fields.texts("notes");
    read.customer = note_in(object, kCustomerNote);
    if (read.customer.empty()) read.customer = fields.maybe_text("customer_id").value_or("");
    read.period = read_cycle(fields);
    if (read.period.end < read.period.start) fields.complain("subscription runs backwards");
    read.started_at = fields.maybe_instant("start_at").value_or(read.period.start);
    if (is_ended(object)) read.ended_at = fields.maybe_instant("ended_at");
    if (is_ended(object) && !read.ended_at) read.ended_at = read.period.end;
    if (status == "cancelled") read.canceled_at = read.ended_at;
    // Razorpay writes a start into every subscription; only our note tells that it was a trial's
    // end.
    if (read.status == "trialing" || !note_in(object, kTrialNote).empty()) {
        read.trial_start = fields.maybe_instant("created_at");
        read.trial_end = fields.maybe_instant("start_at");
    }
    read.has_unread_plan = !read.ended_at && fields.flag("has_scheduled_changes");
    // What an offer gives, Razorpay's API does not tell.
    if (!read.ended_at) read.discounts.emplace();
    if (auto offer = fields.maybe_text("offer_id"); offer && read.discounts)
        read.discounts->push_back({.id = *std::move(offer), .duration = ""});
    if (!read.ended_at) read.authorization_url = fields.maybe_text("short_url");
    return fields.finish(std::move(read));
}

Result<ProviderInvoice> read_invoice(const Json& object, std::string customer) {
    ReplyReader fields(object, "invoice");
    const auto code = fields.text("currency");
    const auto currency = parse_currency(code);
    if (!currency) return unexpected_reply("invoice.currency '" + code + "'");

    ProviderInvoice invoice;
    invoice.id = fields.text("id");
    invoice.customer = std::move(customer);
    invoice.subscription = fields.maybe_text("subscription_id");
    invoice.number = fields.maybe_text("invoice_number");
    invoice.status = ours(kInvoiceWords, fields.text("status"));
    invoice.billing_reason = invoice.subscription ? "subscription_cycle" : "manual";
    invoice.total = fields.amount("amount", *currency);
    invoice.subtotal = fields.maybe_integer("taxable_amount")
                           ? fields.amount("taxable_amount", *currency)
                           : invoice.total;
    invoice.amount_due = fields.amount("amount_due", *currency);
    invoice.amount_paid = fields.amount("amount_paid", *currency);
    if (invoice.amount_due.minor() < 0) fields.complain("invoice.amount_due is negative");
    if (invoice.amount_paid.minor() < 0) fields.complain("invoice.amount_paid is negative");
    invoice.tax = fields.maybe_integer("tax_amount").value_or(0);
    invoice.due_at = fields.maybe_instant("expire_by");
    invoice.hosted_url = fields.maybe_text("short_url");
    invoice.created = fields.instant("created_at");
    invoice.issued_at = fields.maybe_instant("issued_at");
    invoice.paid_at = fields.maybe_instant("paid_at");
    const Instant start = fields.maybe_instant("billing_start").value_or(invoice.created);
    invoice.period = {start, fields.maybe_instant("billing_end").value_or(start)};
    if (invoice.period.end < invoice.period.start) fields.complain("a period runs backwards");
    invoice.metadata = fields.texts("notes");
    const Json* lines = fields.array("line_items");
    if (lines == nullptr) return fields.finish(std::move(invoice));
    for (const Json& entry : *lines) {
        auto line = read_line(entry, *currency, invoice.period);
        if (!line) return failure(line);
        invoice.lines.push_back(*std::move(line));
    }
    return fields.finish(std::move(invoice));
}

Result<PlanRhythm> read_rhythm(const Json& plan) {
    ReplyReader fields(plan, "plan");
    PlanRhythm rhythm{fields.text("period"), fields.integer("interval")};
    if (rhythm.interval < 1) fields.complain("plan.interval is not positive");
    return fields.finish(std::move(rhythm));
}

Result<ProviderPrice> read_price(const Json& plan) {
    const auto rhythm = read_rhythm(plan);
    if (!rhythm) return failure(rhythm);
    const auto words = port_rhythm_of(*rhythm);
    if (!words) return unexpected_reply("plan.period '" + rhythm->period + "'");
    ReplyReader fields(plan, "plan");
    ProviderPrice price;
    price.id = fields.text("id");
    price.interval = words->interval;
    price.interval_count = words->count;
    const Json* item = fields.object("item");
    if (item == nullptr) return unexpected_reply("plan.item is missing");
    ReplyReader sold(*item, "plan.item");
    const auto amount = read_amount(sold.integer("amount"), sold.text("currency"));
    if (!amount) return failure(amount);
    price.amount = *amount;
    price.product = sold.text("id");
    price.active = sold.flag("active");
    if (sold.complained()) return sold.finish(std::move(price));
    return fields.finish(std::move(price));
}

Result<std::vector<Json>> read_collection(const Json& object) {
    ReplyReader fields(object, "collection");
    const Json* items = fields.array("items");
    if (items == nullptr) return unexpected_reply("a collection without items");
    return std::vector<Json>(items->begin(), items->end());
}

}  // namespace turnpike::razorpay
