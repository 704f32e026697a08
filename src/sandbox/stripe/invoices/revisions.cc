#include "sandbox/stripe/invoices/revisions.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr const char* kParam = "from_invoice[invoice]";

std::string revised_by(const Json& invoice) {
    return text_of(part_of(invoice, "from_invoice"), "invoice");
}

/// The invoice item behind a line, again: as its own, so that it can be changed alone.
Json copied_item(Context& ctx, const Json& line, const std::string& invoice) {
    auto item = ctx.find("invoiceitem", item_behind(line));
    check(item.has_value(), "an item on a numbered invoice is never removed");
    (*item)["id"] = ctx.new_id("ii");
    bind_invoice_item(*item, invoice);
    ctx.put(*item);
    ctx.emit("invoiceitem.created", *item);
    return *std::move(item);
}

}  // namespace

std::string read_revised_invoice(Params& params) {
    auto from = params.object("from_invoice");
    if (!from) return "";
    const std::string action = from->required_text("action");
    if (!action.empty()) from->one_of("action", {"revision"});
    std::string invoice = from->required_text("invoice");
    params.absorb(*from);
    params.refuse("subscription", "You cannot set `subscription` if `from_invoice` is set.");
    params.refuse("pending_invoice_items_behavior",
                  "You cannot set `pending_invoice_items_behavior` if `from_invoice` is set.");
    return invoice;
}

Outcome<Json> draft_revision(Context& ctx, const std::string& invoice) {
    const auto original = ctx.find("invoice", invoice);
    if (!original) return no_such_param("invoice", invoice, kParam);
    if (!is_owed(*original))
        return bad_param(kParam, "",
                         "You can only revise open or uncollectible invoices. This invoice is " +
                             text_of(*original, "status") + ".");
    if (!subscription_of_invoice(*original).empty())
        return bad_param(kParam, "",
                         "You cannot revise an invoice that is attached to a subscription.");
    if (integer_of(*original, "pre_payment_credit_notes_amount") > 0)
        return bad_param(kParam, "", "This sandbox does not revise invoices with credit notes.");

    auto draft = draft_invoice(ctx, {.customer = text_of(*original, "customer"),
                                     .currency = text_of(*original, "currency"),
                                     .billing_reason = "manual",
                                     .subscription = "",
                                     .period = {*instant_of(*original, "period_start"),
                                                *instant_of(*original, "period_end")},
                                     .collection_method = text_of(*original, "collection_method"),
                                     .auto_advance = false});
    if (!draft) return draft;
    for (const char* member : {"custom_fields", "default_payment_method", "description", "due_date",
                               "footer", "metadata", "rendering", "statement_descriptor"})
        (*draft)[member] = original->at(member);
    (*draft)["from_invoice"] = {{"action", "revision"}, {"invoice", invoice}};
    set_discounts(*draft, part_of(*original, "_discounts").get<std::vector<Json>>());
    std::vector<Json> lines;
    for (const Json& line : original->at("lines").at("data"))
        lines.push_back(invoice_item_line(ctx, copied_item(ctx, line, text_of(*draft, "id"))));
    put_on_invoice(*draft, std::move(lines));
    return draft;
}

std::optional<StripeError> check_revision(Context& ctx, const Json& invoice) {
    const auto original = ctx.find("invoice", revised_by(invoice));
    if (!original || is_owed(*original)) return std::nullopt;
    const std::string status = text_of(*original, "status");
    return bad_param("", "",
                     "You cannot finalize this revision because the invoice that it revises " +
                         (status == "paid" ? std::string("has been paid.") : "is " + status + "."))
        .error();
}

bool is_revision(const Json& invoice) { return !revised_by(invoice).empty(); }

void void_revised(Context& ctx, const Json& revision) {
    auto original = ctx.find("invoice", revised_by(revision));
    if (!original) return;
    (*original)["latest_revision"] = revision.at("id");
    const auto voided = void_invoice(ctx, *std::move(original));
    check(voided.has_value(), "check_revision() lets nothing through that cannot be voided");
}

}  // namespace turnpike::twin
