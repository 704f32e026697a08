#include "audit/api.h"

#include "access/page.h"
#include "audit/audit.h"
#include "json/value.h"

namespace turnpike {
namespace {

Json write_audit_record(const AuditRecord& record) {
    const auto& entry = record.entry;
    Json json;
    json["id"] = record.id.text();
    json["object"] = "audit_event";
    json["created_at"] = format_rfc3339(entry.at);
    json["actor"] = entry.actor;
    json["action"] = entry.action;
    json["object_id"] = entry.object_id;
    json["customer"] = entry.customer.empty() ? Json() : Json(entry.customer);
    json["request_id"] = entry.request_id.empty() ? Json() : Json(entry.request_id);
    json["detail"] = entry.detail;
    return json;
}

Result<std::optional<CustomerId>> read_customer(const http::Request& request) {
    const auto* text = request.query_value("customer");
    if (text == nullptr) return std::optional<CustomerId>();
    auto id = CustomerId::parse(*text);
    if (!id) return invalid_argument("audit.invalid_customer", "customer must be an id: cus_...");
    return id;
}

}  // namespace

asio::awaitable<Result<http::Response>> AuditApi::get_audit_events(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto customer = read_customer(request);
    if (!customer) co_return failure(customer);
    const std::string listing = "audit_events " + (*customer ? (*customer)->text() : "");
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    auto work = [&](sql::Transaction& tx) { return list_audit(tx, *customer, *query); };
    auto fetched = co_await db.read(work);
    const auto page = cut_page(std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_audit_record(one));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().entry.at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
