#include "sandbox/inspector/delivery_pages.h"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/inspected.h"
#include "sandbox/inspector/json_view.h"

namespace turnpike::twin {
namespace {

std::string delivery_rows(const std::string& account, const std::vector<DeliveryRecord>& records) {
    std::string rows;
    for (const auto& record : records)
        rows += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"amount\">{}</td></tr>",
            link_to(inspector_address(account, {"delivery", record.delivery.id}),
                    moment_text(record.created_at)),
            link_to(inspector_address(account, {"event", record.delivery.event}),
                    record.delivery.event),
            link_to(address_of_id(record.delivery.endpoint), record.delivery.endpoint),
            escape_html(record.state), record.delivery.tries);
    return rows;
}

std::string deliveries_table(const std::string& account,
                             const std::vector<DeliveryRecord>& records) {
    return table_of({"Queued", "Event", "To", "State", "Tries"}, delivery_rows(account, records));
}

PageAnswer list_events(Visit& visit) {
    const std::string account = visit.account();
    const auto events =
        visit.twin.inspected().events(visit.tx, account, before_of(visit), kInspectorRows);
    std::string rows;
    for (const auto& event : events)
        rows +=
            fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", moment_text(event.created),
                        link_to(inspector_address(account, {"event", event.id}), event.id),
                        escape_html(event.type));
    std::string body = "<section>" + table_of({"Created", "Id", "Type"}, rows) + "</section>\n";
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
    std::string body = "<section><pre>" + json_view(*event, address_of_id) +
                       "</pre></section>\n<section><h2>Deliveries</h2>";
    body += records.empty() ? "<p class=\"soft\">No endpoint has wanted it.</p>"
                            : deliveries_table(account, records);
    body += post_form("resend", "", "Send it again", "quiet") + "</section>\n";
    return inspector_page(id, account, body);
}

/// To each endpoint that had the event or wants it now.
PageAnswer resend_event(Visit& visit) {
    visit.twin.resend(
        visit.tx, {.account = visit.account(), .event = visit.request.path_value("id")}, visit.now);
    return {.status = 303, .location = visit.request.path};
}

PageAnswer list_deliveries(Visit& visit) {
    const std::string account = visit.account();
    const std::string state = text_of(visit.form, "state");
    const auto records = load_deliveries(
        visit.tx,
        {.account = account, .state = state, .before = before_of(visit), .limit = kInspectorRows});
    const std::string all = inspector_address(account, {"deliveries"});
    std::string body = "<p>Show " + link_to(all, "all");
    for (const char* choice : {"pending", "delivered", "failed"})
        body += ", " + link_to(all + "?state=" + choice, choice);
    body += "</p>\n<section>" + deliveries_table(account, records) + "</section>\n";
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
    visit.twin.resend(visit.tx,
                      {.account = visit.account(),
                       .event = record->delivery.event,
                       .endpoint = record->delivery.endpoint},
                      visit.now);
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
