#include "sandbox/inspector/clock_pages.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/inspector/inspected.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kOnItsWay = "advancing";

/// The same time a month later; the last day of a shorter month.
Instant next_month(Instant moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const auto month = date.year() / date.month() + std::chrono::months(1);
    std::chrono::year_month_day later = month / date.day();
    if (!later.ok()) later = month / std::chrono::last;
    return std::chrono::sys_days(later) + (moment - day);
}

/// "2027-01-31T12:00:00Z", or a day for its midnight in UTC.
std::optional<Instant> read_moment(std::string text) {
    constexpr std::size_t kDayLength = 10;
    if (text.size() == kDayLength) text += "T00:00:00Z";
    return parse_rfc3339(text);
}

std::string form_of(const Visit& visit, const InspectedClock& clock, std::size_t number) {
    const bool was_typed = text_of(visit.said.typed, "clock") == clock.id;
    return fmt::format(
        "<form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"advance\">{0}"
        "<label for=\"to{1}\">Move it to (UTC)</label><input id=\"to{1}\" name=\"to\" "
        "value=\"{2}\" "
        "autocomplete=\"off\" required><br><button aria-label=\"Advance "
        "{3}\">Advance</button></form>\n",
        hidden_field("clock", clock.id), number,
        was_typed ? escape_html(text_of(visit.said.typed, "to"))
                  : moment_text(next_month(clock.now)),
        escape_html(clock.name.empty() ? clock.id : clock.name));
}

std::string clock_section(const Visit& visit, const InspectedClock& clock, std::size_t number) {
    return fmt::format("<section><h2>{}</h2><p>{}It shows <strong>{}</strong> and is {}.</p>\n",
                       escape_html(clock.id),
                       clock.name.empty() ? "" : "\"" + escape_html(clock.name) + "\". ",
                       moment_text(clock.now), escape_html(clock.state)) +
           (clock.state == kOnItsWay ? link_line(inspector_address(visit.account(), {"clocks"}),
                                                 "Look again, where it has come to")
                                     : form_of(visit, clock, number)) +
           "</section>\n";
}

PageAnswer show_clocks(Visit& visit) {
    const auto clocks = visit.twin.inspected().clocks(visit.tx, visit.account(), visit.now);
    std::string body = visit.said.html();
    if (clocks.empty()) body += "<p class=\"soft\">This account has no clock.</p>\n";
    for (std::size_t i = 0; i < clocks.size(); ++i) body += clock_section(visit, clocks[i], i + 1);
    return inspector_page("Clocks", visit.account(), body);
}

/// What is said when the clock has been told to move: some are there at once.
std::string told_text(Visit& visit, const std::string& clock, Instant to) {
    for (const auto& each : visit.twin.inspected().clocks(visit.tx, visit.account(), visit.now))
        if (each.id == clock && each.state == kOnItsWay)
            return "It is on its way to " + moment_text(to) + ".";
    return "It has been moved to " + moment_text(to) + ".";
}

PageAnswer advance(Visit& visit) {
    const std::string clock = text_of(visit.form, "clock");
    const auto to = read_moment(typed_text(visit.form, "to"));
    const std::string why =
        to ? visit.twin.inspected().advance_clock(visit.tx, visit.account(), clock, *to, visit.now)
           : "Write the time like 2027-01-31T12:00:00Z, or a day like 2027-01-31.";
    visit.leave = why.empty() ? done(told_text(visit, clock, *to)) : problem(why, visit.form);
    return {.status = 303, .location = visit.request.path};
}

constexpr auto kClockPages = std::to_array<InspectorRoute>({
    {"GET", "/inspect/{account}/clocks", show_clocks},
    {"POST", "/inspect/{account}/clocks", advance},
});

}  // namespace

std::span<const InspectorRoute> clock_pages() { return kClockPages; }

}  // namespace turnpike::twin
