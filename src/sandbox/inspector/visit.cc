#include "sandbox/inspector/visit.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

/// Percent-encoded, as one segment of a path or one value of a query.
std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

constexpr std::string_view kFindForm =
    "<form action=\"/inspect/find\" method=\"get\" role=\"search\"><label for=\"find\">Find by id"
    "</label><input id=\"find\" name=\"id\" autocomplete=\"off\" required>"
    "<button class=\"quiet\">Find</button></form>\n";

std::string ways(const std::string& account) {
    std::string html = "<nav aria-label=\"Inspector\"><p>" + link_to("/", "Sandbox") + ", " +
                       link_to("/inspect/chaos", "chaos");
    if (!account.empty()) {
        html += " / " + link_to(inspector_address(account), account) + ":";
        for (const auto& [part, name] :
             {std::pair{"events", "events"}, {"deliveries", "deliveries"}, {"clocks", "clocks"}})
            html += " " + link_to(inspector_address(account, {part}), name);
    }
    return html + "</p></nav>\n";
}

/// Each cell knows its column's name, for screens too narrow for columns.
std::string named_cells(std::initializer_list<std::string_view> names, std::string_view rows) {
    constexpr std::string_view kRow = "<tr>", kCell = "<td";
    std::string named;
    std::size_t column = 0;
    while (!rows.empty()) {
        if (rows.starts_with(kRow)) column = 0;
        const bool cell = rows.starts_with(kCell);
        const auto next = std::min(rows.find('<', 1), rows.size());
        if (cell && column < names.size()) {
            named += fmt::format("<td data-name=\"{}\"", *(names.begin() + column++));
            rows.remove_prefix(kCell.size());
            named += rows.substr(0, next - kCell.size());
            rows.remove_prefix(next - kCell.size());
            continue;
        }
        named += rows.substr(0, next);
        rows.remove_prefix(next);
    }
    return named;
}

}  // namespace

std::optional<std::int64_t> before_of(const Visit& visit) {
    const std::string text = text_of(visit.form, "before");
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string inspector_address(const std::string& account,
                              std::initializer_list<std::string_view> parts) {
    std::string address = "/inspect/" + encoded(account);
    for (const auto part : parts) address += "/" + encoded(part);
    return address;
}

std::string address_of_id(std::string_view id) { return "/inspect/find?id=" + encoded(id); }

std::string link_to(const std::string& address, std::string_view text) {
    return fmt::format("<a href=\"{}\">{}</a>", escape_html(address), escape_html(text));
}

std::string table_of(std::initializer_list<std::string_view> names, const std::string& rows) {
    std::string head;
    for (const auto name : names) head += fmt::format("<th scope=\"col\">{}</th>", name);
    return "<table class=\"stacked\"><thead><tr>" + head + "</tr></thead><tbody>" +
           named_cells(names, rows) + "</tbody></table>\n";
}

std::string moment_text(Instant moment) {
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(moment));
}

std::string older_link(const std::string& address, std::size_t rows, std::int64_t last_sequence) {
    if (std::cmp_less(rows, kInspectorRows)) return "";
    const char* mark = address.find('?') == std::string::npos ? "?" : "&";
    return link_line(fmt::format("{}{}before={}", address, mark, last_sequence), "Older");
}

PageAnswer inspector_page(const std::string& title, const std::string& account,
                          const std::string& body) {
    return {.status = 200,
            .html = html_page(title, ways(account) + "<h1>" + escape_html(title) + "</h1>\n" +
                                         body + std::string(kFindForm))};
}

PageAnswer nothing_there() {
    return {.status = 404,
            .html = html_page("Nothing there", ways("") +
                                                   "<h1>Nothing there</h1><p>The sandbox "
                                                   "knows no such thing.</p>\n" +
                                                   std::string(kFindForm))};
}

}  // namespace turnpike::twin
