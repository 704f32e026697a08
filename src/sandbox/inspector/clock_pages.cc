#include "sandbox/inspector/clock_pages.h"

#include <array>
#include <chrono>

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/inspector/inspected.h"

namespace turnpike::twin {
namespace {

/// The same time a month later; the last day of a shorter month.
Instant next_month(Instant moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const auto month = date.year() / date.month() + std::chrono::months(1);
    std::chrono::year_month_day later = month / date.day();
    if (!later.ok()) later = month / std::chrono::last;
    return std::chrono::sys_days(later) + (moment - day);
}

std::string clock_section(const InspectedClock& clock, std::size_t number) {
    const std::string field = fmt::format("to{}", number);
    return fmt::format("<section><h2>{}</h2><p>{}It shows <strong>{}</strong> and is {}.</p>\n",
                       escape_html(clock.id),
                       clock.name.empty() ? "" : "\"" + escape_html(clock.name) + "\". ",
                       moment_text(clock.now), escape_html(clock.state)) +
           post_form("advance",
                     hidden_field("clock", clock.id) +
                         fmt::format("<label for=\"{0}\">Move it to (UTC)</label><input id=\"{0}\" "
                                     "name=\"to\" value=\"{1}\" autocomplete=\"off\" required><br>",
                                     field, moment_text(next_month(clock.now))),
                     "Advance") +
           "</section>\n";
}

PageAnswer clocks_page(Visit& visit, const std::string& problem) {
    const auto clocks = visit.twin.inspected().clocks(visit.tx, visit.account(), visit.now);
    std::string body;
    if (!problem.empty())
        body += "<p class=\"problem\" role=\"status\">" + escape_html(problem) + "</p>\n";
    if (clocks.empty()) body += "<p class=\"soft\">This account has no clock.</p>\n";
    for (std::size_t i = 0; i < clocks.size(); ++i) body += clock_section(clocks[i], i + 1);
    return inspector_page("Clocks", visit.account(), body);
}

PageAnswer show_clocks(Visit& visit) { return clocks_page(visit, ""); }

PageAnswer advance(Visit& visit) {
    const auto to = parse_rfc3339(text_of(visit.form, "to"));
    if (!to) return clocks_page(visit, "Write the time like 2027-01-31T12:00:00Z.");
    const std::string problem = visit.twin.inspected().advance_clock(
        visit.tx, visit.account(), text_of(visit.form, "clock"), *to, visit.now);
    if (!problem.empty()) return clocks_page(visit, problem);
    return {.status = 303, .location = visit.request.path};
}

constexpr auto kClockPages = std::to_array<InspectorRoute>({
    {"GET", "/inspect/{account}/clocks", show_clocks},
    {"POST", "/inspect/{account}/clocks", advance},
});

}  // namespace

std::span<const InspectorRoute> clock_pages() { return kClockPages; }

}  // namespace turnpike::twin
