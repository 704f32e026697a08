#include "sandbox/stripe/pages/invoice_parts.h"

#include <string_view>

#include <fmt/format.h>

#include "base/decimal.h"
#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/invoice_sums.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

bool may_be_owed(const Json& invoice) {
    const std::string status = text_of(invoice, "status");
    return status == "open" || status == "uncollectible";
}

std::string period_of_line(const Json& line) {
    const Json& period = part_of(line, "period");
    const auto start = instant_of(period, "start");
    const auto end = instant_of(period, "end");
    return start && end && *start != *end ? long_day(*start) + " - " + long_day(*end) : "";
}

/// Whether the line's own words say how many: "2 × Lamp", "Free trial for 2 seat × Pro".
bool says_quantity(const std::string& words, std::int64_t quantity) {
    const std::string text = " " + words;
    const std::string number = fmt::format(" {} ", quantity);
    const auto start = text.find(number);
    const auto times = text.find("× ", start);
    if (start == std::string::npos || times == std::string::npos) return false;
    const auto unit = start + number.size();
    return text.find_first_of("0123456789", unit) > times;
}

/// As Stripe's words for a subscription's line do: "(at $99.00 / month)".
bool says_rate(const std::string& words) {
    return words.contains(" (at ") || words.contains(" (Tier ");
}

/// "2 × $49.50"; the quantity alone where the price of one does not make up the amount. What the
/// line's own words say is not said again.
std::string count_of_line(const Json& line, const std::string& currency) {
    if (!line.contains("quantity") || !line.at("quantity").is_number_integer()) return "";
    const std::int64_t quantity = integer_of(line, "quantity");
    const std::string rate = text_of(part_of(line, "pricing"), "unit_amount_decimal");
    const auto whole = parse_scaled(rate, 0);
    const bool adds_up = !whole || *whole * quantity == integer_of(line, "amount");
    const std::string words = text_of(line, "description");
    const bool said = says_quantity(words, quantity);
    if (rate.empty() || !adds_up) return said ? "" : fmt::format("Quantity {}", quantity);
    if (said && (quantity == 1 || says_rate(words))) return "";
    if (said) return escape_html(format_rate(rate, currency)) + " each";
    return fmt::format("{} × {}", quantity, escape_html(format_rate(rate, currency)));
}

std::string line_row(const Json& line, const std::string& currency) {
    std::string about;
    for (const std::string& part : {count_of_line(line, currency), period_of_line(line)})
        if (!part.empty()) about += "<br><span class=\"soft\">" + part + "</span>";
    return fmt::format("<tr><td>{}{}</td><td class=\"amount\">{}</td></tr>",
                       name_text(text_of(line, "description")), about, money_text(line, "amount"));
}

std::string sums(const Json& invoice) {
    const bool owed = may_be_owed(invoice);
    const bool is_void = text_of(invoice, "status") == "void";
    std::string rows;
    for (const SumRow& row : sums_of(invoice)) {
        if (row.label == "Amount due" && !owed) continue;
        if (row.label == "Amount paid" && is_void) continue;
        rows += sum_row(row.label, money_text(row.amount, invoice));
    }
    if (owed && integer_of(invoice, "amount_paid") != 0)
        rows += sum_row("Amount remaining", money_text(invoice, "amount_remaining"));
    return rows;
}

std::string written(const Json& invoice, const char* member, std::string_view look) {
    const std::string text = text_of(invoice, member);
    if (text.empty()) return "";
    return fmt::format("<p class=\"{}\">{}</p>\n", look, name_text(text));
}

}  // namespace

std::string state_line(const Json& invoice) {
    const std::string status = text_of(invoice, "status");
    if (status == "paid")
        return fmt::format("<p class=\"notice\" role=\"status\">Paid on {}.</p>\n",
                           day_text(part_of(invoice, "status_transitions"), "paid_at"));
    if (status == "void")
        return "<p class=\"notice\" role=\"status\">This invoice is void: nothing is to be "
               "paid.</p>\n";
    if (status == "uncollectible")
        return "<p class=\"problem\" role=\"status\">This invoice is uncollectible: the shop does "
               "not expect to be paid any more. It can still be paid.</p>\n";
    const std::string due = day_text(invoice, "due_date");
    return fmt::format("<p><strong>{} due</strong>{}</p>\n",
                       money_text(invoice, "amount_remaining"), due.empty() ? "" : " on " + due);
}

std::string memo_line(const Json& invoice) { return written(invoice, "description", "memo"); }

std::string footer_line(const Json& invoice) { return written(invoice, "footer", "soft"); }

std::string lines_table(const Json& invoice) {
    std::string rows;
    for (const Json& line : invoice.at("lines").at("data"))
        rows += line_row(line, text_of(invoice, "currency"));
    return "<section><table><thead><tr><th scope=\"col\">Description</th>"
           "<th scope=\"col\" class=\"amount\">Amount</th></tr></thead><tbody>" +
           rows + "</tbody><tfoot>" + sums(invoice) + "</tfoot></table></section>\n";
}

}  // namespace turnpike::twin
