#include "sandbox/html.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "sandbox/styled_page.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1a1f36; --soft: #5b6275; --line: #d8dbe3;
  --edge: #6f7689; --back: #f6f7fa; --card: #fff; --accent: #4b45d6; --bad: #b3261e;
  --good: #1b6e3c; --mark: #ffd668; --on-mark: #3d2b00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a4abbd; --line: #3a4053;
  --edge: #8a92a6; --back: #14161f; --card: #1d2130; --accent: #9d99ff; --bad: #ff9d94;
  --good: #7ddba0 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
.ribbon { background: var(--mark); color: var(--on-mark); text-align: center;
  padding: .35rem 1rem; font-size: .9rem }
.ribbon p { margin: 0 } main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 0 0 .75rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1.25rem; margin-top: 1.25rem }
p { margin: .25rem 0 } section + p { margin-top: 1rem } .soft { color: var(--soft) }
.notice { border-left: .3rem solid var(--good); padding: .5rem .75rem }
.problem { border-left: .3rem solid var(--bad); padding: .5rem .75rem }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid var(--line) }
th:last-child, td:last-child { padding-right: 0 }
.amount { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal }
td.amount { white-space: nowrap } th { overflow-wrap: normal }
@media (max-width: 40rem) { .stacked thead { position: absolute; width: 1px; height: 1px;
    overflow: hidden; clip-path: inset(50%) }
  .stacked tr, .stacked td { display: block; text-align: left; white-space: normal }
  .stacked tr { border-bottom: 1px solid var(--line); padding: .4rem 0 }
  .stacked td { border: 0; padding: 0 }
  .stacked td::before { content: attr(data-name) ": "; color: var(--soft) } }
@media (max-width: 32rem) { .folding tr { display: grid; grid-template-columns: 1fr auto;
    border-bottom: 1px solid var(--line); padding: .4rem 0 }
  .folding td { border: 0; padding: 0; overflow-wrap: anywhere }
  .folding thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%) }
  .folding td:nth-child(1) { grid-area: 2 / 1 } .folding td:nth-child(2) { grid-area: 1 / 1 }
  .folding td:nth-child(3) { grid-area: 2 / 2; text-align: right }
  .folding td:nth-child(4) { grid-area: 1 / 2 } }
label { display: block; font-weight: 600; margin: .5rem 0 .2rem }
input, select { font: inherit; color: inherit; background: var(--back); width: 100%;
  max-width: 22rem; padding: .5rem; border: 1px solid var(--edge); border-radius: .35rem }
input.short { width: 5rem; padding: .2rem .4rem }
button { font: inherit; font-weight: 600; margin-top: .75rem; padding: .5rem 1rem; cursor: pointer;
  border: 1px solid var(--accent); border-radius: .35rem; background: var(--accent); color: #fff }
@media (prefers-color-scheme: dark) { button { color: #14161f } }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
button.quiet { background: transparent; color: var(--accent) }
[aria-invalid="true"] { border: 2px solid var(--bad) }
.row { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center;
  justify-content: space-between; border-bottom: 1px solid var(--line); padding: .4rem 0 }
.row button { margin: 0; padding: .25rem .75rem }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
a { color: var(--accent) } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
)css";

constexpr std::string_view kRibbon =
    "<header class=\"ribbon\"><p role=\"note\"><strong>Sandbox.</strong> Nobody is charged and no "
    "money moves.</p></header>";

constexpr std::array<std::pair<const char*, const char*>, 3> kPageHeaders{{
    {"Cache-Control", "no-store"},
    // Under no-referrer a form's Origin is "null", and nobody can tell whose form it was.
    {"Referrer-Policy", "same-origin"},
    {"X-Content-Type-Options", "nosniff"},
}};

constexpr int kSeeOther = 303;

/// Browsers hold form-action against every redirect that follows a form. The shop's address may
/// redirect to wherever it likes, and may be one that no source expression can name: where a form
/// ends at the shop, no list would do.
std::string policy_of(const PageAnswer& answer) {
    const std::string_view forms = answer.leads_to_shop ? "" : "form-action 'self'; ";
    return fmt::format(
        "default-src 'none'; style-src 'unsafe-inline'; {}base-uri 'none'; frame-ancestors 'none'",
        forms);
}

}  // namespace

std::string html_page(std::string_view title, const std::string& body) {
    return styled_page(title, body, "");
}

std::string styled_page(std::string_view title, const std::string& body,
                        std::string_view more_style) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<title>{} (sandbox)</title><style>{}{}</style></head>\n<body>{}<main>\n{}</main></body>\n"
        "</html>\n",
        escape_html(title), kStyle, more_style, kRibbon, body);
}

std::string long_day(Instant moment) {
    static constexpr std::array<std::string_view, 12> kMonths{
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(moment)};
    return fmt::format("{} {} {}", static_cast<unsigned>(date.day()),
                       kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()));
}

std::string post_form(std::string_view action, const std::string& fields, std::string_view button,
                      std::string_view look) {
    return fmt::format(
        "<form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"{}\">{}"
        "<button class=\"{}\">{}</button></form>\n",
        action, fields, look, button);
}

std::string hidden_field(std::string_view name, const std::string& value) {
    return fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", name,
                       escape_html(value));
}

std::string link_line(const std::string& address, std::string_view label) {
    return fmt::format("<p><a href=\"{}\">{}</a></p>\n", escape_html(address), label);
}

PageAnswer unreadable_form(std::string_view why) {
    return {.status = 400,
            .html = html_page("Unreadable form",
                              "<h1>This form cannot be read</h1><p>" + escape_html(why) + "</p>")};
}

http::Response page_response(const PageAnswer& answer) {
    http::Response response = http::html_response(answer.status, answer.html);
    response.headers.emplace_back("Content-Security-Policy", policy_of(answer));
    for (const auto& [name, value] : kPageHeaders) response.headers.emplace_back(name, value);
    if (answer.status == kSeeOther) response.headers.emplace_back("Location", answer.location);
    return response;
}

}  // namespace turnpike::twin
