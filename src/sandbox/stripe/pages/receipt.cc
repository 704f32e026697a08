#include "sandbox/stripe/pages/receipt.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/core/pages.h"
#include "sandbox/stripe/pages/invoice_parts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The invoice that the charge paid; nullopt: none, or one that is a draft still.
std::optional<Json> invoice_of_charge(Context& ctx, const Json& charge) {
    const auto intent = ctx.look("payment_intent", text_of(charge, "payment_intent"));
    if (!intent) return std::nullopt;
    const std::string own = text_of(*intent, "_invoice");
    auto invoice = ctx.find("invoice", own.empty() ? text_of(*intent, "_attached_to") : own);
    if (!invoice || text_of(*invoice, "status") == "draft") return std::nullopt;
    return invoice;
}

/// Who paid: as the payment method says, or else the customer. HTML; "" if nobody is known.
std::string payer_of(Context& ctx, const Json& charge) {
    const auto customer = ctx.look("customer", text_of(charge, "customer"));
    std::string names;
    for (const char* member : {"name", "email"}) {
        std::string text = text_of(part_of(charge, "billing_details"), member);
        if (text.empty() && customer) text = text_of(*customer, member);
        if (text.empty()) continue;
        names += (names.empty() ? "" : ", ") + name_text(text);
    }
    return names.empty() ? escape_html(text_of(charge, "customer")) : names;
}

/// What is known for good: a reservation that ended took nothing.
std::string standing_line(const Json& charge) {
    const std::string amount = "<strong>" + money_text(charge, "amount") + "</strong>";
    const std::string method = method_text(part_of(charge, "payment_method_details"));
    const std::string with = method.empty() ? "" : " with " + method;
    const std::string day = day_text(charge, "created");
    std::string text = fmt::format("<strong>{}</strong> paid on {}{}.",
                                   money_text(charge, "amount_captured"), day, with);
    if (!flag_of(charge, "captured"))
        text = flag_of(charge, "refunded")
                   ? fmt::format("{} reserved on {}{} was released: nothing was charged.", amount,
                                 day, with)
                   : fmt::format("{} reserved on {}{}: not charged yet.", amount, day, with);
    return "<p class=\"notice\" role=\"status\">" + text + "</p>\n";
}

std::string receipt_row(const std::string& what, const std::string& amount) {
    return fmt::format("<tr><td>{}</td><td class=\"amount\">{}</td></tr>", what, amount);
}

std::string refund_row(const Json& refund) {
    const std::string what =
        text_of(refund, "status") == "pending" ? "Refund on its way since " : "Refunded on ";
    return receipt_row(what + day_text(refund, "created"),
                       money_text(-integer_of(refund, "amount"), refund));
}

/// The payment, what was given back of it, and what that leaves.
std::string payment_table(Context& ctx, const Json& charge) {
    if (!flag_of(charge, "captured")) return "";
    const std::string about = text_of(charge, "description");
    std::int64_t left = integer_of(charge, "amount_captured");
    std::string rows =
        receipt_row(about.empty() ? "Payment" : name_text(about), money_text(left, charge));
    const std::vector<Json> refunds = ctx.list("refund", {.parent = text_of(charge, "id")});
    for (auto refund = refunds.rbegin(); refund != refunds.rend(); ++refund) {
        const std::string status = text_of(*refund, "status");
        if (status != "succeeded" && status != "pending") continue;
        rows += refund_row(*refund);
        left -= integer_of(*refund, "amount");
    }
    return "<section><h2>Payment</h2><table><thead><tr><th scope=\"col\">Description</th>"
           "<th scope=\"col\" class=\"amount\">Amount</th></tr></thead><tbody>" +
           rows + "</tbody><tfoot>" + sum_row("Total", money_text(left, charge)) +
           "</tfoot></table></section>\n";
}

std::string invoice_links(const Json& invoice) {
    const std::string page = "/p/invoice/" + text_of(invoice, "id");
    return link_line(page, "Invoice " + text_of(invoice, "number")) +
           link_line(page + "/pdf", "Invoice as PDF");
}

PageAnswer no_receipt() {
    return {.status = 404,
            .html = html_page("No receipt",
                              "<h1>There is no receipt</h1><p>This payment did not go through."
                              "</p>")};
}

PageAnswer show_receipt(PageRequest& page) {
    const Json& charge = page.object;
    if (text_of(charge, "status") != "succeeded") return no_receipt();
    const auto invoice = invoice_of_charge(page.ctx, charge);
    const std::string title =
        invoice ? "Receipt for invoice " + text_of(*invoice, "number") : std::string("Receipt");
    std::string body = fmt::format("<h1>{}</h1><p class=\"soft\">{}</p>", escape_html(title),
                                   escape_html(text_of(charge, "id")));
    const std::string payer = payer_of(page.ctx, charge);
    if (!payer.empty()) body += "<p>Charged to " + payer + "</p>";
    body += standing_line(charge);
    if (invoice) body += lines_table(*invoice);
    body += payment_table(page.ctx, charge);
    if (invoice) body += invoice_links(*invoice);
    return {.status = 200, .html = html_page(title, body)};
}

constexpr auto kReceiptPages = std::to_array<PageRoute>({
    {"GET", "/receipts/payment/{id}", "charge", show_receipt},
    {"GET", "/receipts/invoices/{id}", "charge", show_receipt},
});

}  // namespace

const Feature& receipt_feature() {
    static constexpr Feature kFeature{.pages = kReceiptPages};
    return kFeature;
}

}  // namespace turnpike::twin
