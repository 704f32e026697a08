#include "sandbox/inspector/object_pages.h"

#include <array>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/inspected.h"
#include "sandbox/inspector/json_view.h"
#include "sandbox/inspector/store.h"
#include "sandbox/object_store.h"

namespace turnpike::twin {
namespace {

std::string object_address(const std::string& account, const ObjectLine& line) {
    return inspector_address(account, {"object", line.kind, line.id});
}

std::string object_rows(const std::string& account, const std::vector<ObjectLine>& lines) {
    std::string rows;
    for (const auto& line : lines)
        rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                            escape_html(line.kind), link_to(object_address(account, line), line.id),
                            escape_html(line.status), moment_text(from_unix_seconds(line.created)));
    return rows;
}

std::string objects_table(const std::string& account, const std::vector<ObjectLine>& lines) {
    return table_of({"Kind", "Id", "Status", "Created"}, object_rows(account, lines));
}

PageAnswer show_sandbox(Visit& visit) {
    Inspected& twin = visit.twin.inspected();
    const auto* host = visit.request.header("Host");
    std::string body = twin.introduction("http://" + (host == nullptr ? "127.0.0.1" : *host));
    std::string rows;
    for (const auto& account : twin.accounts(visit.tx)) {
        std::int64_t objects = 0;
        for (const auto& count : count_kinds(visit.tx, account)) objects += count.objects;
        rows += fmt::format("<tr><td>{}</td><td class=\"amount\">{}</td></tr>",
                            link_to(inspector_address(account), account), objects);
    }
    body += "<section><h2>Accounts</h2>";
    body += rows.empty() ? "<p class=\"soft\">None yet: the first call with a key makes one.</p>"
                         : table_of({"Account", "Objects"}, rows);
    return inspector_page(twin.provider() + ", offline", "", body + "</section>\n");
}

PageAnswer show_account(Visit& visit) {
    const std::string account = visit.account();
    std::string rows;
    for (const auto& count : count_kinds(visit.tx, account))
        rows +=
            fmt::format("<tr><td>{}</td><td class=\"amount\">{}</td></tr>",
                        link_to(inspector_address(account, {"objects", count.kind}), count.kind),
                        count.objects);
    const std::string body =
        rows.empty() ? "<p class=\"soft\">It has no objects.</p>\n"
                     : "<section>" + table_of({"Kind", "Objects"}, rows) + "</section>\n";
    return inspector_page(account, account, body);
}

PageAnswer list_objects_of_kind(Visit& visit) {
    const std::string account = visit.account();
    const std::string kind = visit.request.path_value("kind");
    const auto lines = search_objects(
        visit.tx,
        {.account = account, .kind = kind, .before = before_of(visit), .limit = kInspectorRows});
    std::string body = "<section>" + objects_table(account, lines) + "</section>\n";
    if (!lines.empty())
        body += older_link(inspector_address(account, {"objects", kind}), lines.size(),
                           lines.back().sequence);
    return inspector_page(kind, account, body);
}

PageAnswer show_object(Visit& visit) {
    const std::string account = visit.account();
    const std::string kind = visit.request.path_value("kind");
    const std::string id = visit.request.path_value("id");
    const auto stored = load_object(visit.tx, {account, kind, id});
    const auto document = stored ? parse_json(stored->body) : Result<Json>(Json());
    if (!stored || !document) return nothing_there();
    std::string body =
        "<p class=\"soft\">" + link_to(inspector_address(account, {"objects", kind}), kind) +
        "</p>\n<section><pre>" + json_view(*document, address_of_id) + "</pre></section>\n";
    const auto related =
        search_objects(visit.tx, {.account = account, .related = id, .limit = kInspectorRows});
    if (!related.empty())
        body += "<section><h2>What belongs to it</h2>" + objects_table(account, related) +
                "</section>\n";
    return inspector_page(id, account, body);
}

/// An object or an event, of whichever account.
PageAnswer find(Visit& visit) {
    const std::string id = text_of(visit.form, "id");
    if (const auto place = find_place(visit.tx, id))
        return {.status = 303,
                .location = inspector_address(place->account, {"object", place->kind, id})};
    Inspected& twin = visit.twin.inspected();
    for (const auto& account : twin.accounts(visit.tx)) {
        if (account == id) return {.status = 303, .location = inspector_address(account)};
        if (twin.event_body(visit.tx, account, id))
            return {.status = 303, .location = inspector_address(account, {"event", id})};
    }
    return nothing_there();
}

constexpr auto kObjectPages = std::to_array<InspectorRoute>({
    {"GET", "/", show_sandbox},
    {"GET", "/inspect", show_sandbox},
    {"GET", "/inspect/find", find},
    {"GET", "/inspect/{account}", show_account},
    {"GET", "/inspect/{account}/objects/{kind}", list_objects_of_kind},
    {"GET", "/inspect/{account}/object/{kind}/{id}", show_object},
});

}  // namespace

std::span<const InspectorRoute> object_pages() { return kObjectPages; }

}  // namespace turnpike::twin
