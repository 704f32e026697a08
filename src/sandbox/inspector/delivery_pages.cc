#include "sandbox/inspector/delivery_pages.h"

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/inspected.h"
#include "sandbox/inspector/json_view.h"
#include "sandbox/inspector/table.h"

namespace turnpike::twin {
namespace {

constexpr auto kStates = std::to_array<std::string_view>({"pending", "delivered", "failed"});

std::string deliveries_table(Visit& visit, const std::vector<DeliveryRecord>& records,
                             std::string_view if_empty) {
    using enum Table::Shape;
    const std::string account = visit.account();
    Table table({{"Queued", Whole},
                 {"Type"},
                 {"Event", Whole},
                 {"To", Whole},
                 {"State"},
                 {"Tries", Number}});
    for (const auto& record : records) {
        const Delivery& delivery = record.delivery;
        // That of old ones was not kept, and the link needs a name.
        const std::string queued =
            record.created_at == Instant{} ? "unknown" : moment_text(record.created_at);
        table.add({link_to(inspector_address(account, {"delivery", delivery.id}), queued),
                   escape_html(visit.twin.event_type(delivery)),
                   link_to(inspector_address(account, {"event", delivery.event}), delivery.event),
                   link_to(address_of_id(delivery.endpoint), delivery.endpoint),
                   escape_html(record.state), std::to_string(delivery.tries)});
    }
    return table.html(if_empty);
}

PageAnswer list_events(Visit& visit) {
    using enum Table::Shape;
    const std::string account = visit.account();
    const auto before = before_of(visit);
    const auto events = visit.twin.inspected().events(visit.tx, account, before, kInspectorRows);
    Table table({{"Created", Whole}, {"Id", Whole}, {"Type"}});
    for (const auto& event : events)
        table.add({moment_text(event.created),
                   link_to(inspector_address(account, {"event", event.id}), event.id),
                   escape_html(event.type)});
    std::string body =
        "<section>" +
        table.html(before ? "There are no older ones." : "Nothing has happened yet.") +
        "</section>\n";
    if (!events.empty())
        body += older_link(inspector_address(account, {"events"}), events.size(),
                           events.back().sequence);
    return inspector_page("Events", account, body);
}

PageAnswer show_event(Visit& visit) {
    const std::string account = visit.account();
    const std::string id = visit.request.path_value("id");
    const auto text = visit.twin.inspected().event_body(visit.tx, account, id);
    const auto event = text ? parse_json(*text) : Result<Json>(Json());
    if (!text || !event) return nothing_there();
    const auto records = load_deliveries(visit.tx, {.account = account, .event = id});
    const std::string body = visit.said.html() + "<section><pre>" +
                             json_view(*event, address_of_id) +
                             "</pre></section>\n<section><h2>Deliveries</h2>" +
                             deliveries_table(visit, records, "No endpoint has wanted it.") +
                             post_form("resend", "", "Send it again", "quiet") + "</section>\n";
    return inspector_page(id, account, body);
}

/// To each endpoint that had the event or wants it now.
PageAnswer resend_event(Visit& visit) {
    const std::string account = visit.account();
    const std::string id = visit.request.path_value("id");
    if (!visit.twin.inspected().event_body(visit.tx, account, id)) return nothing_there();
    const auto queued = visit.twin.resend(visit.tx, {.account = account, .event = id}, visit.now);
    visit.leave = queued == 0 ? problem("No endpoint wants this event: nothing was sent.")
                              : done(fmt::format("It is sent again, to {} {}.", queued,
                                                 queued == 1 ? "endpoint" : "endpoints"));
    return {.status = 303, .location = visit.request.path};
}

PageAnswer list_deliveries(Visit& visit) {
    const std::string account = visit.account();
    const std::string state = text_of(visit.form, "state");
    const auto before = before_of(visit);
    const auto records = load_deliveries(
        visit.tx, {.account = account, .state = state, .before = before, .limit = kInspectorRows});
    const std::string all = inspector_address(account, {"deliveries"});
    const std::string_view if_empty = before          ? "There are no older ones."
                                      : state.empty() ? "No webhook has been queued."
                                                      : "No webhook is in this state.";
    std::string body = "<p>Show " + link_to(all, "all");
    for (const auto choice : kStates)
        body += ", " + link_to(all + "?state=" + std::string(choice), choice);
    body += "</p>\n<section>" + deliveries_table(visit, records, if_empty) + "</section>\n";
    if (!records.empty())
        body += older_link(state.empty() ? all : all + "?state=" + state, records.size(),
                           records.back().sequence);
    return inspector_page("Deliveries", account, body);
}

std::string headers_text(const http::Headers& headers) {
    std::string text;
    for (const auto& [name, value] : headers) text += escape_html(name + ": " + value) + "\n";
    return text;
}

std::string attempt_section(const Delivery& delivery, const Attempt& attempt, std::size_t number) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(attempt.took);
    const std::string outcome = attempt.status == 0 ? "no answer: " + escape_html(attempt.note)
                                                    : fmt::format("answered {}", attempt.status);
    std::string html = fmt::format(
        "<section><h2>Try {}: {}</h2><p class=\"soft\">{}, {} ms</p>\n<h3>Request</h3>"
        "<pre>POST {}\n{}\n{}</pre>\n",
        number, outcome, moment_text(attempt.tried_at), took.count(), escape_html(attempt.url),
        headers_text(attempt.request_headers),
        body_view(attempt.request_body.value_or(delivery.body)));
    if (attempt.status != 0) {
        html +=
            fmt::format("<h3>Response</h3><pre>{}\n{}\n{}</pre>\n", attempt.status,
                        headers_text(attempt.response_headers), body_view(attempt.response_body));
        if (std::cmp_less(attempt.response_body.size(), attempt.response_bytes))
            html += fmt::format("<p class=\"soft\">Its first {} bytes of {}.</p>\n",
                                attempt.response_body.size(), attempt.response_bytes);
    }
    return html + "</section>\n";
}

PageAnswer show_delivery(Visit& visit) {
    const std::string account = visit.account();
    const auto record = find_delivery(visit.tx, account, visit.request.path_value("id"));
    if (!record) return nothing_there();
    std::string body = fmt::format(
        "<section><p>Event {} to {}: <strong>{}</strong> after {} {}{}.</p>{}</section>\n",
        link_to(inspector_address(account, {"event", record->delivery.event}),
                record->delivery.event),
        link_to(address_of_id(record->delivery.endpoint), record->delivery.endpoint),
        escape_html(record->state), record->delivery.tries,
        record->delivery.tries == 1 ? "try" : "tries",
        record->state == "pending" ? ", next at " + moment_text(record->next_try_at) : "",
        post_form("resend", "", "Send it again", "quiet"));
    const auto attempts = load_attempts(visit.tx, record->delivery.id);
    for (std::size_t i = attempts.size(); i > 0; --i)
        body += attempt_section(record->delivery, attempts[i - 1], i);
    return inspector_page("Delivery", account, body);
}

/// To the same endpoint, as a delivery of its own.
PageAnswer resend_delivery(Visit& visit) {
    const auto record = find_delivery(visit.tx, visit.account(), visit.request.path_value("id"));
    if (!record) return nothing_there();
    const auto queued = visit.twin.resend(visit.tx,
                                          {.account = visit.account(),
                                           .event = record->delivery.event,
                                           .endpoint = record->delivery.endpoint},
                                          visit.now);
    visit.leave = queued == 0 ? problem("Its endpoint is gone or disabled: nothing was sent.")
                              : done("It is sent again, to the same endpoint.");
    return {.status = 303,
            .location = inspector_address(visit.account(), {"event", record->delivery.event})};
}

constexpr auto kDeliveryPages = std::to_array<InspectorRoute>({
    {"GET", "/inspect/{account}/events", list_events},
    {"GET", "/inspect/{account}/event/{id}", show_event},
    {"POST", "/inspect/{account}/event/{id}", resend_event},
    {"GET", "/inspect/{account}/deliveries", list_deliveries},
    {"GET", "/inspect/{account}/delivery/{id}", show_delivery},
    {"POST", "/inspect/{account}/delivery/{id}", resend_delivery},
});

}  // namespace

std::span<const InspectorRoute> delivery_pages() { return kDeliveryPages; }

}  // namespace turnpike::twin
