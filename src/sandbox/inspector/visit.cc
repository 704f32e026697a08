#include "sandbox/inspector/visit.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/styled_page.h"

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

/// Ids and times stay in one piece where there is room for columns. A table is as wide as its
/// cells.
constexpr std::string_view kStyle = R"css(
main { max-width: 76rem } main p { max-width: 46rem } section { overflow-x: auto }
.stacked { width: auto } .whole { white-space: nowrap }
@media (min-width: 40.01rem) { .stacked { font-size: .9rem }
  .stacked td, .stacked th { overflow-wrap: break-word; padding-right: 1.5rem }
  .stacked td:last-child, .stacked th:last-child { padding-right: 0 }
  .stacked td form button { margin: 0; padding: .1rem .6rem } }
@media (max-width: 40rem) { .stacked td:empty { display: none } }
)css";

}  // namespace

std::optional<std::int64_t> before_of(const Visit& visit) {
    return parse_integer(text_of(visit.form, "before"));
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

std::string typed_text(const Json& form, std::string_view name) {
    return std::string(trimmed(text_of(form, name)));
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
            .html = styled_page(title,
                                ways(account) + "<h1>" + escape_html(title) + "</h1>\n" + body +
                                    std::string(kFindForm),
                                kStyle)};
}

PageAnswer nothing_there() {
    auto page = inspector_page("Nothing there", "", "<p>The sandbox knows no such thing.</p>\n");
    page.status = 404;
    return page;
}

}  // namespace turnpike::twin
