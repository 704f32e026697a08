#include "sandbox/razorpay/page_parts.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/razorpay/calendar.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::string_view kMethodField =
    "<label for=\"method\">Pay with</label><select id=\"method\" name=\"method\">"
    "<option value=\"card\">Card 4111 1111 1111 1111</option>"
    "<option value=\"upi\">UPI success@razorpay</option>"
    "<option value=\"emandate\">Bank account (e-mandate)</option></select>";
constexpr std::string_view kEmailField =
    "<label for=\"email\">E-mail</label><input id=\"email\" name=\"email\" type=\"email\" "
    "value=\"gaurav.kumar@example.com\" autocomplete=\"email\">";
constexpr std::string_view kLaterField =
    "<label for=\"later\">Later charges</label><select id=\"later\" name=\"later\">"
    "<option value=\"succeed\">succeed</option><option value=\"fail\">are declined</option>"
    "</select>";

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kUnits{
    {{"daily", "day"},
     {"weekly", "week"},
     {"monthly", "month"},
     {"quarterly", "quarter"},
     {"yearly", "year"}}};

}  // namespace

std::string choice(std::string_view yes, std::string_view no, Questions questions) {
    std::string fields(kMethodField);
    if (questions.email) fields += kEmailField;
    if (questions.later) fields += kLaterField;
    return "<section>" + post_form("authorise", fields + "<br>", yes) +
           post_form("fail", "", no, "quiet") + "</section>\n";
}

std::string lines_table(const std::vector<InvoiceLine>& lines, const std::string& currency) {
    if (lines.empty()) return "";
    std::string rows;
    std::int64_t total = 0;
    for (const auto& line : lines) {
        const auto amount = line.unit_amount * line.quantity;
        total += amount;
        std::string what = escape_html(line.name);
        if (line.quantity > 1)
            what += fmt::format(", {} × {}", line.quantity, money(line.unit_amount, currency));
        if (!line.description.empty())
            what += "<br><span class=\"soft\">" + escape_html(line.description) + "</span>";
        rows += fmt::format("<tr><td>{}</td><td class=\"amount\">{}</td></tr>", what,
                            money(amount, currency));
    }
    return fmt::format(
        "<section><table><thead><tr><th scope=\"col\">Description</th><th scope=\"col\" "
        "class=\"amount\">Amount</th></tr></thead><tbody>{}</tbody><tfoot><tr><th "
        "scope=\"row\">Total</th><td class=\"amount\">{}</td></tr></tfoot></table></section>\n",
        rows, money(total, currency));
}

std::vector<InvoiceLine> lines_of(const Json& invoice) {
    std::vector<InvoiceLine> lines;
    for (const Json& line : part_of(invoice, "line_items"))
        lines.push_back({.name = text_of(line, "name"),
                         .description = text_of(line, "description"),
                         .unit_amount = integer_of(line, "unit_amount"),
                         .quantity = integer_of(line, "quantity"),
                         .type = text_of(line, "type")});
    return lines;
}

std::string row(std::string_view name, const std::string& value) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", name, escape_html(value));
}

std::string facts(std::string_view heading, const std::string& rows) {
    if (rows.empty()) return "";
    return fmt::format("<section><h2>{}</h2><table>{}</table></section>\n", heading, rows);
}

std::string rhythm_of(const Json& plan) {
    const auto period = text_of(plan, "period");
    const auto interval = integer_of(plan, "interval");
    for (const auto& [name, unit] : kUnits)
        if (name == period)
            return interval == 1 ? fmt::format("every {}", unit)
                                 : fmt::format("every {} {}s", interval, unit);
    return "";
}

std::string day_text(Instant moment) { return long_day(indian_day(moment)); }

std::string money(std::int64_t amount, const std::string& currency) {
    return escape_html(format_amount(amount, currency));
}

}  // namespace turnpike::twin::razorpay
