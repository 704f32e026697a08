#include "sandbox/inspector/object_pages.h"

#include <array>
#include <string>
#include <vector>

#include "json/value.h"
#include "sandbox/inspector/about.h"
#include "sandbox/inspector/inspected.h"
#include "sandbox/inspector/json_view.h"
#include "sandbox/inspector/store.h"
#include "sandbox/inspector/table.h"
#include "sandbox/object_store.h"

namespace turnpike::twin {
namespace {

std::string object_address(const std::string& account, const ObjectLine& line) {
    return inspector_address(account, {"object", line.kind, line.id});
}

enum class KindColumn : bool { Hidden, Shown };

std::string objects_table(const std::string& account, const std::vector<ObjectLine>& lines,
                          KindColumn kinds) {
    using enum Table::Shape;
    const bool shows_kinds = kinds == KindColumn::Shown;
    Table table = shows_kinds
                      ? Table({{"Kind"}, {"Id", Whole}, {"About"}, {"Status"}, {"Created", Whole}})
                      : Table({{"Id", Whole}, {"About"}, {"Status"}, {"Created", Whole}});
    for (const auto& line : lines) {
        const Json document = parse_json(line.body).value_or(Json());
        const std::string link = link_to(object_address(account, line), line.id);
        const std::string about = escape_html(about_of(document));
        const std::string status = escape_html(line.status);
        const std::string created =
            line.created == 0 ? begun_text(document) : moment_text(from_unix_seconds(line.created));
        if (shows_kinds)
            table.add({escape_html(line.kind), link, about, status, created});
        else
            table.add({link, about, status, created});
    }
    return table.html("There are no older ones.");
}

PageAnswer show_sandbox(Visit& visit) {
    using enum Table::Shape;
    Inspected& twin = visit.twin.inspected();
    const auto* host = visit.request.header("Host");
    std::string body = twin.introduction(host == nullptr ? "127.0.0.1" : *host);
    Table table({{"Account", Whole}, {"Key", Whole}, {"Objects", Number}});
    for (const auto& account : twin.accounts(visit.tx)) {
        std::int64_t objects = 0;
        for (const auto& count : count_kinds(visit.tx, account.id)) objects += count.objects;
        table.add({link_to(inspector_address(account.id), account.id), escape_html(account.key),
                   std::to_string(objects)});
    }
    body += "<section><h2>Accounts</h2>" +
            table.html("None yet: the first call with a key makes one.") + "</section>\n";
    return inspector_page(twin.provider() + ", offline", "", body);
}

PageAnswer show_account(Visit& visit) {
    using enum Table::Shape;
    const std::string account = visit.account();
    std::string body;
    for (const auto& known : visit.twin.inspected().accounts(visit.tx))
        if (known.id == account && !known.key.empty())
            body += "<p class=\"soft\">Of the key " + escape_html(known.key) + ".</p>\n";
    Table table({{"Kind"}, {"Objects", Number}});
    for (const auto& count : count_kinds(visit.tx, account))
        table.add({link_to(inspector_address(account, {"objects", count.kind}), count.kind),
                   std::to_string(count.objects)});
    body += "<section>" + table.html("It has no objects.") + "</section>\n";
    return inspector_page(account, account, body);
}

PageAnswer list_objects_of_kind(Visit& visit) {
    const std::string account = visit.account();
    const std::string kind = visit.request.path_value("kind");
    if (!has_kind(visit.tx, account, kind)) return nothing_there();
    const auto lines = search_objects(
        visit.tx,
        {.account = account, .kind = kind, .before = before_of(visit), .limit = kInspectorRows});
    std::string body =
        "<section>" + objects_table(account, lines, KindColumn::Hidden) + "</section>\n";
    if (!lines.empty())
        body += older_link(inspector_address(account, {"objects", kind}), lines.size(),
                           lines.back().sequence);
    return inspector_page(kind, account, body);
}

std::string related_section(Visit& visit, const std::string& address, const std::string& id) {
    const std::string account = visit.account();
    const auto before = before_of(visit);
    const auto related = search_objects(
        visit.tx, {.account = account, .related = id, .before = before, .limit = kInspectorRows});
    if (related.empty() && !before) return "";
    std::string html =
        "<section><h2>What belongs to it</h2>" + objects_table(account, related, KindColumn::Shown);
    if (!related.empty()) html += older_link(address, related.size(), related.back().sequence);
    return html + "</section>\n";
}

PageAnswer show_object(Visit& visit) {
    const std::string account = visit.account();
    const std::string kind = visit.request.path_value("kind");
    const std::string id = visit.request.path_value("id");
    if (is_own_kind(kind)) return nothing_there();
    const auto stored = load_object(visit.tx, {account, kind, id});
    const auto document = stored ? parse_json(stored->body) : Result<Json>(Json());
    if (!stored || !document) return nothing_there();
    const std::string body =
        "<p class=\"soft\">" + link_to(inspector_address(account, {"objects", kind}), kind) +
        "</p>\n<section><pre>" + json_view(*document, address_of_id) + "</pre></section>\n" +
        related_section(visit, inspector_address(account, {"object", kind, id}), id);
    return inspector_page(id, account, body);
}

/// An object or an event, of whichever account.
PageAnswer find(Visit& visit) {
    const std::string id = typed_text(visit.form, "id");
    if (const auto place = find_place(visit.tx, id))
        return {.status = 303,
                .location = inspector_address(place->account, {"object", place->kind, id})};
    Inspected& twin = visit.twin.inspected();
    for (const auto& account : twin.accounts(visit.tx)) {
        if (account.id == id) return {.status = 303, .location = inspector_address(id)};
        if (twin.event_body(visit.tx, account.id, id))
            return {.status = 303, .location = inspector_address(account.id, {"event", id})};
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
